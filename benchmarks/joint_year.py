"""A year of joint loans with two funders: every night's debits, every day closed and cleared.

`python -m benchmarks joint_year`; `CF_BENCH_LOANS` and `CF_BENCH_DAYS` name other sizes. The system
collects from the borrowers' cards by itself: one debit in fifty is refused and tried again on the
next days; some borrowers then send a part by hand; some money goes back the day after; some pay off
or ahead. It ends by comparing our books, the funders' and the bank's, which must agree to the fen:
the bank keeps its own, order by order.
"""

import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks import cpu, portfolio
from lending.batch import end_of_day
from lending.channels import service as channels
from lending.channels.model import NewAccount, NewPartner, PartnerKind
from lending.engine.errors import EventImpossible
from lending.finance import clearings, reconciliation
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.ports import ChannelResult, ChannelState, DebitOrder, PayoutOrder
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import OWN, Account, funder_book
from lending.loans.terms import Share
from lending.repayments import day as repayment_day
from lending.repayments import service as repayments
from lending.repayments import store as repayment_store
from lending.repayments import transfers
from lending.repayments.errors import NothingToPay, RepaymentUnderWay
from lending.repayments.model import What
from lending.repayments.transfers import Transfer
from processes.postgres import EmbeddedPostgres

OPENING = date(2026, 6, 15)
LOANS, DAYS, MONTH = 100_000, 365, 30
WORKERS = 2
FUNDERS = ("甲银行", "乙信托")


REFUSED, SENT_IN_PART, TAKEN_BACK, PAID_AHEAD = 50, 8, 1000, 25_000
"""One debit in so many is refused; of these one in so many is answered by a transfer of a half; of
what was collected one in so many goes back; of open loans one in so many is paid ahead each day."""


class PayingBank(portfolio.NobodyThere):
    """A bank that keeps its own book: one number is one payment for ever."""

    def __init__(self) -> None:
        self.paid_out: dict[str, PayoutOrder] = {}
        self.collected: dict[str, int] = {}
        """By order, fen; 0 where it was refused."""
        self.sent_fen = self.returned_fen = 0
        """What borrowers sent by themselves, and what went back to them."""
        self.to_return: list[str] = []
        self.refused: list[str] = []

    def pay_out(self, order: PayoutOrder) -> ChannelResult:
        """Pays."""
        self.paid_out.setdefault(order.channel_order_no, order)
        return ChannelResult(ChannelState.PAID, order.channel_order_no, amount_fen=order.amount_fen)

    def debit(self, order: DebitOrder) -> ChannelResult:
        """Collects, or refuses for want of money."""
        number = order.channel_order_no
        chance = int.from_bytes(sha256(number.encode()).digest()[:4])
        if number not in self.collected:
            self.collected[number] = 0 if chance % REFUSED == 0 else order.amount_fen
            if chance % REFUSED == 0 and chance // REFUSED % SENT_IN_PART == 0:
                self.refused.append(number)
            elif chance % TAKEN_BACK == 1:
                self.to_return.append(number)
        got = self.collected[number]
        state = ChannelState.PAID if got else ChannelState.FAILED
        return ChannelResult(state, number, number, "" if got else "NO_FUNDS", "", got)

    def balance_fen(self) -> int:
        """What its book says of our account, from nothing on."""
        paid = sum(order.amount_fen for order in self.paid_out.values())
        return sum(self.collected.values()) + self.sent_fen - self.returned_fen - paid


@contextmanager
def lender(loans: int, lent: portfolio.Lent) -> Iterator["Year"]:
    """A lender with two funders and so many loans that it shares with them."""
    folder = Path(tempfile.mkdtemp(prefix="cf-joint-"))
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    clock = FixedClock(datetime(2026, 6, 15, 4, tzinfo=UTC))
    try:
        context = portfolio.open_lender(server.ensure_database("joint"), folder, clock, OPENING)
        context = replace(context, channel=PayingBank())  # type: ignore[arg-type]
        with context.database.unit_of_work() as tx:
            funders = [_funder(tx, context, name, str(at)) for at, name in enumerate(FUNDERS)]
        shares = (
            Share("own", 4_000),
            Share(funders[0], 3_000, service_fee_rate=Decimal("0.05")),
            Share(funders[1], 3_000, income_weight=2_500),
        )
        begun = time.monotonic()
        portfolio.fill(context, loans, replace(lent, shares=shares))
        print(f"   ({loans:,} loans lent in {time.monotonic() - begun:.0f} s)", flush=True)
        yield Year(context, clock, funders, folder)
        context.database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _funder(tx: Tx, context: Context, name: str, account: str) -> str:
    new = NewPartner(f"app_{account}", "test", PartnerKind.FUNDER, name, ())
    funder = channels.register(tx, new, SYSTEM)
    channels.add_account(tx, context.keys, funder, NewAccount(name, "银行", account, 1), SYSTEM)
    return funder


