"""`terang tx call` and `terang query`: one call of a contract, with arguments checked against its module beforehand."""

import json
import os
import time
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from chain.codec import Value
from chain.keys import SigningKey
from chain.limits import NONCE_BYTES
from chain.result import ResultCode, TransactionResult, render, render_value
from chain.transaction import Call, TxId, compute_transaction_id, encode_transaction, sign_transaction
from cli.arguments import parse_arguments, show_typed
from cli.errors import REFUSED, NotDone
from cli.options import DEFAULT_NODE, NodeOption, example
from cli.passphrases import asker
from machine.keyfile import KeyKind, read_key
from rpc import requests
from rpc.client import SyncClient
from rpc.requests import Fate
from vm.keys import module_key
from vm.module import FunctionCode, Module, Role
from vm.module_codec import decode_module

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Send transactions.")

DEFAULT_GAS = 1_000_000
DEFAULT_VALIDITY_S = 120
_WAIT_STEP_S = 0.2

ContractArgument = Annotated[str, typer.Argument(help="The contract's id.")]
ArgumentsArgument = Annotated[
    list[str] | None, typer.Argument(help="Arguments as JSON; put -- before negative numbers.")
]


@app.command(
    "call",
    epilog=example("terang tx call governance propose_rule standstill_ms 432000000 --key operator.key"),
)
def call(
    contract: ContractArgument,
    method: Annotated[str, typer.Argument(help="A @call of the contract.")],
    arguments: ArgumentsArgument = None,
    *,
    key: Annotated[Path, typer.Option(help="The account key that signs.")],
    node: NodeOption = DEFAULT_NODE,
    gas_limit: Annotated[int, typer.Option(min=1, help="The most gas it may use.")] = DEFAULT_GAS,
    valid_s: Annotated[
        int, typer.Option("--valid", min=1, max=600, help="Seconds after which no block takes it any more.")
    ] = DEFAULT_VALIDITY_S,
) -> None:
    """Call a contract and wait for the block.

    Exit code 1 says that a block has it and the contract refused it.
    """
    signer = read_key(key, KeyKind.ACCOUNT, asker())
    with SyncClient([node]) as client:
        function = _find_function(client, contract, method, Role.CALL)
        given = parse_arguments(f"{contract}.{method}", function.parameters, arguments or [])
        made = Call(contract=contract, method=method, arguments=given)
        fate = send_and_wait(client, sign_call(client, signer, made, gas_limit, valid_s), valid_s)
    assert fate.result is not None
    _tell(fate, fate.result, function)
    if fate.result.code is not ResultCode.OK:
        raise typer.Exit(REFUSED)


def query(
    contract: ContractArgument,
    view: Annotated[str, typer.Argument(help="A @view of the contract.")],
    arguments: ArgumentsArgument = None,
    *,
    node: NodeOption = DEFAULT_NODE,
) -> None:
    """Ask a view of a contract; the answer is JSON."""
    with SyncClient([node]) as client:
        function = _find_function(client, contract, view, Role.VIEW)
        given = parse_arguments(f"{contract}.{view}", function.parameters, arguments or [])
        answer = client.call(requests.query(contract, view, given))
    typer.echo(json.dumps(show_typed(function.result, answer.value), indent=2, ensure_ascii=False))


def _find_function(client: SyncClient, contract: str, method: str, role: Role) -> FunctionCode:
    module = _get_module(client, contract)
    found = module.function(method)
    if found is not None and found.role is role:
        return found
    known = [function.name for function in module.functions if function.role is role]
    if found is not None and found.role in (Role.CALL, Role.VIEW):
        other = "terang query" if found.role is Role.VIEW else "terang tx call"
        raise NotDone(f"{contract}.{method} is a @{found.role.name.lower()}; use: {other}")
    raise NotDone(f"{contract} has no @{role.name.lower()} {method!r}{_suggest(method, known)}")


def _get_module(client: SyncClient, contract: str) -> Module:
    deployed = {found.id: found.code_hash for found in client.call(requests.contracts())}
    if contract not in deployed:
        raise NotDone(f"there is no contract {contract!r}{_suggest(contract, list(deployed))}")
    entry = client.call(requests.state_entry(module_key(deployed[contract]))).value
    if entry is None:
        raise NotDone(f"the node has no module of contract {contract!r}. Ask another one with --node")
    return decode_module(entry)


def _suggest(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known) or 'none'}"


def sign_call(client: SyncClient, key: SigningKey, made: Call, gas_limit: int, valid_s: int) -> bytes:
    """A transaction of one call."""
    chain_id = client.call(requests.status()).node_info.network
    signed = sign_transaction(
        key,
        chain_id=chain_id,
        nonce=os.urandom(NONCE_BYTES),
        valid_until_ms=time.time_ns() // 1_000_000 + valid_s * 1_000,
        gas_limit=gas_limit,
        calls=(made,),
    )
    return encode_transaction(signed)


def send_and_wait(client: SyncClient, raw: bytes, valid_s: int) -> Fate:
    """Sends and waits for the block, as long as one may still take it."""
    id_ = compute_transaction_id(raw)
    (admitted,) = client.call(requests.broadcast_txs([raw]))
    if admitted.code != 0:
        raise NotDone(f"the node did not take the transaction: {admitted.message}")
    end = time.monotonic() + valid_s
    while time.monotonic() < end:
        (fate,) = client.call(requests.tx_status([id_]))
        if fate.result is not None:
            return fate
        time.sleep(_WAIT_STEP_S)
    raise NotDone(f"no block took transaction {_show_id(id_)} in {valid_s} s, and none will. Send it again")


def _show_id(id_: TxId) -> str:
    return id_.hex().upper()


def _tell(fate: Fate, result: TransactionResult, function: FunctionCode) -> None:
    typer.echo(f"transaction  {_show_id(fate.id)}")
    typer.echo(f"height       {fate.height}")
    typer.echo(f"gas          {result.gas_used} of {result.gas_wanted}")
    if result.trap is not None:
        typer.echo(f"refused      {render(result.trap)}")
        return
    typer.echo(f"result       {ResultCode(result.code).name}")
    if function.result is not None:
        typer.echo(
            f"returned     {json.dumps(show_typed(function.result, result.data[0]), ensure_ascii=False)}"
        )
    for event in result.events:
        typer.echo(f"event        {event.contract}.{event.name}  {_fields(event.fields)}")


def _fields(fields: tuple[tuple[str, Value], ...]) -> str:
    return "  ".join(f"{name}={render_value(value)}" for name, value in fields)
