"""The agency's portal: plan, publish, answer, open, evaluate, award, contract, accept, and approve payments."""
