"""Requests for the state tree itself, page by page: for whoever compares the trees of two nodes."""

from base64 import b64decode
from typing import Any

import msgspec

from chain.hashing import Digest
from rpc import answers
from rpc.requests import Request


def state_page(height: int, path: bytes) -> Request[bytes | None]:
    """A page of the state tree after a height, encoded."""
    params = {"height": str(height), "path": path.hex()}
    return Request(method="state_page", params=params, read=_read_state_page)


def state_leaf(height: int, key_hash: Digest) -> Request[tuple[bytes, bytes]]:
    """Key and value of a leaf of the state tree after a height."""
    params = {"height": str(height), "hash": key_hash.hex()}
    return Request(method="state_leaf", params=params, read=_read_state_leaf)


def _read_state_page(result: Any) -> bytes | None:
    page = msgspec.convert(result, answers.StatePageAnswer).page
    return None if page is None else b64decode(page)


def _read_state_leaf(result: Any) -> tuple[bytes, bytes]:
    found = msgspec.convert(result, answers.StateLeafAnswer)
    return b64decode(found.key), b64decode(found.value)
