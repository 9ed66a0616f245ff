"""Statements for partners: made once a date takes nothing more, and never changed (MALL-6)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, ClassVar

from lending.finance import statement_store as store
from lending.finance.statement_file import LIVE_PATTERN, StatementWriter, Sums, raw_rows
from lending.finance.statement_kinds import KINDS, Kind, Written, schema
from lending.foundation import audit, events, ids
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row, Tx
from lending.foundation.errors import BadInput, Conflict, NotFound, OutsideFault
from lending.foundation.files import FileStore, StoredFile
from lending.foundation.places import Place

READY = "statement.ready"
DAY, MONTH = "day", "month"
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MONTH = re.compile(r"\d{4}-\d\d", re.ASCII)


class NoSuchStatement(NotFound):
    """There is no such statement, or it is another partner's."""


class StatementAway(OutsideFault):
    """The file store does not give the file at the moment."""

    code: ClassVar[str] = "statement.file_away"
    title: ClassVar[str] = "The file cannot be read at the moment"


class PeriodRefused(BadInput):
    """A period is neither a date nor a month."""

    code: ClassVar[str] = "statement.period_refused"
    title: ClassVar[str] = "The period cannot be read"
    field = "/period"
    mend = "Send a date such as 2026-11-23, or a month such as 2026-11."


class FilterRefused(BadInput):
    """There is no such kind or span."""

    code: ClassVar[str] = "statement.filter_refused"
    title: ClassVar[str] = "There are no statements of this sort"


class NothingToCorrect(Conflict):
    """The books say what the statement says, or a newer version is there."""

    code: ClassVar[str] = "statement.nothing_to_correct"
    title: ClassVar[str] = "This statement needs no correction"
    mend = "Compare the newest version; if the books are wrong, mend these by an entry first."


class StatementDoesNotAgree(RuntimeError):
    """The movements do not lead from one balance of the books to the next: nothing is kept."""


def make(tx: Tx, files: FileStore, day: date) -> int:
    """Makes the statements of a closed date, and after a month's last date those of the month.

    Out of the journal, whose closed dates never change (L10), so that the same date always gives
    the same files; how many were made. Each is told to its partner.

    Raises StatementDoesNotAgree.
    """
    return sum(len(make_kind(tx, files, kind, day)) for kind in KINDS.values())


def make_kind(tx: Tx, files: FileStore, kind: Kind, day: date) -> list[str]:
    """As `make`, for one kind; the ids of the statements.

    Raises StatementDoesNotAgree.
    """
    made = [_keep(tx, draft) for draft in _day_drafts(tx, files, kind, day)]
    if (day + timedelta(days=1)).day == 1 and not kind.is_picture:
        made += [_keep(tx, draft) for draft in _month_drafts(tx, files, kind, day)]
    return made


def correct(tx: Tx, files: FileStore, statement_id: str, because: str, actor: Actor) -> list[str]:
    """Makes a day's statement anew from the books, as a new version that names the old one.

    The month's is made anew with it, where it is there. Their ids.

    Raises NoSuchStatement, NothingToCorrect, StatementDoesNotAgree.
    """
    old = store.by_id(tx, statement_id)
    if old is None or old["span"] != DAY:
        raise NoSuchStatement
    if old["corrected_by"]:
        raise NothingToCorrect(f"{statement_id} was corrected by {old['corrected_by']}")
    if KINDS[old["kind"]].is_picture:
        raise NothingToCorrect(f"{statement_id} shows a date that is over")
    kind, day, owner = KINDS[old["kind"]], old["period_start"], old["partner_id"]
    drafts = _day_drafts(tx, files, kind, day, owner)
    made = [_keep(tx, draft, old, because) for draft in drafts]
    first = day.replace(day=1)
    for month in store.current(tx, kind.name, MONTH, first=first, last=first, partner_id=owner):
        drafts = _month_drafts(tx, files, kind, month["period_end"], owner)
        made += [_keep(tx, draft, month, because) for draft in drafts]
    audit.record(tx, actor, "statement.correct", statement_id, {"made": made, "because": because})
    return made


