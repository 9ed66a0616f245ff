"""Every page and form of the console with the right it needs. What is not listed is refused."""

from lending.system.model import Right

ROUTES: dict[str, Right | None] = {
    "console.sign_out": None,
    "console.logs": Right.SEE_LOGS,
    "console.applications": Right.SEE_APPLICATIONS,
    "console.application": Right.SEE_APPLICATIONS,
    "console.decide": Right.DECIDE_APPLICATIONS,
    "console.retry_payout": Right.RETRY_PAYOUTS,
    "console.risk_signals": Right.SEE_APPLICATIONS,
    "console.trial_balance": Right.SEE_BOOKS,
    "console.end_of_day": Right.SEE_BOOKS,
    "console.clearings_": Right.SEE_BOOKS,
    "console.clearing": Right.SEE_BOOKS,
    "console.loans": Right.SEE_LOANS,
    "console.loan": Right.SEE_LOANS,
    "console.receipt": Right.SEE_LOANS,
    "console.propose": Right.PROPOSE_LOAN_CHANGES,
    "console.lines": Right.SEE_LOANS,
    "console.line": Right.SEE_LOANS,
    "console.propose_line": Right.PROPOSE_LOAN_CHANGES,
    "console.freeze_line": Right.FREEZE_LINES,
    "console.reject_security": Right.FREEZE_LINES,
    "console.platforms_page": Right.SEE_LOANS,
    "console.platform": Right.SEE_LOANS,
    "console.propose_platform": Right.PROPOSE_PARTNERS,
    "console.stop_platform": Right.STOP_PARTNERS,
    "console.hold_release": Right.HOLD_RELEASES,
    "console.retry_release": Right.RETRY_PAYOUTS,
    "console.tickets": Right.SEE_TICKETS,
    "console.ticket": Right.SEE_TICKETS,
    "console.open_ticket": Right.WORK_TICKETS,
    "console.take_ticket": Right.WORK_TICKETS,
    "console.note_ticket": Right.WORK_TICKETS,
    "console.ask_ticket": Right.WORK_TICKETS,
    "console.answer_ticket": Right.WORK_TICKETS,
    "console.close_ticket": Right.WORK_TICKETS,
    "console.propose_ticket": Right.PROPOSE_LOAN_CHANGES,
    "console.approvals": Right.SEE_LOANS,
    "console.approval": Right.SEE_LOANS,
    "console.approve": Right.APPROVE_LOAN_CHANGES,
    "console.refuse": Right.APPROVE_LOAN_CHANGES,
}
"""By endpoint; None: whoever is signed in. The services behind them ask again."""
OPEN = frozenset({"console.sign_in", "console.static"})
"""What can be seen without signing in."""
