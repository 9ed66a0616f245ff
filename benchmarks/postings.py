"""Entries a second from four processes, and how far that is from bare inserts.

Each load on a database of its own, one transaction an entry but for the last:
  bare      one INSERT of four rows into a table with the journal's line columns and one index
  ordinary  payouts and repayments: every entry has a loan account of its own (opened on first use)
            and a borrower's limited exposure account, and shares the bank's and the income account
  hot       four lines on four unlimited accounts that every process posts to
  batch     as hot, twenty entries in one call and one transaction, as the end of day writes them

The clients run on the same machine. Loads take turns, and the best of their turns counts: whatever
else the machine does can only slow one down. Beside the rate stands what an entry cost in CPU time
of the client and of its backend: cores less what else runs, divided by their sum, bounds the rate.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import count, islice
from pathlib import Path

import psutil

from benchmarks import cpu
from lending.foundation import business_day
from lending.foundation.database import Database, Tx
from lending.ledger import proof, service
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, credit, debit
from processes.migrate import migrate
from processes.postgres import EmbeddedPostgres

PROCESSES = 4
SECONDS = 1.5
TURNS = 5
WARM_UP = 50
BATCH = 20

BANK = Account(Code.BANK_SETTLEMENT)
INCOME = Account(Code.INTEREST_INCOME)
FEES = Account(Code.MERCHANT_FEE_INCOME)
CLEARING = Account(Code.CHANNEL_CLEARING)
CONTRA = Account(Code.EXPOSURE_CONTRA)

Write = Callable[[Tx, int, int], None]


@dataclass(frozen=True)
class Rate:
    """Entries a second of all processes together, and what one cost."""

    per_second: float = 0
    client_us: float = 0
    server_us: float = 0


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
    service.write(tx, Entry(kind="bench", subject=loan.owner, memo="", legs=legs, key=key))


def _hot(process: int, number: int) -> Entry:
    legs = (debit(BANK, 5), credit(INCOME, 5), debit(CLEARING, 7), credit(FEES, 7))
    return Entry(kind="bench", subject="bench", memo="", legs=legs, key=f"{process}.{number}")


def hot(tx: Tx, process: int, number: int) -> None:
    service.write(tx, _hot(process, number))


def batch(tx: Tx, process: int, number: int) -> None:
    numbers = range(number * BATCH, (number + 1) * BATCH)
    service.post_many(tx, [_hot(process, each) for each in numbers])


LOADS: dict[str, Write] = {"bare": bare, "ordinary": ordinary, "hot": hot, "batch": batch}


def work(url: str, load: str, process: int, start: object, counts: object) -> None:
    database = Database(url, pool_size=1)
    write, each = LOADS[load], BATCH if load == "batch" else 1
    numbers = count()
    for number in islice(numbers, WARM_UP):
        with database.unit_of_work() as tx:
            write(tx, process, number)
            backend = psutil.Process(tx.driver.info.backend_pid)
    start.wait()
    written, until = 0, time.perf_counter() + SECONDS
    client_s, server_s = time.process_time(), cpu.of(backend)
    while time.perf_counter() < until:
        with database.unit_of_work() as tx:
            write(tx, process, next(numbers))
        written += each
    counts.put((written, time.process_time() - client_s, cpu.of(backend) - server_s))
    database.close()


def rate(url: str, load: str, turn: int) -> Rate:
    """A load once."""
    context = multiprocessing.get_context("spawn")
    start, counts = context.Barrier(PROCESSES), context.Queue()
    workers = [
        context.Process(target=work, args=(url, load, process, start, counts))
        for process in range(turn * PROCESSES, (turn + 1) * PROCESSES)
    ]
    for worker in workers:
        worker.start()
    total, client_s, server_s = map(sum, zip(*(counts.get() for _ in workers), strict=True))
    for worker in workers:
        worker.join()
    return Rate(total / SECONDS, client_s / total * 1e6, server_s / total * 1e6)


def prepared(server: EmbeddedPostgres, name: str) -> str:
    url = server.ensure_database(name)
    migrate(url)
    database = Database(url)
    with database.unit_of_work() as tx:
        business_day.open_first(tx, date(2026, 11, 23))
        tx.touched(
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
            rates = dict.fromkeys(LOADS, Rate())
            for turn in range(TURNS):
                for load, url in urls.items():
                    rates[load] = max(
                        rates[load], rate(url, load, turn), key=lambda one: one.per_second
                    )
            print(f"load of the machine {os.getloadavg()[0]:.1f}, of which ours up to {PROCESSES}")
            for load, found in rates.items():
                print(
                    f"{load:<9} {found.per_second:>8,.0f} /s"
                    f"   {found.per_second / rates['bare'].per_second:.2f} of bare"
                    f"   {found.client_us:.0f} us of client and {found.server_us:.0f} us of server"
                )
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
