"""A statement's file: read row by row, and proved to be what the lender said of it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date
from typing import BinaryIO, Callable, Optional, Union

from ._errors import StatementRefused
from ._instants import instant
from ._statement_models import (
    MovementType,
    ShareDue,
    SharePosition,
    Statement,
    StatementKind,
    StatementRow,
)

READ_AT_ONCE = 1024 * 1024
_PICTURES: Mapping[StatementKind, type[Union[SharePosition, ShareDue]]] = {
    StatementKind.SHARE_POSITIONS: SharePosition,
    StatementKind.SHARE_FORECAST: ShareDue,
}
"""How things stood on a date: their rows are no movements of an account."""
_NOT_IN_BALANCE = ("interest_due",)

_READERS: Mapping[str, Callable[[str], object]] = {
    "line": int,
    "business_date": date.fromisoformat,
    "booked_at": instant,
    "type": MovementType,
    "amount_fen": int,
    "balance_fen": int,
}
_OPTIONAL: Mapping[str, Callable[[str], object]] = {
    name: lambda cell: int(cell) if cell else None
    for name in (
        "release_part",
        "received_before_fen",
        "received_fen",
        "earned_before_fen",
        "earned_fen",
    )
}
_KNOWN = tuple(one.name for one in fields(StatementRow) if one.name != "extra")


def rows_of(file: BinaryIO) -> Iterator[StatementRow]:
    """Yield the rows of an account's file from where it stands. Raises StatementRefused."""
    for line, cells in _cells(file, list(_READERS)):
        yield _row(cells, line)


def pictures_of(file: BinaryIO, kind: StatementKind) -> Iterator[Union[SharePosition, ShareDue]]:
    """Yield the rows of a file of how things stood, from where it stands.

    Raises StatementRefused.
    """
    made = _PICTURES[kind]
    needed = [one.name for one in fields(made) if one.default is MISSING]
    for line, cells in _cells(file, needed):
        yield _picture(made, cells, line)


def any_rows_of(
    file: BinaryIO, kind: StatementKind
) -> Iterator[Union[StatementRow, SharePosition, ShareDue]]:
    """Yield the rows of a file of any kind, from where it stands. Raises StatementRefused."""
    return pictures_of(file, kind) if kind in _PICTURES else rows_of(file)


def _cells(file: BinaryIO, needed: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="")
    try:
        lines = csv.reader(text, strict=True)
        names = next(lines, [])
        absent = [name for name in needed if name not in names]
        if absent or len(set(names)) != len(names):
            raise StatementRefused("columns", f"the file has no {', '.join(absent) or 'columns'}")
        for cells in lines:
            if len(cells) != len(names):
                raise StatementRefused("rows", f"line {lines.line_num} has {len(cells)} cells")
            yield lines.line_num, dict(zip(names, cells))
    except (csv.Error, UnicodeDecodeError) as fault:
        raise StatementRefused("rows", f"the file cannot be read: {fault}") from None
    finally:
        text.detach()


def prove(file: BinaryIO, statement: Statement) -> None:
    """Compare a whole file with what the lender said of it. Raises StatementRefused.

    Length and SHA-256; each row's number, date and running balance, the number of rows, the sum of
    each type, and the closing balance.
    """
    size, digest = 0, hashlib.sha256()
    file.seek(0)
    while part := file.read(READ_AT_ONCE):
        size += len(part)
        digest.update(part)
    if size != statement.size_bytes:
        raise StatementRefused("size", f"{size} bytes instead of {statement.size_bytes}")
    if digest.hexdigest() != statement.sha256:
        raise StatementRefused("digest", "the file is not the one that the lender described")
    file.seek(0)
    count, balance, sums = 0, statement.opening_balance_fen, dict[str, list[int]]()
    for row in any_rows_of(file, statement.kind):
        count += 1
        kind = str(row.type)
        balance += 0 if kind in _NOT_IN_BALANCE else row.amount_fen
        total = sums.setdefault(kind, [0, 0])
        total[0] += 1
        total[1] += row.amount_fen
        if row.line != count or not (
            statement.period_start <= row.business_date <= statement.period_end
        ):
            raise StatementRefused("rows", f"row {count} has another number or date")
        if row.balance_fen != balance:
            raise StatementRefused("balance", f"row {count} does not follow from the one before")
    _prove_sums(statement, count, balance, sums)


def _prove_sums(
    statement: Statement, count: int, balance: int, sums: Mapping[str, list[int]]
) -> None:
    if count != statement.rows:
        raise StatementRefused("rows", f"{count} rows instead of {statement.rows}")
    told = {one.type.value: [one.rows, one.amount_fen] for one in statement.sums}
    if told != sums:
        raise StatementRefused("sums", "the sums of the rows are not those of the lender")
    if balance != statement.closing_balance_fen:
        raise StatementRefused("balance", "the rows do not lead to the closing balance")


def _row(cells: Mapping[str, str], line: int) -> StatementRow:
    known: dict[str, object] = {}
    try:
        for name in _KNOWN:
            reader = _READERS.get(name)
            if reader is not None:
                known[name] = reader(cells[name])
            elif name in cells and name in _OPTIONAL:
                known[name] = _OPTIONAL[name](cells[name])
            elif name in cells:
                known[name] = _text(cells[name])
    except ValueError:
        raise StatementRefused("rows", f"line {line} cannot be read") from None
    extra = {name: _given(cell) for name, cell in cells.items() if name not in known}
    return StatementRow(**known, extra=extra)  # type: ignore[arg-type]


def _picture(
    made: type[Union[SharePosition, ShareDue]], cells: Mapping[str, str], line: int
) -> Union[SharePosition, ShareDue]:
    known: dict[str, object] = {}
    try:
        for one in fields(made):
            cell = cells.get(one.name, "")
            if one.name.endswith(("_fen", "_bp", "line", "days_past_due")):
                known[one.name] = int(cell)
            elif one.name.endswith("_date"):
                known[one.name] = date.fromisoformat(cell) if cell else None
            else:
                known[one.name] = _text(cell)
    except ValueError:
        raise StatementRefused("rows", f"line {line} cannot be read") from None
    return made(**known)  # type: ignore[arg-type]


def _text(cell: str) -> Optional[str]:
    return _given(cell) or None


def _given(cell: str) -> str:
    """Take off the one apostrophe that keeps spreadsheets from running a text."""
    return cell.removeprefix("'")
