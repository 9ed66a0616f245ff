"""The checkout: one address for an order, which shows the page that is due; forms go to actions."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hosted import session as sessions
from hosted import texts
from hosted.problems import told
from hosted.session import Session
from hosted.steps import Step, step
from lending.channels import service as channels
from lending.compliance import cost_showing, journey
from lending.customers import codes
from lending.customers import service as customers
from lending.customers.model import CodeProblem, ConsentScope
from lending.engine.plans import make_plan
from lending.foundation import business_day
from lending.foundation.context import Context
from lending.foundation.crypto import mask_identity_no, mask_mobile
from lending.foundation.database import Tx
from lending.foundation.errors import NotFound, Problem
from lending.loans import contract_pdf, rules
from lending.loans import service as loans
from lending.loans.contract_pdf import ContractFacts, Good
from lending.loans.model import Signature
from lending.products import rules as product_rules
from lending.products import service as products
from scenarios.mall_installment import checkout as mall
from scenarios.mall_installment.checkout import CheckoutView
from scenarios.mall_installment.errors import CheckoutEnded

COOKIE = "cf_checkout"
PERIODS_DIGITS_MAX = 4
FACE_BYTES_MAX = 5 * 1024 * 1024
CODE_TEXTS = {
    CodeProblem.WRONG: "验证码不正确,请重新输入",
    CodeProblem.EXPIRED: "验证码已失效,请重新获取",
    CodeProblem.LOCKED: "错误次数过多,请重新获取验证码",
}


class FormProblem(Exception):
    """A form that is shown again with a sentence beside its field."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field, self.text = field, text


@dataclass(frozen=True, slots=True)
class Visit:
    """One request to the checkout of one order."""

    context: Context
    token: str
    seen: CheckoutView
    session: Session

    @property
    def order_id(self) -> str:
        """The order's id."""
        return self.seen.order.id

    @property
    def application_id(self) -> str:
        """The application's id: what consents and the journey are recorded under."""
        return self.seen.order.application_id


Action = Callable[[Visit], Any]


