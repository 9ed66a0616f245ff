"""The SQL of claims and of money from guarantors."""

from datetime import date

from lending.claims.model import Arrival, Claim, ClaimState, Outstanding
from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.foundation.places import Place, behind
from lending.foundation.spans import Span

_COLUMNS = (
    "SELECT id, loan_id, guarantor_id, agreement_id, state, filed_on, days_past_due,"
    " principal_fen, interest_fen, penalty_fen, amount_fen, announced_reference, announced_at,"
    " paid_by, paid_on, paid_fen, money_entry_id, filed_at, because FROM guarantee_claim "
)


def triggered(tx: Tx, span: Span) -> list[str]:
    """Loans whose guarantor is to be asked, and was not."""
    rows = tx.all(
        "SELECT s.loan_id FROM loan_standing s WHERE s.number BETWEEN :first AND :last"
        " AND s.days_past_due >= s.claim_after_days AND NOT s.claimed AND NOT EXISTS"
        " (SELECT FROM guarantee_claim c WHERE c.loan_id = s.loan_id"
        "  AND c.state IN ('filed', 'paid')) ORDER BY s.number",
        first=span.first,
        last=span.last,
    )
    return [row["loan_id"] for row in rows]


def cured(tx: Tx) -> list[str]:
    """Claims that wait for money though nothing of their loans is overdue any more; locked."""
    rows = tx.all(
        "SELECT c.id FROM guarantee_claim c WHERE c.state = 'filed' AND NOT EXISTS"
        " (SELECT FROM loan_standing s WHERE s.loan_id = c.loan_id AND s.days_past_due > 0)"
        " ORDER BY c.id FOR UPDATE"
    )
    return [row["id"] for row in rows]


def insert(tx: Tx, claim: Claim) -> None:
    tx.run(
        "INSERT INTO guarantee_claim (id, loan_id, guarantor_id, agreement_id, state, filed_on,"
        " days_past_due, principal_fen, interest_fen, penalty_fen, filed_at, changed_at) VALUES"
        " (:id, :loan_id, :guarantor_id, :agreement_id, 'filed', :filed_on, :days,"
        " :principal_fen, :interest_fen, :penalty_fen, :now, :now)",
        id=claim.id,
        loan_id=claim.loan_id,
        guarantor_id=claim.guarantor_id,
        agreement_id=claim.agreement_id,
        filed_on=claim.filed_on,
        days=claim.days_past_due,
        principal_fen=claim.principal_fen,
        interest_fen=claim.interest_fen,
        penalty_fen=claim.penalty_fen,
        now=tx.now,
    )


def claim(tx: Tx, claim_id: str, *, lock: bool = False) -> Claim | None:
    row = tx.maybe(_COLUMNS + "WHERE id = :id" + (" FOR UPDATE" if lock else ""), id=claim_id)
    return _claim(row) if row else None


def of_loan(tx: Tx, loan_id: str) -> list[Claim]:
    rows = tx.all(_COLUMNS + "WHERE loan_id = :id ORDER BY filed_at DESC, id", id=loan_id)
    return [_claim(row) for row in rows]


def page(
    tx: Tx,
    guarantor_id: str | None,
    *,
    state: str | None,
    before: Place | None,
    limit: int,
) -> list[Claim]:
    """The newest first, from behind the claim `before`; of one guarantor or of all."""
    rows = tx.all(
        _COLUMNS + "WHERE (CAST(:guarantor_id AS text) IS NULL OR guarantor_id = :guarantor_id)"
        " AND (CAST(:state AS text) IS NULL OR state = :state)"
        " AND (CAST(:at AS timestamptz) IS NULL OR (filed_at, id) < (:at, :id))"
        " ORDER BY filed_at DESC, id DESC LIMIT :limit",
        guarantor_id=guarantor_id,
        state=state,
        limit=limit,
        **behind(before),
    )
    return [_claim(row) for row in rows]


def announce(tx: Tx, claim_id: str, reference: str) -> None:
    tx.run(
        "UPDATE guarantee_claim SET announced_reference = :reference, announced_at = :now,"
        " changed_at = :now WHERE id = :id",
        id=claim_id,
        reference=reference,
        now=tx.now,
    )


def set_paid(
    tx: Tx, claim_id: str, *, by: str, on: date, paid: Outstanding, money_entry_id: str
) -> None:
    tx.run(
        "UPDATE guarantee_claim SET state = 'paid', paid_by = :by, paid_on = :on,"
        " paid_fen = :paid_fen, money_entry_id = :entry, changed_at = :now WHERE id = :id",
        id=claim_id,
        by=by,
        on=on,
        paid_fen=paid.principal_fen + paid.interest_fen + paid.penalty_fen,
        entry=money_entry_id,
        now=tx.now,
    )


def end(tx: Tx, claim_id: str, state: ClaimState, because: str) -> None:
    tx.run(
        "UPDATE guarantee_claim SET state = :state, because = :because, changed_at = :now"
        " WHERE id = :id",
        id=claim_id,
        state=state.value,
        because=because,
        now=tx.now,
    )


def insert_receipt(
    tx: Tx,
    guarantor_id: str,
    arrival: Arrival,
    *,
    entry_id: str,
    claim_id: str | None,
) -> bool:
    """Whether the arrival is new."""
    return bool(
        tx.touched(
            "INSERT INTO guarantor_receipt (id, guarantor_id, claim_id, amount_fen, reference,"
            " arrived_on, entry_id, entered_at) VALUES (:id, :guarantor_id, :claim_id,"
            " :amount_fen, :reference, :arrived_on, :entry_id, :now)"
            " ON CONFLICT (reference) DO NOTHING",
            id=ids.new("grc"),
            guarantor_id=guarantor_id,
            claim_id=claim_id,
            amount_fen=arrival.amount_fen,
            reference=arrival.reference,
            arrived_on=arrival.arrived_on,
            entry_id=entry_id,
            now=tx.now,
        )
    )


def reference_known(tx: Tx, reference: str) -> bool:
    return bool(
        tx.scalar(
            "SELECT EXISTS (SELECT FROM guarantor_receipt WHERE reference = :reference)",
            reference=reference,
        )
    )


def reference_of(tx: Tx, claim_id: str) -> str:
    """The bank's number of the transfer that paid a claim; empty where the deposit did."""
    sql = "SELECT reference FROM guarantor_receipt WHERE claim_id = :id"
    return tx.scalar(sql, id=claim_id) or ""


def owed(tx: Tx, payable: str) -> list[str]:
    """The guarantors that we hold money for."""
    rows = tx.all(
        "SELECT a.owner FROM ledger_account a JOIN journal_line j ON j.account_id = a.id"
        " WHERE a.book = 'own' AND a.code = :payable GROUP BY a.owner"
        " HAVING sum(j.credit_fen - j.debit_fen) > 0 ORDER BY a.owner",
        payable=payable,
    )
    return [row["owner"] for row in rows]


def _claim(row: Row) -> Claim:
    return Claim(**{**row, "state": ClaimState(row["state"])})
