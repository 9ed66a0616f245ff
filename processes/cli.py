"""`cf`: every command of an installation."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path

from lending.foundation.errors import Problem
from lending.foundation.settings import SettingMissing, Settings, from_environment
from processes import (
    batch_commands,
    engine_commands,
    installation,
    key_commands,
    ledger_commands,
    operator_commands,
    parts,
    phone,
    ports,
    supervisor,
)
from processes.sandbox import commands as sandbox_commands

KNOWN_FAILURES = (
    Problem,
    SettingMissing,
    installation.DatabaseUnreachable,
    phone.StuckAtPage,
    ports.PortTaken,
    sandbox_commands.NoSandbox,
    supervisor.PartDidNotStart,
)
"""What is told in a sentence; anything else is a defect and shows its trace."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the process's exit code: 0 done, 1 not, 2 misused."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that knows ASCII alone
    parser = argparse.ArgumentParser(
        prog="cf", description="The lending system, command by command."
    )
    parser.add_argument("--var", type=Path, help="where this installation keeps its data")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    parts.add_commands(commands)
    installation.add_commands(commands)
    operator_commands.add_commands(commands)
    sandbox_commands.add_commands(commands)
    batch_commands.add_commands(commands)
    ledger_commands.add_commands(commands)
    key_commands.add_commands(commands)
    engine_commands.add_commands(commands)
    args = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for library in ("alembic", "procrastinate"):
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        args.settings = _settings(args.var)
        args.context = lambda: installation.context(args.settings)
        return _run(args)
    except KNOWN_FAILURES as failure:
        mend = getattr(failure, "mend", "")
        print(f"cf: {failure}" + (f"\n    {mend}" if mend else ""), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as failure:
        if failure.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        return _unwritten(failure)


def _run(args: argparse.Namespace) -> int:
    code = int(args.func(args))
    sys.stdout.flush()
    return code


def _unwritten(failure: OSError) -> int:
    """Nobody reads our output any more (`| head`), or its disk is full: no trace of our own."""
    if failure.errno == errno.ENOSPC:
        print(f"cf: {failure.strerror}. Make room and run it again.", file=sys.stderr)
    os.dup2(
        os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
    )  # what is left is not tried again
    return 1


def _settings(var: Path | None) -> Settings:
    settings = from_environment()
    return replace(settings, var=var) if var else settings


if __name__ == "__main__":
    sys.exit(main())
