"""A portal without a network: the real contracts behind the real RPC methods, a block for each transaction."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import httpx2
import msgspec

from chain.codec import Value
from chain.errors import Invalid
from chain.hashing import Digest
from chain.keys import SigningKey
from chain.result import render
from chain.transaction import (
    check_transaction,
    compute_transaction_id,
    decode_unsigned,
    encode_transaction,
    sign_unsigned,
)
from node.description import describe_module
from node.documents import DocumentLimits, DocumentStore
from node.keeping import Keeper
from portals.app import View, make_app
from portals.ledger import Ledger
from portals.page import PortalInfo
from rpc import documents
from rpc.backend import Refused, Standing
from rpc.client import Unreachable
from rpc.documents import DocumentRefused, Exchange
from rpc.errors import RpcError
from rpc.requests import Request, decode_answer, encode_request
from rpc.schema import METHODS
from rpc.service import encode_error, encode_result, parse_params
from rpc.values import AdmissionCode, Admitted, ContractDescription, ContractInfo, ViewAnswer
from tests.contracts.ledger import AGENCIES, CHAIN, compiled, key
from tests.contracts.ledger import Ledger as Contracts
from tests.node.disk import FaultyDisk, Inode
from tests.rpc.memory import MemoryBackend
from vm.executor import ViewRefused
from vm.module_codec import code_hash, decode_module

Answer = TypeVar("Answer")
ORIGIN = "http://portal.test"
FOLDER = Path("documents")


class ContractsBackend(MemoryBackend):
    """A node that carries out each transaction at once, after what happened on its ledger before."""

    def __init__(self, contracts: Contracts | None = None) -> None:
        super().__init__()
        self.contracts_ledger = contracts or Contracts()
        self.info = replace(self.info, chain_id=CHAIN)
        self.is_behind = False
        for time_ms, transactions, executed in self.contracts_ledger.blocks:
            self.commit([checked.raw for checked in transactions], executed.results, time_ms=time_ms)

    def standing(self) -> Standing:
        time_ms = self.contracts_ledger.now_ms
        return replace(super().standing(), time_ms=time_ms, is_behind=self.is_behind)

    def contracts(self) -> Sequence[ContractInfo]:
        return [ContractInfo(id=name, code_hash=code_hash(data)) for name, data in compiled()]

    def describe(self, contract: str) -> ContractDescription | None:
        data = dict(compiled()).get(contract)
        return None if data is None else describe_module(contract, code_hash(data), decode_module(data))

    def query(self, contract: str, method: str, arguments: tuple[Value, ...]) -> ViewAnswer:
        try:
            value = self.contracts_ledger.view(contract, method, *arguments)
        except ViewRefused as refused:
            raise Refused(render(refused.trap)) from refused
        return ViewAnswer(value=value, height=self.standing().height)

    def submit(self, raws: Sequence[bytes]) -> Sequence[Admitted]:
        return [self._carry_out(raw) for raw in raws]

    def _carry_out(self, raw: bytes) -> Admitted:
        id_ = compute_transaction_id(raw)
        if self.place_of(id_) is not None:
            return Admitted(id=id_, code=AdmissionCode.COMMITTED, message="a block has it already")
        try:
            checked = check_transaction(raw, CHAIN)
        except Invalid as error:
            return Admitted(id=id_, code=AdmissionCode.MALFORMED, message=str(error))
        if checked.transaction.valid_until_ms <= self.contracts_ledger.now_ms:
            return Admitted(id=id_, code=AdmissionCode.EXPIRED, message="its time is over")
        results = self.contracts_ledger.execute([checked]).results
        self.commit([raw], results, time_ms=self.contracts_ledger.now_ms)
        return Admitted(id=id_, code=AdmissionCode.OK, message="")


class AnsweringNode:
    """A node that is asked without HTTP. `is_gone`: nobody answers there; `is_broken`: it fails as nobody expects."""

    def __init__(self, backend: MemoryBackend, address: str) -> None:
        self.backend = backend
        self.address = address
        self.is_gone = False
        self.is_broken = False
        self.asked: list[str] = []

    async def call(self, request: Request[Answer]) -> Answer:
        """What a node answers to this request."""
        if self.is_gone:
            raise Unreachable("nobody answers here")
        if self.is_broken:
            raise ZeroDivisionError("a mistake of ours")
        self.asked.append(request.method)
        return decode_answer(request, self.answer(request))

    def answer(self, request: Request[Answer]) -> bytes:
        """The bytes of its answer."""
        sent = msgspec.json.decode(encode_request(request))
        method = METHODS[request.method]
        try:
            return encode_result(1, method.run(self.backend, parse_params(method.parameters, sent["params"])))
        except RpcError as error:
            return encode_error(1, error)

    async def exchange(self, exchange: Exchange[Answer]) -> Answer:
        """It keeps no documents."""
        raise Unreachable(f"nobody keeps {exchange.path} here")


class LocalNode(AnsweringNode):
    """One that keeps documents as a member's node does."""

    def __init__(self, backend: ContractsBackend, agency: str) -> None:
        super().__init__(backend, agency)
        self._contracts = backend.contracts_ledger
        self.disk = FaultyDisk(now_ms=self.now_ms())
        store = DocumentStore(FOLDER, DocumentLimits(bytes_max=10**8, owner_day_bytes_max=10**8), self.disk)
        store.open(self.now_ms())
        self.keeper = Keeper(
            store=store, chain_id=CHAIN, node_key=key(f"node {agency}"), clock=self, query=backend.query
        )

    def now_ms(self) -> int:
        """The node's clock, which is the ledger's."""
        return self._contracts.now_ms

    async def exchange(self, exchange: Exchange[Answer]) -> Answer:
        """What its keeper of documents answers."""
        if self.is_gone:
            raise Unreachable("nobody answers here")
        try:
            return exchange.read(HTTPStatus.OK, self._carry(exchange))
        except DocumentRefused as refused:
            return exchange.read(refused.status, documents.encode_refusal(refused))

    def _carry(self, exchange: Exchange[Answer]) -> bytes:
        hash_ = Digest(bytes.fromhex(exchange.path.rpartition("/")[2]))
        credential = documents.parse_credential(exchange.headers.get("authorization"))
        if exchange.verb == "PUT":
            assert credential is not None, "who puts says who it is"
            self.keeper.check_put(hash_, credential, len(exchange.body))
            return documents.encode_receipt(self.keeper.put(hash_, credential, exchange.body))
        size, data = self.keeper.check_get(hash_, credential), b""
        while len(data) < size:
            data += self.keeper.piece(hash_, len(data))
        return data

    def file_of(self, hash_: bytes) -> Inode | None:
        """A document on its disk."""
        path = FOLDER / hash_.hex()
        return self.disk.inode(path) if self.disk.measure(path) is not None else None


