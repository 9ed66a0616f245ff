"""`cf-partner doctor`: what is wrong with this set-up, and how to mend it."""

from __future__ import annotations

import argparse
import email.utils
import stat
import time
from dataclasses import asdict, dataclass
from typing import Any, Optional

import requests

from cf_partner_sdk import (
    AnswerNotTrusted,
    CfError,
    Clock,
    KeyNotUsable,
    NotAuthenticated,
    NotFound,
)
from cf_partner_sdk.directory import PATH as DIRECTORY

from .output import Stopped
from .session import Session

SKEW_S_MAX = 30
"""Further ahead than this the lender refuses a signature."""
_TIMEOUT_S = 10


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    mend: Optional[str] = None


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "doctor", help="check settings, key, network, clock, root key and a signed call"
    )
    parser.set_defaults(run=examine)


def examine(session: Session, given: argparse.Namespace) -> int:
    """Check everything in turn; what rests on something broken is left out."""
    del given
    checks = [_settings(session)]
    for step in (_key, _reach, _clock, _call):
        if not checks[-1].ok:
            break
        checks.append(step(session))
    ok = all(check.ok for check in checks)
    lines = [_line(check) for check in checks]
    verdict = "All is well." if ok else "Mend this first; what follows from it was not looked at."
    told = {"ok": ok, "checks": [asdict(check) for check in checks]}
    session.out.tell(told, "\n".join([*lines, verdict]))
    return 0 if ok else 1


def _line(check: Check) -> str:
    line = f"{'ok    ' if check.ok else 'WRONG '} {check.name:<9} {check.found}"
    return f"{line}\n{'':>17}{check.mend}" if check.mend else line


def _settings(session: Session) -> Check:
    missing = session.settings.missing()
    if missing:
        variables = ", ".join(f"CF_PARTNER_{name.upper()}" for name in missing)
        mend = f"Write cf-partner.ini, or set {variables}."
        found = f"{', '.join(missing)} not set in {session.settings.source}"
        return Check("settings", ok=False, found=found, mend=mend)
    return Check("settings", ok=True, found=session.settings.source)


def _key(session: Session) -> Check:
    file = session.settings.key_file
    assert file is not None
    try:
        key = session.key()
    except (Stopped, KeyNotUsable) as fault:
        mend = "Make one by `cf-partner keys new`, or set CF_PARTNER_KEY_PASSPHRASE if it has one."
        return Check("key", ok=False, found=str(fault), mend=mend)
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        found = f"{file} can be read by others"
        return Check("key", ok=False, found=found, mend=f"chmod 600 {file}")
    return Check("key", ok=True, found=f"{key.algorithm}, keyid {key.keyid}")


def _reach(session: Session) -> Check:
    try:
        answer = _ask(session)
    except requests.exceptions.SSLError as fault:
        mend = "Set ca_file if your network has a certificate authority of its own."
        return Check("network", ok=False, found=f"TLS: {_short(fault)}", mend=mend)
    except requests.RequestException as fault:
        mend = "Check base_url, your DNS and firewall, and set proxy if you need one."
        return Check("network", ok=False, found=_short(fault), mend=mend)
    if answer.status_code != 200:
        found = f"{session.settings.base_url} answers {answer.status_code} for its keys"
        mend = "Check base_url: scheme and host only, or with /t/name for a test tenant."
        return Check("network", ok=False, found=found, mend=mend)
    return Check("network", ok=True, found=f"{session.settings.base_url} answers")


def _clock(session: Session) -> Check:
    begun = time.time()
    answer = _ask(session)
    said = email.utils.parsedate_to_datetime(answer.headers["date"]) if _has_date(answer) else None
    if said is None:
        return Check("clock", ok=True, found="the lender tells no time here; a call will show")
    ahead_s = round((begun + time.time()) / 2 - said.timestamp())
    found = f"{abs(ahead_s)} s {'ahead of' if ahead_s > 0 else 'behind'} the lender's"
    if abs(ahead_s) > SKEW_S_MAX:
        return Check("clock", ok=False, found=found, mend="Set it by NTP (chrony, timesyncd).")
    return Check("clock", ok=True, found=found)


def _call(session: Session) -> Check:
    clock = Clock()
    try:
        with session.client(clock=clock) as cf:
            next(cf.mall.orders.list(limit=1), None)
    except NotFound:
        pass  # signed and proved all the same: this partner has no mall
    except CfError as fault:
        return Check("call", ok=False, found=str(fault), mend=_mend(fault))
    if clock.offset_s:
        found = f"the clock was {-clock.offset_s:+.0f} s off"
        return Check("call", ok=False, found=found, mend="Set it by NTP (chrony, timesyncd).")
    return Check("call", ok=True, found="signed, answered, and proved by the root key")


def _mend(fault: CfError) -> str:
    if isinstance(fault, AnswerNotTrusted):
        return "Compare root_keyid and base_url with what the lender gave you, for test or live."
    if isinstance(fault, NotAuthenticated):
        return "Register this key with the lender, or set key_file to one that is."
    return "Try again later; if it stays so, tell the lender."


def _ask(session: Session) -> requests.Response:
    how = session.options()
    with requests.Session() as http:
        http.trust_env = False
        return http.get(
            f"{str(session.settings.base_url).rstrip('/')}{DIRECTORY}",
            timeout=_TIMEOUT_S,
            proxies=dict(how.proxies),
            verify=how.ca_file or True,
            allow_redirects=False,
        )


def _has_date(answer: requests.Response) -> bool:
    return email.utils.parsedate(answer.headers.get("date", "")) is not None


def _short(fault: Exception) -> str:
    return f"{type(fault).__name__}: {str(fault)[:200]}"
