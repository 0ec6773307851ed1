"""Pages of the rules as they are written: the text of each contract by its lines, held to the module that is deployed."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.responses import Response

from portals.auditor.evidence import Proofs
from portals.auditor.rules import Source, read_source
from portals.page import Page
from rpc import requests


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """A deployed contract: whether this release's text is the one it was compiled from, and whether genesis deployed it."""

    contract: str
    code_hash: str
    source: Source | None
    is_own_text: bool
    is_of_genesis: bool | None


async def show_all(page: Page, proofs: Proofs) -> Response:
    """The deployed contracts."""
    found = [await _read(page, proofs, one.id) for one in await page.ledger.call(requests.contracts())]
    return await page.render("auditor/sources.html", contracts=found)


async def show(page: Page, proofs: Proofs) -> Response:
    """One contract's text."""
    contract = page.request.path_params["contract"]
    if read_source(contract) is None:
        raise HTTPException(404, f"this release has no contract {contract[:64]}")
    return await page.render("auditor/source.html", one=await _read(page, proofs, contract))


async def _read(page: Page, proofs: Proofs, contract: str) -> Deployed:
    description = await page.ledger.call(requests.abi(contract))
    source = read_source(contract)
    anchor = proofs.lineage.anchor
    founded = None if anchor is None else anchor.contracts.get(contract)
    return Deployed(
        contract=contract,
        code_hash=description.code_hash.hex().upper(),
        source=source,
        is_own_text=source is not None and source.hash == description.source_hash,
        is_of_genesis=None if anchor is None else founded == description.code_hash,
    )
