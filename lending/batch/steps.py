"""The end of day, as a list. Each step finds nothing to do when it is run again."""

from collections.abc import Callable
from typing import Any

from lending.batch.model import Day, Step
from lending.claims import service as claims
from lending.commissions import service as commissions
from lending.credit_lines import service as credit_lines
from lending.finance import clearings, portfolio, statements
from lending.finance import day as finance
from lending.foundation.database import Tx
from lending.foundation.spans import Span
from lending.loans import day as loans
from lending.loans import joint_limits, lateness, releases, share_day
from lending.repayments import day as repayments
from lending.statistics import thresholds


def _of_date(name: str, run: Callable[[Tx, Day, Span, Any], int]) -> Step:
    """A step that says something of the whole date."""
    return Step(name, run, by_loan=False, of_date=True)


END_OF_DAY = (
    Step("fall_due", lambda tx, day, span, _: loans.fall_due(tx, span, day.following)),
    Step("accrue", lambda tx, day, span, _: loans.accrue(tx, span, day.following)),
    Step("classify", lambda tx, day, span, _: loans.classify(tx, span, day.following)),
    Step("warn", lambda tx, day, span, _: share_day.warn(tx, span, day.following)),
    Step("tell_late", lambda tx, day, span, _: lateness.warn(tx, span, day.following)),
    Step("claim", lambda tx, day, span, _: claims.file(tx, span, day.following)),
    Step("debit", lambda tx, day, span, _: repayments.debit(tx, span, day.following)),
    Step("bill", lambda tx, day, span, _: repayments.bill(tx, span, day.following)),
    Step("release", lambda tx, day, _, __: releases.fall_due(tx, day.following), by_loan=False),
    Step("lines", lambda tx, day, _, __: credit_lines.settle(tx, day.following), by_loan=False),
    Step("limits", lambda tx, day, _, __: joint_limits.settle(tx, day.closing), by_loan=False),
    Step("portfolios", lambda tx, day, _, __: portfolio.warn(tx, day.closing), by_loan=False),
    Step("cured", lambda tx, *_: claims.withdraw_cured(tx), by_loan=False),
    Step("recourse", lambda tx, day, _, __: claims.remit(tx, day.closing), by_loan=False),
    _of_date("report", lambda tx, day, _, __: finance.report(tx, day.closing)),
    _of_date("thresholds", lambda tx, day, _, __: thresholds.measure(tx, day.closing)),
    _of_date("provide", lambda tx, day, _, __: finance.provide(tx, day.closing)),
    _of_date("files_out", lambda tx, day, _, __: finance.files_out(tx, day.context, day.closing)),
    Step(
        "files_in",
        lambda tx, day, _, files: finance.files_in(tx, day.context, day.closing, files),
        by_loan=False,
        fetch=lambda day: finance.fetch_bank_files(day.context, day.closing),
    ),
    _of_date("documents", lambda tx, day, _, __: finance.documents(tx, day.context, day.closing)),
)

AFTER_CLOSE = (
    Step("clear", lambda tx, day, _, __: clearings.clear_day(tx, day.closing), by_loan=False),
    Step(
        "statements",
        lambda tx, day, _, __: statements.make(tx, day.context.files, day.closing),
        by_loan=False,
    ),
    Step(
        "commissions",
        lambda tx, day, _, __: commissions.bill_month(tx, day.context.files, day.closing),
        by_loan=False,
    ),
)
"""What needs a date that takes nothing more; done once, in the order of the dates."""
