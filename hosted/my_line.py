"""The customer's credit line: what is available, the code to pay with, what backs it."""

import segno
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hosted import session as sessions
from hosted.journey import device_told
from hosted.positions import position_told
from hosted.problems import told
from hosted.session import Session
from lending.credit_lines import securities
from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import NoSuchLine
from lending.credit_lines.model import Line, SecurityKind
from lending.customers import service as customers
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from scenarios.offline_credit import paying
from scenarios.offline_credit.drawing import Payer
from scenarios.offline_credit.model import SCENES
from scenarios.offline_credit.paying import ShowCode

COOKIE = "cf_me"
"""The borrower's own page's: whoever is signed in there sees the line."""
PAYMENTS_SHOWN = 20
DESCRIPTION_MAX = 200


def signed_in(tx: Tx, context: Context) -> Session | None:
    """The session of a borrower who is signed in."""
    session = sessions.find(tx, context.keys, COOKIE, None)
    return session if session and session.state.get("signed_in") else None


def line_of(tx: Tx, session: Session) -> Line:
    """The line of whoever is signed in.

    Raises NoSuchLine.
    """
    for customer_id in session.state.get("customer_ids", ()):
        found = credit_lines.of_customer(tx, customer_id)
        if found is not None:
            return found
    raise NoSuchLine("您还没有循环额度", mend="请在门店扫描屏幕上的二维码申请。")


def payer(tx: Tx, line: Line) -> Payer:
    """Who pays, as the form tells it: from the card that the line was opened with, or a newer one.

    Raises NoSuchLine.
    """
    cards = customers.cards(tx, line.customer_id)
    if not cards:
        raise NoSuchLine("没有可用的还款银行卡")
    position = position_told()
    return Payer(
        line_id=line.id,
        bank_card_id=cards[0].id,
        device=dict(device_told()),
        at=(position.latitude_e6, position.longitude_e6) if position else None,
    )


class MyLine:
    """The pages and forms of `/me/line` and of what a till shows."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, blueprint: Blueprint) -> None:
        """Adds the pages to a blueprint."""
        add = blueprint.add_url_rule
        add("/me/line", "my_line", self.home)
        add("/me/line/code", "my_code", self.code, methods=["POST"])
        add("/me/line/waiting", "my_waiting", self.waiting)
        add("/me/line/securities", "my_security", self.offer_security, methods=["POST"])
        add("/pay/<token>", "pay", self.scan)
        add("/pay/<token>/claim", "pay_claim", self.claim, methods=["POST"])

    def home(self, problem: str | None = None) -> ResponseReturnValue:
        """The line, its payments, and what backs it."""
        with self._context.database.unit_of_work() as tx:
            session = signed_in(tx, self._context)
            if session is None:
                return self._to_sign_in(tx, url_for("hosted.my_line"))
            line = line_of(tx, session)
            page = render_template(
                "hosted/my_line.html",
                session=session,
                standing=credit_lines.standing(tx, line.id),
                scenes=SCENES,
                payments=paying.recent(tx, line.customer_id, PAYMENTS_SHOWN),
                securities=[
                    (each, securities.token_of(self._context.keys, each))
                    for each in securities.of_line(tx, line.id)
                ],
                valued_fen=securities.value_fen(tx, line.id),
                problem=problem,
            )
        return page, 422 if problem else 200

    def code(self) -> ResponseReturnValue:
        """A code to show to the cashier."""
        try:
            with self._context.database.unit_of_work() as tx:
                session = self._posted(tx)
                line = line_of(tx, session)
                who = payer(tx, line)
                command = ShowCode(
                    bank_card_id=who.bank_card_id,
                    device=who.device,
                    position=position_told(),
                    quick_showing_id=session.state.get("quick_showing_id"),
                )
                shown = paying.show_code(tx, line.customer_id, command)
        except Problem as problem:
            return self.home(" ".join(told(problem)).strip())
        return render_template(
            "hosted/my_code.html",
            session=session,
            shown=shown,
            digits=" ".join(shown.code[at : at + 4] for at in range(0, len(shown.code), 4)),
            picture=segno.make(shown.code, error="m").svg_data_uri(scale=6, border=2),
        )

    def waiting(self) -> ResponseReturnValue:
        """The payment that waits for the customer's word, asked for by the page of the code."""
        with self._context.database.unit_of_work() as tx:
            session = signed_in(tx, self._context)
            if session is None:
                return jsonify(step="waiting")
            line = line_of(tx, session)
            found = paying.newest(tx, line.customer_id)
        if found is None:
            return jsonify(step="waiting")
        return jsonify(step="pay", to=url_for("hosted.payment", token=found.id))

    def offer_security(self) -> ResponseReturnValue:
        """Names what is to back the line (STORE-4)."""
        with self._context.database.unit_of_work() as tx:
            line = line_of(tx, self._posted(tx))
        kind, description = request.form.get("kind", ""), request.form.get("description", "")
        if kind not in {each.value for each in SecurityKind}:
            return self.home("请选择担保方式")
        if not 2 <= len(description.strip()) <= DESCRIPTION_MAX:
            return self.home("请填写担保物或担保人的说明")
        with self._context.database.unit_of_work() as tx:
            securities.offer(
                tx,
                self._context.keys,
                line.id,
                SecurityKind(kind),
                description=description.strip(),
                actor=Actor("customer", line.customer_id),
            )
        return redirect(url_for("hosted.my_line"), 303)

    def scan(self, token: str) -> ResponseReturnValue:
        """What a till shows was scanned: whose payment it is to be, the customer says."""
        with self._context.database.unit_of_work() as tx:
            session = signed_in(tx, self._context)
            if session is None:
                return self._to_sign_in(tx, url_for("hosted.pay", token=token))
            line_of(tx, session)
            seen = paying.look(tx, token)
            return render_template("hosted/pay_scan.html", session=session, token=token, seen=seen)

    def claim(self, token: str) -> ResponseReturnValue:
        """The customer takes the payment that a till shows."""
        with self._context.database.unit_of_work() as tx:
            session = self._posted(tx)
            line = line_of(tx, session)
            found = paying.claim(tx, self._context.keys, token, payer(tx, line))
        return redirect(url_for("hosted.payment", token=found.id), 303)

    def _posted(self, tx: Tx) -> Session:
        session = sessions.find(tx, self._context.keys, COOKIE, None) or sessions.begin(tx, None)
        sessions.check_form(session)
        if not session.state.get("signed_in"):
            raise NoSuchLine("请先登录", mend="请返回“我的借款”登录。")
        return session

    def _to_sign_in(self, tx: Tx, after: str) -> Response:
        """The sign-in, which comes back here."""
        session = sessions.find(tx, self._context.keys, COOKIE, None) or sessions.begin(tx, None)
        session.state["after"] = after
        sessions.save(tx, self._context.keys, session)
        answer = redirect(url_for("hosted.me"), 303)
        assert isinstance(answer, Response)
        return sessions.remember(answer, session, COOKIE, self._context)  # type: ignore[return-value]