def of_partner(tx: Tx, partner_id: str, statement_id: str) -> Row:
    """One statement of the partner.

    Raises NoSuchStatement.
    """
    found = store.of_partner(tx, partner_id, statement_id)
    if found is None:
        raise NoSuchStatement
    return found


def page(
    tx: Tx,
    partner_id: str,
    *,
    kind: str | None,
    span: str | None,
    period: str | None,
    before: Place | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Place | None]:
    """The partner's statements, newest first, and where the next page begins.

    Raises PeriodRefused, FilterRefused.
    """
    if kind not in (None, *KINDS):
        raise FilterRefused(field="/kind", mend=f"Use one of {', '.join(KINDS)}.")
    if span not in (None, DAY, MONTH):
        raise FilterRefused(field="/span", mend=f"Use {DAY} or {MONTH}.")
    rows = store.page(
        tx,
        partner_id,
        kind=kind,
        span=span,
        period=_period_of(period) if period is not None else None,
        before=before,
        limit=limit + 1,
    )
    found = rows[:limit]
    following = (found[-1]["made_at"], found[-1]["id"]) if len(rows) > limit else None
    return [view(row) for row in found], following


def view(row: Row) -> dict[str, Any]:
    """A statement as its partner sees it, with the schema of its file."""
    days = row["period_start"].isoformat()
    return {
        "id": row["id"],
        "kind": row["kind"],
        "span": row["span"],
        "period": days if row["span"] == DAY else days[:7],
        "period_start": days,
        "period_end": row["period_end"].isoformat(),
        "version": row["version"],
        "corrects": row["corrects"],
        "corrected_by": row["corrected_by"],
        "because": row["because"],
        "rows": row["rows"],
        "sums": [{"type": each, **sums} for each, sums in sorted(row["sums"].items())],
        "store_sums": [
            {"store_no": store_no, "type": each, **sums}
            for store_no, of_store in sorted(row["store_sums"].items())
            for each, sums in sorted(of_store.items())
        ],
        "opening_balance_fen": row["opening_fen"],
        "closing_balance_fen": row["closing_fen"],
        "currency": "CNY",
        "content_type": "text/csv",
        "size_bytes": row["size_bytes"],
        "sha256": row["sha256"],
        "made_at": rfc3339(row["made_at"]),
        "schema": schema(KINDS[row["kind"]]),
    }


def part(files: FileStore, row: Row, start: int, length: int) -> bytes:
    """Bytes of a statement's file from a place on.

    Raises StatementAway.
    """
    try:
        return files.part(StoredFile(row["file_name"], row["sha256"]), start, length)
    except OSError as fault:
        raise StatementAway from fault


@dataclass(frozen=True, slots=True)
class _Draft:
    """A statement that is written and not kept yet."""

    partner_id: str
    kind: Kind
    span: str
    start: date
    end: date
    writer: StatementWriter


def _day_drafts(
    tx: Tx, files: FileStore, kind: Kind, day: date, partner_id: str | None = None
) -> Iterator[_Draft]:
    """A draft for each partner with movements on a date."""
    if isinstance(kind.movements, Written):
        yield from _written_drafts(tx, files, kind, kind.movements, day)
        return
    before, after = kind.around(tx, day)
    moved = {each for each in after if after[each] != before.get(each, 0)}
    for owner, movements in groupby(kind.movements(tx, day, partner_id), _partner_of):
        with _writing(files, kind, before.get(owner, 0)) as writer:
            for movement in movements:
                writer.add(day, dict(movement))
            _require_closing(writer, after.get(owner, 0), owner, day)
        moved.discard(owner)
        yield _Draft(owner, kind, DAY, day, day, writer)
    if moved and partner_id is None:
        raise StatementDoesNotAgree(f"{day}: nothing says how {sorted(moved)} moved")


def _written_drafts(
    tx: Tx, files: FileStore, kind: Kind, written: Written, day: date
) -> Iterator[_Draft]:
    """As `_day_drafts`, of rows that the database writes."""
    after = kind.balances(tx, day)
    laid_out = written.lay_out(tx, day)
    for owner, rows in groupby(laid_out, _partner_of):
        sums = {row["type"]: {name: row[name] for name in ("rows", "amount_fen")} for row in rows}
        with _writing(files, kind, 0) as writer:
            writer.take_lines(written.rows(tx, day, owner, LIVE_PATTERN), sums)
            _require_closing(writer, after.get(owner, 0), owner, day)
        yield _Draft(owner, kind, DAY, day, day, writer)
    if missing := {each for each in after if after[each]} - {_partner_of(row) for row in laid_out}:
        raise StatementDoesNotAgree(f"{day}: no loan says what {sorted(missing)} have")


