"""The SQL of finance: it reads what loans, repayments and the ledger wrote."""

from collections.abc import Sequence
from datetime import datetime

from lending.finance.model import (
    ClaimPosition,
    LoneEntry,
    Order,
    OrderState,
    Span,
)
from lending.foundation.database import Row, Tx
from lending.ledger.chart import Code
from lending.ledger.model import OWN

_ORDERS = """
WITH moved AS (
    SELECT coalesce(e.reverses, e.id) AS entry_id, a.code = :wallet AS at_wallet,
        sum(l.debit_fen - l.credit_fen) AS ledger_fen
    FROM ledger_account a JOIN journal_line l ON l.account_id = a.id
    JOIN journal_entry e ON e.seq = l.entry_seq
    WHERE a.book = :book AND a.code IN (:bank, :wallet)
    GROUP BY coalesce(e.reverses, e.id), a.code
), own AS (
    SELECT p.channel_order_no,
        CASE p.kind WHEN 'wallet' THEN 'wallet_payout' ELSE 'payout' END AS kind, p.amount_fen,
        CASE p.state WHEN 'paid' THEN 'paid' WHEN 'failed' THEN 'failed' ELSE 'in_flight' END
        AS state, h.entry_id, coalesce(p.ended_at, p.created_at) AS at
    FROM payout p LEFT JOIN ledger_hold h ON h.id = p.hold_id
    UNION ALL
    SELECT c.channel_order_no, 'payout', c.amount_fen,
        CASE c.state WHEN 'paid' THEN 'paid' WHEN 'held' THEN 'in_flight'
            WHEN 'unknown' THEN 'in_flight' ELSE 'failed' END,
        h.entry_id, coalesce(c.ended_at, c.created_at)
    FROM clearing c JOIN ledger_hold h ON h.id = c.hold_id
    UNION ALL
    SELECT m.channel_order_no, 'payout', m.amount_fen,
        CASE m.state WHEN 'paid' THEN 'paid' WHEN 'failed' THEN 'failed' ELSE 'in_flight' END,
        h.entry_id, coalesce(m.ended_at, m.created_at)
    FROM remittance m JOIN ledger_hold h ON h.id = m.hold_id
    UNION ALL
    SELECT coalesce(r.channel_order_no, r.id), 'debit', r.amount_fen,
        CASE r.state WHEN 'received' THEN 'paid' WHEN 'failed' THEN 'failed' ELSE 'in_flight' END,
        r.entry_id, coalesce(r.ended_at, r.created_at)
    -- A bank transfer was no order of ours: two people read it off the bank's statement.
    FROM repayment r WHERE r.source <> 'transfer'
    UNION ALL
    SELECT t.reference, 'incoming', t.amount_fen, 'paid', t.entry_id, t.received_at
    FROM incoming_transfer t
    UNION ALL
    SELECT t.return_order_no, 'payout', t.amount_fen,
        CASE t.state WHEN 'returned' THEN 'paid' WHEN 'return_failed' THEN 'failed'
            ELSE 'in_flight' END,
        h.entry_id, coalesce(t.ended_at, t.recorded_at)
    FROM incoming_transfer t JOIN ledger_hold h ON h.id = t.hold_id
)
SELECT own.channel_order_no, own.kind, own.amount_fen, own.state, own.entry_id,
    coalesce(moved.ledger_fen, 0) AS ledger_fen
FROM own LEFT JOIN moved ON moved.entry_id = own.entry_id
    AND moved.at_wallet = (own.kind = 'wallet_payout')
WHERE CAST(:start AS timestamptz) IS NULL OR (own.at >= :start AND own.at < :end)
    OR own.channel_order_no = ANY (:numbers)
ORDER BY own.channel_order_no"""

