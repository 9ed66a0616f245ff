"""What the environment says, read once at a composition root and handed down."""

import os
from dataclasses import dataclass, fields
from pathlib import Path


class SettingMissing(RuntimeError):
    """A setting without a safe default is not there. Its name is in the message."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process. Each is `CF_` and the upper-case name in the environment."""

    var: Path = Path("var")
    """Where this installation keeps what it makes: database, keys, files, logs."""
    database_url: str = ""
    """Any PostgreSQL 15 or later. Empty: the embedded one under `var`."""
    front_host: str = "127.0.0.1"
    front_port: int = 8080
    front_url: str = ""
    """The address partners and browsers see; by default made of host and port."""
    front_workers: int = 2
    front_threads: int = 32
    """Of each worker. Most wait for a body or for the database at any moment."""
    front_connections: int = 8
    """To the database, of each worker; as many again under load."""
    trusted_proxies: int = 0
    """How many reverse proxies stand before the front, each adding to `X-Forwarded-For`."""
    metrics_port: int = 0
    """Where Prometheus asks the front, on this machine only; 0: nowhere."""
    simulators_port: int = 8090
    outside_url: str = ""
    """Base address of the institutions outside; by default the simulators'."""
    receiving_account_no: str = "6230580000000000013"
    """Our account at the payment bank, where funders send their money; by default the one that we
    have at the simulators' bank."""
    shop_port: int = 8100
    funder_port: int = 8110
    """Of the first example funder; the second has the next one."""
    core_workers: int = 4
    """Jobs that one core or postloan process works on at once."""
    environment: str = "test"
    """`test` (sandbox) or `live`: two tenants that never mix."""
    webhook_loopback: bool = True
    """Whether webhooks may go to this machine: for the sandbox only."""
    read_seconds_min: int = 10
    """R-COST-READ: how long the cost table must be open before it can be confirmed."""

    @property
    def public_url(self) -> str:
        """The address partners and browsers see, without a closing slash."""
        return (self.front_url or f"http://{self.front_host}:{self.front_port}").rstrip("/")

    @property
    def institutions_url(self) -> str:
        """Base address of the institutions outside, without a closing slash."""
        return (self.outside_url or f"http://127.0.0.1:{self.simulators_port}").rstrip("/")

    @property
    def keys(self) -> Path:
        """Folder of our private keys (mode 0700)."""
        return self.var / "keys"

    @property
    def files(self) -> Path:
        """Folder of contracts and statements."""
        return self.var / "files"


def from_environment(environment: dict[str, str] | None = None) -> Settings:
    """Reads the settings.

    Raises SettingMissing when a value cannot be read, naming the variable.
    """
    source = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for field in fields(Settings):
        name = f"CF_{field.name.upper()}"
        raw = source.get(name, source.get("DATABASE_URL") if field.name == "database_url" else None)
        if raw is None:
            continue
        values[field.name] = _read(name, raw, field.type)
    return Settings(**values)  # type: ignore[arg-type]


def _read(name: str, raw: str, kind: object) -> object:
    try:
        if kind is int:
            return int(raw)
        if kind is bool:
            return {"1": True, "true": True, "0": False, "false": False}[raw.lower()]
    except (ValueError, KeyError):
        raise SettingMissing(f"{name}={raw!r} cannot be read: it must be a {kind}") from None
    return Path(raw) if kind is Path else raw
