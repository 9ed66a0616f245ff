"""A statement's file: CSV, written row by row, counted and summed as it is written."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from lending.finance.statement_kinds import Kind
from lending.foundation.clock import rfc3339
from lending.foundation.files import FileStore, FileWriter, StoredFile

LIVE = ("=", "+", "-", "@", "'", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a text cell may not begin with: a spreadsheet might run it, or the escape be lost (T11)."""

Sums = dict[str, dict[str, int]]
"""By type of movement: `rows` and `amount_fen`."""


def defused(text: str) -> str:
    """A text that no spreadsheet runs; one leading apostrophe is the escape."""
    return f"'{text}" if text.startswith(LIVE) else text


class StatementWriter:
    """Writes the file of one statement, its running balance and its sums."""

    def __init__(self, files: FileStore, kind: Kind, opening_fen: int) -> None:
        self._kind = kind
        self._file: FileWriter = files.writer(f"statement/{kind.name}", ".csv")
        self._text = io.StringIO(newline="")
        self._csv = csv.writer(self._text, lineterminator="\r\n")
        self._columns = [column.name for column in kind.columns]
        self._csv.writerow(self._columns)
        self.opening_fen = self.balance_fen = opening_fen
        self.rows = 0
        self.sums: Sums = {}
        self.store_sums: dict[str, Sums] = {}
        """Of movements that were in a store, by its number."""

    def add(self, day: date, movement: Mapping[str, Any]) -> None:
        """Writes one movement of a date."""
        kind, amount = movement["type"], int(movement["amount_fen"])
        assert kind in self._kind.types, kind
        self.rows += 1
        if self._kind.counted is None or kind in self._kind.counted:
            self.balance_fen += amount
        _count(self.sums, kind, amount)
        if movement.get("store_no"):
            _count(self.store_sums.setdefault(movement["store_no"], {}), kind, amount)
        values = {
            **movement,
            "line": self.rows,
            "business_date": day,
            "amount_fen": amount,
            "balance_fen": self.balance_fen,
        }
        self._csv.writerow([_cell(values[column]) for column in self._columns])
        if not self.rows % 1000:
            self._flush()

    def done(self) -> tuple[StoredFile, int]:
        """Stores the file for ever; where it is, and its length in bytes."""
        self._flush()
        return self._file.done()

    def drop(self) -> None:
        """Leaves nothing behind."""
        self._file.drop()

    def _flush(self) -> None:
        self._file.write(self._text.getvalue().encode())
        self._text.seek(0)
        self._text.truncate()


def _count(sums: Sums, kind: str, amount_fen: int) -> None:
    of_kind = sums.setdefault(kind, {"rows": 0, "amount_fen": 0})
    of_kind["rows"] += 1
    of_kind["amount_fen"] += amount_fen


def read_rows(content: bytes, kind: Kind) -> Iterator[dict[str, str]]:
    """The rows of a file as texts, escapes taken off."""
    lines = csv.reader(io.StringIO(content.decode(), newline=""))
    names = next(lines)
    assert names == [column.name for column in kind.columns], names
    for cells in lines:
        yield dict(zip(names, _given(cells), strict=True))


def _given(cells: Sequence[str]) -> list[str]:
    return [cell.removeprefix("'") for cell in cells]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return rfc3339(value)
    return defused(str(value))
