"""What a borrower may do with a running loan: pay ahead, reckon, get credit back, get receipts."""

import re
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hosted.problems import told
from lending.engine.errors import EventImpossible
from lending.foundation import business_day
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from lending.foundation.money import yuan
from lending.loans import statements
from lending.loans.errors import NoSuchLoan
from lending.loans.model import Loan
from lending.repayments import credits as credit_balances
from lending.repayments import receipts
from lending.repayments import service as repayments
from lending.repayments.errors import NothingToPay
from lending.repayments.model import Preview, Quote, Repayment, What

PART = {What.PART_SHORTER: "缩短期限", What.PART_SMALLER: "减少每期"}
ONCE = (What.NEXT, What.PAYOFF)
"""What is paid by one touch, for the amount that is asked."""
RECKONED_AHEAD_DAYS = 366
_YUAN = re.compile(r"\d{1,9}(\.\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to take a part prepayment, as it is shown before the borrower agrees."""

    what: What
    label: str
    preview: Preview

    @property
    def seen(self) -> str:
        """Ties what the borrower agrees to to what they saw."""
        return sha256(repr(self.preview).encode()).hexdigest()[:32]


class PrepaymentRefused(Exception):
    """Why an amount cannot be paid ahead, in words for the borrower."""


def quotes(tx: Tx, loan_id: str) -> dict[str, Quote]:
    """What can be paid by one touch, each with its amount; nothing where nothing is owed."""
    found = {}
    for what in ONCE:
        try:
            found[what.value] = repayments.quote(tx, loan_id, what)
        except NothingToPay:
            return {}
    return found


def typed_fen(typed: str) -> int:
    """An amount typed in yuan; 0 for what is not one."""
    plain = typed.strip().replace(",", "")
    if not _YUAN.fullmatch(plain):
        return 0
    whole, _, cents = plain.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def choices(tx: Tx, loan_id: str, amount_fen: int) -> list[Choice]:
    """Both ways to pay a part ahead, with the plan that each leaves (R-PREPAY).

    Raises PrepaymentRefused, NothingToPay.
    """
    payoff = repayments.quote(tx, loan_id, What.PAYOFF)
    if amount_fen >= payoff.amount_fen:
        raise PrepaymentRefused(f"今天还 ¥{yuan(payoff.amount_fen)} 即可结清,请改用“提前结清”。")
    try:
        return [
            Choice(what, label, repayments.preview(tx, loan_id, what, amount_fen=amount_fen))
            for what, label in PART.items()
        ]
    except EventImpossible:
        raise PrepaymentRefused("金额须大于今天应付的到期款项和利息,请填写更大的金额。") from None


def agree(tx: Tx, loan_id: str, what: What, amount_fen: int, seen: str) -> None:
    """Refuses a part prepayment that would do other than what the borrower was shown.

    Raises PrepaymentRefused, NothingToPay.
    """
    shown = next(one for one in choices(tx, loan_id, amount_fen) if one.what is what)
    if shown.seen != seen:
        raise PrepaymentRefused("还款计划已变化,请重新查看后再确认。")


class MyRepayments:
    """The pages and forms about repaying, for a borrower whose own the loan is."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def prepay(self, tx: Tx, loan: Loan, csrf: str) -> ResponseReturnValue:
        """A part ahead of time: the amount, then both plans, then the agreement."""
        typed = request.args.get("amount", "")
        found: list[Choice] = []
        problem = None
        if typed:
            try:
                found = choices(tx, loan.id, typed_fen(typed))
            except PrepaymentRefused as refused:
                problem = str(refused)
        page = render_template(
            "hosted/me_prepay.html",
            loan=loan,
            csrf=csrf,
            typed=typed,
            choices=found,
            payoff=repayments.quote(tx, loan.id, What.PAYOFF),
            problem=problem,
        )
        return page, 422 if problem else 200

    def reckon(self, tx: Tx, loan: Loan) -> ResponseReturnValue:
        """What closes the loan on a day that the borrower chooses (结清试算)."""
        today = business_day.today(tx)
        problem, on = None, today
        try:
            on = date.fromisoformat(request.args.get("on", "") or today.isoformat())
        except ValueError:
            problem = "请选择日期。"
        if not problem and not 0 <= (on - today).days <= RECKONED_AHEAD_DAYS:
            problem, on = "请选择今天起一年以内的日期。", today
        page = render_template(
            "hosted/me_reckon.html",
            loan=loan,
            on=on,
            today=today,
            last=today.replace(year=today.year + 1, day=min(today.day, 28)),
            now=repayments.quote(tx, loan.id, What.PAYOFF),
            then=repayments.quote(tx, loan.id, What.PAYOFF, on=on),
            problem=problem,
        )
        return page, 422 if problem else 200

    def receipt(self, tx: Tx, found: Repayment) -> ResponseReturnValue:
        """The receipt of a repayment."""
        content = receipts.pdf(tx, self._context.keys, found.id, is_masked=False)
        return Response(
            content,
            mimetype="application/pdf",
            headers={"Content-Disposition": 'inline; filename="receipt.pdf"'},
        )

    def refund_credit(self, loan: Loan, amount_fen: int) -> str | None:
        """Pays the borrower's credit back to the card; what is wrong, in words, or None."""
        try:
            with self._context.database.unit_of_work() as tx:
                credit_balances.refund(tx, loan.id, amount_fen, Actor("customer", loan.customer_id))
        except NoSuchLoan:
            raise
        except Problem as problem:
            return f"{told(problem)[0]}。请刷新页面查看可退金额。"
        return None

    def loan_page(
        self, tx: Tx, loan: Loan, merchant: str, csrf: str, problem: str | None
    ) -> ResponseReturnValue:
        """One loan: what is due, ways to pay, credit, plan, repayments."""
        page = render_template(
            "hosted/me_loan.html",
            csrf=csrf,
            statement=statements.statement(tx, loan.id),
            merchant=merchant,
            quotes=quotes(tx, loan.id),
            repayments=repayments.of_loan(tx, loan.id),
            credit=credit_balances.credit(tx, loan.customer_id),
            problem=problem,
        )
        return page, 422 if problem else 200


def back(loan_id: str) -> ResponseReturnValue:
    """To the loan's page."""
    return redirect(url_for("hosted.me_loan", loan_id=loan_id), 303)
