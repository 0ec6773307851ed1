"""`terang documents`: documents put at several nodes and fetched from any, and what a node's operator does with those it keeps.

Encrypted and opened here, on the person's machine; nodes and the ledger never see more than a container and its hash.
"""

import mimetypes
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import trio
import typer

from chain.document import Action, Credential, sign_request
from chain.hashing import DIGEST_BYTES, Digest
from chain.keys import Address, SigningKey, format_address
from chain.limits import DOCUMENT_BYTES_MAX
from chain.result import ResultCode, render
from chain.time import format_time
from cli.calls import DEFAULT_GAS, DEFAULT_VALIDITY_S, send_and_wait, sign_call
from cli.errors import REFUSED, NotDone
from cli.options import HomeOption, NodesOption, example
from cli.passphrases import asker
from documents.container import (
    Container,
    Document,
    find_content_key,
    open_container,
    parse_container,
    seal_document,
)
from documents.readers import KEY_BYTES, Wrap, document_public, document_secret, wrap_key
from machine.files import DiskFiles
from machine.keyfile import KeyKind, read_key
from node.config import read_config
from node.documents import DocumentLimits, DocumentStore
from node.home import Home
from rpc import documents, requests
from rpc.client import Client, SyncClient
from rpc.contracts import Contract
from rpc.documents import MemberReceipt

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Encrypted documents: put, get, list, remove."
)

T = TypeVar("T")
_DEFAULT_TYPE = "application/octet-stream"

HashArgument = Annotated[str, typer.Argument(metavar="HASH", help="The document's hash: 64 digits.")]


@app.command("key", epilog=example("terang documents key documents.key"))
def show_key(file: Annotated[Path, typer.Argument(help="A key file.")]) -> None:
    """Show the public key under which documents are encrypted for a key.

    An agency's operator states it with: terang tx call registry set_document_key
    """
    signer = read_key(file, KeyKind.ACCOUNT, asker())
    typer.echo("0x" + document_public(document_secret(signer.seed)).hex())


@app.command(epilog=example("terang documents put terms.pdf --agency PU --public --key officer.key"))
def put(
    file: Annotated[Path, typer.Argument(help="The document.")],
    *,
    agency: Annotated[str, typer.Option(help="The agency that it is for; its officers may fetch it.")],
    key: Annotated[Path, typer.Option(help="The account key of its owner.")],
    nodes: NodesOption,
    public: Annotated[
        bool, typer.Option("--public", help="Everybody may read it: put nothing personal in it.")
    ] = False,
    sealed: Annotated[
        bool,
        typer.Option("--sealed", help="Only the owner may open it, until its content key is handed over."),
    ] = False,
    record: Annotated[bool, typer.Option(help="Record it on the ledger.")] = True,
) -> None:
    """Encrypt a document and put it at the nodes of more than a third of the members.

    Without --public or --sealed its owner and the agency can open it.
    """
    if public and sealed:
        raise NotDone("a document is --public or --sealed, not both")
    signer = read_key(key, KeyKind.ACCOUNT, asker())
    document = _read_document(file)
    content_key = os.urandom(KEY_BYTES)
    with SyncClient(nodes) as client:
        owner = Address(_ask_bytes(client, "documents", "owner_of", signer.address))
        keys = [] if public else [document_public(document_secret(signer.seed))]
        if not public and not sealed:
            keys.append(_ask_agency_key(client, agency))
        wraps = [_wrap(content_key, reader, owner, agency) for reader in keys]
        data = seal_document(
            document, content_key, owner=owner, agency=agency, is_public=public, readers=wraps
        )
        container = parse_container(data)
        receipts = trio.run(partial(_put, nodes, data, container, signer, _ask_chain_id(client)))
        typer.echo(f"hash         {container.hash.hex()}")
        typer.echo(f"kept by      {', '.join(one.member for one in receipts)}")
        if sealed:
            typer.echo(f"content key  {content_key.hex()}")
        if record:
            _record(client, signer, container, receipts)


@app.command(
    epilog=example("terang documents get $HASH --key officer.key --with documents.key --output terms.pdf")
)
def get(
    hash_: HashArgument,
    *,
    output: Annotated[Path, typer.Option(help="The file to write; it must not exist.")],
    nodes: NodesOption,
    key: Annotated[
        Path | None, typer.Option(help="The account key of a reader; a public document needs none.")
    ] = None,
    with_key: Annotated[
        Path | None, typer.Option("--with", help="The key file that opens it, if that is another one.")
    ] = None,
    content_key: Annotated[
        str | None,
        typer.Option(help="Of a sealed document: its content key, 64 digits, as it was handed over."),
    ] = None,
) -> None:
    """Fetch a document from any node, check it, open it and write it to a file."""
    wanted = _parse_hash(hash_)
    signer = None if key is None else read_key(key, KeyKind.ACCOUNT, asker())
    opener = signer if with_key is None else read_key(with_key, KeyKind.ACCOUNT, asker())
    with SyncClient(nodes) as client:
        credential = None if signer is None else _sign(signer, _ask_chain_id(client), Action.GET, wanted)
    container = parse_container(trio.run(partial(_get, nodes, wanted, credential)))
    document = open_container(container, _find_key(container, opener, content_key))
    with output.open("xb") as stream:
        stream.write(document.data)
    typer.echo(f"name         {document.name!r}")
    typer.echo(f"media type   {document.media_type!r}")
    typer.echo(f"bytes        {len(document.data)}")
    typer.echo(f"owner        {format_address(container.header.owner)}")