_LONE = """
SELECT e.id, e.kind, e.subject, moved.ledger_fen
FROM (
    SELECT coalesce(e.reverses, e.id) AS entry_id, sum(l.debit_fen - l.credit_fen) AS ledger_fen
    FROM ledger_account a JOIN journal_line l ON l.account_id = a.id
    JOIN journal_entry e ON e.seq = l.entry_seq
    WHERE a.book = :book AND a.code IN (:bank, :wallet)
    GROUP BY coalesce(e.reverses, e.id)
) moved JOIN journal_entry e ON e.id = moved.entry_id
WHERE moved.ledger_fen <> 0
    AND NOT EXISTS (SELECT FROM ledger_hold h JOIN payout p ON p.hold_id = h.id
        WHERE h.entry_id = e.id)
    AND NOT EXISTS (SELECT FROM ledger_hold h JOIN remittance m ON m.hold_id = h.id
        WHERE h.entry_id = e.id)
    AND NOT EXISTS (SELECT FROM guarantor_receipt g WHERE g.entry_id = e.id)
    AND NOT EXISTS (SELECT FROM repayment r WHERE r.entry_id = e.id)
    AND NOT EXISTS (SELECT FROM incoming_transfer t LEFT JOIN ledger_hold h ON h.id = t.hold_id
        WHERE e.id IN (t.entry_id, h.entry_id))
    AND NOT EXISTS (SELECT FROM clearing c WHERE c.entry_id = e.id)
    AND (CAST(:start AS timestamptz) IS NULL OR (e.created_at >= :start AND e.created_at < :end))
ORDER BY e.seq"""


def orders(tx: Tx, span: Span | None, numbers: Sequence[str]) -> list[Order]:
    """Orders that ended (or, in flight, began) in a span or bear one of the numbers; or all."""
    rows = tx.all(
        _ORDERS,
        book=OWN,
        bank=Code.BANK_SETTLEMENT.value,
        wallet=Code.WALLET_SETTLEMENT.value,
        start=span.start if span else None,
        end=span.end if span else None,
        numbers=list(numbers),
    )
    return [
        Order(
            channel_order_no=row["channel_order_no"],
            kind=row["kind"],
            amount_fen=row["amount_fen"],
            state=OrderState(row["state"]),
            entry_id=row["entry_id"],
            ledger_fen=int(row["ledger_fen"]),
        )
        for row in rows
    ]


def lone_entries(tx: Tx, span: Span | None) -> list[LoneEntry]:
    """Entries that move our bank account and that no order points to."""
    rows = tx.all(
        _LONE,
        book=OWN,
        bank=Code.BANK_SETTLEMENT.value,
        wallet=Code.WALLET_SETTLEMENT.value,
        start=span.start if span else None,
        end=span.end if span else None,
    )
    return [
        LoneEntry(row["id"], row["kind"], row["subject"], int(row["ledger_fen"])) for row in rows
    ]


def first_order_at(tx: Tx) -> datetime | None:
    """When the first order was made."""
    found: datetime | None = tx.scalar(
        "SELECT least((SELECT min(created_at) FROM payout),"
        " (SELECT min(created_at) FROM repayment))"
    )
    return found


def open_principal_by_loan(tx: Tx) -> dict[str, int]:
    """Our part of what the current plan of each loan that was paid out leaves open."""
    return _by_owner(
        tx.all(
            "SELECT t.owner, CASE WHEN t.split_id IS NULL THEN t.fen - t.paid_fen ELSE"
            "  share_part(t.fen, p.weight_cuts, p.place)"
            "  - share_part(t.paid_fen, p.weight_cuts, p.place) END AS fen"
            " FROM (SELECT n.id AS owner, n.split_id,"
            "   sum(i.principal_fen)::bigint AS fen, sum(i.principal_paid_fen)::bigint"
            "   + coalesce(min(s.guarantor_principal_fen), 0) AS paid_fen"
            "  FROM loan n LEFT JOIN loan_standing s ON s.loan_id = n.id"
            "  JOIN instalment i ON i.loan_id = n.id"
            "   AND i.plan_version = n.plan_version WHERE n.state IN ('active', 'settled')"
            "  GROUP BY n.id) t"
            " LEFT JOIN share_party p ON p.split_id = t.split_id AND p.book = :book",
            book=OWN,
        )
    )


def open_principal_by_customer(tx: Tx) -> dict[str, int]:
    """What borrowers owe or may draw: open loans that are on no line, and what lines take."""
    return _by_owner(
        tx.all(
            "SELECT owner, sum(fen) AS fen FROM ("
            " SELECT n.customer_id AS owner, i.principal_fen - i.principal_paid_fen AS fen"
            "  FROM loan n JOIN instalment i ON i.loan_id = n.id"
            "  AND i.plan_version = n.plan_version WHERE n.credit_line_id IS NULL"
            "  AND n.state IN ('active', 'written_off', 'settled')"
            " UNION ALL SELECT n.customer_id, -s.guarantor_principal_fen FROM loan_standing s"
            "  JOIN loan n ON n.id = s.loan_id WHERE s.guarantor_principal_fen > 0"
            " UNION ALL SELECT customer_id, exposure_fen FROM credit_line"
            ") takes GROUP BY owner"
        )
    )


