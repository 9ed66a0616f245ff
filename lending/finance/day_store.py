"""The SQL of what finance does at the end of a date."""

from datetime import date

from lending.engine.ageing import BUCKET_DAYS
from lending.foundation.database import Row, Tx
from lending.foundation.files import StoredFile
from lending.ledger.chart import Code
from lending.ledger.model import OWN

_PORTFOLIO = """
INSERT INTO portfolio_day (business_date, product_code, grade, bucket, loans, principal_fen,
    interest_receivable_fen, own_principal_fen, own_interest_receivable_fen)
SELECT :day, s.product_code, s.grade, lateness_bucket(s.days_past_due) AS bucket,
    count(*), sum(s.principal_open_fen), sum(s.interest_accrued_fen - s.interest_paid_fen),
    sum(CASE WHEN s.split_id IS NULL THEN s.principal_open_fen
        ELSE share_part(s.principal_fen, p.weight_cuts, p.place)
            - share_part(s.principal_fen - s.principal_open_fen, p.weight_cuts, p.place) END),
    sum(CASE WHEN s.split_id IS NULL THEN s.interest_accrued_fen - s.interest_paid_fen
        ELSE share_part(s.interest_accrued_fen, p.income_cuts, p.place)
            - share_part(s.interest_paid_fen, p.income_cuts, p.place) END)
FROM loan_standing s LEFT JOIN share_party p ON p.split_id = s.split_id AND p.book = 'own'
WHERE NOT s.written_off GROUP BY s.product_code, s.grade, bucket
"""

_PORTFOLIO_DIFFERS = """
WITH stands AS (
    SELECT product_code, grade, lateness_bucket(days_past_due) AS bucket, count(*) AS loans,
        sum(principal_open_fen)::bigint AS principal_fen,
        sum(interest_accrued_fen - interest_paid_fen)::bigint AS interest_fen
    FROM loan_standing WHERE NOT written_off GROUP BY product_code, grade, bucket
), said AS (
    SELECT product_code, grade, bucket, loans, principal_fen, interest_receivable_fen
    FROM portfolio_day WHERE business_date = :day
)
SELECT EXISTS (TABLE stands EXCEPT TABLE said) OR EXISTS (TABLE said EXCEPT TABLE stands)
"""

_CREDIT_REPORT = """
SELECT c.number AS contract_number, l.customer_id, s.days_past_due, s.grade,
    s.principal_open_fen, l.start_date, l.state
FROM loan_standing s JOIN loan l ON l.id = s.loan_id JOIN contract c ON c.loan_id = l.id
WHERE s.days_past_due % :days = 1
UNION
SELECT c.number, l.customer_id, s.days_past_due, s.grade, s.principal_open_fen, l.start_date,
    l.state
FROM loan l JOIN contract c ON c.loan_id = l.id JOIN loan_standing s ON s.loan_id = l.id
WHERE l.start_date = :day
UNION
SELECT c.number, l.customer_id, 0, 'normal', 0, l.start_date, l.state
FROM loan l JOIN contract c ON c.loan_id = l.id
WHERE l.state = 'settled' AND l.id IN (
    SELECT loan_id FROM loan_event WHERE happened_on = :day
    UNION
    SELECT subject FROM journal_entry
    WHERE seq >= (SELECT journal_from(:day)) AND seq < (SELECT journal_from(:day + 1)))
ORDER BY contract_number
"""
"""What ended a loan may have happened earlier and been booked on the date."""


def insert_portfolio(tx: Tx, day: date) -> int:
    """Writes the portfolio of a date anew."""
    tx.run("DELETE FROM portfolio_day WHERE business_date = :day", day=day)
    return tx.touched(_PORTFOLIO, day=day)


def is_portfolio(tx: Tx, day: date) -> bool:
    """Whether loans stand by product, grade and bucket as the portfolio of a date has them."""
    return not tx.scalar(_PORTFOLIO_DIFFERS, day=day)


def portfolio(tx: Tx, day: date) -> list[Row]:
    return list(
        tx.all(
            "SELECT product_code, grade, bucket, loans, principal_fen, interest_receivable_fen"
            " FROM portfolio_day WHERE business_date = :day ORDER BY product_code, bucket, grade",
            day=day,
        )
    )


def exposure_by_grade(tx: Tx, day: date) -> list[Row]:
    """Our part of principal and interest receivable of each product by grade."""
    return list(
        tx.all(
            "SELECT product_code, grade,"
            " sum(own_principal_fen + own_interest_receivable_fen)::bigint AS exposed_fen"
            " FROM portfolio_day WHERE business_date = :day GROUP BY product_code, grade"
            " ORDER BY product_code, grade",
            day=day,
        )
    )


