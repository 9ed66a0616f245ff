"""The borrower's own page: loans, plan, repayment, contract."""

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hosted import me_repay
from hosted import session as sessions
from hosted.journey import CODE_TEXTS
from hosted.me_repay import MyRepayments, PrepaymentRefused
from hosted.problems import told
from hosted.session import Session
from lending.channels import service as channels
from lending.customers import codes
from lending.customers import service as customers
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from lending.loans import service as loans
from lending.loans import statements
from lending.loans.errors import NoSuchLoan
from lending.loans.model import Loan
from lending.repayments import service as repayments
from lending.repayments.model import What

COOKIE = "cf_me"


class Me:
    """The pages and forms of `/me`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._repay = MyRepayments(context)

    def add(self, blueprint: Blueprint) -> None:
        """Adds the pages to a blueprint."""
        blueprint.add_url_rule("/me", "me", self.home)
        blueprint.add_url_rule("/me/send-code", "me_send_code", self.send_code, methods=["POST"])
        blueprint.add_url_rule("/me/sign-in", "me_sign_in", self.sign_in, methods=["POST"])
        blueprint.add_url_rule("/me/sign-out", "me_sign_out", self.sign_out, methods=["POST"])
        blueprint.add_url_rule("/me/loans/<loan_id>", "me_loan", self.loan)
        blueprint.add_url_rule("/me/loans/<loan_id>/pay", "me_pay", self.pay, methods=["POST"])
        blueprint.add_url_rule("/me/loans/<loan_id>/contract.pdf", "me_contract", self.contract)
        blueprint.add_url_rule("/me/loans/<loan_id>/prepay", "me_prepay", self.prepay)
        blueprint.add_url_rule("/me/loans/<loan_id>/reckon", "me_reckon", self.reckon)
        blueprint.add_url_rule(
            "/me/loans/<loan_id>/refund-credit", "me_refund", self.refund_credit, methods=["POST"]
        )
        blueprint.add_url_rule("/me/repayments/<repayment_id>.pdf", "me_receipt", self.receipt)

    def home(self, problem: tuple[str, str] | None = None) -> ResponseReturnValue:
        """The borrower's loans, or the sign-in."""
        with self._context.database.unit_of_work() as tx:
            session = self._session(tx) or sessions.begin(tx, None)
            mine = self._loans(tx, session)
        name = "hosted/me.html" if session.state.get("signed_in") else "hosted/me_sign_in.html"
        page = render_template(name, session=session, loans=mine, problem=problem)
        answer = Response(page, 422 if problem else 200)
        return sessions.remember(answer, session, COOKIE, self._context)

    def send_code(self) -> ResponseReturnValue:
        """Sends a one-time code to a mobile, whether or not anybody has borrowed with it."""
        session = self._posted()
        mobile = request.form.get("mobile", "")
        try:
            codes.send_code(
                self._context.database,
                self._context.sms,
                self._context.keys,
                mobile=mobile,
                purpose="me",
                subject="me",
            )
        except Problem as problem:
            return self.home(("mobile", " ".join(told(problem)).strip()))
        session.mobile = mobile
        session.state["code_sent"] = True
        self._keep(session)
        return redirect(url_for("hosted.me"), 303)

    def sign_in(self) -> ResponseReturnValue:
        """Signs in with the code."""
        session = self._posted()
        after: str | None = None
        with self._context.database.unit_of_work() as tx:
            wrong = codes.check_code(
                tx,
                self._context.keys,
                mobile=session.mobile or "13000000000",
                purpose="me",
                subject="me",
                code=request.form.get("code", ""),
            )
            if wrong is None:
                found = customers.by_mobile(tx, self._context.keys, session.mobile or "")
                session.state |= {"signed_in": True, "customer_ids": found}
                after = session.state.pop("after", None)
                sessions.renew(tx, self._context.keys, session)
                sessions.save(tx, self._context.keys, session)
        if wrong is not None:
            return self.home(("code", CODE_TEXTS[wrong]))
        answer = redirect(after or url_for("hosted.me"), 303)
        return sessions.remember(answer, session, COOKIE, self._context)

    def sign_out(self) -> ResponseReturnValue:
        """Ends the session on the server."""
        session = self._posted()
        with self._context.database.unit_of_work() as tx:
            sessions.end(tx, session)
        return redirect(url_for("hosted.me"), 303)

    def loan(self, loan_id: str, problem: str | None = None) -> ResponseReturnValue:
        """One loan: plan, what is due, repayments, contract."""
        with self._context.database.unit_of_work() as tx:
            session = self._signed_in(tx)
            found = self._mine(tx, session, loan_id)
            merchant = channels.partner(tx, found.partner_id).name
            return self._repay.loan_page(tx, found, merchant, session.csrf, problem)

    def pay(self, loan_id: str) -> ResponseReturnValue:
        """Pays what the borrower saw, from the card."""
        session = self._posted()
        amount = request.form.get("amount_fen", "")
        amount_fen = int(amount) if amount.isascii() and amount.isdigit() else 0
        try:
            what = What(request.form.get("what", ""))
            with self._context.database.unit_of_work() as tx:
                self._mine(tx, session, loan_id)
                if what in me_repay.PART:
                    me_repay.agree(tx, loan_id, what, amount_fen, request.form.get("seen", ""))
            made = repayments.pay(self._context, loan_id, what, amount_fen=amount_fen)
        except ValueError:
            return self.loan(loan_id, "请选择还款方式")
        except PrepaymentRefused as refused:
            return self.loan(loan_id, str(refused))
        except NoSuchLoan:
            raise
        except Problem as problem:
            return self.loan(loan_id, "。".join(told(problem)))
        if made.state == "failed":
            return self.loan(loan_id, f"扣款未成功({made.code}),请更换方式或确认卡内余额后重试")
        return me_repay.back(loan_id)

    def prepay(self, loan_id: str) -> ResponseReturnValue:
        """A part of the loan ahead of its time."""
        with self._context.database.unit_of_work() as tx:
            session = self._signed_in(tx)
            return self._repay.prepay(tx, self._mine(tx, session, loan_id), session.csrf)

    def reckon(self, loan_id: str) -> ResponseReturnValue:
        """What closes the loan on a day."""
        with self._context.database.unit_of_work() as tx:
            return self._repay.reckon(tx, self._mine(tx, self._signed_in(tx), loan_id))

    def refund_credit(self, loan_id: str) -> ResponseReturnValue:
        """Pays what was paid too much back to the card."""
        session = self._posted()
        with self._context.database.unit_of_work() as tx:
            found = self._mine(tx, session, loan_id)
        amount = request.form.get("amount_fen", "")
        amount_fen = int(amount) if amount.isascii() and amount.isdigit() else 0
        problem = self._repay.refund_credit(found, amount_fen)
        return self.loan(loan_id, problem) if problem else me_repay.back(loan_id)

    def receipt(self, repayment_id: str) -> ResponseReturnValue:
        """The receipt of one of the borrower's repayments."""
        with self._context.database.unit_of_work() as tx:
            session = self._signed_in(tx)
            found = repayments.get(tx, repayment_id)
            self._mine(tx, session, found.loan_id)
            return self._repay.receipt(tx, found)

    def contract(self, loan_id: str) -> ResponseReturnValue:
        """The signed contract."""
        with self._context.database.unit_of_work() as tx:
            self._mine(tx, self._signed_in(tx), loan_id)
            content = loans.contract_file(tx, self._context.files, loan_id)
        return Response(content, mimetype="application/pdf")

    def _session(self, tx: Tx) -> Session | None:
        return sessions.find(tx, self._context.keys, COOKIE, None)

    def _posted(self) -> Session:
        with self._context.database.unit_of_work() as tx:
            session = self._session(tx) or sessions.begin(tx, None)
        sessions.check_form(session)
        return session

    def _signed_in(self, tx: Tx) -> Session:
        session = self._session(tx)
        if session is None or not session.state.get("signed_in"):
            raise NoSuchLoan("请先登录", mend="请返回“我的借款”登录。")
        return session

    def _mine(self, tx: Tx, session: Session, loan_id: str) -> Loan:
        """The loan, if it is the borrower's own; another's looks like none."""
        found = loans.loan(tx, loan_id)
        if found.customer_id not in session.state.get("customer_ids", ()):
            raise NoSuchLoan
        return found

    def _loans(self, tx: Tx, session: Session) -> list[dict[str, Any]]:
        mine = statements.of_customers(tx, session.state.get("customer_ids", []))
        return [
            {
                "statement": each,
                "merchant": channels.partner(tx, each.loan.partner_id).name,
                "next": me_repay.quotes(tx, each.loan.id).get("next"),
            }
            for each in mine
        ]

    def _keep(self, session: Session) -> None:
        with self._context.database.unit_of_work() as tx:
            sessions.save(tx, self._context.keys, session)
