"""A running loan, written a second time and plainly: dicts, fractions, and one night after another.

It shares no arithmetic with `lending.engine` but the calendar of due dates and the cutting of a sum
by weight, so that a mistake has to be made twice to pass unseen.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from lending.engine.due_dates import due_dates
from lending.engine.events import (
    Claimed,
    DueDatesMoved,
    Event,
    FeeCharged,
    GoodsReturned,
    Paid,
    PaidOff,
    PartPrepaid,
    Waived,
    WrittenOff,
)
from lending.engine.shares import cut

BUCKETS = ("fee", "penalty", "interest", "principal")
"""In the order in which a payment settles them."""


def new_loan(start: date, rows: Iterable[tuple[date, int, int, int]], **terms: object) -> dict:
    """A loan on the day of its payout; a row is due date, principal, interest, fee."""
    return {
        "on": start,
        "start": start,
        "credit": 0,
        "credit_returned": 0,
        "written_off_on": None,
        "claim": None,
        "penalty_rate": Fraction(0),
        "grace_days": 0,
        "prepayment_fee_rate": Fraction(0),
        "rounding": "half-up",
        "every": 1,
        "unit": "month",
        **terms,
        "rows": [
            {
                "number": number,
                "due": due,
                "principal": principal,
                "interest": interest,
                "fee": fee,
                "paid": dict.fromkeys(BUCKETS, 0),
                "penalty_waived": 0,
                "overdue_nights_fen": 0,
                "late": False,
                "kept_on": None,
                "kept": 0,
                "accrued_when_written_off": None,
            }
            for number, (due, principal, interest, fee) in enumerate(rows, 1)
        ],
    }


def live(loan: dict, events: Iterable[Event], today: date) -> dict:
    """The loan today, after the events up to it by date, those of one day as given."""
    by_day: dict[date, list[Event]] = {}
    for event in events:
        by_day.setdefault(event.on, []).append(event)
    while True:
        for event in by_day.get(loan["on"], []):
            HAPPENS[type(event)](loan, event)
        if loan["on"] >= today:
            return loan
        pass_a_night(loan)


def pass_a_night(loan: dict) -> None:
    """Penalty counts for what is overdue in the night."""
    night, loan["on"] = loan["on"], loan["on"] + timedelta(days=1)
    if loan["written_off_on"] or loan["claim"]:
        return
    for row in loan["rows"]:
        left = row["principal"] - row["paid"]["principal"]
        if row["due"] <= night and left:
            row["overdue_nights_fen"] += left
            if (loan["on"] - row["due"]).days > loan["grace_days"]:
                row["late"] = True


# What there is.


def half_up(amount: Fraction) -> int:
    """To whole fen."""
    return int(amount + Fraction(1, 2))


def rounded(loan: dict, amount: Fraction) -> int:
    """To whole fen as the loan's terms say: Python rounds a fraction half to even."""
    return round(amount) if loan["rounding"] == "half-even" else half_up(amount)


def penalty(loan: dict, row: dict) -> int:
    """Charged so far, without what was waived."""
    if not row["late"]:
        return 0
    charged = rounded(loan, row["overdue_nights_fen"] * loan["penalty_rate"] / 360)
    return charged - row["penalty_waived"]


def open_of(loan: dict, row: dict) -> dict[str, int]:
    """What is still to be paid on an instalment."""
    charged = {
        "fee": row["fee"],
        "penalty": penalty(loan, row),
        "interest": row["interest"],
        "principal": row["principal"],
    }
    return {bucket: charged[bucket] - row["paid"][bucket] for bucket in BUCKETS}


def is_open(loan: dict, row: dict) -> bool:
    """Whether anything is still to be paid on an instalment."""
    return any(open_of(loan, row).values())


