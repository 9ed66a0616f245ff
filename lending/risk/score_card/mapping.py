"""From our applicants to the characteristics of the German credit set: all that is assumed.

The card asks four questions. Two we answer with the same thing: `age_years` (whole years on the
business date) and `duration_months` (the longest term on offer for the amount, for the borrower
may choose it). Two are inferred from bureau reports by the functions below, which is an assumption
and not a measurement: the set is from one bank in southern Germany, 1973 to 1975. Of what else the
set knows (bank balances, employment, housing, the amount) our applicants have no honest equivalent;
README.md says why for each.
"""

from collections.abc import Sequence

from lending.risk.model import BureauFacts


def credit_history(reports: Sequence[BureauFacts], *, loans_settled: int) -> str:
    """How earlier credits were paid; the worst that any bureau reports, then the best with us.

    - something overdue now: `critical_or_elsewhere`
    - something overdue in the last 24 months: `delay_in_the_past`
    - a loan with us paid back in full: `all_here_repaid`
    - an open account and nothing overdue: `running_and_paid_duly`
    - nothing open: `none_taken_or_all_repaid`, as for somebody whom no bureau knows
    """
    if any(report.overdue_now for report in reports):
        return "critical_or_elsewhere"
    if any(report.overdue_24m for report in reports):
        return "delay_in_the_past"
    if loans_settled:
        return "all_here_repaid"
    if any(report.accounts_open for report in reports):
        return "running_and_paid_duly"
    return "none_taken_or_all_repaid"


def other_plans(reports: Sequence[BureauFacts]) -> str:
    """`bank` when the person borrows on any other platform now, else `none`.

    The set parts banks from stores; a bureau's count of platforms does not, and the card gives
    both the same points.
    """
    return "bank" if any(report.platforms_open for report in reports) else "none"