@dataclass
class Year:
    """The lender, and what has been done so far."""

    context: Context
    clock: FixedClock
    funders: list[str]
    folder: Path

    def __post_init__(self) -> None:
        self.bank: PayingBank = self.context.channel  # type: ignore[assignment]
        self.done, self.spent = Counter[str](), Counter[str]()
        self.began, self.cpu_here = time.monotonic(), time.process_time()
        self.cpu_there = cpu.of_postgres(self.folder / "postgres")

    def timed(self, name: str, do: Callable[[], object]) -> None:
        """Does something, and counts its seconds under a name."""
        at = time.monotonic()
        do()
        self.spent[name] += time.monotonic() - at

    def told(self, days: int) -> str:
        """How far it is, in words."""
        here = time.process_time() - self.cpu_here
        there = cpu.of_postgres(self.folder / "postgres") - self.cpu_there
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return (
            f"{days:4} days {time.monotonic() - self.began:7.0f} s; "
            + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.spent.items())
            + f"; CPU {here:.0f} s here, {there:.0f} s PostgreSQL; at most {peak:.0f} MB here; "
            + ", ".join(f"{name} {count:,}" for name, count in self.done.items())
            + f"   (load {os.getloadavg()[0]:.1f})"
        )


def collect(year: Year) -> None:
    """The night's debits, as the system sends them."""
    before = len(year.bank.collected)
    while repayment_day.send_debits(year.context):
        pass
    year.done["debits"] += len(year.bank.collected) - before


def take_back(year: Year) -> None:
    """Some of the money that was collected the day before goes back."""
    bank = year.bank
    to_return, bank.to_return = bank.to_return, []
    for number in to_return:
        with year.context.database.unit_of_work() as tx:
            repayments.reverse(tx, _of_order(tx, number).id, "the bank took it back", SYSTEM)
        bank.returned_fen += bank.collected[number]
    year.done["taken back"] += len(to_return)


def by_hand(year: Year, day: date) -> None:
    """What a few borrowers do by themselves."""
    bank = year.bank
    with year.context.database.unit_of_work() as tx:
        ahead = tx.all(
            "SELECT loan_id, number FROM loan_standing WHERE oldest_due > :day"
            " AND number % :each = :turn ORDER BY number",
            day=day,
            each=PAID_AHEAD,
            turn=(day - OPENING).days * 67 % PAID_AHEAD,
        )
    for row in ahead:
        year.done["paid ahead"] += _pay_ahead(year.context, row["loan_id"], row["number"])
    refused, bank.refused = bank.refused, []
    for number in refused:
        with year.context.database.unit_of_work() as tx:
            year.done["sent in part"] += _send_half(tx, bank, number, day)