def earned(loan: dict, row: dict) -> int:
    """Interest of an instalment up to the day."""
    on = loan["on"]
    if on >= row["due"]:
        return row["interest"]
    before = loan["rows"][row["number"] - 2]["due"] if row["number"] > 1 else loan["start"]
    since = row["kept_on"] or before
    if on <= since:
        return row["kept"]
    part = Fraction((on - since).days, (row["due"] - since).days)
    return row["kept"] + rounded(loan, (row["interest"] - row["kept"]) * part)


def earned_and_not_paid(loan: dict, row: dict) -> int:
    """Interest that may be asked for today."""
    return max(0, earned(loan, row) - row["paid"]["interest"])


def accrued(loan: dict, row: dict) -> int:
    """Interest of an instalment earned, or paid ahead; a loan written off earns no more."""
    got = row["accrued_when_written_off"]
    return max(earned(loan, row) if got is None else got, row["paid"]["interest"])


def days_past_due(loan: dict) -> int:
    """Since the oldest due date with anything open."""
    late = [(loan["on"] - row["due"]).days for row in loan["rows"] if is_open(loan, row)]
    return max([0, *late])


def not_due(loan: dict) -> list[dict]:
    """The instalments that are still ahead; the first of them is the running one."""
    return [row for row in loan["rows"] if row["due"] > loan["on"]]


def principal_not_due(loan: dict) -> int:
    """What could be paid ahead of its time."""
    return sum(open_of(loan, row)["principal"] for row in not_due(loan))


def due_and_earned(loan: dict) -> list[tuple[dict, dict[str, int]]]:
    """What is due, then the interest that the running instalment has earned."""
    asked = [(row, open_of(loan, row)) for row in loan["rows"] if row["due"] <= loan["on"]]
    for row in not_due(loan)[:1]:
        interest = {"interest": earned_and_not_paid(loan, row)}
        asked.append((row, dict.fromkeys(BUCKETS, 0) | interest))
    return asked


def payoff(loan: dict) -> dict[int, dict[str, int]]:
    """What closes the loan today, by instalment."""
    quote = {row["number"]: dict(asked) for row, asked in due_and_earned(loan)}
    for place, row in enumerate(not_due(loan)):
        asked = quote.setdefault(row["number"], dict.fromkeys(BUCKETS, 0))
        asked["principal"] = open_of(loan, row)["principal"]
        if not place:
            asked["fee"] = rounded(loan, principal_not_due(loan) * loan["prepayment_fee_rate"])
    return {number: asked for number, asked in quote.items() if any(asked.values())}


def told(loan: dict) -> dict[str, object]:
    """All that can be seen of a loan."""
    return {
        "rows": [
            {
                "number": row["number"],
                "due": row["due"],
                "principal": row["principal"],
                "interest": row["interest"],
                "fee": row["fee"],
                "penalty": penalty(loan, row),
                "paid": row["paid"],
                "penalty_waived": row["penalty_waived"],
                "earned": max(earned(loan, row), row["paid"]["interest"]),
            }
            for row in loan["rows"]
        ],
        "credit": loan["credit"],
        "credit_returned": loan["credit_returned"],
        "written_off_on": loan["written_off_on"],
        "accrued": sum(accrued(loan, row) for row in loan["rows"]),
        "guarantor": owed_to_guarantor(loan),
        "days_past_due": days_past_due(loan),
        "payoff": payoff(loan),
    }


def differences(engine: object, model: object, path: str = "") -> dict[str, tuple[object, object]]:
    """Where two tellings part, and how: the engine's first."""
    if isinstance(engine, list):
        engine, model = dict(enumerate(engine)), dict(enumerate(model))
    if not isinstance(engine, dict) or not isinstance(model, dict):
        return {} if engine == model else {path: (engine, model)}
    found = {}
    for key in engine | model:
        found |= differences(engine.get(key), model.get(key), f"{path}/{key}")
    return found


# What happens.


def settle(asked: Iterable[tuple[dict, dict[str, int]]], amount: int) -> int:
    """Pays one debt after the other; gives what is left."""
    for row, debts in asked:
        for bucket in BUCKETS:
            part = min(amount, debts[bucket])
            row["paid"][bucket] += part
            amount -= part
    return amount


