"""A month's commission of one platform: statements, bill and recomputation, from the movements.

`python -m benchmarks commission_run` bills 100,000 repayments; `CF_BENCH_REPAYMENTS=1000000` names
another number. The repayments fall on the days of one month, ten to a loan; each has its movement,
its journal entry and its line.
"""

import os
import resource
import shutil
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks import portfolio
from lending.channels import service as channels
from lending.channels.model import NewPartner, PartnerKind
from lending.commissions import service as commissions
from lending.finance import statements
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.ledger.chart import Code
from processes.postgres import EmbeddedPostgres

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 30)
DAYS, PER_LOAN, EARNED_FEN = 30, 10, 1_440

_LOANS = """
INSERT INTO loan (id, application_id, partner_id, customer_id, bank_card_id, scenario,
    product_code, subject, principal_fen, terms, terms_format, state, signed_at, start_date,
    changed_at)
SELECT 'loan_' || n, 'app_' || n, :platform, 'cus', 'card', 'assisted_lending', 'mall-standard',
    'lead_' || n, 600000, '{}', 3, 'active', :now, '2026-06-01', :now
FROM generate_series(1, :loans) n
"""
_MOVEMENTS = """
INSERT INTO commission_movement (id, platform_id, kind, loan_id, lead_id, lead_no, amount_fen,
    received_before_fen, received_fen, earned_before_fen, earned_fen, source_id, business_date, at)
SELECT 'com_' || lpad(n::text, 12, '0'), :platform, 'accrued', 'loan_' || (1 + n % :loans),
    'lead_' || (1 + n % :loans), 'L-' || (1 + n % :loans), :fen,
    (n / :loans) * 7200, (n / :loans + 1) * 7200, (n / :loans) * :fen, (n / :loans + 1) * :fen,
    'rep_' || n, CAST(:first AS date) + CAST(n * 30 / :repayments AS integer),
    CAST(:now AS timestamptz) + n * interval '1 millisecond'
FROM generate_series(0, :repayments - 1) n
"""
_ENTRIES = """
INSERT INTO journal_entry (id, kind, booked_date, subject, memo, key, content_sha256,
    created_at)
SELECT 'jnl_' || n, 'loan.repaid', CAST(:first AS date) + CAST(n * 30 / :repayments AS integer),
    'loan_' || (1 + n % :loans), '', 'rep_' || n, '', :now
FROM generate_series(0, :repayments - 1) n
"""
_DATES = """
INSERT INTO journal_date (booked_date, first_seq)
SELECT booked_date, min(seq) FROM journal_entry GROUP BY booked_date
ON CONFLICT (booked_date) DO UPDATE SET first_seq = excluded.first_seq
"""
_LINES = """
INSERT INTO journal_line (entry_seq, number, account_id, debit_fen, credit_fen, booked_date)
SELECT e.seq, s.side, CASE s.side WHEN 1 THEN :expense ELSE :payable END,
    CASE s.side WHEN 1 THEN :fen ELSE 0 END, CASE s.side WHEN 2 THEN :fen ELSE 0 END, e.booked_date
FROM journal_entry e CROSS JOIN (VALUES (1), (2)) s (side)
"""


def fill(tx: Tx, repayments: int) -> str:
    """A month of repayments; the platform's id."""
    platform = channels.register(
        tx, NewPartner("app_p", "test", PartnerKind.PLATFORM, "流量平台", ("commissions",)), SYSTEM
    )
    loans = max(1, repayments // PER_LOAN)
    tx.run("SET LOCAL session_replication_role = replica")
    tx.run(_LOANS, platform=platform, loans=loans, now=tx.now)
    tx.run(
        _MOVEMENTS,
        platform=platform,
        loans=loans,
        repayments=repayments,
        fen=EARNED_FEN,
        first=FIRST,
        now=tx.now,
    )
    tx.run(_ENTRIES, loans=loans, repayments=repayments, first=FIRST, now=tx.now)
    tx.run(_DATES)
    accounts = {
        code: tx.scalar(
            "INSERT INTO ledger_account (book, code, owner, limited, opened_at)"
            " VALUES ('own', :code, :owner, false, :now) RETURNING id",
            code=code.value,
            owner=owner,
            now=tx.now,
        )
        for code, owner in (
            (Code.COMMISSION_EXPENSE, ""),
            (Code.COMMISSION_PAYABLE, platform),
        )
    }
    tx.run(
        _LINES,
        expense=accounts[Code.COMMISSION_EXPENSE],
        payable=accounts[Code.COMMISSION_PAYABLE],
        fen=EARNED_FEN,
    )
    return platform


def run(context: Context, repayments: int) -> None:
    """Every date's statement, the month's, and the bill."""
    with context.database.unit_of_work() as tx:
        begun = time.monotonic()
        platform = fill(tx, repayments)
        print(
            f"   ({repayments:,} repayments made in {time.monotonic() - begun:.0f} s)", flush=True
        )
    with context.database.unit_of_work() as tx:
        tx.touched("ANALYZE")
    begun = time.monotonic()
    for day in range(DAYS - 1):
        with context.database.unit_of_work() as tx:
            statements.make(tx, context.files, FIRST + timedelta(days=day))
    days_s = time.monotonic() - begun
    begun = time.monotonic()
    with context.database.unit_of_work() as tx:
        statements.make(tx, context.files, LAST)
    month_s = time.monotonic() - begun
    begun = time.monotonic()
    with context.database.unit_of_work() as tx:
        commissions.bill_month(tx, context.files, LAST)
        (bill,) = commissions.page(tx, platform)[0]
    bill_s = time.monotonic() - begun
    assert bill.payable_fen == repayments * EARNED_FEN, bill
    assert Decimal(bill.rows) == repayments
    whole = days_s + month_s + bill_s
    print(
        f"{repayments:>10,} repayments {whole:6.1f} s {repayments / whole:9,.0f}/s:"
        f" 29 dates {days_s:.1f} s, the last date and the month {month_s:.1f} s,"
        f" the bill {bill_s:.1f} s"
    )


def main() -> None:
    """Prints the figures."""
    repayments = int(os.environ.get("CF_BENCH_REPAYMENTS", "100000"))
    folder = Path(tempfile.mkdtemp(prefix="cf-commission-"))
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    try:
        clock = FixedClock(datetime(2026, 7, 1, 4, tzinfo=UTC))
        context = portfolio.open_lender(server.ensure_database("run"), folder, clock, LAST)
        with context.database.unit_of_work() as tx:
            assert business_day.today(tx) == LAST
        run(context, repayments)
        context.database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory of this process at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
