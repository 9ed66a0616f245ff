"""The SQL of agreements with platforms and of their monthly bills."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from lending.commissions.model import (
    Agreement,
    Bill,
    BillState,
    NewAgreement,
    PaymentState,
    ProductMonth,
    Tier,
    TierBy,
)
from lending.foundation import ids
from lending.foundation.database import Row, Tx, json
from lending.foundation.files import StoredFile
from lending.foundation.places import Place, behind
from lending.loans.partner_terms import Basis

_AGREEMENTS = (
    "SELECT id, platform_id, product_code, basis, rate, per_loan_fen, cap_rate, clawback_days,"
    " clawback_rate, tier_by, tiers, valid_from, valid_to FROM commission_agreement "
)

_BILLS = """
SELECT b.id, b.platform_id, b.month, b.state, b.statement_id, s.sha256 AS statement_sha256,
    b.loans, b.rows, b.accrued_fen, b.clawback_fen, b.volume_fen, b.overdue_rate, b.tier_fen,
    b.tiers, b.carried_fen, b.adjustment_fen, b.payable_fen, b.pdf_name, b.pdf_sha256,
    b.pdf_size_bytes, b.made_at, b.confirmed_at, b.disputed_at, b.dispute, b.answer,
    CASE WHEN r.state = 'paid' THEN r.ended_at END AS paid_at,
    coalesce(r.channel_reference, '') AS bank_reference,
    CASE WHEN b.carried_to IS NOT NULL THEN 'carried' WHEN r.state IS NULL THEN 'none'
        WHEN r.state IN ('held', 'unknown') THEN 'paying' ELSE r.state END AS payment
FROM commission_bill b LEFT JOIN statement s ON s.id = b.statement_id
LEFT JOIN LATERAL (SELECT * FROM remittance r WHERE r.purpose = 'commission' AND r.subject = b.id
    ORDER BY r.attempt DESC LIMIT 1) r ON true
"""

_MONTHS = """
WITH moved AS (
    SELECT l.product_code, sum(m.amount_fen)::bigint AS earned_fen
    FROM commission_movement m JOIN loan l ON l.id = m.loan_id
    WHERE m.platform_id = :platform_id AND m.business_date BETWEEN :first AND :last
    GROUP BY l.product_code
), lent AS (
    SELECT product_code, sum(principal_fen)::bigint AS volume_fen FROM loan
    WHERE partner_id = :platform_id AND start_date BETWEEN :first AND :last GROUP BY product_code
), stands AS (
    SELECT s.product_code, sum(s.principal_open_fen)::bigint AS open_fen,
        coalesce(sum(s.principal_open_fen) FILTER (WHERE s.days_past_due > 0), 0)::bigint
            AS overdue_fen
    FROM loan_standing s JOIN loan l ON l.id = s.loan_id
    WHERE l.partner_id = :platform_id GROUP BY s.product_code
)
SELECT product_code, coalesce(earned_fen, 0) AS earned_fen, coalesce(volume_fen, 0) AS volume_fen,
    coalesce(overdue_fen, 0) AS overdue_fen, coalesce(open_fen, 0) AS open_fen
FROM moved FULL JOIN lent USING (product_code) FULL JOIN stands USING (product_code)
ORDER BY product_code
"""


def insert_agreement(tx: Tx, new: NewAgreement) -> str | None:
    """Its id; None where the platform has one for the product from the same date."""
    agreement_id = ids.new("cag")
    values = asdict(new)
    values |= {
        "basis": new.basis.value,
        "tier_by": new.tier_by.value,
        "tiers": json([[f"{t.at_least:f}", f"{t.part:f}"] for t in new.tiers]),
    }
    made = tx.touched(
        "INSERT INTO commission_agreement (id, platform_id, product_code, basis, rate,"
        " per_loan_fen, cap_rate, clawback_days, clawback_rate, tier_by, tiers, valid_from,"
        " valid_to, made_at) VALUES (:id, :platform_id, :product_code, :basis, :rate,"
        " :per_loan_fen, :cap_rate, :clawback_days, :clawback_rate, :tier_by, :tiers,"
        " :valid_from, :valid_to, :now) ON CONFLICT DO NOTHING",
        id=agreement_id,
        now=tx.now,
        **values,
    )
    return agreement_id if made else None


def agreements(
    tx: Tx, platform_id: str, on: date, product_code: str | None = None
) -> list[Agreement]:
    rows = tx.all(
        _AGREEMENTS + "WHERE platform_id = :platform_id AND valid_from <= :on"
        " AND (valid_to IS NULL OR valid_to >= :on)"
        " AND (CAST(:product AS text) IS NULL OR product_code = :product)"
        " ORDER BY valid_from DESC, product_code",
        platform_id=platform_id,
        on=on,
        product=product_code,
    )
    return [
        Agreement(
            **{
                **row,
                "basis": Basis(row["basis"]),
                "tier_by": TierBy(row["tier_by"]),
                "tiers": tuple(Tier(Decimal(a), Decimal(b)) for a, b in row["tiers"]),
            }
        )
        for row in rows
    ]


def months(tx: Tx, platform_id: str, first: date, last: date) -> list[ProductMonth]:
    """What each product of a platform earned and how it stands."""
    rows = tx.all(_MONTHS, platform_id=platform_id, first=first, last=last)
    return [ProductMonth(**row) for row in rows]


def loans_of_month(tx: Tx, platform_id: str, first: date, last: date) -> int:
    return int(
        tx.scalar(
            "SELECT count(DISTINCT loan_id) FROM commission_movement WHERE platform_id = :id"
            " AND business_date BETWEEN :first AND :last",
            id=platform_id,
            first=first,
            last=last,
        )
    )


def statements_of_month(tx: Tx, first: date) -> Sequence[Row]:
    """The platforms' statements of a month, those that newer ones correct left out."""
    return tx.all(
        "SELECT s.id, s.partner_id, s.rows, s.sums, s.sha256 FROM statement s"
        " WHERE s.kind = 'commission' AND s.span = 'month' AND s.period_start = :first"
        " AND NOT EXISTS (SELECT FROM statement n WHERE n.corrects = s.id) ORDER BY s.partner_id",
        first=first,
    )