def _month_drafts(
    tx: Tx, files: FileStore, kind: Kind, last: date, partner_id: str | None = None
) -> Iterator[_Draft]:
    """A draft for each partner with statements in a month: the sum of its days, checked.

    What it closes with is held against all lines of the books, summed anew.
    """
    first, after = last.replace(day=1), kind.balances(tx, last)
    days = store.current(tx, kind.name, DAY, first=first, last=last, partner_id=partner_id)
    for owner, rows in groupby(days, _partner_of):
        own = list(rows)
        with _writing(files, kind, own[0]["opening_fen"]) as writer:
            for row in own:
                if row["opening_fen"] != writer.balance_fen:
                    raise StatementDoesNotAgree(f"{row['id']} does not begin where one ended")
                content = files.get(StoredFile(row["file_name"], row["sha256"]))
                for cells in raw_rows(content, kind):
                    writer.carry(cells)
            _require_closing(writer, after.get(owner, 0), owner, last)
            if writer.sums != summed(row["sums"] for row in own):
                raise StatementDoesNotAgree(f"{owner}, {last:%Y-%m}: not the sum of its days")
        yield _Draft(owner, kind, MONTH, first, last, writer)


@contextmanager
def _writing(files: FileStore, kind: Kind, opening_fen: int) -> Iterator[StatementWriter]:
    writer = StatementWriter(files, kind, opening_fen)
    try:
        yield writer
    except BaseException:
        writer.drop()
        raise


def _require_closing(writer: StatementWriter, balance_fen: int, owner: str, day: date) -> None:
    if writer.balance_fen != balance_fen:
        raise StatementDoesNotAgree(
            f"{owner}, {day}: movements lead to {writer.balance_fen} fen, the books say"
            f" {balance_fen}"
        )


def _partner_of(row: Mapping[str, Any]) -> str:
    return str(row["partner_id"])


def summed(parts: Iterable[Sums]) -> Sums:
    """Sums of several statements together."""
    total: Sums = {}
    for part_ in parts:
        for kind, sums in part_.items():
            held = total.setdefault(kind, {"rows": 0, "amount_fen": 0})
            for name, value in sums.items():
                held[name] += value
    return total


def _keep(tx: Tx, draft: _Draft, old: Row | None = None, because: str = "") -> str:
    """Stores a draft, as a new version of `old` where there is one, and tells its partner.

    Raises NothingToCorrect.
    """
    file, size = draft.writer.done()
    if old is not None and old["sha256"] == file.sha256:
        raise NothingToCorrect
    statement_id = ids.new("stm")
    store.insert(
        tx,
        {
            "id": statement_id,
            "partner_id": draft.partner_id,
            "kind": draft.kind.name,
            "span": draft.span,
            "period_start": draft.start,
            "period_end": draft.end,
            "version": old["version"] + 1 if old else 1,
            "corrects": old["id"] if old else None,
            "because": because,
            "rows": draft.writer.rows,
            "sums": draft.writer.sums,
            "store_sums": draft.writer.store_sums,
            "opening_fen": draft.writer.opening_fen,
            "closing_fen": draft.writer.balance_fen,
            "file_name": file.name,
            "sha256": file.sha256,
            "size_bytes": size,
        },
    )
    shown = view(of_partner(tx, draft.partner_id, statement_id))
    events.publish(
        tx,
        partner_id=draft.partner_id,
        kind=READY,
        subject=statement_id,
        data={"object": shown},
    )
    return statement_id


def _period_of(period: str) -> tuple[str, date]:
    try:
        if _MONTH.fullmatch(period):
            return MONTH, date.fromisoformat(f"{period}-01")
        if _DATE.fullmatch(period):
            return DAY, date.fromisoformat(period)
    except ValueError:
        pass
    raise PeriodRefused