def paid(loan: dict, event: Paid) -> None:
    asked = [
        (row, open_of(loan, row))
        for row in loan["rows"]
        if row["due"] <= loan["on"] or row["number"] <= event.until
    ]
    loan["credit"] += settle(asked, event.amount_fen)


def paid_off(loan: dict, event: PaidOff) -> None:
    quote = payoff(loan)
    asked = sum(sum(debts.values()) for debts in quote.values())
    if event.amount_fen < asked:
        prepay(loan, event.amount_fen, shorter=True)
        return
    for row in not_due(loan):
        extra = quote.get(row["number"], {"fee": 0})["fee"]
        row["interest"] = max(row["paid"]["interest"], earned(loan, row))
        row["fee"] = row["paid"]["fee"] + extra
    settle([(row, open_of(loan, row)) for row in loan["rows"]], asked)
    loan["credit"] += event.amount_fen - asked


def part_prepaid(loan: dict, event: PartPrepaid) -> None:
    prepay(loan, event.amount_fen, shorter=event.shorter)


def prepay(loan: dict, amount: int, *, shorter: bool) -> None:
    rest = settle(due_and_earned(loan), amount)
    rate, rows = loan["prepayment_fee_rate"], not_due(loan)
    leaves = min(int(rest / (1 + rate)) + 2, principal_not_due(loan))
    while leaves > 0 and leaves + rounded(loan, leaves * rate) > rest:
        leaves -= 1
    if not leaves:
        loan["credit"] += rest
        return
    left = [open_of(loan, row)["principal"] for row in rows]
    parts = from_the_last(left, leaves) if shorter else cut(leaves, left, loan["rounding"])
    before = balances(loan)
    for row, part in zip(rows, parts, strict=True):
        row["paid"]["principal"] += part
    shrink(loan, before)
    fee = rounded(loan, leaves * rate)
    rows[0]["fee"] += fee
    rows[0]["paid"]["fee"] += fee
    loan["credit"] += rest - leaves - fee


def from_the_last(left: list[int], total: int) -> list[int]:
    parts = []
    for amount in reversed(left):
        parts.insert(0, min(amount, total))
        total -= parts[0]
    return parts


def balances(loan: dict) -> dict[int, int]:
    """The principal that bears the interest of each instalment not due."""
    rows = not_due(loan)
    return {
        row["number"]: sum(open_of(loan, one)["principal"] for one in rows[place:])
        for place, row in enumerate(rows)
    }


def shrink(loan: dict, before: dict[int, int]) -> None:
    """Interest and fees not due follow the principal that left."""
    after = balances(loan)
    for place, row in enumerate(not_due(loan)):
        if not before[row["number"]]:
            continue
        share = Fraction(after[row["number"]], before[row["number"]])
        kept = earned(loan, row) if not place else 0
        interest = kept + rounded(loan, (row["interest"] - kept) * share)
        row["interest"] = max(interest, row["paid"]["interest"])
        row["fee"] = max(rounded(loan, row["fee"] * share), row["paid"]["fee"])
        if not place:
            row["kept_on"], row["kept"] = loan["on"], kept


def goods_returned(loan: dict, event: GoodsReturned) -> None:
    left = [open_of(loan, row)["principal"] for row in loan["rows"]]
    reduction = min(event.amount_fen, sum(left))
    loan["credit_returned"] += event.amount_fen - reduction
    if reduction:
        before = balances(loan)
        for row, part in zip(loan["rows"], cut(reduction, left, loan["rounding"]), strict=True):
            row["principal"] -= part
        shrink(loan, before)


