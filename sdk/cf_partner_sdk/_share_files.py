"""A funder's daily files: its account with the lender, its positions, what falls due to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Optional, Union, cast

from ._calls import Call, Page, pages
from ._models import Event
from ._service import listing, steps
from ._share_folding import Fold
from ._statement_file import any_rows_of, pictures_of
from ._statement_models import (
    MovementType,
    ShareDue,
    SharePosition,
    Statement,
    StatementKind,
    StatementRow,
)
from ._statements import Download, R, Statements, one_statement
from ._steps import Steps

Row = Union[StatementRow, SharePosition, ShareDue]
Key = tuple[str, str, str, str]
"""Type, loan, what happened, and what it comes from."""
PRINCIPAL_DUE, INTEREST_DUE = "principal_due", "interest_due"
MISSING = "row"
"""The field of a difference where one of both does not have it at all."""


@dataclass(frozen=True)
class ShareFileDifference:
    """One thing on which a file and the events disagree; None: one of them does not have it."""

    type: Optional[str]
    """Of the row: what moved, the grade, what falls due; None for a whole loan."""
    loan_id: Optional[str]
    source_id: str
    """Of a forecast: the due date, such as `2026-12-23`."""
    field: str
    """Which column; `row` where one of them does not have the row."""
    in_file: Any
    in_events: Any


class ShareFiles(Statements[R]):
    """A funder's files by day. Downloads are proved as those of statements are."""

    @listing
    def list(
        self,
        *,
        kind: Optional[str] = StatementKind.SHARE_MOVEMENTS.value,
        span: Optional[str] = "day",
        period: Optional[str] = None,
    ) -> Call[Page[Statement]]:
        """Go through the files, newest first; `period` is one date such as `2026-11-23`.

        `kind` is `share_movements`, `share_positions` or `share_forecast`.
        """
        return pages("/v1/statements", Statement.from_json, kind=kind, span=span, period=period)

    @steps
    def positions(self, statement_id: str) -> Steps[Iterator[SharePosition]]:
        """Go through the rows of a file of positions. Raises NotFound, StatementRefused."""
        _, kept = yield from self._proved(statement_id)
        rows = _and_close(kept, pictures_of(kept, StatementKind.SHARE_POSITIONS))
        return cast("Iterator[SharePosition]", rows)

    @steps
    def forecast(self, statement_id: str) -> Steps[Iterator[ShareDue]]:
        """Go through the rows of what falls due. Raises NotFound, StatementRefused."""
        _, kept = yield from self._proved(statement_id)
        rows = _and_close(kept, pictures_of(kept, StatementKind.SHARE_FORECAST))
        return cast("Iterator[ShareDue]", rows)

    @steps
    def verify(
        self, statement_id: str, *, events: Iterable[Event]
    ) -> Steps[Sequence[ShareFileDifference]]:
        """Download and prove a file of any kind, and hold it against your events.

        See `share_differences`. Raises NotFound, StatementRefused.
        """
        statement, kept = yield from self._proved(statement_id)
        with kept:
            return share_differences(events, statement, any_rows_of(kept, statement.kind))

    def _proved(self, statement_id: str) -> Steps[tuple[Statement, BinaryIO]]:
        statement = yield from self._converse(one_statement(statement_id))
        kept = yield from Download(self.runner, statement).proved()
        kept.seek(0)
        return statement, kept


def share_differences(
    events: Iterable[Event], statement: Statement, rows: Iterable[Row]
) -> list[ShareFileDifference]:
    """Rebuild a file of any kind from events alone, and give every difference; none is agreement.

    `events` are all that the funder received since its first share, in any order, also more than
    once; `rows` those of the file. What was cleared is compared by clearing, a forecast by due
    date. Loans of which no plan was told are compared without what follows from one: interest
    earned, the oldest due date, and in the forecast all but the principal in all.
    """
    fold = Fold(events, statement.period_end)
    if statement.kind is StatementKind.SHARE_POSITIONS:
        return list(_positions(fold, cast("Iterable[SharePosition]", rows)))
    if statement.kind is StatementKind.SHARE_FORECAST:
        return list(_forecast(fold, cast("Iterable[ShareDue]", rows)))
    return list(_movements(fold, statement, cast("Iterable[StatementRow]", rows)))


