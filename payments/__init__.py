"""The payment gateway, which carries payment orders of the ledger to a bank, and a bank to try it with."""