def due_dates_moved(loan: dict, event: DueDatesMoved) -> None:
    rows = not_due(loan)
    if not rows or loan["claim"]:
        return
    kept = earned(loan, rows[0])
    longer = Fraction((event.first_due - loan["on"]).days, (rows[0]["due"] - loan["on"]).days)
    interest = kept + rounded(loan, (rows[0]["interest"] - kept) * longer)
    rows[0]["interest"] = max(interest, rows[0]["paid"]["interest"])
    rows[0]["kept_on"], rows[0]["kept"] = loan["on"], kept
    dates = due_dates(
        loan["start"],
        len(rows),
        every=loan["every"],
        unit=loan["unit"],
        first_due=event.first_due,
    )
    for row, due in zip(rows, dates, strict=True):
        row["due"] = due


def waived(loan: dict, event: Waived) -> None:
    fee, late_fee, interest = event.fee_fen, event.penalty_fen, event.interest_fen
    for row in loan["rows"]:
        part = min(fee, open_of(loan, row)["fee"]) if row["due"] <= loan["on"] else 0
        row["fee"] -= part
        fee -= part
        part = min(late_fee, open_of(loan, row)["penalty"])
        row["penalty_waived"] += part
        late_fee -= part
        part = min(interest, earned_and_not_paid(loan, row))
        if part:
            row["kept_on"], row["kept"] = loan["on"], earned(loan, row) - part
            row["interest"] -= part
            if loan["written_off_on"]:
                row["accrued_when_written_off"] = min(row["accrued_when_written_off"], row["kept"])
            interest -= part


def fee_charged(loan: dict, event: FeeCharged) -> None:
    for row in loan["rows"]:
        if is_open(loan, row):
            row["fee"] += event.amount_fen
            return


def written_off(loan: dict, event: WrittenOff) -> None:
    if loan["written_off_on"] is None:
        loan["written_off_on"] = event.on
        for row in loan["rows"]:
            row["accrued_when_written_off"] = earned(loan, row)


def claimed(loan: dict, event: Claimed) -> None:
    if loan["claim"]:
        return
    for row in not_due(loan):
        kept = max(earned(loan, row), row["paid"]["interest"])
        row["interest"] = row["kept"] = kept
        row["kept_on"] = loan["on"]
        row["fee"] = row["paid"]["fee"]
    asked = {
        "principal": event.principal_fen,
        "interest": event.interest_fen,
        "penalty": event.penalty_fen,
    }
    there = open_in_all(loan)
    loan["claim"] = {
        "given": sum(asked.values()),
        "owed": {bucket: min(fen, there[bucket]) for bucket, fen in asked.items()},
        "paid_by_then": paid_in_all(loan),
    }


def open_in_all(loan: dict) -> dict[str, int]:
    """What is owed, whoever is to have it; of interest what is earned."""
    rows = loan["rows"]
    return {
        "principal": sum(open_of(loan, row)["principal"] for row in rows),
        "interest": sum(accrued(loan, row) - row["paid"]["interest"] for row in rows),
        "penalty": sum(open_of(loan, row)["penalty"] for row in rows),
    }


def paid_in_all(loan: dict) -> dict[str, int]:
    return {bucket: sum(row["paid"][bucket] for row in loan["rows"]) for bucket in BUCKETS}


def owed_to_guarantor(loan: dict) -> dict[str, int] | None:
    """What it took over, less what was paid since, at most what is open; and what it gets back."""
    claim = loan["claim"]
    if not claim:
        return None
    paid, there, owed = paid_in_all(loan), open_in_all(loan), {}
    for bucket, fen in claim["owed"].items():
        since = paid[bucket] - claim["paid_by_then"][bucket]
        owed[bucket] = min(max(0, fen - since), there[bucket])
    return {**owed, "back": claim["given"] - sum(owed.values())}


HAPPENS = {
    Paid: paid,
    PaidOff: paid_off,
    PartPrepaid: part_prepaid,
    GoodsReturned: goods_returned,
    DueDatesMoved: due_dates_moved,
    Waived: waived,
    FeeCharged: fee_charged,
    WrittenOff: written_off,
    Claimed: claimed,
}
