"""Who may import, start and open what. That rooms import only those below them is import-linter's to hold."""

import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

from tests.tidy.source import Finding, Source, house

LIBRARIES: dict[str, tuple[str, ...]] = {
    "anyio": (
        "rpc/client.py",
        "rpc/document_site.py",
        "rpc/hub.py",
        "rpc/lines.py",
        "rpc/server.py",
        "payments/bank/service.py",
        "payments/nodes.py",
        "payments/gateway_site.py",
        "portals/keepers.py",
        "portals/ledger.py",
    ),  # loops of HTTP, whichever they are
    "babel": ("portals/languages.py", "portals/local_forms.py"),
    "cbor2": ("chain/codec.py",),
    "httpx2": ("payments/counter.py", "portals/treasuries.py", "rpc/client.py"),
    "jinja2": ("portals/page.py",),
    "msgspec": (
        "rpc/",
        "node/exporting.py",
        "genesis/file.py",
        "genesis/joining.py",
        "payments/",
        "portals/kept.py",
    ),
    "nacl": (
        "chain/keys.py",
        "documents/",
        "node/assembly.py",  # the operating system's chance
        "machine/browserkey.py",
        "machine/keyfile.py",
        "p2p/frames.py",
        "p2p/handshake.py",
        "payments/accounts.py",
        "sealed/envelope.py",
    ),
    "plyvel": ("node/store/leveldb.py",),
    "rich": ("cli/",),
    "starlette": (
        "light/web.py",
        "rpc/document_site.py",
        "rpc/run.py",
        "rpc/server.py",
        "payments/",
        "portals/",
    ),
    "structlog": ("machine/logs.py", "node/", "p2p/network.py", "payments/"),
    "trio": (
        "node/",
        "p2p/link.py",
        "p2p/network.py",
        "rpc/client.py",
        "pilot/run.py",
        "cli/pilot.py",
        "cli/audit.py",
        "cli/invite.py",
        "cli/documents.py",
        "cli/light.py",
        "light/backend.py",
        "light/follower.py",
        "light/reads.py",
        "light/run.py",
        "payments/",
    ),
    "typer": ("cli/",),
    "uvicorn": ("rpc/connections.py", "rpc/run.py", "portals/run.py"),
    "websockets": ("rpc/client.py",),
}
"""Files, or folders with a slash, that may import a library; what is not listed is imported nowhere."""

STARTERS: dict[str, dict[str, str]] = {
    "start_soon": {
        "node/run.py": "the nursery of the node",
        "node/repair/task.py": "links, while the store is mended and no node runs",
        "node/snapshot/fetching.py": "waits for a signal while a snapshot is fetched and no node runs",
        "node/checker.py": "a slow proposal must not hold up the next",
        "p2p/link.py": "a link writes while it reads",
        "p2p/network.py": "each peer is dialled by itself",
        "rpc/server.py": "HTTP's own loop: the follower of blocks, and a WebSocket's writer",
        "light/follower.py": "all nodes are heard at once",
        "light/run.py": "following, while a signal is waited for",
        "payments/gateway.py": "the nursery of the gateway",
        "portals/ledger.py": "a transaction goes to several nodes at once",
    },
    "Thread": {
        "rpc/run.py": "HTTP never runs on the consensus loop",
        "cli/tethered.py": "watches for the end of who started the process",
    },
    "ThreadPoolExecutor": {"node/admission.py": "signatures are checked beside the consensus loop"},
    "create_task": {},
}
"""Files that may start something that runs beside them, and what it is."""

_OUTSIDE = frozenset(
    {
        "asyncio",
        "concurrent",
        "glob",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "queue",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "socket",
        "sqlite3",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
        "weakref",
    }
)
_OUTSIDE_LIBRARIES = frozenset(LIBRARIES) - {"cbor2", "nacl"}
_OUTSIDE_CALLS = frozenset({"open", "input", "print", "breakpoint", "__import__"})
_CLOCK_CALLS = frozenset({"now", "today", "utcnow"})  # of datetime, whose arithmetic is welcome


def libraries(source: Source) -> Iterator[Finding]:
    """A library is imported only in the files that LIBRARIES names."""
    if not source.is_python or source.is_test:
        return
    for line, module in source.imports():
        name = module.partition(".")[0]
        places = LIBRARIES.get(name, ())
        ours = name in house() or name in sys.stdlib_module_names
        if not ours and not source.path.startswith(places):
            yield Finding(line, name, f"expected {name} in {', '.join(places) or 'no file'} alone")


def starters(source: Source) -> Iterator[Finding]:
    """Tasks and threads start only in the files that STARTERS names, each with its reason."""
    if not source.is_python or source.is_test:
        return
    for call, name in source.calls():
        last = name.rpartition(".")[2]
        if last in STARTERS and source.path not in STARTERS[last]:
            places = ", ".join(STARTERS[last]) or "no file"
            yield Finding(call.lineno, last, f"expected {last} in {places} alone")


def cores_outside(source: Source) -> Iterator[Finding]:
    """The cores know of no clock, chance, disk, network, task or log."""
    if not source.is_core:
        return
    for line, module in source.imports():
        name = module.partition(".")[0]
        if name in _OUTSIDE or name in _OUTSIDE_LIBRARIES:
            yield Finding(
                line, name, f"expected a core that takes it as an argument, got an import of {name}"
            )
    for call, name in source.calls():
        if name in _OUTSIDE_CALLS or ("." in name and name.rpartition(".")[2] in _CLOCK_CALLS):
            yield Finding(call.lineno, name, f"expected a core that only computes, got {name}()")


def sleeping(source: Source) -> Iterator[Finding]:
    """`time.sleep` stops a whole loop: only commands, which have none, and tests of whole processes wait so."""
    if source.is_python and not source.path.startswith(("cli/", "tests/")):
        for call, name in source.calls():
            if name == "time.sleep":
                yield Finding(call.lineno, name, "expected the loop's own sleep, got time.sleep")


def module_names(source: Source) -> Iterator[Finding]:
    """No module is named like one of Python's own."""
    name = Path(source.path).stem
    if source.is_python and name in sys.stdlib_module_names:
        yield Finding(1, name, f"expected a name of its own, got {name}, which Python has")


def is_inside(spec: ModuleSpec | None, root: Path) -> bool:
    """Whether what an import finds is the package of that name in this repository, not one that was installed."""
    return spec is not None and spec.origin == str(root / spec.name / "__init__.py")
