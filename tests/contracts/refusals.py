"""Which refusals of a contract no test brings about."""

import re
from collections.abc import Iterable

from tests.contracts.ledger import compiled
from vm.module_codec import decode_module


def find_missing(contract: str, texts: Iterable[str]) -> set[str]:
    """Messages of a contract that none of these texts is an instance of."""
    shown = list(texts)
    messages = decode_module(dict(compiled())[contract]).messages
    patterns = {message: re.escape(message).replace(r"\{\}", ".*") for message in messages}
    return {
        message
        for message, pattern in patterns.items()
        if not any(re.fullmatch(pattern, text) for text in shown)
    }
