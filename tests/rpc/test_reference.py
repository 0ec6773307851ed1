"""The reference of the RPC says what the code says: methods, parameters, codes and metrics."""

import msgspec
import pytest

from chain import limits
from chain.result import ResultCode
from rpc.errors import Code, RpcError
from rpc.metrics import render_metrics
from rpc.parameters import Parameter, ParameterKind
from rpc.schema import METHODS, SUBSCRIPTION_METHODS
from rpc.values import AdmissionCode
from tests.pages import REFERENCE, check_table, table
from tests.rpc.memory import MemoryBackend

RPC = REFERENCE / "rpc.md"

LIMITS = {
    "bytes of a request's body": limits.RPC_BODY_BYTES_MAX,
    "bytes of its line and headers": limits.RPC_HEAD_BYTES_MAX,
    "seconds within which a request comes": int(limits.RPC_REQUEST_SECONDS),
    "seconds within which an answer is read": int(limits.RPC_READING_SECONDS),
    "requests in a batch": limits.RPC_BATCH_MAX,
    "bytes of a batch's answers, beyond which its further requests are refused": limits.RPC_ANSWERS_BYTES_MAX,
    "transactions or hashes in one request of ours": limits.RPC_LIST_MAX,
    "waiting or found transactions on a page": limits.RPC_PAGE_MAX,
    "validators on a page, and in a set": limits.VALIDATORS_MAX,
    "conditions of events in a search": limits.RPC_SEARCH_CONDITIONS_MAX,
    "milliseconds that one search spends on indexing": limits.RPC_SEARCH_INDEX_MS,
    "milliseconds that one search looks": limits.RPC_SEARCH_MS,
    "headers in an answer of `blockchain`": limits.RPC_BLOCKS_MAX,
    "open WebSockets": limits.RPC_SUBSCRIBERS_MAX,
    "subscriptions of one WebSocket": limits.RPC_SUBSCRIPTIONS_MAX,
    "messages that wait for a slow subscriber": limits.RPC_WAITING_MAX,
    "their bytes": limits.RPC_WAITING_BYTES_MAX,
    "bytes of a subscription's query": limits.RPC_QUERY_BYTES_MAX,
    "bytes of a WebSocket message": limits.RPC_FRAME_BYTES_MAX,
    "open HTTP connections": limits.RPC_CONNECTIONS_MAX,
    "milliseconds that `broadcast_tx_commit` waits": limits.RPC_COMMIT_WAIT_MS,
}


def show_parameters(parameters: tuple[Parameter, ...]) -> str:
    """Names in their order with their kinds, the required ones marked."""
    return ", ".join(
        f"`{one.name}`{'!' if one.is_required else ''} {show_kind(one.kind)}" for one in parameters
    )


def show_kind(kind: ParameterKind) -> str:
    """A kind as the table of kinds names it."""
    return kind.name.lower().replace("_", " ")


def show_answer(answer: type[msgspec.Struct]) -> str:
    """The fields of an answer."""
    return ", ".join(f"`{one.encode_name}`" for one in msgspec.structs.fields(answer))


def method_table(*, is_ours: bool) -> str:
    """CometBFT's methods, or ours."""
    rows = [
        (
            f"`{method.name}`",
            show_parameters(method.parameters),
            show_answer(method.answer),
            one_line(method.text),
        )
        for method in METHODS.values()
        if method.is_ours is is_ours
    ]
    return table(("method", "parameters", "answer", "does"), rows)


def one_line(text: str) -> str:
    """A docstring's text without its line breaks, as a sentence."""
    words = " ".join(text.split())
    return words[:1].upper() + words[1:]


def metric_table() -> str:
    """Metrics as a node with a block and a link shows them."""
    backend = MemoryBackend()
    backend.commit()
    found = [line.split(" ", 3) for line in render_metrics(backend).splitlines() if line.startswith("# ")]
    texts = {words[2]: words[3] for words in found if words[1] == "HELP"}
    kinds = {words[2]: words[3] for words in found if words[1] == "TYPE"}
    return table(("metric", "type", "is"), [(f"`{name}`", kinds[name], texts[name]) for name in texts])


def made_tables() -> dict[str, str]:
    """Every table of the reference."""
    kinds = [(show_kind(kind), kind.value) for kind in ParameterKind]
    return {
        "methods": method_table(is_ours=False),
        "ours": method_table(is_ours=True),
        "subscriptions": table(
            ("method", "parameters", "does"),
            [(f"`{name}`", show_parameters(row[0]), row[2]) for name, row in SUBSCRIPTION_METHODS.items()],
        ),
        "kinds": table(("kind", "written in JSON as"), kinds),
        "errors": table(("code", "message"), [(str(int(code)), RpcError(code).message) for code in Code]),
        "admission": table(("code", "name"), [(str(int(code)), code.name) for code in AdmissionCode]),
        "results": table(("code", "name"), [(str(int(code)), code.name) for code in ResultCode]),
        "limits": table(("of", "at most"), [(what, f"{most:,}") for what, most in LIMITS.items()]),
        "metrics": metric_table(),
    }


@pytest.mark.parametrize("name", made_tables())
def test_table_equals_code(name: str, rewrite: bool) -> None:
    check_table(RPC, name, made_tables()[name], rewrite)
