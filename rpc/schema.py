"""The table of methods: name, parameters, what does the work, and what comes back. Documentation is made from
it.

What portals, gateways and monitors may rely on stands here and in `rpc.answers`; everything else in this room
may change.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec import Struct

from chain.pruned import Pruned
from rpc import (
    chain_methods,
    evidence_methods,
    node_methods,
    search_methods,
    state_methods,
    transaction_methods,
)
from rpc.answers import Empty
from rpc.backend import Backend
from rpc.errors import not_done
from rpc.parameters import Parameter, ParameterKind, Parsed

Work = Callable[..., Struct]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method. `waits`: it may hold its worker thread for seconds."""

    name: str
    parameters: tuple[Parameter, ...]
    work: Work
    text: str
    answer: type[Struct]
    waits: bool = False
    is_ours: bool = False

    def run(self, backend: Backend, given: Mapping[str, Parsed]) -> Struct:
        """Does it. Raises `RpcError`."""
        try:
            return self.work(backend, *(given[parameter.name] for parameter in self.parameters))
        except Pruned as pruned:
            raise not_done(str(pruned)) from None


def _parameter(text: str) -> Parameter:
    """`name:KIND`, with `!` behind where it is required."""
    name, kind = text.rstrip("!").split(":")
    return Parameter(name=name, kind=ParameterKind[kind], is_required=text.endswith("!"))


def _method(work: Work, parameters: str = "", *, waits: bool = False, is_ours: bool = False) -> Method:
    document = inspect.getdoc(work)
    answer = inspect.signature(work).return_annotation
    assert document is not None and isinstance(answer, type) and issubclass(answer, Struct)
    return Method(
        name=work.__name__,
        parameters=tuple(_parameter(text) for text in parameters.split()),
        work=work,
        text=document.removeprefix("Ours: "),
        answer=answer,
        waits=waits,
        is_ours=is_ours,
    )


_TABLE = (
    _method(node_methods.health),
    _method(node_methods.status),
    _method(node_methods.net_info),
    _method(node_methods.genesis),
    _method(chain_methods.block, "height:HEIGHT"),
    _method(chain_methods.block_by_hash, "hash:HASH"),
    _method(chain_methods.block_results, "height:HEIGHT"),
    _method(chain_methods.blockchain, "minHeight:HEIGHT maxHeight:HEIGHT"),
    _method(chain_methods.header, "height:HEIGHT"),
    _method(chain_methods.header_by_hash, "hash:HASH"),
    _method(chain_methods.commit, "height:HEIGHT"),
    _method(chain_methods.validators, "height:HEIGHT page:COUNT per_page:COUNT"),
    _method(chain_methods.consensus_params, "height:HEIGHT"),
    _method(node_methods.consensus_state),
    _method(transaction_methods.tx, "hash:HASH! prove:FLAG"),
    _method(
        search_methods.tx_search,
        "query:TEXT! prove:FLAG page:COUNT per_page:COUNT order_by:TEXT cursor:TEXT",
        waits=True,
    ),
    _method(
        search_methods.block_search,
        "query:TEXT! page:COUNT per_page:COUNT order_by:TEXT cursor:TEXT",
        waits=True,
    ),
    _method(transaction_methods.broadcast_tx_sync, "tx:BYTES"),
    _method(transaction_methods.broadcast_tx_async, "tx:BYTES"),
    _method(transaction_methods.broadcast_tx_commit, "tx:BYTES", waits=True),
    _method(evidence_methods.broadcast_evidence, "evidence:BYTES!"),
    _method(node_methods.abci_info),
    _method(transaction_methods.abci_query, "path:TEXT data:HEX height:HEIGHT prove:FLAG"),
    _method(transaction_methods.check_tx, "tx:BYTES"),
    _method(transaction_methods.unconfirmed_txs, "limit:COUNT"),
    _method(transaction_methods.num_unconfirmed_txs),
    _method(transaction_methods.query, "contract:TEXT! method:TEXT! arguments:BYTES", is_ours=True),
    _method(node_methods.storage, is_ours=True),
    _method(node_methods.contracts, is_ours=True),
    _method(node_methods.abi, "contract:TEXT!", is_ours=True),
    _method(state_methods.state_page, "height:HEIGHT! path:HEX", is_ours=True),
    _method(state_methods.state_leaf, "height:HEIGHT! hash:HASH!", is_ours=True),
    _method(transaction_methods.broadcast_txs, "txs:BYTES_LIST!", is_ours=True),
    _method(transaction_methods.tx_status, "hashes:HASH_LIST!", is_ours=True),
    _method(chain_methods.committed, "height:HEIGHT", is_ours=True),
)

METHODS: dict[str, Method] = {method.name: method for method in _TABLE}

SUBSCRIPTION_METHODS: dict[str, tuple[tuple[Parameter, ...], type[Struct], str]] = {
    "subscribe": (
        (_parameter("query:TEXT!"),),
        Empty,
        "Events as they happen: tm.event='NewBlock', 'NewBlockHeader', 'NewEvidence' or 'Tx', narrowed by AND. WebSocket only.",
    ),
    "unsubscribe": ((_parameter("query:TEXT!"),), Empty, "Ends a subscription. WebSocket only."),
    "unsubscribe_all": ((), Empty, "Ends all subscriptions of this connection. WebSocket only."),
}
