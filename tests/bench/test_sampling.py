"""Whose time is whose: stacks into parts of the system."""

import threading
from pathlib import Path

import nacl.signing
import pytest

import chain.codec
import chain.keys
import node.store.leveldb
from tests.bench.sampling import LIBRARIES, ROOT, Profile, Sampler, place_of, shorten
from tests.bench.whereabouts import STAGES, add_up


def file_of(module: object) -> str:
    """Where a module lies."""
    return str(module.__file__)  # type: ignore[attr-defined]  # every module here has a file


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (file_of(chain.keys), "chain"),
        (file_of(chain.codec), "chain: cbor2 and its checks"),
        (file_of(node.store.leveldb), "plyvel"),
        (file_of(nacl.signing), "libsodium"),
        (file_of(threading), ""),
        ("<string>", ""),
    ],
)
def test_the_part_of_the_system_that_a_file_belongs_to(path: str, place: str) -> None:
    assert place_of(path) == place


def test_names_are_short() -> None:
    assert shorten(file_of(chain.keys)) == "chain/keys.py"
    assert shorten("<string>") == "<string>"


def test_time_goes_to_the_innermost_part_and_to_all_callers_once() -> None:
    keys, codec = file_of(chain.keys), file_of(chain.codec)
    profile = Profile()
    profile.add([("<string>", "__init__"), (codec, "encode"), (keys, "sign"), (keys, "sign")], 100)
    profile.add([(keys, "sign")], 10)
    profile.add([(file_of(threading), "wait")], 1)
    assert profile.by_place == {"chain: cbor2 and its checks": 100, "chain": 10, "Python itself": 1}
    assert profile.with_callees == {"chain/codec.py:encode": 100, "chain/keys.py:sign": 110}


def test_profiles_add_up() -> None:
    assert add_up([{"a": 1, "b": 2}, {"b": 3}]) == {"a": 1, "b": 5}


@pytest.mark.parametrize("function", [function for _, function in STAGES])
def test_stages_are_functions_that_exist(function: str) -> None:
    file, _, name = function.partition(":")
    found = [root / file for root in (ROOT, LIBRARIES) if (root / file).exists()]
    assert found and f"def {name.rpartition('.')[2]}(" in found[0].read_text()


def test_a_sampler_sees_who_works(tmp_path: Path) -> None:
    begin = tmp_path / "begin"
    begin.touch()
    sampler = Sampler(begin)
    sampler.start()
    value = b""
    while not sampler.profile.by_place["chain: cbor2 and its checks"]:
        value = chain.codec.encode((value[:10_000], bytes(10_000)))
    sampler.stop()
    assert any(name.startswith("chain/codec.py:encode") for name in sampler.profile.with_callees)
