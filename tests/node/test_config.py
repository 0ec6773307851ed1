"""The file is written, read back and refused in words that tell the next step."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from node.config import (
    Config,
    ConfigError,
    LinkConfig,
    LogConfig,
    RpcConfig,
    format_config,
    read_config,
    write_config,
)
from node.home import Home

PEER = "0123456789abcdef0123456789abcdef01234567@node-2.example:26656"
SET = Config(
    moniker="Kementerian \u201cPUPR\u201d",
    p2p=LinkConfig(port=0, external="[::1]:26656", persistent_peers=(PEER, PEER.replace("2", "3"))),
    rpc=RpcConfig(address="0.0.0.0"),
    log=LogConfig(level="debug", format="json"),
)


def read(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "terang.toml"
    path.write_text(text)
    return read_config(path)


@pytest.mark.parametrize("config", [Config(), SET], ids=["defaults", "set"])
def test_what_is_written_is_read(tmp_path: Path, config: Config) -> None:
    path = tmp_path / "config" / "terang.toml"
    write_config(path, config)
    assert read_config(path) == config


def test_writing_again_replaces(tmp_path: Path) -> None:
    write_config(tmp_path / "terang.toml", Config())
    write_config(tmp_path / "terang.toml", SET)
    assert read_config(tmp_path / "terang.toml") == SET


def test_every_key_has_its_comment_and_there_are_less_than_sixty() -> None:
    lines = format_config(Config()).splitlines()
    keys = [number for number, line in enumerate(lines) if " = " in line and not line.startswith("#")]
    assert 10 < len(keys) < 60
    assert all(lines[number - 1].startswith("# ") for number in keys)


def test_keys_that_are_left_out_have_defaults(tmp_path: Path) -> None:
    assert read(tmp_path, "") == Config()
    assert read(tmp_path, "[rpc]\nport = 1234\n") == replace(Config(), rpc=RpcConfig(port=1234))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("monicker = 'a'", r"unknown key monicker; did you mean moniker\?"),
        ("[rpc]\nporrt = 1", r"unknown key rpc\.porrt; did you mean rpc\.port\?"),
        (
            "[mempool]\ncache_byte = 1",
            r"unknown key mempool\.cache_byte; did you mean mempool\.bytes_max|store",
        ),
        ("[rpc]\npersistent_peers = []", r"did you mean p2p\.persistent_peers\?"),
        ("[p2pp]\nport = 1", r"unknown key p2pp; did you mean \[p2p\]\?"),
        ("[rpc]\nzzz = 1", r"unknown key rpc\.zzz; known here are address, port"),
        ("rpc = 5", r"expected \[rpc\] to be a section, got 5"),
        ("[rpc]\nport = 65536", r"rpc\.port: expected a whole number from 0 to 65535, got 65536"),
        ("[rpc]\nport = -1", r"rpc\.port"),
        ("[rpc]\nport = true", r"rpc\.port: expected a whole number"),
        ("[rpc]\nport = '1'", r"rpc\.port: expected a whole number"),
        ("[rpc]\nport = 1.0", r"rpc\.port: expected a whole number"),
        ("[log]\nlevel = 'loud'", r'log\.level: expected one of "debug", "info"'),
        ("[log]\nlevel = []", r"log\.level"),
        ("[p2p]\npersistent_peers = ['a@b']", r'p2p\.persistent_peers: expected a list .* "id@host:port"'),
        ("[p2p]\npersistent_peers = 'a'", r"expected a list of at most"),
        (f"[p2p]\npersistent_peers = ['{PEER.upper()}']", r"p2p\.persistent_peers"),
        ("[p2p]\nexternal = 'nowhere'", r'p2p\.external: expected "host:port"'),
        ("moniker = ''", r"moniker: expected 1 to 64"),
        ("moniker = 'a\\nb'\nmoniker = 'b'", r"expected TOML"),
        ("[rpc", r"expected TOML"),
    ],
)
def test_refused_with_the_next_step(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, text)
    assert "terang.toml" in str(caught.value)


def test_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="terang init"):
        read_config(tmp_path / "terang.toml")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "terang.toml").write_bytes(b"moniker = '\xff'")
    with pytest.raises(ConfigError, match="expected TOML"):
        read_config(tmp_path / "terang.toml")


def test_endless_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="bytes"):
        read(tmp_path, "#" * 300_000)


def test_home_has_a_place_for_everything(tmp_path: Path) -> None:
    home = Home(tmp_path)
    places = [home.config, home.genesis, home.validator_key, home.node_key, home.journal, home.signer_record]
    places.append(home.store(Config().store.directory))
    assert len(set(places)) == len(places)
    assert all(place.is_relative_to(tmp_path) for place in places)
    assert home.store("/var/ledger") == Path("/var/ledger")


def test_sections_of_the_table_are_those_of_the_file() -> None:
    sections = {one.name for one in fields(Config)} - {"moniker"}
    written = {line.strip("[]") for line in format_config(Config()).splitlines() if line.startswith("[")}
    assert written == sections
