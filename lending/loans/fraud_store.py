"""The SQL of borrowers held for a fraud, and of who is told."""

from datetime import date
from typing import Any

from lending.foundation.database import Row, Tx, json
from lending.funding.model import AGREED, ShareState
from lending.loans.share_store import SCENARIO

LIVING = [each.value for each in (ShareState.INVITED, *AGREED)]
RUNNING = [ShareState.ACTIVE.value]

_TELL = """
WITH share AS (
    SELECT s.id, s.loan_id, s.funder_id, s.state = ANY(:running) AS is_running
    FROM funding_share s JOIN funding_request r ON r.id = s.request_id
    WHERE r.customer_id = :customer_id AND s.state = ANY(:living) ORDER BY s.id
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


def insert(
    tx: Tx, flag_id: str, customer_id: str, *, on: date, kind: str, because: str, source: str
) -> bool:
    """Whether it is new: one flag stands on a borrower at a time."""
    return bool(
        tx.run(
            "INSERT INTO fraud_flag (id, customer_id, kind, because, source, flagged_at,"
            " flagged_on) VALUES (:id, :customer_id, :kind, :because, :source, :now, :on)"
            " ON CONFLICT (customer_id) WHERE lifted_at IS NULL DO NOTHING",
            id=flag_id,
            customer_id=customer_id,
            kind=kind,
            because=because,
            source=source,
            now=tx.now,
            on=on,
        )
    )


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


def tell_funders(tx: Tx, customer_id: str, detail: dict[str, Any]) -> None:
    """News for each living share of the loans to a borrower."""
    tx.run(
        _TELL,
        customer_id=customer_id,
        detail=json(detail),
        scenario=SCENARIO,
        living=LIVING,
        running=RUNNING,
        now=tx.now,
    )
