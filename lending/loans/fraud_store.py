"""The SQL of borrowers held for a fraud, and of who is told."""

from datetime import date, datetime
from typing import Any

from lending.foundation.database import Row, Tx, json
from lending.funding.model import AGREED, ShareState
from lending.loans.share_store import SCENARIO

LIVING = [each.value for each in (ShareState.INVITED, *AGREED)]
RUNNING = [ShareState.ACTIVE.value, ShareState.CLOSED.value]

_TELL = """
WITH share AS (
    SELECT s.id, s.loan_id, s.funder_id, s.state = ANY(:running) AS is_running
    FROM funding_share s JOIN funding_request r ON r.id = s.request_id
    WHERE r.customer_id = :customer_id
        AND (s.state = ANY(:living) OR s.changed_at >= CAST(:ended_since AS timestamptz))
    ORDER BY s.id
), early AS (
    INSERT INTO funding_news (share_id, kind, detail, at)
    SELECT id, 'fraud_flagged', :detail, :now FROM share WHERE NOT is_running
)
INSERT INTO loan_news (scenario, subject, kind, detail, at)
SELECT :scenario, loan_id, 'share_fraud_flagged',
    CAST(:detail AS jsonb) || jsonb_build_object('funder', funder_id), :now
FROM share WHERE is_running
"""
"""What is told of a share goes the way of its other news, so that order is kept for each."""


def standing(tx: Tx, customer_id: str) -> Row | None:
    return tx.maybe(
        "SELECT id, customer_id, kind, because, flagged_at FROM fraud_flag"
        " WHERE customer_id = :id AND lifted_at IS NULL",
        id=customer_id,
    )


def put(
    tx: Tx, flag_id: str, customer_id: str, *, on: date, kind: str, because: str, source: str
) -> str | None:
    """The id of what stands now, and None where nothing changed.

    One flag stands on a borrower at a time: a person's takes the place of one of the rules.
    """
    found: str | None = tx.scalar(
        "INSERT INTO fraud_flag (id, customer_id, kind, because, source, flagged_at, flagged_on)"
        " VALUES (:id, :customer_id, :kind, :because, :source, :now, :on)"
        " ON CONFLICT (customer_id) WHERE lifted_at IS NULL DO UPDATE"
        " SET kind = EXCLUDED.kind, because = EXCLUDED.because, source = EXCLUDED.source"
        " WHERE fraud_flag.kind = 'filter' AND EXCLUDED.kind <> 'filter' RETURNING id",
        id=flag_id,
        customer_id=customer_id,
        kind=kind,
        because=because,
        source=source,
        now=tx.now,
        on=on,
    )
    return found


def not_paid_out(tx: Tx, customer_id: str) -> list[str]:
    """A borrower's applications that may be signed or are, and that no money moves for."""
    rows = tx.all(
        "SELECT a.id FROM application a LEFT JOIN loan l ON l.application_id = a.id"
        " WHERE a.customer_id = :id AND NOT a.is_for_line"
        " AND (a.state IN ('funding', 'approved') OR l.state IN ('signed', 'payout_failed'))"
        " ORDER BY a.id",
        id=customer_id,
    )
    return [row["id"] for row in rows]


def lift(tx: Tx, flag_id: str) -> None:
    tx.run("UPDATE fraud_flag SET lifted_at = :now WHERE id = :id", id=flag_id, now=tx.now)


def has_living_shares(tx: Tx, customer_id: str) -> bool:
    """Whether a funder has a share of a loan to a borrower, or is asked for one."""
    return bool(
        tx.scalar(
            "SELECT EXISTS (SELECT FROM funding_share s JOIN funding_request r"
            " ON r.id = s.request_id WHERE r.customer_id = :id AND s.state = ANY(:living))",
            id=customer_id,
            living=LIVING,
        )
    )


def tell_funders(
    tx: Tx, customer_id: str, detail: dict[str, Any], *, ended_since: datetime | None
) -> None:
    """News for each living share of the loans to a borrower, and for those that ended since."""
    tx.run(
        _TELL,
        customer_id=customer_id,
        detail=json(detail),
        ended_since=ended_since,
        scenario=SCENARIO,
        living=LIVING,
        running=RUNNING,
        now=tx.now,
    )
