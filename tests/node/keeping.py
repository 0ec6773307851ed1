"""A keeper of documents that asks the real contracts, with a clock and a disk that tests set."""

from pathlib import Path

from chain.codec import Value
from chain.document import Action, Credential, sign_request
from chain.hashing import Digest, sha256
from chain.keys import SigningKey
from chain.result import render
from chain.vote import Height
from node.documents import DocumentLimits, DocumentStore
from node.keeping import Keeper
from rpc.backend import Refused
from rpc.values import ViewAnswer
from tests.contracts.ledger import CHAIN, Ledger, key, operator
from tests.documents.making import OWNER, make_container
from tests.node.disk import FaultyDisk
from vm.executor import ViewRefused

OFFICER, STRANGER_OFFICER, AUDITOR, OTHER = map(key, ("ppk of barat", "ppk of timur", "bpk", "beta"))
COMMITMENT_OFFICER, AUDITOR_ROLE = 2, 6
NODE_KEY = key("node barat")
FOLDER = Path("documents")


class Clock:
    """A clock that tests set."""

    def __init__(self, now_ms: int) -> None:
        self.time_ms = now_ms

    def now_ms(self) -> int:
        return self.time_ms


class Keeping:
    """One node's keeper over a ledger with a supplier that owns, another one, officers and an auditor."""

    def __init__(self, limits: DocumentLimits | None = None) -> None:
        self.ledger = Ledger()
        for agency, officer, role in (
            ("barat", OFFICER, COMMITMENT_OFFICER),
            ("timur", STRANGER_OFFICER, COMMITMENT_OFFICER),
            ("utara", AUDITOR, AUDITOR_ROLE),
        ):
            self.ledger.do(operator(agency), "registry", "grant", officer.address, role)
        for supplier in (OWNER, OTHER):
            self.ledger.do(supplier, "registry", "register", "PT Uji", bytes(32), bytes(32))
        self.clock = Clock(self.ledger.now_ms)
        self.disk = FaultyDisk(now_ms=self.ledger.now_ms)
        roomy = DocumentLimits(bytes_max=10**8, owner_day_bytes_max=10**8)
        store = DocumentStore(FOLDER, limits or roomy, self.disk)
        store.open(self.clock.now_ms())
        self.keeper = Keeper(
            store=store, chain_id=CHAIN, node_key=NODE_KEY, clock=self.clock, query=self.query
        )

    def query(self, contract: str, method: str, arguments: tuple[Value, ...]) -> ViewAnswer:
        """As a node asks its ledger."""
        try:
            value = self.ledger.view(contract, method, *arguments)
        except ViewRefused as refused:
            raise Refused(render(refused.trap)) from refused
        return ViewAnswer(value=value, height=Height(self.ledger.height))

    def credential(self, who: SigningKey, action: Action, hash_: Digest, late_ms: int = 0) -> Credential:
        """Signed so long ago."""
        return sign_request(who, CHAIN, action, hash_, self.clock.now_ms() - late_ms)

    def put(self, raw: bytes | None = None, who: SigningKey = OWNER) -> Digest:
        """The owner puts a container, as HTTP would have it done; its hash."""
        data = make_container() if raw is None else raw
        credential = self.credential(who, Action.PUT, sha256(data))
        self.keeper.check_put(sha256(data), credential, len(data))
        self.keeper.put(sha256(data), credential, data)
        return sha256(data)
