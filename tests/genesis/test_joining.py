"""Invitations: what a member signed is taken in every step, and whatever is changed is refused in a step with a name."""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from chain.checkpoint import JoinBundle, sign_join
from chain.errors import Malformed
from chain.hashing import Digest, sha256
from chain.keys import PublicKey
from chain.limits import JOIN_NODES_MAX
from genesis.file import render_genesis
from genesis.joining import Joining, JoinRefused, JoinStep, parse_join, read_join, render_join, verify_join
from tests.chain.making import make_key
from tests.contracts.ledger import operator
from tests.genesis.bundles import GENESIS, bundle_of, entry_of, make_genesis, words_of
from tests.portals.test_lineage import SETS

NODE = "0123456789abcdef0123456789abcdef01234567@node.example:26656"
MADE_MS, UNTIL_MS = 1_700_000_000_000, 1_700_000_600_000
BARAT = operator("barat")
OTHER = Digest(sha256(b"other"))
CHANGED = 300


def sign(key: Any = BARAT, **changes: Any) -> Joining:
    """An invitation by an operator, with other parts if given; all of it is signed."""
    parts: dict[str, Any] = {
        "nodes": (NODE,),
        "made_ms": MADE_MS,
        "until_ms": UNTIL_MS,
        "evidence": entry_of(words_of("governance", "operators", key.address)),
        "validators": SETS["c"][0],
    }
    return Joining(genesis=GENESIS, bundle=sign_join(key, **{**parts, **changes}))


@cache
def invitation() -> Joining:
    """An honest one."""
    return sign()


def fail(joining: Joining, **how: Any) -> JoinRefused:
    """How it is refused."""
    with pytest.raises(JoinRefused) as found:
        verify_join(joining, **{"now_ms": MADE_MS, **how})
    return found.value


def test_what_a_member_signed_is_taken() -> None:
    vouched = verify_join(invitation(), now_ms=UNTIL_MS, genesis_hash=GENESIS.hash)
    assert (vouched.agency, vouched.operator, vouched.is_founder) == ("barat", BARAT.address, False)
    header = invitation().bundle.evidence.blocks[-1].header
    assert vouched.checkpoint.height == header.height and vouched.checkpoint == invitation().bundle.checkpoint
    assert verify_join(invitation(), now_ms=None) == vouched


def test_the_file_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "join.json"
    file.write_text(render_join(invitation()))
    assert read_join(file) == invitation()
    assert json.loads(file.read_text())["genesis"] == json.loads(render_genesis(GENESIS))


def test_who_is_no_members_operator_cannot_invite() -> None:
    stranger = make_key(99)
    refusal = fail(sign(stranger))
    assert refusal.step is JoinStep.SIGNER and "acts for none" in str(refusal)


def test_the_evidence_must_speak_of_who_signed() -> None:
    refusal = fail(sign(make_key(99), evidence=invitation().bundle.evidence))
    assert refusal.step is JoinStep.SIGNER
    for name in ("bid", "award"):
        assert fail(sign(evidence=bundle_of(name))).step is JoinStep.EVIDENCE


def test_another_genesis_document_is_refused() -> None:
    assert fail(invitation(), genesis_hash=OTHER).step is JoinStep.GENESIS
    assert fail(replace(invitation(), genesis=make_genesis((10, 10, 10, 11)))).step is JoinStep.GENESIS


def test_an_old_one_is_refused_with_where_to_get_another() -> None:
    refusal = fail(invitation(), now_ms=UNTIL_MS + 1)
    assert refusal.step is JoinStep.TIME and "terang invite" in str(refusal)


def test_validators_after_the_checkpoint_are_those_that_it_names() -> None:
    assert fail(sign(validators=SETS["x"][0])).step is JoinStep.NEXT


@pytest.mark.parametrize(
    "changes",
    [
        {"nodes": ("f" * 40 + "@evil.example:26656",)},
        {"made_ms": MADE_MS + 1},
        {"until_ms": UNTIL_MS + 1},
        {"validators": SETS["x"][0]},
        {"operator": PublicKey(operator("timur").public)},
        {"signature": bytes(64)},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_every_part_is_signed(changes: dict[str, Any]) -> None:
    bundle: JoinBundle = replace(invitation().bundle, **changes)
    assert fail(replace(invitation(), bundle=bundle)).step is JoinStep.SIGNER


def test_addresses_are_addresses() -> None:
    for nodes in ((), ("node.example:26656",), (NODE,) * (JOIN_NODES_MAX + 1), (NODE + "\n",)):
        with pytest.raises(Malformed, match="nodes: "):
            sign(nodes=nodes)
    with pytest.raises(Malformed, match="expected an end after"):
        sign(until_ms=MADE_MS)


def changed_texts(text: str) -> Iterator[bytes]:
    """Cut off somewhere, or with one sign changed."""
    chance, data = random.Random(7), text.encode()
    for _ in range(CHANGED):
        place = chance.randrange(len(data) - 2)
        if chance.random() < 0.3:
            yield data[:place]
        else:
            yield data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def test_altered_and_truncated_files_are_refused_by_name() -> None:
    """Where a change leaves the meaning as it was, in white space or the case of digits, the meaning is what counts."""
    same = 0
    for data in changed_texts(render_join(invitation())):
        try:
            joining = parse_join(data)
            if joining == invitation():
                same += 1
                continue
            refusal = fail(joining)
        except JoinRefused as error:
            refusal = error
        assert refusal.step in JoinStep and str(refusal).startswith("join bundle, step ")
    assert same < CHANGED // 4


def test_a_large_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "join.json"
    file.write_text(render_join(invitation()))
    monkeypatch.setattr("genesis.joining.JOIN_BUNDLE_BYTES_MAX", 100)
    with pytest.raises(JoinRefused, match="expected at most 100 bytes"):
        read_join(file)
