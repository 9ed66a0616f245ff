"""A running plan: what is open on it, what it has earned, and what paying early does to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from lending.engine.allocation import Due
from lending.foundation.money import HALF_UP, ROUNDINGS, portion


@dataclass(frozen=True, slots=True)
class OpenInstalment:
    """An instalment of a running plan with what has been paid on it, fen."""

    number: int
    due_date: date
    principal_fen: int
    interest_fen: int
    fee_fen: int
    penalty_fen: int = 0
    """Charged so far, what was waived taken out."""
    principal_paid_fen: int = 0
    interest_paid_fen: int = 0
    fee_paid_fen: int = 0
    penalty_paid_fen: int = 0
    penalty_waived_fen: int = 0
    overdue_fen_days: int = 0
    """Overdue principal times the days that it was overdue: what penalty is computed from."""
    penalised: bool = False
    """Whether it was late beyond the days of grace: penalty is charged from the due date."""
    earns_from: date | None = None
    """Where its interest took its present course, if not at the start of its period."""
    earned_before_fen: int = 0
    """The interest that it had earned by then."""
    guarantee_fee_fen: int = 0
    """Of the fee: the guarantor's, which the lender collects for it; paid before the rest."""
    guarantee_fee_paid_fen: int = 0

    @property
    def is_open(self) -> bool:
        """Whether anything is still to be paid."""
        return (
            self.principal_fen + self.interest_fen + self.fee_fen + self.penalty_fen
            != self.principal_paid_fen
            + self.interest_paid_fen
            + self.fee_paid_fen
            + self.penalty_paid_fen
        )

    def open(self) -> Due:
        """What is still to be paid."""
        return Due(
            number=self.number,
            fee_fen=self.fee_fen - self.fee_paid_fen,
            penalty_fen=self.penalty_fen - self.penalty_paid_fen,
            interest_fen=self.interest_fen - self.interest_paid_fen,
            principal_fen=self.principal_fen - self.principal_paid_fen,
        )

    def with_paid(self, part: Due, *, is_prepaid: bool = False) -> "OpenInstalment":
        """The instalment after a payment's part of it; a fee for prepaying is the lender's."""
        theirs = self.guarantee_fee_fen - self.guarantee_fee_paid_fen
        return OpenInstalment(  # `replace` takes five times as long, and every replay runs this
            number=self.number,
            due_date=self.due_date,
            principal_fen=self.principal_fen,
            interest_fen=self.interest_fen,
            fee_fen=self.fee_fen,
            penalty_fen=self.penalty_fen,
            principal_paid_fen=self.principal_paid_fen + part.principal_fen,
            interest_paid_fen=self.interest_paid_fen + part.interest_fen,
            fee_paid_fen=self.fee_paid_fen + part.fee_fen,
            penalty_paid_fen=self.penalty_paid_fen + part.penalty_fen,
            penalty_waived_fen=self.penalty_waived_fen,
            overdue_fen_days=self.overdue_fen_days,
            penalised=self.penalised,
            earns_from=self.earns_from,
            earned_before_fen=self.earned_before_fen,
            guarantee_fee_fen=self.guarantee_fee_fen,
            guarantee_fee_paid_fen=self.guarantee_fee_paid_fen
            + (0 if is_prepaid else min(part.fee_fen, theirs)),
        )

    def with_fee(self, fee_fen: int) -> "OpenInstalment":
        """The instalment with a lower fee; the guarantor's part of it goes last."""
        still_open = fee_fen - self.fee_paid_fen
        theirs = min(self.guarantee_fee_fen - self.guarantee_fee_paid_fen, still_open)
        return replace(
            self,
            fee_fen=fee_fen,
            guarantee_fee_fen=self.guarantee_fee_paid_fen + theirs,
        )