def _movements(
    fold: Fold, statement: Statement, rows: Iterable[StatementRow]
) -> Iterator[ShareFileDifference]:
    told: dict[Key, dict[str, Any]] = {}
    for movement in fold.movements:
        day = movement.business_date
        if day is not None and statement.period_start <= day <= statement.period_end:
            on = movement.happened_on.isoformat()
            for moved, fen in movement.by_type().items():
                key = (moved.value, movement.loan_id, movement.kind, movement.source_id)
                told[key] = {"amount_fen": fen, "happened_on": on}
    listed: dict[Key, dict[str, Any]] = {}
    for row in rows:
        source_id = row.extra.get("source_id", "")
        key = (row.type.value, row.loan_id or "", row.extra.get("movement", ""), source_id)
        listed[key] = {"amount_fen": row.amount_fen, "happened_on": row.extra.get("happened_on")}
        if row.type is MovementType.CLEARED and source_id in fold.cleared:
            told[key] = {**listed[key], "amount_fen": -fold.cleared[source_id]}
    for key in sorted(listed.keys() | told.keys()):
        kind, loan_id, _, source_id = key
        about = (kind, loan_id or None, source_id)
        yield from _between(about, listed.get(key), told.get(key))


def _positions(fold: Fold, rows: Iterable[SharePosition]) -> Iterator[ShareFileDifference]:
    listed = {row.loan_id: row for row in rows}
    for loan_id in sorted(listed.keys() | fold.loans.keys()):
        row, stands = listed.get(loan_id), fold.loans.get(loan_id)
        if row is None and stands is not None and stands.is_over:
            continue
        told = stands.told(fold.following) if stands is not None else None
        names = told or ()
        shown = {name: getattr(row, name) for name in names} if row is not None else None
        kind = row.type if row is not None else None
        if shown is not None and told is None:
            shown = {MISSING: row}
        yield from _between((kind, loan_id, ""), shown, told)


def _forecast(fold: Fold, rows: Iterable[ShareDue]) -> Iterator[ShareFileDifference]:
    listed: Counter[tuple[str, str]] = Counter()
    told: Counter[tuple[str, str]] = Counter()
    running = [one for one in fold.loans.values() if one.start_date and not one.written_off]
    courses = [one.course for one in running if one.course is not None]
    by_date = len(courses) == len(running)
    for row in rows:
        if by_date or row.type == PRINCIPAL_DUE:
            listed[row.type, row.due_date.isoformat() if by_date else ""] += row.amount_fen
    if by_date:
        for course in courses:
            for due_date, principal_fen, interest_fen in course.due():
                told[PRINCIPAL_DUE, due_date.isoformat()] += principal_fen
                told[INTEREST_DUE, due_date.isoformat()] += interest_fen
    else:
        told[PRINCIPAL_DUE, ""] = sum(one.open_fen for one in running)
    for kind, on in sorted(listed.keys() | told.keys()):
        shown, expected = {"amount_fen": listed[kind, on]}, {"amount_fen": told[kind, on]}
        yield from _between((kind, None, on), shown, expected)


def _between(
    about: tuple[Optional[str], Optional[str], str],
    listed: Optional[dict[str, Any]],
    told: Optional[dict[str, Any]],
) -> Iterator[ShareFileDifference]:
    if listed is None or told is None:
        yield ShareFileDifference(*about, MISSING, listed, told)
        return
    for name, value in told.items():
        if listed[name] != value:
            yield ShareFileDifference(*about, name, listed[name], value)


def _and_close(kept: BinaryIO, rows: Iterable[Row]) -> Iterator[Any]:
    with kept:
        yield from rows
