"""The books: the trial balance, and the proof that nobody has touched the journal (M10)."""

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from console import session
from lending.foundation import business_day
from lending.foundation.context import Context
from lending.ledger import proof
from lending.ledger import service as ledger
from lending.ledger.model import OWN
from lending.ledger.rules import is_book
from lending.system import service as system
from lending.system.errors import PayloadWrong
from lending.system.model import Right


def add(console: Blueprint, context: Context) -> None:
    """Adds these pages to the console."""

    @console.get("/trial-balance")
    def trial_balance() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_BOOKS)
        raw = request.args.get("on", "")
        try:
            on = date.fromisoformat(raw) if raw else None
        except ValueError as wrong:
            raise PayloadWrong(field="/on", mend="请按年-月-日填写日期。") from wrong
        book = request.args.get("book", OWN)
        if not is_book(book):
            raise PayloadWrong(field="/book", mend="请从列表中选择账簿。")
        with context.database.unit_of_work() as tx:
            ledger.require_begun(tx, on)
            rows = ledger.trial_balance(tx, on=on, book=book)
            books = ledger.books_kept(tx)
            findings = proof.verify_day(tx, business_day.today(tx))
        return render_template(
            "console/trial_balance.html",
            rows=rows,
            book=book,
            books=books,
            off=sum(row.balance_fen for row in rows),
            on=raw,
            findings=findings,
        )
