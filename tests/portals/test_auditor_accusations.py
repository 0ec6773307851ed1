"""Evidence against validators in the auditor's portal: on the block's page and in the list, and only what the header names."""

from dataclasses import replace

from chain.block import CertifiedBlock
from chain.evidence import evidence_root
from portals.auditor.portal import AUDITOR, make_views
from tests.chain.making import make_certificate
from tests.node.making import make_double
from tests.portals.making import open_site
from tests.portals.test_auditor import ANCHOR, KEYS, SET, change_block, life


def accused(certified: CertifiedBlock) -> CertifiedBlock:
    """The same block, decided with evidence against a validator."""
    evidence = (make_double(KEYS[0], 2, 1),)
    header = replace(certified.block.header, evidence_root=evidence_root(evidence))
    block = replace(certified.block, header=header, evidence=evidence)
    return CertifiedBlock(block=block, certificate=make_certificate(block, SET, KEYS))


async def test_a_block_shows_whom_it_proves_to_have_voted_twice() -> None:
    async with open_site(AUDITOR, make_views(ANCHOR), contracts=life()) as site:
        last = len(site.backend.chain)
        change_block(site.backend, last, accused)
        page = (await site.get(f"/en/blocks/{last}")).text
        assert "Evidence against validators" in page and "block 2, round 1" in page
        assert (await site.get("/en/blocks")).text.count("Evidence against validators") == 1
        change_block(
            site.backend, last, lambda shown: replace(shown, block=replace(shown.block, evidence=()))
        )
        answer = await site.get(f"/en/blocks/{last}")
        assert "What the node shows is no evidence" in answer.text