def open_principal_by_line(tx: Tx) -> dict[str, int]:
    """Open principal of loans that are drawn on lines: by line, and by line and scene."""
    return _by_owner(
        tx.all(
            "SELECT concat_ws(':', credit_line_id, credit_line_scene) AS owner,"
            " sum(i.principal_fen - i.principal_paid_fen) AS fen"
            " FROM loan n JOIN instalment i ON i.loan_id = n.id"
            " AND i.plan_version = n.plan_version WHERE n.credit_line_id IS NOT NULL"
            " AND n.state IN ('active', 'written_off', 'settled')"
            " GROUP BY GROUPING SETS ((credit_line_id), (credit_line_id, credit_line_scene))"
        )
    )


def awaiting_payout_by_line(tx: Tx) -> dict[str, int]:
    """The same for loans that are signed and not paid out."""
    return _by_owner(
        tx.all(
            "SELECT concat_ws(':', credit_line_id, credit_line_scene) AS owner,"
            " sum(principal_fen) AS fen FROM loan WHERE credit_line_id IS NOT NULL"
            " AND state IN ('signed', 'paying', 'payout_failed')"
            " GROUP BY GROUPING SETS ((credit_line_id), (credit_line_id, credit_line_scene))"
        )
    )


def awaiting_payout_by_customer(tx: Tx) -> dict[str, int]:
    """Principal of the loans that are signed, not paid out and on no line, by borrower."""
    return _by_owner(
        tx.all(
            "SELECT customer_id AS owner, sum(principal_fen) AS fen FROM loan"
            " WHERE state IN ('signed', 'paying', 'payout_failed')"
            " AND credit_line_id IS NULL GROUP BY customer_id"
        )
    )


def not_released_by_loan(tx: Tx) -> dict[str, int]:
    """What merchants do not have yet of services paid ahead, as the account has it: below 0."""
    return _by_owner(
        tx.all(
            "SELECT loan_id AS owner, -sum(gross_fen) AS fen FROM loan_release"
            " WHERE state IN ('planned', 'paying', 'failed') GROUP BY loan_id"
        )
    )


def interest_receivable_by_product(tx: Tx) -> dict[str, int]:
    """Interest that open loans have earned and not been paid, written-off ones left out."""
    return _by_owner(
        tx.all(
            "SELECT product_code AS owner, sum(interest_accrued_fen - interest_paid_fen) AS fen"
            " FROM book_standing WHERE NOT written_off AND book = :book GROUP BY product_code",
            book=OWN,
        )
    )


def subsidy_not_earned_by_product(tx: Tx) -> dict[str, int]:
    """Subsidies not earned yet, as the account has them: below 0."""
    return _by_owner(
        tx.all(
            "SELECT product_code AS owner, sum(subsidy_earned_fen - subsidy_fen) AS fen"
            " FROM book_standing WHERE book = :book GROUP BY product_code",
            book=OWN,
        )
    )


def written_off_by_loan(tx: Tx) -> dict[str, int]:
    """What written-off loans still owe, principal and interest."""
    return _by_owner(
        tx.all(
            "SELECT loan_id AS owner, principal_open_fen + interest_accrued_fen - interest_paid_fen"
            " AS fen FROM book_standing WHERE written_off AND book = :book",
            book=OWN,
        )
    )


def held_by_owner(tx: Tx, code: Code) -> dict[str, int]:
    """What is held on the debit side of a code's accounts, by owner."""
    return _by_owner(
        tx.all(
            "SELECT a.owner, l.held_debit_fen AS fen FROM ledger_account a"
            " JOIN ledger_limit l ON l.account_id = a.id"
            " WHERE a.book = :book AND a.code = :code",
            book=OWN,
            code=code.value,
        )
    )


def _by_owner(rows: Sequence[Row]) -> dict[str, int]:
    return {row["owner"]: int(row["fen"]) for row in rows}


def claim_position(tx: Tx, partner_id: str, open_fen: int) -> ClaimPosition:
    """A merchant's open claim, and what payouts on their way will take of it."""
    on_the_way = tx.scalar(
        "SELECT coalesce(sum(p.offset_fen), 0) FROM payout p JOIN loan n ON n.id = p.loan_id"
        " WHERE n.partner_id = :partner_id AND p.state IN ('held', 'unknown')",
        partner_id=partner_id,
    )
    return ClaimPosition(open_fen, int(on_the_way))
