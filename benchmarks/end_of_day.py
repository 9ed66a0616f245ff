"""The end of day by portfolio size: loans per second, all steps together; memory; catching up.

An ordinary day: one loan in thirty falls due, one in twenty is late. `python -m benchmarks
end_of_day` runs 10,000 and 100,000 loans; `CF_BENCH_LOANS=1000000` names other sizes, with commas.
"""

import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks import portfolio
from lending.batch import end_of_day
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from processes.postgres import EmbeddedPostgres

OPENING = date(2026, 6, 15)
WORKERS = 2
CATCH_UP_LOANS, CATCH_UP_DAYS = 50_000, 90


@contextmanager
def lender(loans: int) -> Iterator[tuple[Context, FixedClock]]:
    """A lender with so many loans on a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="cf-eod-"))
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    clock = FixedClock(datetime(2026, 6, 15, 4, tzinfo=UTC))
    try:
        context = portfolio.open_lender(server.ensure_database("eod"), folder, clock, OPENING)
        begun = time.monotonic()
        portfolio.fill(context, loans)
        print(f"   ({loans:,} loans lent in {time.monotonic() - begun:.0f} s)", flush=True)
        yield context, clock
        context.database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def ordinary_day(loans: int) -> None:
    """The second of two days, when nothing is fresh any more."""
    with lender(loans) as (context, clock):
        for day in range(2):
            clock.advance(timedelta(days=1))
            begun = time.monotonic()
            ended = end_of_day.run(context, OPENING + timedelta(days=day), workers=WORKERS)
            took = time.monotonic() - begun
        assert ended
        steps = ", ".join(f"{name} {ms / 1000:.1f}" for name, ms in ended.step_ms.items())
        print(f"{loans:>10,} loans {took:7.1f} s {loans / took:10,.0f} loans/s   {steps}")
        print(f"{'':17}touched {ended.touched}")


def catch_up() -> None:
    """Many days in one command."""
    with lender(CATCH_UP_LOANS) as (context, clock):
        clock.advance(timedelta(days=CATCH_UP_DAYS))
        begun = time.monotonic()
        end_of_day.catch_up(context, workers=WORKERS)
        took = time.monotonic() - begun
        print(
            f"{CATCH_UP_LOANS:,} loans x {CATCH_UP_DAYS} days {took:.0f} s,"
            f" {CATCH_UP_LOANS * CATCH_UP_DAYS / took:,.0f} loan days/s"
        )


def main() -> None:
    """Prints the figures."""
    sizes = os.environ.get("CF_BENCH_LOANS", "10000,100000")
    for size in sizes.split(","):
        ordinary_day(int(size))
    if "CF_BENCH_LOANS" not in os.environ:
        catch_up()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this process at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
