"""What every portal reads of the ledger, as values of its pages; no rule, and no portal's own words, are here."""
