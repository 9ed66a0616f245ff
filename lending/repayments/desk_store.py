"""The SQL of the operators' view of running loans."""

from collections.abc import Sequence

from lending.foundation.database import Row, Tx


def loans(
    tx: Tx,
    *,
    text: str | None,
    subjects: Sequence[str],
    customer_ids: Sequence[str],
    limit: int = 50,
) -> Sequence[Row]:
    return tx.all(
        "SELECT l.id, l.subject, l.customer_id, l.principal_fen, l.state, l.signed_at,"
        " p.name AS merchant FROM loan l JOIN partner p ON p.id = l.partner_id"
        " WHERE CAST(:text AS text) IS NULL OR l.id = :text OR l.subject = ANY (:subjects)"
        " OR l.customer_id = ANY (:customer_ids) ORDER BY l.signed_at DESC, l.id LIMIT :limit",
        text=text,
        subjects=list(subjects),
        customer_ids=list(customer_ids),
        limit=limit,
    )


def events(tx: Tx, loan_id: str) -> Sequence[Row]:
    return tx.all(
        "SELECT kind, happened_on, detail, source_id, at, taken_back_at, taken_back_because"
        " FROM loan_event WHERE loan_id = :id ORDER BY seq DESC",
        id=loan_id,
    )


def lines(tx: Tx, loan_id: str) -> Sequence[Row]:
    """The lines of the entries about a loan, the newest entry first."""
    return tx.all(
        "SELECT e.id, e.kind, e.booked_date, e.effective_date, e.memo, a.book, a.code,"
        " l.debit_fen, l.credit_fen FROM journal_entry e JOIN journal_line l ON l.entry_seq = e.seq"
        " JOIN ledger_account a ON a.id = l.account_id WHERE e.subject = :id"
        " ORDER BY e.seq DESC, l.number",
        id=loan_id,
    )
