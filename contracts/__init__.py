"""The rules of procurement, in the contract language. Data, not code: read with `importlib.resources.files("contracts")`."""