class Checkout:
    """The pages and actions of the checkout."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._actions: dict[str, tuple[Step, Action]] = {
            "start": (Step.OFFERS, self._start),
            "send-code": (Step.MOBILE, self._send_code),
            "check-code": (Step.MOBILE, self._check_code),
            "identify": (Step.IDENTITY, self._identify),
            "face": (Step.VERIFY, self._face),
            "no-face": (Step.VERIFY, self._no_face),
            "card": (Step.CARD, self._card),
            "review": (Step.DECLINED, self._review),
            "choose": (Step.CHOOSE, self._choose),
            "scrolled": (Step.COST, self._scrolled),
            "confirm": (Step.COST, self._confirm),
            "back": (Step.COST, self._back),
            "read": (Step.CONTRACT, self._read),
            "send-sign-code": (Step.SIGN, self._send_sign_code),
            "sign": (Step.SIGN, self._sign),
        }

    def add(self, blueprint: Blueprint) -> None:
        """Adds the checkout to a blueprint."""
        blueprint.add_url_rule("/checkout/<token>", "checkout", self.show)
        blueprint.add_url_rule("/checkout/<token>/state", "checkout_state", self.state)
        blueprint.add_url_rule("/checkout/<token>/contract.pdf", "draft", self.draft)
        blueprint.add_url_rule("/checkout/<token>/<action>", "act", self.act, methods=["POST"])

    def show(self, token: str, problem: FormProblem | None = None) -> ResponseReturnValue:
        """The page that is due."""
        visit = self._visit(token)
        due = step(visit.seen.state, visit.session)
        with self._context.database.unit_of_work() as tx:
            shown = self._facts(tx, visit, due)
            sessions.save(tx, self._context.keys, visit.session)
            journey.step(
                tx,
                visit.application_id,
                page=due.value,
                page_version=texts.PAGES_VERSION,
                choice={},
            )
        page = render_template(
            f"hosted/{due.value}.html",
            token=token,
            seen=visit.seen,
            order=visit.seen.order,
            session=visit.session,
            problem=problem,
            values=request.form if problem else {},
            **shown,
        )
        answer = Response(page, 422 if problem else 200)
        return sessions.remember(answer, visit.session, COOKIE, self._context)

    def state(self, token: str) -> ResponseReturnValue:
        """Which page is due: asked by a page that waits."""
        visit = self._visit(token)
        return jsonify(step=step(visit.seen.state, visit.session).value)

    def act(self, token: str, action: str) -> ResponseReturnValue:
        """Carries one form out, then shows the page that is due; out of turn it does nothing."""
        visit = self._visit(token)
        sessions.check_form(visit.session)
        expected, carry_out = self._actions.get(action, (None, None))
        if carry_out is None:
            return "", 404
        if step(visit.seen.state, visit.session) is not expected:
            return redirect(url_for("hosted.checkout", token=token), 303)
        try:
            carry_out(visit)
        except FormProblem as problem:
            return self.show(token, problem)
        except Problem as problem:
            field = (problem.field or "").strip("/").replace("/", "_")
            return self.show(token, FormProblem(field, " ".join(told(problem)).strip()))
        if action == "scrolled":
            return "", 204
        answer = redirect(url_for("hosted.checkout", token=token), 303)
        return sessions.remember(answer, visit.session, COOKIE, self._context)

    def draft(self, token: str) -> ResponseReturnValue:
        """The contract as a PDF: the signed one, or before that the draft."""
        visit = self._visit(token)
        due = step(visit.seen.state, visit.session)
        with self._context.database.unit_of_work() as tx:
            if due in (Step.PAYING, Step.DONE) and visit.seen.order.loan_id:
                content = loans.contract_file(tx, self._context.files, visit.seen.order.loan_id)
            elif due in (Step.CONTRACT, Step.SIGN):
                content = contract_pdf.render(self._draft_facts(tx, visit))
            else:
                return "", 404
        return Response(content, mimetype="application/pdf")

    def _visit(self, token: str) -> Visit:
        with self._context.database.unit_of_work() as tx:
            try:
                seen = mall.open_order(tx, token)
            except CheckoutEnded as unknown:
                raise NotFound(unknown.detail, mend=unknown.mend) from None
            found = sessions.find(tx, self._context.keys, COOKIE, seen.order.id)
            return Visit(self._context, token, seen, found or sessions.begin(tx, seen.order.id))

    def _facts(self, tx: Tx, visit: Visit, due: Step) -> dict[str, Any]:
        """What the page that is due has to show."""
        facts: dict[Step, Callable[[], dict[str, Any]]] = {
            Step.OFFERS: lambda: {"offers": mall.offers(tx, visit.order_id)},
            Step.CHOOSE: lambda: {"offers": mall.offers(tx, visit.order_id)},
            Step.IDENTITY: lambda: {"consents": [texts.CONSENTS[s] for s in texts.REQUIRED]},
            Step.VERIFY: lambda: {"consent": texts.CONSENTS[ConsentScope.FACE]},
            Step.DECLINED: lambda: {"decision": mall.decision(tx, visit.order_id)},
            Step.COST: lambda: self._cost_facts(tx, visit),
            Step.CONTRACT: lambda: {"facts": self._draft_facts(tx, visit)},
            Step.SIGN: lambda: {"mobile": mask_mobile(visit.session.mobile or "")},
            Step.DONE: lambda: {"return_url": mall.return_url(visit.seen)},
        }
        return facts.get(due, dict)()

    def _cost_facts(self, tx: Tx, visit: Visit) -> dict[str, Any]:
        table = mall.cost_table(tx, visit.order_id, visit.session.state["periods"])
        showing_id = visit.session.state.get("showing_id")
        if showing_id is None:
            showing_id = cost_showing.show(tx, visit.application_id, table)
            visit.session.state["showing_id"] = showing_id
        shown = cost_showing.get(tx, showing_id)
        passed = (tx.now - shown.shown_at).total_seconds()
        left = max(0, round(self._context.settings.read_seconds_min - passed))
        return {"table": table, "seconds_left": left, "scrolled": shown.scrolled_at is not None}

    def _start(self, visit: Visit) -> None:
        visit.session.state["started"] = True
        self._keep(visit, Step.OFFERS, {})

    def _send_code(self, visit: Visit) -> None:
        mobile = request.form.get("mobile", "")
        codes.send_code(
            self._context.database,
            self._context.sms,
            self._context.keys,
            mobile=mobile,
            purpose="checkout",
            subject=visit.order_id,
        )
        visit.session.mobile = mobile
        visit.session.state["code_sent"] = True
        self._keep(visit, Step.MOBILE, {"code": "sent"})

    def _check_code(self, visit: Visit) -> None:
        if not visit.session.mobile:
            raise FormProblem("mobile", "请先获取验证码")
        with self._context.database.unit_of_work() as tx:
            wrong = codes.check_code(
                tx,
                self._context.keys,
                mobile=visit.session.mobile,
                purpose="checkout",
                subject=visit.order_id,
                code=request.form.get("code", ""),
            )
            if wrong is None:
                self._let_in(tx, visit)
        if wrong is not None:
            raise FormProblem("code", CODE_TEXTS[wrong])
        self._keep(visit, Step.MOBILE, {"code": "right"}, renew=True)

    def _let_in(self, tx: Tx, visit: Visit) -> None:
        """Whoever comes back to an application that was handed in must be its applicant."""
        customer_id = loans.application(tx, visit.application_id).customer_id
        if customer_id is not None:
            mine = customers.by_mobile(tx, self._context.keys, visit.session.mobile or "")
            if customer_id not in mine:
                raise FormProblem("mobile", "该订单已由其他手机号申请,请使用申请时的手机号")
            visit.session.state |= {"customer_id": customer_id, "verified": True}
        visit.session.state["mobile_proved"] = True

    def _identify(self, visit: Visit) -> None:
        ticked = {s for s in texts.REQUIRED if request.form.get(f"consent_{s.value}") == "yes"}
        if missing := [s for s in texts.REQUIRED if s not in ticked]:
            raise FormProblem(
                f"consents_{missing[0].value}", f"请阅读并勾选:{texts.CONSENTS[missing[0]].label}"
            )
        name = request.form.get("name", "").strip()
        if not 2 <= len(name) <= 30:
            raise FormProblem("name", "请输入真实姓名")
        customer_id = customers.identify(
            self._context.database,
            self._context.identity,
            self._context.keys,
            name=name,
            identity_no=request.form.get("identity_no", ""),
            mobile=visit.session.mobile or "",
        )
        with self._context.database.unit_of_work() as tx:
            for scope in texts.REQUIRED:
                self._consent(tx, visit, customer_id, scope)
        visit.session.state["customer_id"] = customer_id
        chosen = {"consents": sorted(scope.value for scope in ticked)}
        self._keep(visit, Step.IDENTITY, chosen, renew=True)

    def _face(self, visit: Visit) -> None:
        if request.form.get("consent_face") != "yes":
            raise FormProblem("consents_face", "请先勾选同意处理人脸信息,或改用银行卡核验")
        picture = request.files.get("image")
        image = picture.read(FACE_BYTES_MAX + 1) if picture else b""
        if not image or len(image) > FACE_BYTES_MAX:
            raise FormProblem("image", "请拍摄或选择一张 5 MB 以内的照片")
        assert visit.session.customer_id
        with self._context.database.unit_of_work() as tx:
            self._consent(tx, visit, visit.session.customer_id, ConsentScope.FACE)
        customers.check_face(
            self._context.database,
            self._context.identity,
            self._context.keys,
            customer_id=visit.session.customer_id,
            subject=visit.application_id,
            image=image,
        )
        visit.session.state["verified"] = "face"
        self._keep(visit, Step.VERIFY, {"path": "face"})

    def _no_face(self, visit: Visit) -> None:
        visit.session.state["verified"] = "bank_card"
        self._keep(visit, Step.VERIFY, {"path": "bank_card"})

    def _card(self, visit: Visit) -> None:
        assert visit.session.customer_id
        card_id = customers.add_card(
            self._context.database,
            self._context.channel,
            self._context.keys,
            customer_id=visit.session.customer_id,
            number=request.form.get("card_number", ""),
        )
        device = {
            "fingerprint": request.form.get("fingerprint", "")[:128],
            "ip": request.remote_addr or "",
            "user_agent": request.headers.get("user-agent", "")[:300],
        }
        with self._context.database.unit_of_work() as tx:
            mall.submit(
                tx,
                visit.order_id,
                customer_id=visit.session.customer_id,
                bank_card_id=card_id,
                device=device,
            )
        self._keep(visit, Step.CARD, {})

    def _review(self, visit: Visit) -> None:
        with self._context.database.unit_of_work() as tx:
            loans.ask_for_review(tx, visit.application_id)
        visit.session.state["review_asked"] = True
        self._keep(visit, Step.DECLINED, {"review": True})

    def _choose(self, visit: Visit) -> None:
        raw = request.form.get("periods", "")
        if not raw.isascii() or not raw.isdigit() or len(raw) > PERIODS_DIGITS_MAX:
            raise FormProblem("periods", "请选择期数")
        periods = int(raw)
        with self._context.database.unit_of_work() as tx:
            mall.cost_table(tx, visit.order_id, periods)
        visit.session.state["periods"] = periods
        visit.session.state.pop("showing_id", None)
        self._keep(visit, Step.CHOOSE, {"periods": periods})

    def _scrolled(self, visit: Visit) -> None:
        with self._context.database.unit_of_work() as tx:
            cost_showing.scrolled(tx, visit.session.state["showing_id"])

    def _confirm(self, visit: Visit) -> None:
        if request.form.get("understood") != "yes":
            raise FormProblem("understood", "请勾选已阅读并理解")
        with self._context.database.unit_of_work() as tx:
            cost_showing.confirm(
                tx,
                visit.session.state["showing_id"],
                read_seconds_min=self._context.settings.read_seconds_min,
            )
        visit.session.state["cost_confirmed"] = True
        self._keep(visit, Step.COST, {"confirmed": True})

    def _back(self, visit: Visit) -> None:
        for name in ("periods", "showing_id"):
            visit.session.state.pop(name, None)
        self._keep(visit, Step.COST, {"back": True})

    def _read(self, visit: Visit) -> None:
        if request.form.get("agreed") != "yes":
            raise FormProblem("agreed", "请勾选已阅读并同意合同全文")
        visit.session.state["contract_read"] = True
        self._keep(visit, Step.CONTRACT, {"agreed": True})

    def _send_sign_code(self, visit: Visit) -> None:
        codes.send_code(
            self._context.database,
            self._context.sms,
            self._context.keys,
            mobile=visit.session.mobile or "",
            purpose="sign",
            subject=visit.order_id,
        )
        visit.session.state["sign_code_sent"] = True
        self._keep(visit, Step.SIGN, {"code": "sent"})

    def _sign(self, visit: Visit) -> None:
        with self._context.database.unit_of_work() as tx:
            wrong = codes.check_code(
                tx,
                self._context.keys,
                mobile=visit.session.mobile or "",
                purpose="sign",
                subject=visit.order_id,
                code=request.form.get("code", ""),
            )
        if wrong is not None:
            raise FormProblem("code", CODE_TEXTS[wrong])
        with self._context.database.unit_of_work() as tx:
            mall.sign(
                tx,
                self._context.keys,
                self._context.files,
                order_id=visit.order_id,
                periods=visit.session.state["periods"],
                signature=Signature(
                    showing_id=visit.session.state["showing_id"],
                    method="sms_code",
                    evidence={
                        "ip": request.remote_addr,
                        "user_agent": request.headers.get("user-agent", "")[:300],
                        "mobile": mask_mobile(visit.session.mobile or ""),
                        "pages_version": texts.PAGES_VERSION,
                    },
                ),
            )
        self._keep(visit, Step.SIGN, {"signed": True})

    def _draft_facts(self, tx: Tx, visit: Visit) -> ContractFacts:
        order = visit.seen.order
        periods = visit.session.state["periods"]
        product = products.version(tx, order.product_code, order.product_version)
        today: date = business_day.today(tx)
        application = loans.application(tx, visit.application_id)
        assert application.customer_id
        assert application.bank_card_id
        person = customers.profile(tx, self._context.keys, application.customer_id)
        card = customers.card(tx, application.bank_card_id)
        payee = channels.settlement_accounts(tx, order.partner_id)[0]
        return ContractFacts(
            number="(签署后生成)",
            signed_on=today,
            lender=rules.LENDER_ZH,
            borrower_name=person.name,
            borrower_identity_no=mask_identity_no(person.identity_no),
            borrower_mobile=mask_mobile(person.mobile),
            merchant=visit.seen.merchant,
            goods=tuple(Good(item.name, item.quantity, item.amount_fen) for item in order.items),
            principal_fen=order.amount_fen,
            plan=make_plan(product_rules.plan_input(product, order.amount_fen, periods, today)),
            cost_table=mall.cost_table(tx, visit.order_id, periods),
            payee=f"{payee.holder} {payee.bank_name} 尾号 {payee.last4}",
            card=f"{card.bank_name} 尾号 {card.last4}",
            evidence={},
        )

    def _consent(self, tx: Tx, visit: Visit, customer_id: str, scope: ConsentScope) -> None:
        text = texts.CONSENTS[scope]
        customers.give_consent(
            tx,
            customer_id,
            scope,
            text_version=text.version,
            text_sha256=text.sha256,
            channel="hosted_checkout",
            subject=visit.application_id,
        )

    def _keep(
        self, visit: Visit, page: Step, choice: dict[str, Any], *, renew: bool = False
    ) -> None:
        """Keeps what was chosen, in the session and in the journey (R-TRACE)."""
        with self._context.database.unit_of_work() as tx:
            if renew:
                sessions.renew(tx, self._context.keys, visit.session)
            sessions.save(tx, self._context.keys, visit.session)
            journey.step(
                tx,
                visit.application_id,
                page=page.value,
                page_version=texts.PAGES_VERSION,
                choice=choice,
            )
