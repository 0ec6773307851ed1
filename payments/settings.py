"""What an operator sets for one gateway, `gateway.toml`, and where everything of a gateway lies under its home."""

from dataclasses import dataclass, field
from pathlib import Path

from chain.limits import (
    ACCOUNT_NAME_CHARACTERS_MAX,
    ACCOUNT_NUMBER_CHARACTERS_MAX,
    CHAIN_ID_BYTES_MAX,
)
from machine.setting_rules import Choice, ListOf, Text, Whole
from machine.settings import ConfigError, key, read_settings, write_settings

_HEAD = "Configuration of one payment gateway. Keys that are left out have the values shown here by `terang gateway init`."
_URL = Text(r"https?://[0-9A-Za-z.:\-\[\]]{1,255}(/[0-9A-Za-z._~/\-]{0,255})?", '"http://host:port"')
_PORT = Whole(0, 65_535)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankConfig:
    """[bank]: where the treasury's account is."""

    url: str = key("http://127.0.0.1:8090", _URL, "Where the bank takes messages of ISO 20022.")
    account: str = key(
        "519000118",
        Text(rf"[!-~]{{1,{ACCOUNT_NUMBER_CHARACTERS_MAX}}}", "the number of an account"),
        "The treasury's account, from which orders are paid.",
    )
    holder: str = key(
        "Kas Negara",
        Text(rf"[^\x00-\x1f]{{1,{ACCOUNT_NAME_CHARACTERS_MAX}}}", "the name of an account's holder"),
        "Its holder.",
    )
    bic: str = key(
        "TRNGIDJA",
        Text(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", "a BIC of 8 or 11 capitals and digits"),
        "The bank.",
    )
    utc_offset_minutes: int = key(420, Whole(-720, 840), "The bank's time, by which its days begin and end.")
    poll_ms: int = key(
        500, Whole(50, 3_600_000), "How long to wait before the bank is asked for new entries again."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteConfig:
    """[http]: where suppliers' accounts come in, and /health, /orders and /metrics are."""

    address: str = key(
        "127.0.0.1",
        Text(r"[0-9A-Za-z.:\-]{1,255}", "a host name or an IP address"),
        "Where it is served. Beyond this machine put a TLS proxy in front.",
    )
    port: int = key(8091, _PORT, "0 lets the system choose a free one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """[log]: what the gateway writes to its standard error."""

    level: str = key("info", Choice(("debug", "info", "warning", "error")), "The least that is written.")
    format: str = key("text", Choice(("text", "json")), "Lines for people, or one JSON object a line.")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """One gateway's configuration. A key that is left out has its default."""

    chain_id: str = key(
        "terang",
        Text(rf"[^\x00-\x1f]{{1,{CHAIN_ID_BYTES_MAX}}}", f"1 to {CHAIN_ID_BYTES_MAX} printable characters"),
        "The network whose orders are paid.",
    )
    genesis: str = key(
        "0" * 64,
        Text(r"[0-9a-f]{64}", "64 lower-case hexadecimal digits"),
        "Fingerprint of its genesis document; a node of another one is not spoken to.",
    )
    nodes: tuple[str, ...] = key(
        ("http://127.0.0.1:26657",),
        ListOf(_URL),
        "RPC addresses of its nodes. Two of them must agree before anything is paid, so give three or more.",
    )
    account_hours: int = key(
        72, Whole(1, 8_784), "How long a released order waits for the supplier's account before it goes back."
    )
    bank: BankConfig = field(default_factory=BankConfig)
    http: SiteConfig = field(default_factory=SiteConfig)
    log: LogConfig = field(default_factory=LogConfig)


@dataclass(frozen=True, slots=True)
class GatewayHome:
    """Where everything of one gateway lies."""

    path: Path

    @property
    def config(self) -> Path:
        """What the operator sets."""
        return self.path / "gateway.toml"

    @property
    def key(self) -> Path:
        """Signs reports to the ledger."""
        return self.path / "treasury.key"

    @property
    def journal(self) -> Path:
        """Directory of the journal."""
        return self.path / "journal"

    @property
    def accounts(self) -> Path:
        """Directory of suppliers' accounts, a sealed file each."""
        return self.path / "accounts"


def read_config(path: Path) -> GatewayConfig:
    """The configuration in the file; raises as `read_settings`, and `ConfigError` where no node is named or one twice."""
    config = read_settings(GatewayConfig, path, "make one with: terang gateway init")
    if not config.nodes or len({node.rstrip("/").lower() for node in config.nodes}) != len(config.nodes):
        raise ConfigError(
            f"{path}: nodes: expected one or more different addresses, got {list(config.nodes)}"
        )
    return config


def write_config(path: Path, config: GatewayConfig) -> None:
    """Writes the file, in the place of one that may be there."""
    write_settings(path, config, _HEAD)
