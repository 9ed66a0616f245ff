"""The command itself: its groups, and how faults are told."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Optional

from cf_partner_sdk import CfError, KeyNotUsable, ProblemError, TransportError, __version__

from . import doctor, keys, listening, sandbox, signing, statements, verifying, webhooks
from .config import SettingsWrong, load
from .output import Output, Stopped
from .session import Session

GROUPS = (doctor, keys, signing, verifying, listening, webhooks, sandbox, statements)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Carry a command out; return the exit code."""
    given = _parser().parse_args(arguments)
    out = Output(as_json=given.json)
    try:
        session = Session(load(given.config, given.profile), out)
        return int(given.run(session, given) or 0)
    except (SettingsWrong, Stopped, CfError, KeyNotUsable, OSError, ValueError) as fault:
        return _told(out, fault)
    except KeyboardInterrupt:
        return 130


def _told(out: Output, fault: Exception) -> int:
    code = getattr(fault, "code", None) or type(fault).__name__
    mend = getattr(fault, "mend", None)
    if isinstance(fault, TransportError):
        mend = "Run `cf-partner doctor`."
    if isinstance(fault, CfError):
        about = {"field": fault.field} if getattr(fault, "field", None) else {}
        return out.fault(1, code, _said(fault), mend, request_id=fault.request_id, **about)
    return out.fault(getattr(fault, "exit_code", 2), code, _said(fault), mend)


def _said(fault: Exception) -> str:
    if isinstance(fault, ProblemError):
        return f"{fault.detail or fault.title}"
    return str(fault)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cf-partner", description=__doc__)
    parser.add_argument("--version", action="version", version=f"cf-partner {__version__}")
    parser.add_argument("--config", help="settings file (else CF_PARTNER_CONFIG, cf-partner.ini)")
    parser.add_argument("--profile", help="section of the settings file, such as test or live")
    parser.add_argument("--json", action="store_true", help="answer in JSON, for programs")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for group in GROUPS:
        group.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
