"""A funder's daily files: time and memory by number of positions.

`python -m benchmarks share_files`; `CF_BENCH_LOANS` names other sizes, with commas.
"""

import os
import resource
import time

from benchmarks import portfolio
from benchmarks.joint_year import OPENING, lender
from lending.finance import statements
from lending.finance.statement_kinds import SHARE_FORECAST, SHARE_POSITIONS
from lending.foundation import business_day
from lending.ledger import service as ledger


def files(loans: int) -> None:
    """The files of one closed date, for both funders: twice as many positions as loans."""
    with lender(loans, portfolio.Lent(by_loan=False)) as year:
        context = year.context
        with context.database.unit_of_work() as tx:
            business_day.close(tx)
            ledger.close_day(tx, OPENING)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        for kind in (SHARE_POSITIONS, SHARE_FORECAST):
            begun, cpu = time.monotonic(), time.process_time()
            with context.database.unit_of_work() as tx:
                made = statements.make_kind(tx, context.files, kind, OPENING)
                rows, size = tx.all(
                    "SELECT sum(rows)::bigint AS n FROM statement WHERE id = ANY (:ids)"
                    " UNION ALL SELECT sum(size_bytes)::bigint FROM statement"
                    " WHERE id = ANY (:ids)",
                    ids=made,
                )
            took, cpu = time.monotonic() - begun, time.process_time() - cpu
            print(
                f"{loans:>10,} loans, {kind.name}: {rows['n']:,} rows ({size['n'] / 1e6:,.0f} MB)"
                f" in {len(made)} files, {took:.1f} s ({cpu:.1f} s of CPU here),"
                f" {rows['n'] / took:,.0f} rows/s"
            )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{'':11}memory {before:.0f} MB before, at most {peak:.0f} MB")


def main() -> None:
    """Prints the figures."""
    for size in os.environ.get("CF_BENCH_LOANS", "50000,500000").split(","):
        files(int(size))


if __name__ == "__main__":
    main()
