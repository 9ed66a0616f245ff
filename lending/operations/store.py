"""The SQL of tickets."""

from collections.abc import Sequence

from lending.foundation.database import Row, Tx
from lending.operations.model import (
    Act,
    NewTicket,
    Outcome,
    Ticket,
    TicketKind,
    TicketState,
    TicketStep,
    Wanted,
)

_TICKET = """
SELECT t.id, t.kind, t.subject, t.customer_id, t.partner_id, t.text, t.opened_by, t.rule, t.state,
    t.operator_id, o.name AS operator_name, t.answer_by, t.answer, t.outcome, t.created_at,
    t.answered_at, t.closed_at
FROM ticket t LEFT JOIN operator o ON o.id = t.operator_id
"""
TICKET = _TICKET + "WHERE t.id = :id"
TICKET_LOCKED = TICKET + " FOR UPDATE OF t"
OF_CUSTOMERS = (
    _TICKET + "WHERE t.customer_id = ANY (:ids) ORDER BY t.created_at DESC, t.id LIMIT 50"
)
UNDECIDED_OF = (
    _TICKET
    + """
WHERE t.subject = :subject AND t.kind = :kind AND t.rule = :rule
    AND t.state NOT IN ('answered', 'closed')"""
)
OF_SUBJECT = _TICKET + "WHERE t.subject = :subject ORDER BY t.created_at DESC, t.id"
TICKETS = (
    _TICKET
    + """
WHERE (CAST(:state AS text) IS NULL OR t.state = :state)
    AND (CAST(:kind AS text) IS NULL OR t.kind = :kind)
    AND (CAST(:operator_id AS text) IS NULL OR t.operator_id = :operator_id)
    AND (CAST(:subject AS text) IS NULL OR :subject IN (t.id, t.subject, t.customer_id))
    AND (CAST(:overdue_on AS date) IS NULL OR (t.answer_by < :overdue_on
        AND t.state NOT IN ('answered', 'closed')))
ORDER BY t.state IN ('answered', 'closed'), t.answer_by, t.created_at, t.id LIMIT :limit"""
)


def insert(tx: Tx, ticket_id: str, new: NewTicket, opened_by: str) -> bool:
    """Whether it is new: a dispute of the same thing, or a rule's of it, is one ticket."""
    return bool(
        tx.touched(
            "INSERT INTO ticket (id, kind, subject, customer_id, partner_id, text, opened_by, rule,"
            " state, answer_by, created_at, changed_at) VALUES (:id, :kind, :subject, :customer_id,"
            " :partner_id, :text, :opened_by, :rule, 'open', :answer_by, :now, :now)"
            " ON CONFLICT DO NOTHING",
            id=ticket_id,
            kind=new.kind.value,
            subject=new.subject,
            customer_id=new.customer_id,
            partner_id=new.partner_id,
            text=new.text,
            opened_by=opened_by,
            rule=new.rule,
            answer_by=new.answer_by,
            now=tx.now,
        )
    )


def ticket(tx: Tx, ticket_id: str, *, lock: bool = False) -> Ticket | None:
    return _maybe(tx.maybe(TICKET_LOCKED if lock else TICKET, id=ticket_id))


def undecided(tx: Tx, subject: str, kind: TicketKind, rule: str = "") -> Ticket | None:
    return _maybe(tx.maybe(UNDECIDED_OF, subject=subject, kind=kind.value, rule=rule))


def lock_customer(tx: Tx, customer_id: str) -> None:
    """Makes others who open tickets of the same customer wait, so that the limit holds."""
    tx.scalar("SELECT id FROM customer WHERE id = :id FOR NO KEY UPDATE", id=customer_id)


def count_undecided(tx: Tx, customer_id: str) -> int:
    return int(
        tx.scalar(
            "SELECT count(*) FROM ticket WHERE customer_id = :id"
            " AND state NOT IN ('answered', 'closed')",
            id=customer_id,
        )
    )


def of_customers(tx: Tx, customer_ids: Sequence[str]) -> list[Ticket]:
    """The newest first."""
    return [_ticket(row) for row in tx.all(OF_CUSTOMERS, ids=list(customer_ids))]


def of_subject(tx: Tx, subject: str) -> list[Ticket]:
    """The newest first."""
    return [_ticket(row) for row in tx.all(OF_SUBJECT, subject=subject)]


def tickets(tx: Tx, wanted: Wanted, limit: int) -> list[Ticket]:
    """Undecided ones first, of these the most urgent."""
    rows = tx.all(
        TICKETS,
        state=wanted.state.value if wanted.state else None,
        kind=wanted.kind.value if wanted.kind else None,
        operator_id=wanted.operator_id,
        overdue_on=wanted.overdue_on,
        subject=wanted.subject,
        limit=limit,
    )
    return [_ticket(row) for row in rows]


def save(tx: Tx, changed: Ticket) -> None:
    tx.run(
        "UPDATE ticket SET state = :state, operator_id = :operator_id, answer_by = :answer_by,"
        " answer = :answer, outcome = :outcome, answered_at = :answered_at,"
        " closed_at = :closed_at, changed_at = :now WHERE id = :id",
        id=changed.id,
        state=changed.state.value,
        operator_id=changed.operator_id,
        answer_by=changed.answer_by,
        answer=changed.answer,
        outcome=Outcome(changed.outcome).value if changed.outcome else "",
        answered_at=changed.answered_at,
        closed_at=changed.closed_at,
        now=tx.now,
    )


def add_step(tx: Tx, ticket_id: str, act: Act, actor: str, text: str, *, is_shown: bool) -> None:
    """Adds a line to a ticket's history; the ticket's row is locked by whoever does."""
    tx.run(
        "WITH next AS (UPDATE ticket SET steps = steps + 1 WHERE id = :id RETURNING steps)"
        " INSERT INTO ticket_step (ticket_id, seq, at, actor, act, text, is_shown)"
        " SELECT :id, steps, :now, :actor, :act, :text, :shown FROM next",
        id=ticket_id,
        now=tx.now,
        actor=actor,
        act=act.value,
        text=text,
        shown=is_shown,
    )


def steps(tx: Tx, ticket_id: str) -> list[TicketStep]:
    """The oldest first; an operator by name."""
    rows = tx.all(
        "SELECT s.seq, s.at, coalesce(o.name, s.actor) AS actor, s.act, s.text, s.is_shown"
        " FROM ticket_step s LEFT JOIN operator o ON s.actor = 'operator:' || o.id"
        " WHERE s.ticket_id = :id ORDER BY s.seq",
        id=ticket_id,
    )
    return [TicketStep(**{**row, "act": Act(row["act"])}) for row in rows]


def _maybe(row: Row | None) -> Ticket | None:
    return _ticket(row) if row else None


def _ticket(row: Row) -> Ticket:
    return Ticket(**{**row, "kind": TicketKind(row["kind"]), "state": TicketState(row["state"])})