def products_with_provision(tx: Tx) -> list[str]:
    rows = tx.all(
        "SELECT owner FROM ledger_account WHERE book = :book AND code = :code ORDER BY owner",
        book=OWN,
        code=Code.LOAN_LOSS_PROVISION.value,
    )
    return [row["owner"] for row in rows]


def credit_report(tx: Tx, day: date) -> list[Row]:
    """Contracts that began, ended, or came into another bucket on a date."""
    return list(tx.all(_CREDIT_REPORT, day=day, days=BUCKET_DAYS))


def insert_file(tx: Tx, kind: str, day: date, file: StoredFile, lines: int) -> None:
    tx.run(
        "INSERT INTO interface_file (kind, business_date, name, sha256, lines)"
        " VALUES (:kind, :day, :name, :sha256, :lines) ON CONFLICT (kind, business_date)"
        " DO UPDATE SET name = excluded.name, sha256 = excluded.sha256, lines = excluded.lines",
        kind=kind,
        day=day,
        name=file.name,
        sha256=file.sha256,
        lines=lines,
    )


def days_without_file(tx: Tx, kind: str, day: date) -> list[date]:
    """Dates up to one, from the first order on, whose file is not here."""
    rows = tx.all(
        "SELECT d::date AS day FROM generate_series("
        " (SELECT least(min(p.created_at), (SELECT min(created_at) FROM repayment))"
        "   AT TIME ZONE 'Asia/Shanghai' FROM payout p)::date, CAST(:day AS date), '1 day') d"
        " WHERE d::date NOT IN (SELECT business_date FROM interface_file WHERE kind = :kind)"
        " ORDER BY 1",
        day=day,
        kind=kind,
    )
    return [row["day"] for row in rows]


def contracts_of(tx: Tx, day: date) -> list[Row]:
    """The documents of the loans that began on a date."""
    return list(
        tx.all(
            "SELECT c.loan_id, c.document_name, c.document_sha256 FROM contract c"
            " JOIN loan l ON l.id = c.loan_id WHERE l.start_date = :day ORDER BY c.loan_id",
            day=day,
        )
    )


def insert_document_difference(tx: Tx, loan_id: str, day: date, detail: str) -> None:
    tx.run(
        "INSERT INTO document_difference (loan_id, business_date, detail, found_at)"
        " VALUES (:loan_id, :day, :detail, :now) ON CONFLICT DO NOTHING",
        loan_id=loan_id,
        day=day,
        detail=detail,
        now=tx.now,
    )


def document_differences(tx: Tx) -> list[Row]:
    return list(
        tx.all(
            "SELECT loan_id, business_date, detail FROM document_difference"
            " ORDER BY business_date DESC, loan_id LIMIT 200"
        )
    )


def behind(tx: Tx, following: date) -> int:
    """How many open loans have not come to a date."""
    return int(
        tx.scalar(
            "SELECT count(*) FROM loan_standing WHERE as_of <> :following", following=following
        )
    )


def standing_sums(tx: Tx) -> dict[str, Row]:
    """What open loans add up to in each legal book."""
    rows = tx.all(
        "SELECT book,"
        " coalesce(sum(principal_open_fen) FILTER (WHERE NOT written_off), 0)::bigint AS principal,"
        " coalesce(sum(interest_accrued_fen - interest_paid_fen) FILTER (WHERE NOT written_off), 0)"
        "  ::bigint AS interest,"
        " coalesce(sum(subsidy_fen - subsidy_earned_fen), 0)::bigint AS subsidy"
        " FROM book_standing GROUP BY book"
    )
    return {row["book"]: row for row in rows}


def principal_that_differs(tx: Tx, day: date) -> list[Row]:
    """Loans with a line on a date of which a book's account is not what the loan says."""
    return list(
        tx.all(
            "WITH touched AS (SELECT DISTINCT l.account_id FROM journal_line l"
            "  WHERE l.entry_seq >= (SELECT journal_from(:day))"
            "  AND l.entry_seq < (SELECT journal_from(:day + 1))),"
            " fold AS ("
            " SELECT a.owner, a.book, sum(l.debit_fen - l.credit_fen)::bigint AS ledger_fen"
            " FROM touched t JOIN ledger_account a ON a.id = t.account_id AND a.code = :code"
            " JOIN journal_line l ON l.account_id = a.id GROUP BY a.owner, a.book)"
            " SELECT f.owner, f.book, f.ledger_fen, coalesce(s.principal_open_fen, 0) AS loan_fen"
            " FROM fold f LEFT JOIN LATERAL (SELECT principal_open_fen FROM book_standing"
            "  WHERE loan_id = f.owner AND book = f.book AND NOT written_off OFFSET 0) s ON true"
            " WHERE f.ledger_fen <> coalesce(s.principal_open_fen, 0) ORDER BY f.owner, f.book",
            day=day,
            code=Code.LOAN_PRINCIPAL.value,
        )
    )
