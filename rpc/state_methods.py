"""Methods that show the state tree itself, page by page, to whoever compares the trees of two nodes."""

from chain.hashing import Digest
from chain.limits import TREE_PATH_MAX
from chain.vote import Height
from rpc import answers
from rpc.backend import Backend, Refused
from rpc.errors import invalid_params, not_done
from rpc.render import base64_of


def state_page(backend: Backend, height: Height, path: bytes) -> answers.StatePageAnswer:
    """Ours: a page of the state tree after a height, by its way from the root, a nibble a byte."""
    if len(path) > TREE_PATH_MAX or any(nibble > 15 for nibble in path):
        raise invalid_params(f"path: expected at most {TREE_PATH_MAX} bytes from 00 to 0f")
    try:
        page = backend.state_page(height, path)
    except Refused as refused:
        raise not_done(str(refused)) from None
    return answers.StatePageAnswer(page=None if page is None else base64_of(page))


def state_leaf(backend: Backend, height: Height, hash_: bytes) -> answers.StateLeafAnswer:
    """Ours: the key and the value of a leaf of the state tree after a height, by the hash of the key."""
    try:
        found = backend.state_leaf(height, Digest(hash_))
    except Refused as refused:
        raise not_done(str(refused)) from None
    if found is None:
        raise not_done(f"there is no leaf of {hash_.hex()} after height {height}")
    key, value = found
    return answers.StateLeafAnswer(key=base64_of(key), value=base64_of(value))
