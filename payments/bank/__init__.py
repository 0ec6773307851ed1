"""A sandbox bank: real books, the messages of ISO 20022 over HTTP, a page that shows it, and switches to misbehave."""
