"""A portfolio of any size, as if it had been lent over the last months: every kind of loan in it.

Each of some hundred templates is one loan that the engine has brought to the opening date, with its
payments; the portfolio is these templates again and again, copied by the database.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from lending.channels import service as channels
from lending.channels.model import NewPartner, PartnerKind
from lending.compliance import parameters
from lending.customers import store as customers
from lending.engine import life
from lending.engine.events import Event, Paid
from lending.engine.plans import make_plan
from lending.engine.prepayment import OpenInstalment
from lending.foundation import business_day, crypto
from lending.foundation.audit import SYSTEM
from lending.foundation.calendar import add_months
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.database import Database, Tx
from lending.foundation.errors import OutsideFault
from lending.foundation.files import FileStore
from lending.foundation.settings import Settings
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, credit, debit
from lending.loans import life_rules, rules, share_store
from lending.loans.model import Loan, LoanState, Standing
from lending.loans.terms import OWN_FUNDS, Payee, Pricing, Settlement, Share, Subsidy, Terms
from lending.products import service as products
from processes.migrate import migrate
from processes.seed import MALL_PRODUCT

PERIODS = 12
RATES = (Decimal("0.1440"), Decimal("0.1788"), Decimal("0.2340"))
LATE = (*(0,) * 57, 1, 2, 4)
"""How many instalments are unpaid, over the templates: one loan in twenty is late."""
LINES_AT_ONCE = 2_000


class NobodyThere:
    """A bank that does not answer: the end of day goes on without its file."""

    def daily_file(self, day: date) -> list[object]:
        raise OutsideFault(f"no bank file of {day}")


def open_lender(url: str, folder: Path, clock: FixedClock, opening: date) -> Context:
    """An empty lender on a migrated database."""
    migrate(url)
    database = Database(url, clock=clock)
    with database.unit_of_work() as tx:
        business_day.open_first(tx, opening)
        parameters.seed(tx)
        products.publish(tx, MALL_PRODUCT, SYSTEM)
        channels.register(
            tx, NewPartner("app_b", "test", PartnerKind.MERCHANT, "小满数码", ("mall",)), SYSTEM
        )
    return Context(
        database=database,
        keys=crypto.load_or_make(folder / "fields.json"),
        files=FileStore(folder / "files"),
        settings=Settings(),
        channel=NobodyThere(),  # type: ignore[arg-type]
        bureaus=(),
        identity=None,  # type: ignore[arg-type]
        sms=None,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Lent:
    """What sort of loans there are."""

    shares: tuple[Share, ...] = OWN_FUNDS
    months: tuple[int, ...] = (1, 4, 8)
    """How long ago they began, beside the last thirty days."""
    some_late: bool = True
    by_loan: bool = True
    """Whether the books have an account of principal for each loan; else one for all."""
    borrowers: int = 100
    """How many people have them."""


@dataclass(frozen=True)
class Template:
    """One loan as it stands on the opening date."""

    terms: Terms
    start: date
    rows: tuple[OpenInstalment, ...]
    standing: Standing


def templates(partner_id: str, opening: date, lent: Lent) -> Iterator[Template]:
    """Loans that began on each of the last thirty days and the months before, at several rates."""
    number = 0
    for rate in RATES:
        for days in range(30):
            for months in lent.months:
                number += 1
                start = add_months(opening, -months) - timedelta(days=days)
                late = LATE[number % len(LATE)] if lent.some_late else 0
                yield _template(partner_id, opening, lent, start=start, rate=rate, late=late)


def _template(
    partner_id: str, opening: date, lent: Lent, *, start: date, rate: Decimal, late: int
) -> Template:
    principal = 120_000 + int(rate * 1000) * 311 + (opening - start).days * 977
    terms = Terms(
        pricing=Pricing(
            rate_annual=rate,
            method="equal-instalment",
            day_count="30/360",
            rounding="half-up",
            periods=PERIODS,
            fee_upfront_fen=0,
            penalty_rate_annual=min(rate * Decimal("1.3"), Decimal("0.24")),
            cost_rate_annual=rate,
            grace_days=3,
            prepayment_fee_rate=Decimal(0),
        ),
        payee=Payee(partner_id),
        settlement=Settlement(0),
        subsidy=Subsidy("none", 0),
        shares=lent.shares,
        cost_table_sha256="0" * 64,
    )
    plan = make_plan(rules.plan_input(principal, terms, start))
    loan = Loan(
        id="", application_id="", partner_id=partner_id, customer_id="c", bank_card_id="k",
        scenario="mall_installment", product_code=MALL_PRODUCT.code, subject="",
        principal_fen=principal, terms=terms, state=LoanState.ACTIVE, signed_at=None,  # type: ignore[arg-type]
        start_date=start, plan_version=1, contract_version=1, exposure_holds=(),
    )  # fmt: skip
    course = life_rules.course(loan, rules.opened(plan))
    due = [row for row in plan.instalments if row.due_date <= opening]
    paid: list[Event] = [
        Paid(row.due_date, row.total_fen) for row in due[: max(0, len(due) - late)]
    ]
    position = life.replay(course, paid, opening)
    return Template(terms, start, position.rows, life_rules.standing(loan, course, position))


def fill(context: Context, loans: int, lent: Lent = Lent()) -> None:
    """Lends so many loans, in rows and books."""
    with context.database.unit_of_work() as tx:
        opening = business_day.today(tx)
        partner_id = tx.scalar("SELECT id FROM partner WHERE kind = 'merchant'")
        made = list(templates(partner_id, opening, lent))
        split_id = share_store.split_id(tx, made[0].terms)
        _stage(tx, made)
        _borrowers(tx, context.keys, lent.borrowers)
        count = tx.scalar("SELECT count(*) FROM stage_loan")
        tx.run("SET LOCAL session_replication_role = replica")  # rows that are known to fit
        for sql in _COPY:
            tx.run(
                sql,
                loans=loans,
                templates=count,
                partner_id=partner_id,
                split_id=split_id,
                borrowers=lent.borrowers,
            )
    _book(context, loans if lent.by_loan else 0)
    if not lent.by_loan:
        _book_at_once(context)
    for table in ("loan", "instalment", "loan_standing", "ledger_account", "journal_line"):
        _vacuum(context.database, table)


def _stage(tx: Tx, made: list[Template]) -> None:
    rows = [field.name for field in fields(OpenInstalment)]
    standing = [field.name for field in fields(Standing) if field.name != "loan_id"]
    tx.touched("CREATE TABLE stage_loan AS SELECT 0 AS k, jsonb '{}' AS terms, DATE '2000-01-01'"
           " AS start, * FROM loan_standing LIMIT 0")  # fmt: skip
    tx.touched("CREATE TABLE stage_row AS SELECT 0 AS k, * FROM instalment LIMIT 0")
    for k, each in enumerate(made):
        tx.run(
            f"INSERT INTO stage_loan (k, terms, start, {', '.join(standing)})"
            f" VALUES (:k, CAST(:terms AS jsonb), :start,"
            f" {', '.join(f':{name}' for name in standing)})",
            k=k,
            terms=json.dumps(each.terms.to_json()),
            start=each.start,
            **{name: getattr(each.standing, name) for name in standing},
        )
        tx.run_many(
            f"INSERT INTO stage_row (k, {', '.join(rows)})"
            f" VALUES (:k, {', '.join(f':{name}' for name in rows)})",
            [{"k": k, **asdict(row)} for row in each.rows],
        )


def _borrowers(tx: Tx, keys: crypto.FieldKeys, count: int) -> None:
    tx.run_many(
        "INSERT INTO customer (id, name_sealed, identity_no_sealed, identity_no_index,"
        " mobile_sealed, mobile_index, birth_date, created_at) VALUES (:id, :name, '',"
        " sha256(CAST(:id AS text)::bytea), '', '', DATE '1990-01-01', :now)",
        [
            {
                "id": f"c{n}",
                "name": keys.seal("王小明", at=customers.name_cell(f"c{n}")),
                "now": tx.now,
            }
            for n in range(count)
        ],
    )
    tx.run_many(
        "INSERT INTO bank_card (id, customer_id, bank_name, number_sealed, number_index, last4,"
        " state, created_at) VALUES (:id, :holder, '模拟银行', :number,"
        " sha256(CAST(:id AS text)::bytea), '0000', 'verified', :now)",
        [
            {
                "id": f"k{n}",
                "holder": f"c{n}",
                "number": keys.seal(f"623058{n:013d}", at=customers.card_cell(f"k{n}")),
                "now": tx.now,
            }
            for n in range(count)
        ],
    )


_COPY = (
    """INSERT INTO application (id, partner_id, scenario, product_code, product_version, subject,
        amount_fen, purpose, state, created_at, changed_at)
    SELECT 'app_' || n, :partner_id, 'mall_installment', 'mall-standard', 1, 'ord_' || n,
        s.principal_fen, 'electronics', 'signed', now(), now()
    FROM generate_series(1, :loans) n JOIN stage_loan s ON s.k = n % :templates""",
    """INSERT INTO loan (id, application_id, partner_id, customer_id, bank_card_id, scenario,
        product_code, subject, principal_fen, terms, terms_format, state, signed_at, start_date,
        split_id, changed_at)
    SELECT 'loan_' || n, 'app_' || n, :partner_id, 'c' || n % :borrowers, 'k' || n % :borrowers,
        'mall_installment', 'mall-standard', 'ord_' || n, s.principal_fen, s.terms, 3, 'active',
        now(), s.start, CAST(:split_id AS integer), now()
    FROM generate_series(1, :loans) n JOIN stage_loan s ON s.k = n % :templates""",
    """INSERT INTO instalment (loan_id, plan_version, number, due_date, principal_fen, interest_fen,
        fee_fen, penalty_fen, principal_paid_fen, interest_paid_fen, fee_paid_fen,
        penalty_paid_fen, penalty_waived_fen, overdue_fen_days, penalised, earns_from,
        earned_before_fen)
    SELECT 'loan_' || n, 1, number, due_date, principal_fen, interest_fen, fee_fen, penalty_fen,
        principal_paid_fen, interest_paid_fen, fee_paid_fen, penalty_paid_fen, penalty_waived_fen,
        overdue_fen_days, penalised, earns_from, earned_before_fen
    FROM generate_series(1, :loans) n JOIN stage_row s ON s.k = n % :templates""",
    """INSERT INTO loan_standing (loan_id, product_code, as_of, principal_fen,
        principal_open_fen, interest_accrued_fen, interest_paid_fen, settled_interest_fen,
        first_due, course_from, course_until,
        course_before_fen, course_rest_fen, course_paid_fen, subsidy_fen, subsidy_earned_fen,
        subsidy_from, subsidy_until, oldest_due, days_past_due, grade, penalty_as_of,
        penalty_rate_annual, grace_days, written_off, split_id)
    SELECT 'loan_' || n, product_code, as_of, principal_fen, principal_open_fen,
        interest_accrued_fen, interest_paid_fen, settled_interest_fen, first_due, course_from,
        course_until,
        course_before_fen, course_rest_fen, course_paid_fen, subsidy_fen, subsidy_earned_fen,
        subsidy_from, subsidy_until, oldest_due, days_past_due, grade, penalty_as_of,
        penalty_rate_annual, grace_days, written_off, CAST(:split_id AS integer)
    FROM generate_series(1, :loans) n JOIN stage_loan s ON s.k = n % :templates""",
)


def _book(context: Context, loans: int) -> None:
    """The loans' principal and interest receivable in each book, in entries of many lines."""
    for first in range(1, loans + 1, LINES_AT_ONCE):
        with context.database.unit_of_work() as tx:
            rows = tx.all(
                "SELECT loan_id, book, principal_open_fen,"
                " interest_accrued_fen - interest_paid_fen AS due FROM book_standing"
                " WHERE number BETWEEN :first AND :last",
                first=first,
                last=first + LINES_AT_ONCE - 1,
            )
            legs = [
                debit(Account(Code.LOAN_PRINCIPAL, row["loan_id"], row["book"]),
                      row["principal_open_fen"])
                for row in rows
            ]  # fmt: skip
            for book in sorted({row["book"] for row in rows}):
                own = [row for row in rows if row["book"] == book]
                due = sum(row["due"] for row in own)
                lent = sum(row["principal_open_fen"] for row in own)
                legs += [
                    debit(Account(Code.INTEREST_RECEIVABLE, MALL_PRODUCT.code, book), due),
                    credit(Account(Code.BANK_SETTLEMENT, book=book), lent + due),
                ]
            ledger.post(
                tx,
                Entry(
                    kind="portfolio.taken_over",
                    subject="portfolio",
                    memo="",
                    legs=tuple(legs),
                    key=f"taken-over:{first}",
                ),
            )


def _book_at_once(context: Context) -> None:
    """All loans together in each book: enough for what reads the accounts in total."""
    with context.database.unit_of_work() as tx:
        rows = tx.all(
            "SELECT book, sum(principal_open_fen)::bigint AS fen FROM book_standing GROUP BY book"
        )
        legs = [
            leg
            for row in rows
            for leg in (
                debit(Account(Code.LOAN_PRINCIPAL, "portfolio", row["book"]), row["fen"]),
                credit(Account(Code.BANK_SETTLEMENT, book=row["book"]), row["fen"]),
            )
        ]
        ledger.post(
            tx,
            Entry(
                kind="portfolio.taken_over",
                subject="portfolio",
                memo="",
                legs=tuple(legs),
                key="taken-over",
            ),
        )


def _vacuum(database: Database, table: str) -> None:
    with database._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:  # noqa: SLF001
        connection.exec_driver_sql(f"VACUUM ANALYZE {table}")
