"""A funder's daily files: time and memory by number of positions.

`python -m benchmarks share_files`; `CF_BENCH_LOANS` names other sizes, with commas.
"""

import os
import resource
import time
from datetime import timedelta

from benchmarks import portfolio
from benchmarks.joint_year import OPENING, lender
from lending.batch import end_of_day
from lending.finance import statements
from lending.finance.statement_kinds import SHARE_FORECAST, SHARE_POSITIONS

WORKERS = 2


def files(loans: int) -> None:
    """The files of one closed date, for both funders."""
    with lender(loans, portfolio.Lent()) as (context, clock, _):
        clock.advance(timedelta(days=1))
        end_of_day.run(context, OPENING, workers=WORKERS)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for kind in (SHARE_POSITIONS, SHARE_FORECAST):
            begun = time.monotonic()
            with context.database.unit_of_work() as tx:
                made = list(statements.make_kind(tx, context.files, kind, OPENING))
                rows = tx.scalar("SELECT sum(rows) FROM statement WHERE id = ANY (:ids)", ids=made)
            took = time.monotonic() - begun
            print(
                f"{loans:>10,} loans, {kind.name}: {rows:,} rows in {len(made)} files,"
                f" {took:.1f} s, {rows / took:,.0f} rows/s"
            )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{'':11}memory {before:.0f} MB before, at most {peak:.0f} MB")


def main() -> None:
    """Prints the figures."""
    for size in os.environ.get("CF_BENCH_LOANS", "100000,1000000").split(","):
        files(int(size))


if __name__ == "__main__":
    main()