class Site:
    """A portal with its nodes and one person's browser, which keeps cookies and follows where it is sent."""

    def __init__(
        self,
        portal: PortalInfo,
        views: Sequence[View],
        nodes: int = 1,
        contracts: Contracts | None = None,
    ) -> None:
        self.portal = portal
        self.backend = ContractsBackend(contracts)
        self.backend.commit()
        self.nodes = [LocalNode(self.backend, agency) for agency in AGENCIES[:nodes]]
        self.contracts = self.backend.contracts_ledger
        ledger = Ledger(self.nodes, lambda: self.contracts.now_ms)
        self.app = make_app(portal, views, ledger)
        self.browser = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(self.app), base_url=ORIGIN, follow_redirects=True
        )

    def act_as(self, key: SigningKey) -> None:
        """From now on pages are shown to the holder of this key."""
        self.browser.cookies.set(self.portal.key_cookie, key.public.hex())

    async def get(self, path: str) -> httpx2.Response:
        """A page."""
        return await self.browser.get(path)

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """A form, sent from a page of this portal."""
        return await self.browser.post(path, data=fields, headers={"origin": ORIGIN})

    async def sign(self, key: SigningKey, page: httpx2.Response) -> httpx2.Response:
        """Signs what a page shows to be signed, and sends it."""
        content = page.text.partition('data-content="')[2].partition('"')[0]
        assert content, page.text
        return await self.post("/en/send", signed=sign_text(key, content), back="/")


def sign_text(key: SigningKey, content: str) -> str:
    """The signed transaction of unsigned bytes, both as base64."""
    unsigned = decode_unsigned(b64decode(content))
    return b64encode(encode_transaction(sign_unsigned(key, unsigned))).decode()


@asynccontextmanager
async def open_site(
    portal: PortalInfo, views: Sequence[View], nodes: int = 1, contracts: Contracts | None = None
) -> AsyncIterator[Site]:
    """A portal, closed afterwards; `contracts` is what happened on the ledger before."""
    site = Site(portal, views, nodes, contracts)
    async with site.browser:
        yield site
