"""A year of joint loans with two funders: every instalment paid, every day closed and cleared.

`python -m benchmarks joint_year`; `CF_BENCH_LOANS` and `CF_BENCH_DAYS` name other sizes. It ends by
comparing our books, the funders' and the bank's, which must agree to the fen.
"""

import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

from benchmarks import portfolio
from lending.batch import end_of_day
from lending.channels import service as channels
from lending.channels.model import NewAccount, NewPartner, PartnerKind
from lending.engine.events import Paid
from lending.finance import clearings, reconciliation
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.database import Row, Tx
from lending.foundation.ports import ChannelResult, ChannelState, PayoutOrder
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, funder_book
from lending.loans import life
from lending.loans.terms import Share
from processes.postgres import EmbeddedPostgres

OPENING = date(2026, 6, 15)
LOANS, DAYS = 100_000, 365
WORKERS = 2
FUNDERS = ("甲银行", "乙信托")


class PayingBank(portfolio.NobodyThere):
    """A bank that pays what it is asked to, and keeps its own book."""

    def __init__(self) -> None:
        self.book: dict[str, PayoutOrder] = {}

    def pay_out(self, order: PayoutOrder) -> ChannelResult:
        """Pays, under one number once."""
        self.book.setdefault(order.channel_order_no, order)
        return ChannelResult(ChannelState.PAID, order.channel_order_no, amount_fen=order.amount_fen)


@contextmanager
def lender(loans: int, lent: portfolio.Lent) -> Iterator[tuple[Context, FixedClock, list[str]]]:
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
        yield context, clock, funders
        context.database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _funder(tx: Tx, context: Context, name: str, account: str) -> str:
    new = NewPartner(f"app_{account}", "test", PartnerKind.FUNDER, name, ())
    funder = channels.register(tx, new, SYSTEM)
    channels.add_account(tx, context.keys, funder, NewAccount(name, "银行", account, 1), SYSTEM)
    return funder


def pay_due(context: Context, day: date) -> int:
    """Every borrower pays what falls due on a date; how many."""
    with context.database.unit_of_work() as tx:
        due = tx.all(
            "SELECT l.customer_id, s.loan_id, sum(i.principal_fen + i.interest_fen + i.fee_fen"
            " - i.principal_paid_fen - i.interest_paid_fen - i.fee_paid_fen)::bigint AS fen"
            " FROM loan_standing s JOIN loan l ON l.id = s.loan_id"
            " JOIN instalment i ON i.loan_id = s.loan_id AND i.plan_version = l.plan_version"
            " WHERE s.oldest_due <= :day AND i.due_date <= :day"
            " GROUP BY l.customer_id, s.loan_id ORDER BY l.customer_id",
            day=day,
        )

    def pay(of_borrower: list[Row]) -> None:
        with context.database.unit_of_work() as tx:
            for row in of_borrower:
                life.record(
                    tx,
                    life.locked(tx, row["loan_id"]),
                    Paid(day, row["fen"]),
                    source_id=f"rep_{row['loan_id']}_{day}",
                    kind="loan.repaid",
                )

    by_borrower = [list(rows) for _, rows in groupby(due, lambda row: row["customer_id"])]
    with ThreadPoolExecutor(WORKERS) as hands:
        list(hands.map(pay, by_borrower))
    return len(due)


def clear(context: Context) -> int:
    """Sends what is to be cleared; how many payments."""
    with context.database.unit_of_work() as tx:
        held = tx.all("SELECT id FROM clearing WHERE state IN ('held', 'unknown') ORDER BY seq")
    for row in held:
        clearings.send(context, row["id"])
    return len(held)


def differences(context: Context, funders: list[str]) -> list[str]:
    """What our books, the funders' and the bank's say differently."""
    found = []
    bank = Counter[str]()
    for order in context.channel.book.values():  # type: ignore[attr-defined]
        bank[order.account_name] += order.amount_fen
    with context.database.unit_of_work() as tx:
        found += [str(each) for each in reconciliation.sub_ledger_check(tx)
                  if each.kind.value != "exposure"]  # fmt: skip
        for funder, name in zip(funders, FUNDERS, strict=True):
            book = funder_book(funder)
            taken = tx.scalar(
                "SELECT coalesce(sum(l.credit_fen), 0) FROM journal_line l JOIN journal_entry e"
                " ON e.seq = l.entry_seq JOIN ledger_account a ON a.id = l.account_id"
                " WHERE a.book = :book AND a.code = :bank AND e.kind = 'portfolio.taken_over'",
                book=book,
                bank=Code.BANK_SETTLEMENT.value,
            )
            got = ledger.balance(tx, Account(Code.BANK_SETTLEMENT, book=book)) + int(taken)
            if got != bank[name]:
                found.append(f"{name}: its book has {got} fen, the bank paid {bank[name]}")
            owed = ledger.balance(tx, Account(Code.LEAD_RECEIVABLE, book=book))
            if owed + ledger.balance(tx, Account(Code.FUNDER_PAYABLE, funder)):
                found.append(f"{name} claims {owed} fen")
            if off := sum(row.balance_fen for row in ledger.trial_balance(tx, book=book)):
                found.append(f"{book} is off by {off} fen")
    return found


def main() -> None:
    """Prints the figures."""
    loans = int(os.environ.get("CF_BENCH_LOANS", LOANS))
    days = int(os.environ.get("CF_BENCH_DAYS", DAYS))
    spent, paid, cleared = Counter[str](), 0, 0
    with lender(loans, portfolio.Lent(months=(0,), some_late=False)) as (context, clock, funders):
        begun = time.monotonic()
        for number in range(days):
            at = time.monotonic()
            paid += pay_due(context, OPENING + timedelta(days=number))
            spent["repayments"] += time.monotonic() - at
            clock.advance(timedelta(days=1))
            at = time.monotonic()
            end_of_day.catch_up(context, workers=WORKERS)
            spent["end of day"] += time.monotonic() - at
            at = time.monotonic()
            cleared += clear(context)
            spent["clearing"] += time.monotonic() - at
        took = time.monotonic() - begun
        found = differences(context, funders)
        print(
            f"{loans:,} joint loans x {days} days: {took:.0f} s; {paid:,} repayments"
            f" ({paid / max(spent['repayments'], 1e-9):,.0f}/s), {cleared} clearings;"
            f" {', '.join(f'{name} {seconds:.0f} s' for name, seconds in spent.items())}"
        )
        print(f"differences: {found or 'none'}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this process at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
