"""The fake lender's statements: files whose rows lead from one balance to the next."""

from __future__ import annotations

import base64
import calendar
import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from cf_partner_sdk import MovementType, Statement, StatementKind, StatementSpan, StatementSum

from .asking import PAGE, Asked, answered, one_of, page_of, route
from .wire import Answer, Problem, rfc3339, to_json

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock

COMMON = ("line", "business_date", "booked_at", "type", "amount_fen", "balance_fen")
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Movement:
    """Something that moved what the partner is owed."""

    business_date: date
    booked_at: datetime
    type: MovementType
    amount_fen: int
    cells: Mapping[str, Any] = field(default_factory=dict)
    """What it has in the columns of its kind."""


class Statements:
    """Statements and their files; newest last."""

    def __init__(self, clock: FakeClock, book: Book) -> None:
        self._clock, self._book = clock, book
        self.kept: dict[str, Statement] = {}
        self.files: dict[str, bytes] = {}

    def month(
        self,
        kind: StatementKind,
        first: date,
        moved: Sequence[Movement],
        *,
        columns: Sequence[str],
    ) -> Statement:
        """Make the statement of the month that begins on `first`, and tell of it."""
        last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
        opening = sum(each.amount_fen for each in moved if each.business_date < first)
        rows = [each for each in moved if first <= each.business_date <= last]
        file = _file(rows, opening, columns)
        sums = {
            each.type: StatementSum(
                each.type,
                sum(one.type is each.type for one in rows),
                sum(one.amount_fen for one in rows if one.type is each.type),
            )
            for each in rows
        }
        made = Statement(
            id=self._book.new_id("stm"),
            kind=kind,
            span=StatementSpan.MONTH,
            period=f"{first:%Y-%m}",
            period_start=first,
            period_end=last,
            rows=len(rows),
            sums=tuple(sums.values()),
            opening_balance_fen=opening,
            closing_balance_fen=opening + sum(each.amount_fen for each in rows),
            size_bytes=len(file),
            sha256=hashlib.sha256(file).hexdigest(),
            made_at=self._clock.now(),
        )
        self.kept[made.id], self.files[made.id] = made, file
        self._book.tell("statement.ready", made, made.id)
        return made


def part_of(asked: Asked, whole: bytes, content_type: str) -> Answer:
    """Answer a file, or the range of it that was asked for. Raises Problem."""
    digest = hashlib.sha256(whole)
    etag = f'"{digest.hexdigest()}"'
    headers = {
        "Content-Type": content_type,
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Repr-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode('ascii')}:",
    }
    wanted = asked.headers.get("range")
    if wanted is None or asked.headers.get("if-range", etag) != etag:
        return Answer(200, whole, headers)
    found = _RANGE.fullmatch(wanted)
    start = int(found[1]) if found else len(whole)
    if found is None or start >= len(whole):
        mend = "Ask for bytes that the file has."
        raise Problem(416, "range.refused", "The file has no such range", mend=mend)
    end = min(int(found[2]) if found[2] else len(whole), len(whole) - 1)
    headers["Content-Range"] = f"bytes {start}-{end}/{len(whole)}"
    return Answer(206, whole[start : end + 1], headers)


def _file(rows: Sequence[Movement], opening_fen: int, columns: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow((*COMMON, *columns))
    balance = opening_fen
    for number, row in enumerate(rows, 1):
        balance += row.amount_fen
        common = (
            number,
            row.business_date.isoformat(),
            rfc3339(row.booked_at),
            row.type.value,
            row.amount_fen,
            balance,
        )
        lines.writerow((*common, *(row.cells.get(name, "") for name in columns)))
    return text.getvalue().encode("utf-8")


def _list(asked: Asked) -> Answer:
    wanted = {name: asked.query[name] for name in ("kind", "span", "period") if name in asked.query}
    kept: Mapping[str, Statement] = asked.book.statements.kept
    found = [
        each
        for each in kept.values()
        if all(to_json(each)[name] == value for name, value in wanted.items())
    ]
    return page_of(asked, found)


def _file_of(asked: Asked) -> Answer:
    return part_of(asked, one_of(asked.book.statements.files, asked.ids[0]), "text/csv")


ROUTES = (
    route("GET", "/v1/statements", _list, query=("kind", "span", "period", *PAGE)),
    route(
        "GET",
        "/v1/statements/<id>",
        lambda asked: answered(one_of(asked.book.statements.kept, asked.ids[0])),
    ),
    route("GET", "/v1/statements/<id>/file", _file_of),
)
