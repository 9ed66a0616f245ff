"""The end of day by portfolio size: loans per second, in all steps; CPU; memory; catching up.

An ordinary day: one loan in thirty falls due, one in twenty is late. `python -m benchmarks
end_of_day` runs 10,000 and 100,000 loans and a catch-up; `CF_BENCH_LOANS=1000000` names other
sizes, with commas, and `CF_BENCH_CATCH_UP=50000x90` other loans and days.
"""

import os
import resource
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks import cpu, portfolio
from lending.batch import end_of_day
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from processes.postgres import EmbeddedPostgres

OPENING = date(2026, 6, 15)
WORKERS = 2
CATCH_UP = "50000x90"


@dataclass
class Used:
    """From its making on: by the clock, and of the CPU by this process and by PostgreSQL."""

    folder: Path

    def __post_init__(self) -> None:
        self.began = self._now()

    def _now(self) -> tuple[float, float, float]:
        return time.monotonic(), time.process_time(), cpu.of_postgres(self.folder)

    def told(self, loans: int) -> str:
        """In words, for so many loans."""
        took, here, there = (now - then for now, then in zip(self._now(), self.began, strict=True))
        return (
            f"{took:7.1f} s {loans / took:10,.0f} loans/s   CPU {here:.1f} s here,"
            f" {there:.1f} s PostgreSQL, {(here + there) / loans * 1e6:.0f} us a loan"
            f"   (load {os.getloadavg()[0]:.1f})"
        )


@contextmanager
def lender(loans: int) -> Iterator[tuple[Context, FixedClock, Path]]:
    """A lender with so many loans on a server of its own."""
    folder = Path(tempfile.mkdtemp(prefix="cf-eod-"))
    cluster = folder / "postgres"
    server = EmbeddedPostgres(cluster)
    server.start()
    clock = FixedClock(datetime(2026, 6, 15, 4, tzinfo=UTC))
    try:
        context = portfolio.open_lender(server.ensure_database("eod"), folder, clock, OPENING)
        begun = time.monotonic()
        portfolio.fill(context, loans)
        print(f"   ({loans:,} loans lent in {time.monotonic() - begun:.0f} s)", flush=True)
        yield context, clock, cluster
        context.database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def ordinary_day(loans: int) -> None:
    """The second of two days, when nothing is fresh any more."""
    with lender(loans) as (context, clock, cluster):
        for day in range(2):
            clock.advance(timedelta(days=1))
            used = Used(cluster)
            ended = end_of_day.run(context, OPENING + timedelta(days=day), workers=WORKERS)
            told = used.told(loans)
        assert ended
        steps = ", ".join(f"{name} {ms / 1000:.1f}" for name, ms in ended.step_ms.items())
        print(f"{loans:>10,} loans {told}\n{'':17}{steps}\n{'':17}touched {ended.touched}")


def catch_up(loans: int, days: int) -> None:
    """Many days in one command; each loan counts once a day."""
    with lender(loans) as (context, clock, cluster):
        clock.advance(timedelta(days=days))
        used = Used(cluster)
        closed = end_of_day.catch_up(context, workers=WORKERS)
        print(f"{loans:,} loans x {days} days {used.told(loans * days)}")
    total: Counter[str] = Counter()
    for day in closed:
        total.update(day.step_ms)
    print(" " * 17 + ", ".join(f"{name} {ms / 1000:.1f}" for name, ms in total.items()))


def main() -> None:
    """Prints the figures."""
    sizes = os.environ.get("CF_BENCH_LOANS", "10000,100000")
    for size in sizes.split(",") if sizes else ():
        ordinary_day(int(size))
    if "CF_BENCH_CATCH_UP" in os.environ or "CF_BENCH_LOANS" not in os.environ:
        loans, days = os.environ.get("CF_BENCH_CATCH_UP", CATCH_UP).split("x")
        catch_up(int(loans), int(days))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this process at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
