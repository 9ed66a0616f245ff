"""Entries a second from four processes, and how far that is from bare inserts.

Each load on a database of its own, one transaction an entry but for the last:
  bare      one INSERT of four rows into a table with the journal's line columns and one index
  ordinary  payouts and repayments: every entry has a loan account of its own (opened on first use)
            and a borrower's limited exposure account, and shares the bank's and the income account
  hot       four lines on four unlimited accounts that every process posts to
  batch     as hot, twenty entries in a transaction, as the end of day writes them

The clients run on the same machine. Loads take turns, and the best of their turns counts: whatever
else the machine does can only slow one down.
"""

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from itertools import count, islice
from pathlib import Path

from lending.foundation import business_day
from lending.foundation.database import Database, Tx
from lending.ledger import proof, service
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, credit, debit
from processes.migrate import migrate
from processes.postgres import EmbeddedPostgres

PROCESSES = 4
SECONDS = 1.5
TURNS = 3
WARM_UP = 50
BATCH = 20

BANK = Account(Code.BANK_SETTLEMENT)
INCOME = Account(Code.INTEREST_INCOME)
FEES = Account(Code.MERCHANT_FEE_INCOME)
CLEARING = Account(Code.CHANNEL_CLEARING)
CONTRA = Account(Code.EXPOSURE_CONTRA)

Write = Callable[[Tx, int, int], None]


def bare(tx: Tx, process: int, number: int) -> None:
    first = (process * 1_000_000 + number) * 4
    tx.run(
        "INSERT INTO bare VALUES (:a, 1, 5, 0, :day), (:b, 2, 0, 5, :day), (:c, 3, 7, 0, :day),"
        " (:d, 4, 0, 7, :day)",
        a=first,
        b=first + 1,
        c=first + 2,
        d=first + 3,
        day=date(2026, 11, 23),
    )


def ordinary(tx: Tx, process: int, number: int) -> None:
    """Each loan is paid out once and repaid four times."""
    loan = Account(Code.LOAN_PRINCIPAL, f"loan_{process}_{number // 5}")
    exposure = Account(Code.EXPOSURE, f"cus_{process}_{number // 5}")
    if number % 5 == 0:
        legs = (
            debit(loan, 600_000),
            credit(BANK, 596_400),
            credit(FEES, 3_600),
            debit(exposure, 600_000),
            credit(CONTRA, 600_000),
        )
    else:
        legs = (
            debit(BANK, 50_600),
            credit(loan, 50_000),
            credit(INCOME, 600),
            debit(CONTRA, 50_000),
            credit(exposure, 50_000),
        )
    key = f"{process}.{number}"
    service.post(tx, Entry(kind="bench", subject=loan.owner, memo="", legs=legs, key=key))


def hot(tx: Tx, process: int, number: int) -> None:
    legs = (debit(BANK, 5), credit(INCOME, 5), debit(CLEARING, 7), credit(FEES, 7))
    key = f"{process}.{number}"
    service.post(tx, Entry(kind="bench", subject="bench", memo="", legs=legs, key=key))


LOADS: dict[str, Write] = {"bare": bare, "ordinary": ordinary, "hot": hot, "batch": hot}


def work(url: str, load: str, process: int, start: object, counts: object) -> None:
    database = Database(url, pool_size=1)
    write, each = LOADS[load], BATCH if load == "batch" else 1
    numbers = count()
    for number in islice(numbers, WARM_UP):
        with database.unit_of_work() as tx:
            write(tx, process, number)
    start.wait()
    written, until = 0, time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        with database.unit_of_work() as tx:
            for number in islice(numbers, each):
                write(tx, process, number)
        written += each
    counts.put(written)
    database.close()


def rate(url: str, load: str, turn: int) -> float:
    """Entries a second of all processes together."""
    context = multiprocessing.get_context("spawn")
    start, counts = context.Barrier(PROCESSES), context.Queue()
    workers = [
        context.Process(target=work, args=(url, load, process, start, counts))
        for process in range(turn * PROCESSES, (turn + 1) * PROCESSES)
    ]
    for worker in workers:
        worker.start()
    total = sum(counts.get() for _ in workers)
    for worker in workers:
        worker.join()
    return total / SECONDS


def prepared(server: EmbeddedPostgres, name: str) -> str:
    url = server.ensure_database(name)
    migrate(url)
    database = Database(url)
    with database.unit_of_work() as tx:
        business_day.open_first(tx, date(2026, 11, 23))
        tx.run(
            "CREATE TABLE bare (id bigint PRIMARY KEY, account_id bigint, debit_fen bigint,"
            " credit_fen bigint, booked_date date)"
        )
    database.close()
    return url


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="cf-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            urls = {load: prepared(server, load) for load in LOADS}
            rates = dict.fromkeys(LOADS, 0.0)
            for turn in range(TURNS):
                for load, url in urls.items():
                    rates[load] = max(rates[load], rate(url, load, turn))
            for load, found in rates.items():
                print(f"{load:<9} {found:>8,.0f} /s   {found / rates['bare']:.2f} of bare")
            for load in ("ordinary", "hot", "batch"):
                prove(urls[load])
        finally:
            server.stop()


def prove(url: str) -> None:
    """Seals and verifies what was written: the measured entries are whole."""
    database = Database(url)
    began = time.perf_counter()
    with database.unit_of_work() as tx:
        while proof.seal(tx):
            pass
    sealed = time.perf_counter()
    with database.unit_of_work() as tx:
        findings = proof.verify(tx)
        number, _ = proof.head(tx)
    verified = time.perf_counter()
    database.close()
    print(
        f"{number:,} entries sealed at {number / (sealed - began):,.0f} /s,"
        f" verified at {number / (verified - sealed):,.0f} /s, {len(findings)} findings"
    )
    if findings:
        sys.exit("\n".join(findings[:5]))


if __name__ == "__main__":
    main()
