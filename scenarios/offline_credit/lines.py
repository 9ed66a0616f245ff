"""Lines as the merchant sees them in whose store they were applied for.

It learns whether the line can be used and for what, never how much there is or is owed, and only
while the customer agrees to that (PIPL 23, R-PI-MIN). What was not granted it does not learn.
"""

from collections.abc import Sequence
from typing import Any

from lending.credit_lines import securities
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import SecurityState
from lending.foundation import business_day, events
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row, Tx
from lending.foundation.places import Place
from scenarios.offline_credit import lines_store
from scenarios.offline_credit.errors import NoLineSeen, QuestionsUsedUp

QUESTIONS_A_DAY = 3
"""So often a merchant may ask on a business date whether a line can pay an amount."""
KINDS = {
    each: f"credit_line.{each}" for each in ("opened", "raised", "frozen", "unfrozen", "closed")
}
"""What is told of a line, and the event that a store hears."""


def get(tx: Tx, partner_id: str, line_id: str, *, store_id: str | None) -> dict[str, Any]:
    """One line that was applied for in the partner's stores, or in one store of it.

    Raises NoLineSeen, also when its customer agrees no more.
    """
    return view(tx, _seen(tx, partner_id, line_id, store_id))


def page(
    tx: Tx,
    partner_id: str,
    *,
    wanted: dict[str, str | None],
    before: Place | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Place | None]:
    """Such lines by store and state, newest first, and where more begin."""
    found = lines_store.lines(
        tx,
        partner_id,
        store_id=wanted["store_id"],
        state=wanted["state"],
        before=before,
        limit=limit + 1,
    )
    shown = found[:limit]
    following = (shown[-1]["created_at"], shown[-1]["id"]) if len(found) > limit else None
    return [view(tx, each) for each in shown], following


def can_pay(
    tx: Tx, partner_id: str, line_id: str, *, amount_fen: int, store_id: str | None
) -> dict[str, Any]:
    """Whether a line could pay an amount in its store at the moment; nothing is held.

    Asked a few times a day only: else the answers would tell what is available.

    Raises NoLineSeen, QuestionsUsedUp.
    """
    found = _seen(tx, partner_id, line_id, store_id)
    today = business_day.today(tx)
    if lines_store.count_question(tx, line_id, partner_id, today) > QUESTIONS_A_DAY:
        raise QuestionsUsedUp
    return {
        "line_id": line_id,
        "amount_fen": amount_fen,
        "can_pay": credit_lines.could_pay(tx, line_id, found["scene"], amount_fen),
    }


def tell(tx: Tx, line_id: str, kind: str) -> None:
    """Tells the merchant in whose store a line was applied for what became of it."""
    line = lines_store.of_any(tx, line_id)
    if line is None:
        return
    events.publish(
        tx,
        partner_id=line["partner_id"],
        kind=KINDS[kind],
        subject=line_id,
        data={"object": view(tx, line)},
    )


def view(tx: Tx, line: Row) -> dict[str, Any]:
    """A line as its merchant sees it."""
    return {
        "id": line["id"],
        "visit_id": line["visit_id"],
        "store_id": line["store_id"],
        "store_no": line["store_no"],
        "staff_no": line["staff_no"],
        "state": line["state"],
        "guarantee": _guarantee(tx, line),
        "scenes": line["scenes"],
        "review_due": line["review_due"].isoformat(),
        "arrived_at": rfc3339(line["arrived_at"]),
        "opened_at": rfc3339(line["opened_at"]) if line["opened_at"] else None,
    }


def _guarantee(tx: Tx, line: Row) -> str:
    """How far the guarantee is that was asked for (STORE-4); its value is not told."""
    if not line["security_needed"]:
        return "not_needed"
    if line["state"] != "waiting":
        return "given"
    named: Sequence[SecurityState] = [each.state for each in securities.of_line(tx, line["id"])]
    waits = (SecurityState.OFFERED, SecurityState.SIGNED)
    return "to_be_registered" if any(each in waits for each in named) else "to_be_named"


def _seen(tx: Tx, partner_id: str, line_id: str, store_id: str | None) -> Row:
    found = lines_store.line(tx, partner_id, line_id)
    if found is None or store_id not in (None, found["store_id"]):
        raise NoLineSeen
    return found
