"""Settings of the command: a file with a section for each environment, and the environment.

    [default]
    app_id = app_…
    base_url = https://api.lender.example
    root_keyid = …
    key_file = partner.pem

The file is `--config`, `CF_PARTNER_CONFIG`, `cf-partner.ini` here, or `~/.config/cf-partner.ini`; a
relative `key_file` or `ca_file` is beside it. `CF_PARTNER_APP_ID` and so on win over the file. The
passphrase of an encrypted key is `CF_PARTNER_KEY_PASSPHRASE`, or asked for; it is in no file.
"""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

NAMES = ("app_id", "base_url", "root_keyid", "key_file", "ca_file", "proxy")
NEEDED = NAMES[:4]
HOME = Path("~/.config/cf-partner.ini")
_SECRETS = ("key", "private_key", "passphrase", "key_passphrase", "secret")


class SettingsWrong(Exception):
    """A setting is missing or cannot be read."""

    code = "settings"

    def __init__(self, detail: str, mend: str) -> None:
        super().__init__(detail)
        self.mend = mend


@dataclass(frozen=True)
class Settings:
    """The settings of one run; `source` says where they came from."""

    app_id: Optional[str] = None
    base_url: Optional[str] = None
    root_keyid: Optional[str] = None
    key_file: Optional[Path] = None
    ca_file: Optional[Path] = None
    proxy: Optional[str] = None
    source: str = "the environment"

    def missing(self) -> list[str]:
        """Return the names of needed settings that are not there."""
        return [name for name in NEEDED if getattr(self, name) is None]

    def need(self, *names: str) -> None:
        """Raise SettingsWrong if one of `names` is not there."""
        lacking = [name for name in names if getattr(self, name) is None]
        if lacking:
            variables = ", ".join(f"CF_PARTNER_{name.upper()}" for name in lacking)
            raise SettingsWrong(
                f"{', '.join(lacking)} is not set in {self.source}",
                f"Write it into cf-partner.ini, or set {variables}.",
            )


def load(file: Optional[str], profile: Optional[str]) -> Settings:
    """Read the settings. Raises SettingsWrong."""
    path = _path(file)
    section = profile or os.environ.get("CF_PARTNER_PROFILE") or "default"
    given = {} if path is None else _section(path, section, asked=profile is not None)
    folder = Path() if path is None else path.parent
    values: dict[str, Optional[str]] = {
        name: os.environ.get(f"CF_PARTNER_{name.upper()}") for name in NAMES
    }
    for name in ("key_file", "ca_file"):
        if values[name] is None and name in given:
            values[name] = str(folder / Path(given[name]).expanduser())
    found = {name: value or given.get(name) for name, value in values.items()}
    return Settings(
        app_id=found["app_id"],
        base_url=found["base_url"],
        root_keyid=found["root_keyid"],
        key_file=Path(found["key_file"]) if found["key_file"] else None,
        ca_file=Path(found["ca_file"]) if found["ca_file"] else None,
        proxy=found["proxy"],
        source="the environment" if path is None else f"{path} [{section}]",
    )


def _path(file: Optional[str]) -> Optional[Path]:
    named = file or os.environ.get("CF_PARTNER_CONFIG")
    if named is not None:
        path = Path(named).expanduser()
        if not path.is_file():
            raise SettingsWrong(f"there is no settings file {path}", "Name another by --config.")
        return path
    places = (Path("cf-partner.ini"), HOME.expanduser())
    return next((place for place in places if place.is_file()), None)


def _section(path: Path, section: str, *, asked: bool) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None, default_section="")
    try:
        parser.read_string(path.read_text("utf-8"))
    except (configparser.Error, UnicodeDecodeError) as fault:
        raise SettingsWrong(f"{path} cannot be read: {fault}", "Write it as INI.") from None
    if section not in parser:
        if not asked and not parser.sections():
            return {}
        known = ", ".join(parser.sections()) or "none"
        raise SettingsWrong(f"{path} has no section [{section}]", f"It has: {known}.")
    given = dict(parser[section])
    for name in given:
        if name in _SECRETS:
            raise SettingsWrong(f"{path} holds {name}", "Keep keys in files of their own.")
        if name not in NAMES:
            raise SettingsWrong(f"{path} has {name}", f"Known are: {', '.join(NAMES)}.")
    return given
