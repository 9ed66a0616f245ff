"""A statement's file: CSV, written row by row, counted and summed as it is written."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from lending.finance.statement_kinds import Kind
from lending.foundation.clock import rfc3339
from lending.foundation.files import FileStore, FileWriter, StoredFile

LINES_AT_ONCE = 1000
LIVE = ("=", "+", "-", "@", "'", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a text cell may not begin with: a spreadsheet might run it, or the escape be lost (T11)."""
LIVE_PATTERN = f"^[{''.join(LIVE).replace('-', '')}-]"
"""The same for the database."""

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
        self._cells = [(column.name, _CELLS[column.type]) for column in kind.columns]
        names = [column.name for column in kind.columns]
        self._csv.writerow(names)
        self._places = {name: names.index(name) for name in _CARRIED if name in names}
        self.opening_fen = self.balance_fen = opening_fen
        self.rows = 0
        self.sums: Sums = {}
        self.store_sums: dict[str, Sums] = {}
        """Of movements that were in a store, by its number."""

    def add(self, day: date, movement: Mapping[str, Any]) -> None:
        """Writes one movement of a date."""
        amount = int(movement["amount_fen"])
        self._take(movement["type"], amount, movement.get("store_no"))
        values = {
            **movement,
            "line": self.rows,
            "business_date": day,
            "amount_fen": amount,
            "balance_fen": self.balance_fen,
        }
        row = [
            "" if (value := values[name]) is None else written(value)
            for name, written in self._cells
        ]
        self._write(row)

    def carry(self, cells: list[str]) -> None:
        """Writes a row of another file of the kind: its number and balance follow from ours."""
        places = self._places
        store_no = _given(cells[places["store_no"]]) if "store_no" in places else ""
        self._take(cells[places["type"]], int(cells[places["amount_fen"]]), store_no)
        cells[places["line"]] = str(self.rows)
        cells[places["balance_fen"]] = str(self.balance_fen)
        self._write(cells)

    def take_lines(self, lines: Iterator[bytes], sums: Sums) -> None:
        """Writes rows that the database has made, each with its line feed, and their sums."""
        self._flush()
        while some := b"".join(islice(lines, LINES_AT_ONCE)):
            self._file.write(some.replace(b"\n", b"\r\n"))
        self.sums = sums
        self.rows = sum(each["rows"] for each in sums.values())
        self.balance_fen += sum(each["amount_fen"] for each in sums.values())

    def done(self) -> tuple[StoredFile, int]:
        """Stores the file for ever; where it is, and its length in bytes."""
        self._flush()
        return self._file.done()

    def drop(self) -> None:
        """Leaves nothing behind."""
        self._file.drop()

    def _take(self, kind: str, amount_fen: int, store_no: str | None) -> None:
        assert kind in self._kind.types, kind
        self.rows += 1
        if self._kind.counted is None or kind in self._kind.counted:
            self.balance_fen += amount_fen
        _count(self.sums, kind, amount_fen)
        if store_no:
            _count(self.store_sums.setdefault(store_no, {}), kind, amount_fen)

    def _write(self, row: Sequence[str]) -> None:
        self._csv.writerow(row)
        if not self.rows % LINES_AT_ONCE:
            self._flush()

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
    names = [column.name for column in kind.columns]
    for cells in raw_rows(content, kind):
        yield dict(zip(names, map(_given, cells), strict=True))


def raw_rows(content: bytes, kind: Kind) -> Iterator[list[str]]:
    """The rows of a file as they stand there, without the names of the columns."""
    lines = csv.reader(io.StringIO(content.decode(), newline=""))
    names = next(lines)
    assert names == [column.name for column in kind.columns], names
    yield from lines


def _given(cell: str) -> str:
    return cell.removeprefix("'")


def _text(value: object) -> str:
    return defused(str(value))


_CELLS: Mapping[str, Callable[[Any], str]] = {
    "integer": str,
    "date": str,
    "datetime": rfc3339,
    "string": _text,
}
"""How a value is written, by the type of its column."""
_CARRIED = ("line", "type", "amount_fen", "balance_fen", "store_no")
