"""JSON-RPC 2.0 errors: the five codes of the specification, with CometBFT's texts."""

from dataclasses import dataclass
from enum import IntEnum


class Code(IntEnum):
    """Error codes of JSON-RPC 2.0, section 5.1."""

    PARSE_ERROR = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL_ERROR = -32603


_MESSAGES = {
    Code.PARSE_ERROR: "Parse error. Invalid JSON",
    Code.INVALID_REQUEST: "Invalid Request",
    Code.METHOD_NOT_FOUND: "Method not found",
    Code.INVALID_PARAMS: "Invalid params",
    Code.INTERNAL_ERROR: "Internal error",
}


@dataclass(frozen=True, slots=True)
class RpcError(Exception):
    """What a request gets in place of a result; `data` says what was expected and what came."""

    code: Code
    data: str = ""

    @property
    def message(self) -> str:
        """The fixed text of the code."""
        return _MESSAGES[self.code]

    def __str__(self) -> str:
        return f"{self.message}: {self.data}" if self.data else self.message


def invalid_params(data: str) -> RpcError:
    """A parameter that does not fit."""
    return RpcError(Code.INVALID_PARAMS, data)


def not_done(data: str) -> RpcError:
    """The request fits and yet cannot be answered; CometBFT calls this an internal error."""
    return RpcError(Code.INTERNAL_ERROR, data)
