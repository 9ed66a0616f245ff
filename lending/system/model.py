"""Operators and what they may do."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

IDLE = timedelta(minutes=15)
ABSOLUTE = timedelta(hours=8)
"""A session ends after so long without a request, and after so long in any case."""
FAILURES_MAX = 5
"""Wrong passwords in a row that lock an operator."""


class Right(StrEnum):
    """One thing an operator may be allowed to do. What is not listed for a role is refused."""

    SEE_APPLICATIONS = "see_applications"
    """Read applications, decisions and orders, with personal data masked."""
    DECIDE_APPLICATIONS = "decide_applications"
    """Approve or decline what the rules refer to a person."""
    SEE_ATTACHMENTS = "see_attachments"
    """Open the documents and pictures that came with a lead; each opening is on record."""
    SEE_BOOKS = "see_books"
    """Read the trial balance and the reconciliation."""
    RETRY_PAYOUTS = "retry_payouts"
    """Have a payout tried again that every account of the merchant refused."""
    SEE_LOGS = "see_logs"
    """Read the operation log and the login log."""
    SEE_LOANS = "see_loans"
    """Read running loans: plan, events, entries, repayments, receipts; personal data masked."""
    PROPOSE_LOAN_CHANGES = "propose_loan_changes"
    """Propose what moves a running loan or its money."""
    APPROVE_LOAN_CHANGES = "approve_loan_changes"
    """Approve or refuse what another person proposed (T18)."""
    FREEZE_LINES = "freeze_lines"
    """Stop a credit line from being drawn on at once; not take a guarantee."""
    STOP_PARTNERS = "stop_partners"
    """Take nothing new from a platform or guarantor at once."""
    PROPOSE_PARTNERS = "propose_partners"
    """Propose who is on the list of partners, under which contract."""
    APPROVE_PARTNERS = "approve_partners"
    """Approve or refuse what another person proposed of the list."""
    PROPOSE_PRODUCTS = "propose_products"
    """Propose the next version of a product."""
    APPROVE_PRODUCTS = "approve_products"
    """Publish or refuse what another person proposed of products."""
    FLAG_FRAUD = "flag_fraud"
    """Hold a borrower for a fraud at once; not lift it."""
    HOLD_RELEASES = "hold_releases"
    """Hold what a merchant has not got yet."""
    SEE_TICKETS = "see_tickets"
    """Read tickets and their history."""
    WORK_TICKETS = "work_tickets"
    """Open, take, note, ask, answer and close tickets."""


class Role(StrEnum):
    """A bundle of rights."""

    ADMIN = "admin"
    """Logs and everything readable; no decision on money."""
    RISK = "risk"
    """Manual review."""
    FINANCE = "finance"
    """Books and payouts."""
    VIEWER = "viewer"
    """Reads applications."""


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(
        {
            Right.SEE_APPLICATIONS,
            Right.SEE_LOANS,
            Right.SEE_BOOKS,
            Right.SEE_LOGS,
            Right.SEE_TICKETS,
        }
    ),
    Role.RISK: frozenset(
        {
            Right.SEE_APPLICATIONS,
            Right.SEE_LOANS,
            Right.SEE_ATTACHMENTS,
            Right.DECIDE_APPLICATIONS,
            Right.STOP_PARTNERS,
            Right.FLAG_FRAUD,
            Right.FREEZE_LINES,
            Right.HOLD_RELEASES,
            Right.SEE_TICKETS,
            Right.WORK_TICKETS,
        }
    ),
    Role.FINANCE: frozenset(
        {
            Right.SEE_APPLICATIONS,
            Right.SEE_LOANS,
            Right.SEE_BOOKS,
            Right.RETRY_PAYOUTS,
            Right.STOP_PARTNERS,
            Right.PROPOSE_PARTNERS,
            Right.APPROVE_PARTNERS,
            Right.PROPOSE_PRODUCTS,
            Right.APPROVE_PRODUCTS,
            Right.FREEZE_LINES,
            Right.HOLD_RELEASES,
            Right.SEE_TICKETS,
            Right.WORK_TICKETS,
            Right.PROPOSE_LOAN_CHANGES,
            Right.APPROVE_LOAN_CHANGES,
        }
    ),
    Role.VIEWER: frozenset({Right.SEE_APPLICATIONS}),
}


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who works here."""

    id: str
    login: str
    name: str
    role: Role
    person: str = ""
    """Who it is behind the login: `staff:` and a number, or `name:` and a name."""

    def is_same_person(self, other: "Operator") -> bool:
        """Whether one person sits behind both logins; a name counts where a number is missing."""
        if self.id == other.id or (self.person and self.person == other.person):
            return True
        numbered = all(one.person.startswith("staff:") for one in (self, other))
        return not numbered and "".join(self.name.split()) == "".join(other.name.split())

    def may(self, right: Right) -> bool:
        """Whether the operator's role has a right."""
        return right in RIGHTS[self.role]


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in operator and the token that every form must carry."""

    operator: Operator
    csrf: str