@app.command("list", epilog=example("terang documents list --home node"))
def list_documents(home: HomeOption) -> None:
    """List the documents that a node keeps: hash, bytes, time, for whom, and of whom."""
    for held in _open_store(home).list_held():
        header = held.header
        whose = "damaged" if header is None else f"{header.agency}  {format_address(header.owner)}"
        shown = "public" if header is not None and header.public_key is not None else "closed"
        written = format_time(held.measured.written_ms)
        typer.echo(f"{held.hash.hex()}  {held.measured.size:>10}  {written}  {shown}  {whose}")


@app.command(epilog=example("terang documents remove $HASH --home node"))
def remove(hashes: Annotated[list[str], typer.Argument(metavar="HASH…")], home: HomeOption) -> None:
    """Erase documents at a node, while it runs or not. Other nodes keep theirs, and so do backups."""
    store = _open_store(home)
    for hash_ in [_parse_hash(text) for text in hashes]:
        if not store.remove(hash_):
            raise NotDone(f"{hash_.hex()} is not kept here. See: terang documents list --home {home}")
        typer.echo(f"{hash_.hex()}  removed")


def _open_store(home: Path) -> DocumentStore:
    place = Home(home)
    config = read_config(place.config).documents
    limits = DocumentLimits(bytes_max=config.bytes_max, owner_day_bytes_max=config.owner_day_bytes_max)
    return DocumentStore(place.documents(config.directory), limits, DiskFiles())


def _read_document(file: Path) -> Document:
    with file.open("rb") as stream:
        data = stream.read(DOCUMENT_BYTES_MAX + 1)
    if len(data) > DOCUMENT_BYTES_MAX:
        raise NotDone(f"{file}: expected at most {DOCUMENT_BYTES_MAX} bytes, got more. Put it in parts")
    media_type = mimetypes.guess_type(file.name)[0] or _DEFAULT_TYPE
    return Document(name=file.name, media_type=media_type, data=data)


def _parse_hash(text: str) -> Digest:
    return Digest(_parse_digits(text.removeprefix("0x"), "hash", DIGEST_BYTES))


def _parse_digits(text: str, what: str, length: int) -> bytes:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != length:
        raise NotDone(f"{what}: expected {2 * length} hexadecimal digits, got {text!r}")
    return found


def _ask_chain_id(client: SyncClient) -> str:
    return client.call(requests.status()).node_info.network


def _ask_bytes(client: SyncClient, contract: str, view: str, argument: str | bytes) -> bytes:
    found = client.call(requests.query(contract, view, (argument,))).value
    assert isinstance(found, bytes), found
    return found


def _ask_agency_key(client: SyncClient, agency: str) -> bytes:
    found = _ask_bytes(client, "registry", "document_key_of", agency)
    if not found:
        raise NotDone(
            f"{agency} has stated no key for documents. Its operator does with: terang tx call registry "
            "set_document_key; or put it --public or --sealed"
        )
    return found


def _wrap(content_key: bytes, reader: bytes, owner: Address, agency: str) -> Wrap:
    return wrap_key(content_key, reader, os.urandom(KEY_BYTES), owner, agency)


def _sign(signer: SigningKey, chain_id: str, action: Action, hash_: Digest) -> Credential:
    return sign_request(signer, chain_id, action, hash_, time.time_ns() // 1_000_000)


async def _put(
    nodes: Sequence[str], data: bytes, container: Container, signer: SigningKey, chain_id: str
) -> tuple[MemberReceipt, ...]:
    credential = _sign(signer, chain_id, Action.PUT, container.hash)
    exchange = documents.put(data, container.facts, chain_id, credential)

    async def put_there(clients: Sequence[Client]) -> tuple[MemberReceipt, ...]:
        async with Client(nodes) as any_node:
            members = await documents.list_members(any_node)
        return await documents.put_at_members(clients, exchange, members)

    return await _with_each(nodes, put_there)


async def _get(nodes: Sequence[str], hash_: Digest, credential: Credential | None) -> bytes:
    exchange = documents.get(hash_, credential)
    return await _with_each(nodes, lambda clients: documents.get_from_any(clients, exchange))


async def _with_each(nodes: Sequence[str], work: Callable[[Sequence[Client]], Awaitable[T]]) -> T:
    """Work with a client for each node."""
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client([node])) for node in nodes]
        return await work(clients)


def _find_key(container: Container, opener: SigningKey | None, content_key: str | None) -> bytes:
    if content_key is not None:
        return _parse_digits(content_key, "content key", KEY_BYTES)
    found = find_content_key(container.header, None if opener is None else document_secret(opener.seed))
    if found is None:
        raise NotDone(
            f"{container.hash.hex()} is not encrypted for this key. Give the one that opens it with --with, or the "
            "content key that was handed over with --content-key"
        )
    return found


def _record(
    client: SyncClient, signer: SigningKey, container: Container, receipts: Sequence[MemberReceipt]
) -> None:
    facts = container.facts
    made = Contract(client.call(requests.abi("documents"))).call(
        "record",
        hash=facts.hash,
        size=facts.size,
        agency=facts.agency,
        is_public=facts.is_public,
        receipts=[one.as_argument() for one in receipts],
    )
    raw = sign_call(client, signer, made, DEFAULT_GAS, DEFAULT_VALIDITY_S)
    fate = send_and_wait(client, raw, DEFAULT_VALIDITY_S)
    assert fate.result is not None
    if fate.result.code is not ResultCode.OK:
        why = fate.result.code.name if fate.result.trap is None else render(fate.result.trap)
        typer.echo(f"not recorded {why}", err=True)
        raise typer.Exit(REFUSED)
    typer.echo(f"recorded     number {fate.result.data[0]!r}, height {fate.height}")
