"""Web applications for people: agency, supplier and auditor. Rendered here, signed in the browser; no key and no rule
of procurement is in this room.
"""
