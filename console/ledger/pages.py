"""The books: the trial balance, and the proof that nobody has touched the journal (M10)."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from console import session
from lending.foundation import business_day
from lending.foundation.calendar import parsed_date
from lending.foundation.context import Context
from lending.ledger import proof
from lending.ledger import service as ledger
from lending.ledger.model import OWN
from lending.system import service as system
from lending.system.errors import PayloadWrong
from lending.system.model import Right


def add(console: Blueprint, context: Context) -> None:
    """Adds these pages to the console."""

    @console.get("/trial-balance")
    def trial_balance() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_BOOKS)
        raw, book = request.args.get("on", ""), request.args.get("book", OWN)
        try:
            on = parsed_date(raw) if raw else None
        except ValueError as wrong:
            raise PayloadWrong(field="/on", mend="请按年-月-日填写日期。") from wrong
        with context.database.unit_of_work() as tx:
            books, today = ledger.books_kept(tx), business_day.today(tx)
            if book not in books:
                raise PayloadWrong(field="/book", mend="请从列表中选择账簿。")
            if on and on > today:
                raise PayloadWrong(field="/on", mend=f"请填写 {today} 或之前的日期。")
            rows = ledger.trial_balance(tx, on=on, book=book)
            findings = proof.verify_day(tx, today)
        return render_template(
            "console/trial_balance.html",
            rows=rows,
            book=book,
            books=books,
            off=sum(row.balance_fen for row in rows),
            on=raw,
            findings=findings,
        )