def interest_earned_fen(
    row: OpenInstalment, period_start: date, on: date, rounding: str = HALF_UP
) -> int:
    """The interest of a running instalment up to a day: by days of its period, rounded.

    Nothing before the period begins, all of it from the due date on; additive in time (P3), since
    the running total is rounded and not the single day. Where its course changed within the period,
    what was earned by then is kept, and the rest is earned by the days from then on.
    """
    if on >= row.due_date:
        return row.interest_fen
    begin = row.earns_from or period_start
    days = max(0, (on - begin).days)
    rest = row.interest_fen - row.earned_before_fen
    return row.earned_before_fen + portion(rest, days, (row.due_date - begin).days, rounding)


def period_starts(rows: Sequence[OpenInstalment], start: date) -> list[date]:
    """Where each instalment's period begins: at the due date before it, the first at the start."""
    return [start, *(row.due_date for row in rows[:-1])]


def payoff(
    rows: Sequence[OpenInstalment],
    start: date,
    on: date,
    fee_rate: Decimal = Decimal(0),
    rounding: str = HALF_UP,
) -> list[Due]:
    """What closes the loan exactly on a day (P9, R-PREPAY): interest stops that day.

    What is due stays due in full; of the running period the interest earned so far is asked for;
    of later ones the principal alone. Fees not yet due are not asked for. `fee_rate` is the agreed
    part of the principal not yet due that prepaying costs.
    """
    dues, not_due_fen = [], 0
    for row, period_start in zip(rows, period_starts(rows, start), strict=True):
        due = row.open()
        if row.due_date > on:
            earned = interest_earned_fen(row, period_start, on, rounding)
            not_due_fen += due.principal_fen
            due = replace(due, fee_fen=0, interest_fen=max(0, earned - row.interest_paid_fen))
        dues.append(due)
    fee_fen = ROUNDINGS[rounding](not_due_fen * fee_rate)
    if fee_fen:
        at = next(at for at, row in enumerate(rows) if row.due_date > on)
        dues[at] = replace(dues[at], fee_fen=fee_fen)
    return [due for due in dues if due.total_fen]


def shrunk(
    rows: Sequence[OpenInstalment],
    cuts: Sequence[int],
    start: date,
    on: date,
    rounding: str = HALF_UP,
) -> list[OpenInstalment]:
    """The instalments when principal leaves early, `cuts[k]` fen of the k-th: interest follows.

    `rows` are those before the principal leaves. Interest of a period is linear in the balance that
    bears it, so it shrinks as that balance does: in the running period from today on, in later ones
    whole. So do fees not yet due. Instalments already due keep theirs.
    """
    balances = _balances([row.open().principal_fen for row in rows], rows, on)
    left = [
        balance - gone for balance, gone in zip(balances, _balances(cuts, rows, on), strict=True)
    ]
    result, running = [], True
    for row, period_start, old_fen, new_fen in zip(
        rows, period_starts(rows, start), balances, left, strict=True
    ):
        if row.due_date <= on or not old_fen:
            result.append(row)
            continue
        earned = interest_earned_fen(row, period_start, on, rounding) if running else 0
        interest = earned + portion(row.interest_fen - earned, new_fen, old_fen, rounding)
        theirs = portion(row.guarantee_fee_fen, new_fen, old_fen, rounding)
        fee_fen = max(portion(row.fee_fen, new_fen, old_fen, rounding), row.fee_paid_fen)
        result.append(
            replace(
                replace(row, guarantee_fee_fen=max(theirs, row.guarantee_fee_paid_fen)).with_fee(
                    fee_fen
                ),
                interest_fen=max(interest, row.interest_paid_fen),
                earns_from=on if running else None,
                earned_before_fen=earned,
            )
        )
        running = False
    return result


def _balances(amounts: Sequence[int], rows: Sequence[OpenInstalment], on: date) -> list[int]:
    """For each row not yet due the sum of its amount and those after it; for others nothing."""
    sums, total = [], 0
    for amount, row in zip(reversed(amounts), reversed(rows), strict=True):
        total += amount if row.due_date > on else 0
        sums.append(total if row.due_date > on else 0)
    return sums[::-1]
