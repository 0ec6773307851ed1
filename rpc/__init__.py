"""JSON-RPC in front of a node, and the client that everything of ours uses. Imports `chain` only: a node is a
`Backend`.
"""