def _pay_ahead(context: Context, loan_id: str, number: int) -> bool:
    """Pays a loan off, a part of it, or its next instalment."""
    what = (What.PAYOFF, What.PART_SHORTER, What.PART_SMALLER, What.NEXT)[number % 4]
    try:
        with context.database.unit_of_work() as tx:
            ahead = what in {What.PART_SHORTER, What.PART_SMALLER}
            asked = repayments.quote(tx, loan_id, What.PAYOFF if ahead else what).amount_fen
        repayments.pay(context, loan_id, what, amount_fen=asked // 3 if ahead else asked)
    except (NothingToPay, RepaymentUnderWay, EventImpossible):
        return False
    return True


def _send_half(tx: Tx, bank: PayingBank, number: str, day: date) -> bool:
    asked = _of_order(tx, number)
    half = Transfer(asked.amount_fen // 2 + 1, day, f"sent:{number}", What.DUE)
    transfers.enter(tx, asked.loan_id, half, SYSTEM)
    bank.sent_fen += half.amount_fen
    return True


def _of_order(tx: Tx, number: str) -> Any:
    found = repayment_store.id_of_channel_order(tx, number)
    assert found
    return repayments.get(tx, found)


def follow(year: Year) -> None:
    """What follows a closed date while the next one runs: statements, and clearing."""
    end_of_day.follow(year.context)
    year.done["clearings"] += clear(year.context)


def clear(context: Context) -> int:
    """Sends what is to be cleared; how many payments."""
    with context.database.unit_of_work() as tx:
        held = tx.all("SELECT id FROM clearing WHERE state IN ('held', 'unknown') ORDER BY seq")
    for row in held:
        clearings.send(context, row["id"])
    return len(held)


def differences(year: Year) -> list[str]:
    """What our books, the funders' and the bank's say differently."""
    paid = Counter[str]()
    for order in year.bank.paid_out.values():
        paid[order.account_name] += order.amount_fen
    with year.context.database.unit_of_work() as tx:
        found = [
            str(each)
            for each in reconciliation.sub_ledger_check(tx)
            if each.kind.value != "exposure"
        ]
        ours = _bank_balance(tx, OWN)
        if ours != year.bank.balance_fen():
            found.append(f"our bank account stands at {ours}, its book {year.bank.balance_fen()}")
        for funder, name in zip(year.funders, FUNDERS, strict=True):
            book = funder_book(funder)
            if _bank_balance(tx, book) != paid[name]:
                found.append(f"{name} has {_bank_balance(tx, book)} fen, was paid {paid[name]}")
            owed = ledger.balance(tx, Account(Code.LEAD_RECEIVABLE, book=book))
            if owed + ledger.balance(tx, Account(Code.FUNDER_PAYABLE, funder)):
                found.append(f"{name} claims {owed} fen")
        off = {
            book: sum(row.balance_fen for row in ledger.trial_balance(tx, book=book))
            for book in ledger.books_kept(tx)
        }
    return found + [f"{book} is off by {fen} fen" for book, fen in off.items() if fen]


def _bank_balance(tx: Tx, book: str) -> int:
    """What a book's bank account stands at, but for what its loans cost before the year."""
    taken = tx.scalar(
        "SELECT coalesce(sum(l.credit_fen), 0) FROM journal_line l JOIN journal_entry e"
        " ON e.seq = l.entry_seq JOIN ledger_account a ON a.id = l.account_id"
        " WHERE a.book = :book AND a.code = :bank AND e.kind = 'portfolio.taken_over'",
        book=book,
        bank=Code.BANK_SETTLEMENT.value,
    )
    return ledger.balance(tx, Account(Code.BANK_SETTLEMENT, book=book)) + int(taken)


def _steps(context: Context) -> str:
    """The steps of all ends of day that took longest, in words."""
    with context.database.unit_of_work() as tx:
        rows = tx.all(
            "SELECT key, sum(CAST(value AS integer)) / 1000.0 AS s FROM closed_day,"
            " jsonb_each_text(step_ms) GROUP BY key ORDER BY 2 DESC LIMIT 12"
        )
    return ", ".join(f"{row['key']} {row['s']:.0f} s" for row in rows)


def main() -> None:
    """Prints the figures."""
    loans = int(os.environ.get("CF_BENCH_LOANS", LOANS))
    days = int(os.environ.get("CF_BENCH_DAYS", DAYS))
    lent = portfolio.Lent(months=(0,), some_late=False, borrowers=loans)
    with lender(loans, lent) as year, ThreadPoolExecutor(1) as other:
        for number in range(days):
            day = OPENING + timedelta(days=number)
            followed = other.submit(year.timed, "statements and clearing", lambda: follow(year))
            year.timed("taken back", lambda: take_back(year))
            year.timed("debits", lambda: collect(year))
            year.timed("by hand", lambda day=day: by_hand(year, day))  # type: ignore[misc]
            year.clock.advance(timedelta(days=1))
            followed.result()
            year.timed(
                "end of day",
                lambda day=day: end_of_day.run(year.context, day, workers=WORKERS),  # type: ignore[misc]
            )
            if (number + 1) % MONTH == 0:
                print(year.told(number + 1), flush=True)
        follow(year)
        print(f"{loans:,} joint loans: {year.told(days)}", flush=True)
        print(f"ends of day: {_steps(year.context)}", flush=True)
        begun = time.monotonic()
        found = differences(year)
        print(f"differences, looked for in {time.monotonic() - begun:.0f} s: {found or 'none'}")


if __name__ == "__main__":
    main()
