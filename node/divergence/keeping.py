"""What a node keeps that stops because a certified block contradicts it, and why it does not start again by itself.

    data/diverged/HEIGHT/certified.cbor    the block and the certificate, as they came
                         head.cbor         our head record: where we stood, with our roots
                         results.cbor      what the last block did here, each result as it is hashed
                         report.json       all of it in words; written last, so that what is there is whole

A ledger that was made anew and differs at the same height again, but with other roots, gets a directory `HEIGHT.2`.

The report is the refusal, too: while the ledger still stands at the head that it names, a start says what happened and goes
no further. A ledger that was made anew is another one and starts. So does one whose newest block was taken back
(`terang rollback`), for a corrected release to execute it anew.
"""

import json
import platform
import re
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog

from chain.block import block_value, encode_header
from chain.certificate import certificate_value
from chain.codec import encode
from chain.errors import Malformed
from chain.limits import DIVERGED_KEPT_MAX
from chain.time import format_time
from chain.vote import Height
from machine.clock import Clock
from machine.faults import Damaged, DiskFault
from machine.files import Files, replace_file
from node.head import Head
from node.store.reading import LedgerReader
from node.store.records import encode_head, encode_results
from node.validity import Diverged
from node.version import VERSION

log = structlog.get_logger("node")
_REPORT = "report.json"
_PLACE = re.compile(r"(?P<height>[0-9]+)(\.(?P<number>[0-9]+))?")


class StillDiverged(DiskFault):
    """This home's ledger is the one that a certified block contradicted; its operator has to decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Where and with what a divergence is kept."""

    directory: Path
    ledger: LedgerReader
    files: Files
    clock: Clock

    def __enter__(self) -> None:
        """Watches what is done in its context."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keeps what is known of a `Diverged` that leaves the context, alone or with others; it goes on its way."""
        found = error.subgroup(Diverged) if isinstance(error, BaseExceptionGroup) else error
        while isinstance(found, BaseExceptionGroup):
            found = found.exceptions[0]
        if isinstance(found, Diverged):
            self._keep_or_tell(found)

    def _keep_or_tell(self, diverged: Diverged) -> None:
        try:
            place = self.keep(diverged)
        except DiskFault as fault:
            log.error("what is known of the divergence cannot be kept", reason=str(fault))
        else:
            log.error("what is known of the divergence is kept", directory=str(place))

    def keep(self, diverged: Diverged) -> Path:
        """Writes all of it; the directory. What an earlier start has kept stays as it is."""
        certified, head, files = diverged.certified, self.ledger.head, self.files
        place = self._find_place(certified.block.header.height, head)
        if files.read(place / _REPORT) is not None:
            return place
        files.make_directory(self.directory)
        files.make_directory(place)
        content = encode((block_value(certified.block), certificate_value(certified.certificate)))
        replace_file(files, place / "certified.cbor", content)
        replace_file(files, place / "head.cbor", encode_head(head))
        results = None if head.height == 0 else self.ledger.encoded_results(head.height)
        if results is not None:
            replace_file(files, place / "results.cbor", encode_results(results))
        report = make_report(diverged, head, self.clock.now_ms())
        replace_file(files, place / _REPORT, json.dumps(report, indent=2).encode() + b"\n")
        return place

    def _find_place(self, height: Height, head: Head) -> Path:
        """The one that is of this head already, or a new one."""
        for number in count(1):
            place = self.directory / (str(height) if number == 1 else f"{height}.{number}")
            data = self.files.read(place / _REPORT)
            if data is None or _is_of(_read_report(place, data), head):
                return place
        raise AssertionError("numbers do not end")


def make_report(diverged: Diverged, head: Head, now_ms: int) -> dict[str, Any]:
    """What happened, with the roots of both sides."""
    header, certificate = diverged.certified.block.header, diverged.certified.certificate
    return {
        "chain_id": head.chain_id,
        "height": header.height,
        "kept": format_time(now_ms),
        "reason": diverged.reason,
        "version": VERSION,
        "python": platform.python_version(),
        "here": {
            "height": head.height,
            "block_id": head.block_id.hex(),
            "state_root": head.state_root.hex(),
            "results_root": head.results_root.hex(),
            "next_validators_hash": head.next_validators.hash.hex(),
        },
        "certified": {
            "block_id": certificate.block_id.hex(),
            "round": certificate.round,
            "signatures": sum(signature is not None for signature in certificate.signatures),
            "state_root": header.state_root.hex(),
            "results_root": header.results_root.hex(),
            "next_validators_hash": header.next_validators_hash.hex(),
            "header": encode_header(header).hex(),
        },
    }


def list_kept(directory: Path, files: Files) -> list[Path]:
    """The directories of divergences that were kept, the lowest height first; of very many the highest."""
    found = [match for match in map(_PLACE.fullmatch, files.list_names(directory)) if match is not None]
    found.sort(key=lambda match: (int(match["height"]), int(match["number"] or 1)))
    return [directory / match[0] for match in found[-DIVERGED_KEPT_MAX:]]


def check_diverged(directory: Path, ledger: LedgerReader, files: Files) -> None:
    """Refuses a ledger that stands where a certified block contradicted it.

    Raises:
        StillDiverged: says what happened and what can be done.
        Damaged: a report is none.
    """
    for place in list_kept(directory, files):
        data = files.read(place / _REPORT)
        if data is not None and _is_of(_read_report(place, data), ledger.head):
            raise StillDiverged(
                place,
                f"this node computed something else than more than two thirds certified in block {place.name.partition('.')[0]}: "
                f"{_read_report(place, data)['reason']}",
                "Find the difference with terang diverge, this home and the address of another node. Then begin anew with "
                "terang reset: every block is fetched and executed again, and this directory stays. Or, where the release "
                "was at fault, install the corrected one and take the newest block back with terang rollback --blocks 1",
            )


def _is_of(report: dict[str, Any], head: Head) -> bool:
    here = report["here"]
    own = (head.height, head.block_id.hex(), head.state_root.hex(), head.results_root.hex())
    return own == (here["height"], here["block_id"], here["state_root"], here["results_root"])


def _read_report(place: Path, data: bytes) -> dict[str, Any]:
    try:
        report = json.loads(data)
        if not isinstance(report["reason"], str) or not isinstance(report["here"]["height"], int):
            raise Malformed("reason and height: expected a text and a number")
        for name in ("block_id", "state_root", "results_root"):
            if not isinstance(report["here"][name], str):
                raise Malformed(f"{name}: expected a text")
    except (ValueError, KeyError, TypeError, Malformed) as error:
        raise Damaged(
            place / _REPORT,
            f"the report of a divergence cannot be read: {error}",
            "Ask for help before this node goes on: move its directory away only if you know what happened",
        ) from error
    assert isinstance(report, dict), "what has names is an object"
    return report
