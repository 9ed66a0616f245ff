"""`cf-partner statement`: what moved on your account, in files that prove themselves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .session import Session

COLUMNS = ("id", "kind", "span", "period", "rows", "size_bytes")


def add(commands: Any) -> None:
    """Add the commands of this group."""
    group = commands.add_parser("statement", help="statements by day and by month")
    actions = group.add_subparsers(metavar="COMMAND", required=True)
    listing = actions.add_parser("list", help="which there are, newest first")
    listing.add_argument("--span", choices=("day", "month"))
    listing.add_argument("--period", help="one date or month: 2026-11-23, 2026-11")
    listing.add_argument("--limit", type=int, default=50)
    listing.set_defaults(run=list_statements)
    get = actions.add_parser("get", help="download one and prove it; goes on where it broke off")
    get.add_argument("id")
    get.add_argument("file", type=Path, help="where to keep it")
    get.set_defaults(run=get_statement)


def list_statements(session: Session, given: argparse.Namespace) -> None:
    """List statements."""
    with session.client() as cf:
        found = cf.statements.list(span=given.span, period=given.period)
        rows = [vars(one) for one, _ in zip(found, range(given.limit))]
    session.out.table(rows, COLUMNS)


def get_statement(session: Session, given: argparse.Namespace) -> None:
    """Download a statement; the file is there only once signature, digest and sums are proved."""
    with session.client(deadline_s=600.0) as cf:
        statement = cf.statements.download(given.id, to=given.file)
    text = f"{given.file}: {statement.rows} rows, proved (SHA-256 {statement.sha256})"
    session.out.tell(statement, text)
