"""The SQL of statistics: reads what all others wrote."""

from collections.abc import Sequence
from datetime import date

from lending.foundation.database import Row, Tx
from lending.ledger.chart import Code
from lending.ledger.model import OWN

_FUNNEL = """
SELECT count(*) AS leads, count(*) FILTER (WHERE a.submitted_at IS NOT NULL) AS submitted,
    count(*) FILTER (WHERE a.state IN ('approved', 'signed')) AS approved,
    count(*) FILTER (WHERE a.state = 'signed') AS signed,
    count(*) FILTER (WHERE l.start_date IS NOT NULL) AS paid
FROM application a LEFT JOIN loan l ON l.application_id = a.id
WHERE a.partner_id = :partner_id AND a.product_code = :product
    AND (a.created_at AT TIME ZONE 'Asia/Shanghai')::date BETWEEN :first AND :last
"""

_LENT = """
SELECT coalesce(sum(principal_fen) FILTER (WHERE start_date BETWEEN :first AND :last), 0)::bigint
        AS lent_fen,
    coalesce(sum(principal_fen) FILTER (WHERE start_date BETWEEN :before AND :before_last), 0)
        ::bigint AS lent_before_fen,
    coalesce(sum(principal_fen) FILTER (WHERE start_date IS NOT NULL), 0)::bigint
        AS lent_in_all_fen
FROM loan WHERE partner_id = :partner_id AND product_code = :product
"""

_STAGES = """
SELECT lateness_bucket(s.days_past_due) AS stage,
    sum(s.principal_open_fen)::bigint AS fen,
    coalesce(sum(s.principal_open_fen) FILTER (WHERE s.days_past_due > 90 OR s.written_off), 0)
        ::bigint AS bad_fen
FROM loan_standing s JOIN loan l ON l.id = s.loan_id
WHERE l.partner_id = :partner_id AND l.product_code = :product GROUP BY stage ORDER BY stage
"""

_FIRST = """
SELECT count(*) AS first_due,
    count(*) FILTER (WHERE i.principal_paid_fen < i.principal_fen) AS first_defaulted
FROM loan l JOIN instalment i ON i.loan_id = l.id AND i.plan_version = l.plan_version
    AND i.number = 1
WHERE l.partner_id = :partner_id AND l.product_code = :product AND l.start_date IS NOT NULL
    AND i.due_date + 30 < :today
"""

_MONEY = """
WITH own AS (
    SELECT id FROM loan WHERE partner_id = :partner_id AND product_code = :product
), paid AS (
    SELECT sum(i.interest_paid_fen + i.penalty_paid_fen + i.fee_paid_fen
        - i.guarantee_fee_paid_fen) AS fen
    FROM own JOIN loan l ON l.id = own.id
    JOIN instalment i ON i.loan_id = l.id AND i.plan_version = l.plan_version
), earned AS (
    SELECT sum(m.amount_fen) AS fen FROM own JOIN commission_movement m ON m.loan_id = own.id
), guarded AS (
    SELECT sum(j.debit_fen - j.credit_fen) AS fen FROM own
    JOIN journal_entry e ON e.subject = own.id JOIN journal_line j ON j.entry_seq = e.seq
    JOIN ledger_account a ON a.id = j.account_id AND a.book = :book AND a.code = :expense
), lost AS (
    SELECT sum(s.principal_open_fen) AS fen FROM own JOIN loan_standing s ON s.loan_id = own.id
    WHERE s.written_off
), claimed AS (
    SELECT sum(c.paid_fen) AS fen FROM own JOIN guarantee_claim c ON c.loan_id = own.id
    WHERE c.state = 'paid'
)
SELECT coalesce(paid.fen, 0)::bigint AS income_fen, coalesce(earned.fen, 0)::bigint
        AS commission_fen, coalesce(guarded.fen, 0)::bigint AS guarantee_cost_fen,
    coalesce(lost.fen, 0)::bigint AS lost_fen, coalesce(claimed.fen, 0)::bigint AS claimed_fen
FROM paid, earned, guarded, lost, claimed
"""

_EARNED = """
SELECT coalesce(sum(m.amount_fen) FILTER (WHERE m.amount_fen > 0), 0)::bigint AS earned_fen,
    coalesce(-sum(m.amount_fen) FILTER (WHERE m.amount_fen < 0), 0)::bigint AS given_back_fen
FROM commission_movement m JOIN loan l ON l.id = m.loan_id
WHERE m.platform_id = :partner_id AND l.product_code = :product
    AND m.business_date BETWEEN :first AND :last
"""

_VINTAGES = """
SELECT date_trunc('month', l.start_date)::date AS month, count(*) AS loans,
    sum(l.principal_fen)::bigint AS lent_fen,
    coalesce(sum(s.principal_open_fen + s.guarantor_principal_fen)
        FILTER (WHERE s.days_past_due > 30 OR s.claimed OR s.written_off), 0)::bigint AS late_fen
FROM loan l LEFT JOIN loan_standing s ON s.loan_id = l.id
WHERE l.partner_id = :partner_id AND l.product_code = :product AND l.start_date IS NOT NULL
GROUP BY 1 ORDER BY 1
"""


def products(tx: Tx, partner_id: str) -> list[str]:
    """Products that applicants of a partner have asked for."""
    rows = tx.all(
        "SELECT DISTINCT product_code FROM application WHERE partner_id = :id ORDER BY 1",
        id=partner_id,
    )
    return [row["product_code"] for row in rows]


def asked(tx: Tx, partner_id: str, first: date, last: date) -> int:
    """How many people a platform asked about beforehand."""
    return int(
        tx.scalar(
            "SELECT coalesce(sum(asked), 0) FROM channel_asked WHERE partner_id = :id"
            " AND day BETWEEN :first AND :last",
            id=partner_id,
            first=first,
            last=last,
        )
    )


def funnel(tx: Tx, partner_id: str, product: str, first: date, last: date) -> Row:
    return tx.one(_FUNNEL, partner_id=partner_id, product=product, first=first, last=last)


def lent(tx: Tx, partner_id: str, product: str, month: tuple[date, date, date, date]) -> Row:
    """In a month, in the one before, and in all; `month` is both months' first and last dates."""
    first, last, before, before_last = month
    return tx.one(
        _LENT,
        partner_id=partner_id,
        product=product,
        first=first,
        last=last,
        before=before,
        before_last=before_last,
    )


def stages(tx: Tx, partner_id: str, product: str) -> Sequence[Row]:
    return tx.all(_STAGES, partner_id=partner_id, product=product)


def first_payments(tx: Tx, partner_id: str, product: str, today: date) -> Row:
    return tx.one(_FIRST, partner_id=partner_id, product=product, today=today)


def money(tx: Tx, partner_id: str, product: str) -> Row:
    return tx.one(
        _MONEY,
        partner_id=partner_id,
        product=product,
        book=OWN,
        expense=Code.GUARANTEE_EXPENSE.value,
    )


def earned(tx: Tx, partner_id: str, product: str, first: date, last: date) -> Row:
    """What a platform earned and gave back in a month."""
    return tx.one(_EARNED, partner_id=partner_id, product=product, first=first, last=last)


def vintages(tx: Tx, partner_id: str, product: str) -> Sequence[Row]:
    return tx.all(_VINTAGES, partner_id=partner_id, product=product)


def open_fen(tx: Tx) -> int:
    """Open principal of all loans."""
    return int(tx.scalar("SELECT coalesce(sum(principal_open_fen), 0) FROM loan_standing"))