def below_zero(tx: Tx, platform_id: str) -> list[Row]:
    """Confirmed bills that the platform owes, and that are in no later one."""
    return list(
        tx.all(
            "SELECT id, payable_fen FROM commission_bill WHERE platform_id = :id"
            " AND state = 'confirmed' AND payable_fen < 0 AND carried_to IS NULL"
            " ORDER BY month FOR UPDATE",
            id=platform_id,
        )
    )


def set_carried(tx: Tx, bill_ids: Sequence[str], into: str) -> None:
    tx.run(
        "UPDATE commission_bill SET carried_to = :into WHERE id = ANY (:ids)",
        ids=list(bill_ids),
        into=into,
    )


def insert_bill(tx: Tx, bill: dict[str, Any]) -> bool:
    """Whether the month had none."""
    return bool(
        tx.touched(
            "INSERT INTO commission_bill (id, platform_id, month, state, statement_id, loans,"
            " rows, accrued_fen, clawback_fen, volume_fen, overdue_rate, tier_fen, tiers,"
            " carried_fen, payable_fen, pdf_name, pdf_sha256, pdf_size_bytes, made_at, changed_at)"
            " VALUES (:id, :platform_id, :month, 'open', :statement_id, :loans, :rows,"
            " :accrued_fen, :clawback_fen, :volume_fen, :overdue_rate, :tier_fen, :tiers,"
            " :carried_fen, :payable_fen, '', '', 0, :now, :now)"
            " ON CONFLICT (platform_id, month) DO NOTHING",
            **{**bill, "tiers": json(bill["tiers"])},
            now=tx.now,
        )
    )


def bill(tx: Tx, bill_id: str, *, lock: bool = False) -> Bill | None:
    if lock and not tx.maybe("SELECT 1 FROM commission_bill WHERE id = :id FOR UPDATE", id=bill_id):
        return None
    row = tx.maybe(_BILLS + "WHERE b.id = :id", id=bill_id)
    return _bill(row) if row else None


def page(
    tx: Tx,
    platform_id: str | None,
    *,
    state: str | None,
    month: date | None,
    before: Place | None,
    limit: int,
) -> list[Bill]:
    """The newest first, from behind the bill `before`; of one platform or of all."""
    rows = tx.all(
        _BILLS + "WHERE (CAST(:platform_id AS text) IS NULL OR b.platform_id = :platform_id)"
        " AND (CAST(:state AS text) IS NULL OR b.state = :state)"
        " AND (CAST(:month AS date) IS NULL OR b.month = :month)"
        " AND (CAST(:at AS timestamptz) IS NULL OR (b.made_at, b.id) < (:at, :id))"
        " ORDER BY b.made_at DESC, b.id DESC LIMIT :limit",
        platform_id=platform_id,
        state=state,
        month=month,
        limit=limit,
        **behind(before),
    )
    return [_bill(row) for row in rows]


def set_pdf(tx: Tx, bill_id: str, file: StoredFile, size: int) -> None:
    tx.run(
        "UPDATE commission_bill SET pdf_name = :name, pdf_sha256 = :sha256,"
        " pdf_size_bytes = :size WHERE id = :id",
        id=bill_id,
        name=file.name,
        sha256=file.sha256,
        size=size,
    )


def set_confirmed(tx: Tx, bill_id: str) -> None:
    tx.run(
        "UPDATE commission_bill SET state = 'confirmed', confirmed_at = :now, changed_at = :now"
        " WHERE id = :id",
        id=bill_id,
        now=tx.now,
    )


def set_disputed(tx: Tx, bill_id: str, reason: str) -> None:
    tx.run(
        "UPDATE commission_bill SET state = 'disputed', disputed_at = :now, dispute = :reason,"
        " answer = '', changed_at = :now WHERE id = :id",
        id=bill_id,
        reason=reason,
        now=tx.now,
    )


def set_answered(tx: Tx, bill_id: str, answer: str, adjustment_fen: int) -> None:
    tx.run(
        "UPDATE commission_bill SET state = 'open', answer = :answer,"
        " adjustment_fen = adjustment_fen + :fen, payable_fen = payable_fen + :fen,"
        " changed_at = :now WHERE id = :id",
        id=bill_id,
        answer=answer,
        fen=adjustment_fen,
        now=tx.now,
    )


def insert_movement(tx: Tx, bill: Bill, kind: str, amount_fen: int, source_id: str) -> None:
    tx.run(
        "INSERT INTO commission_movement (id, platform_id, bill_id, kind, amount_fen, source_id,"
        " business_date, at) SELECT :id, :platform_id, :bill_id, :kind, :fen, :source_id,"
        " business_date, :now FROM business_day",
        id=ids.new("com"),
        platform_id=bill.platform_id,
        bill_id=bill.id,
        kind=kind,
        fen=amount_fen,
        source_id=source_id,
        now=tx.now,
    )


def _bill(row: Row) -> Bill:
    return Bill(
        **{**row, "state": BillState(row["state"]), "payment": PaymentState(row["payment"])}
    )
