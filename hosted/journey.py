"""Pages of one matter: an address shows the page that is due, forms go to actions.

A journey says who visits, which page is due and what it shows; what every journey has in common is
here: the session, the forms' tokens, the record of what was seen and chosen (R-TRACE), and the
steps by which a person is identified and signs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hosted import session as sessions
from hosted import texts
from hosted.problems import told
from hosted.session import Session
from hosted.texts import ConsentText
from lending.compliance import cost_showing, journey
from lending.customers import codes
from lending.customers import service as customers
from lending.customers.model import CodeProblem, ConsentScope
from lending.foundation.context import Context
from lending.foundation.crypto import mask_mobile
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from lending.loans import service as loans
from lending.loans.model import Signature

FACE_BYTES_MAX = 5 * 1024 * 1024
PERIODS_DIGITS_MAX = 4
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
    """One request to a journey."""

    token: str
    subject: str
    """The id of the matter: what the session and one-time codes are tied to."""
    application_id: str
    """What consents and the journey are recorded under; the subject's where there is none yet."""
    state: str
    """Of the matter, in its own words."""
    session: Session
    seen: Any
    """The matter itself, for its pages."""


Act = Callable[[Visit], Any]


class Journey:
    """The pages and actions of one kind of matter."""

    name: ClassVar[str]
    """Of its endpoints: `checkout`."""
    path: ClassVar[str]
    """Of its address: `/checkout`."""
    cookie: ClassVar[str]
    layout: ClassVar[str]
    """The template that its pages extend."""
    channel: ClassVar[str]
    """Where consents are given, as they record it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._actions: dict[str, tuple[str, Act]] = self.actions()

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        raise NotImplementedError

    def visit(self, token: str) -> Visit:
        """Who visits what.

        Raises NotFound.
        """
        raise NotImplementedError

    def due(self, visit: Visit) -> str:
        """The page that is due."""
        raise NotImplementedError

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due has to show."""
        raise NotImplementedError

    def add(self, blueprint: Blueprint) -> None:
        """Adds the journey to a blueprint."""
        one = f"{self.path}/<token>"
        blueprint.add_url_rule(one, self.name, self.show)
        blueprint.add_url_rule(f"{one}/state", f"{self.name}_state", self.state)
        act = f"{self.name}_act"
        blueprint.add_url_rule(f"{one}/<action>", act, self.act, methods=["POST"])

    def show(self, token: str, problem: FormProblem | None = None) -> ResponseReturnValue:
        """The page that is due."""
        visit = self.visit(token)
        due = self.due(visit)
        with self._context.database.unit_of_work() as tx:
            shown = self.facts(tx, visit, due)
            sessions.save(tx, self._context.keys, visit.session)
            journey.step(
                tx,
                visit.application_id,
                page=due,
                page_version=texts.PAGES_VERSION,
                choice={},
            )
        page = render_template(
            f"hosted/{due}.html",
            journey=self.name,
            layout=self.layout,
            token=token,
            seen=visit.seen,
            session=visit.session,
            problem=problem,
            values=request.form if problem else {},
            **shown,
        )
        answer = Response(page, 422 if problem else 200)
        return sessions.remember(answer, visit.session, self.cookie, self._context)

    def state(self, token: str) -> ResponseReturnValue:
        """Which page is due: asked by a page that waits."""
        return jsonify(step=self.due(self.visit(token)))

    def act(self, token: str, action: str) -> ResponseReturnValue:
        """Carries one form out, then shows the page that is due; out of turn it does nothing."""
        visit = self.visit(token)
        sessions.check_form(visit.session)
        expected, carry_out = self._actions.get(action, (None, None))
        if carry_out is None:
            return "", 404
        back = url_for(f"hosted.{self.name}", token=token)
        if self.due(visit) != expected:
            return redirect(back, 303)
        try:
            carry_out(visit)
        except FormProblem as problem:
            return self.show(token, problem)
        except Problem as problem:
            field = (problem.field or "").strip("/").replace("/", "_")
            return self.show(token, FormProblem(field, " ".join(told(problem)).strip()))
        if action == "scrolled":
            return "", 204
        answer = redirect(back, 303)
        return sessions.remember(answer, visit.session, self.cookie, self._context)

    def session(self, tx: Tx, subject: str) -> Session:
        """The browser's session at a matter; a new one where it has none."""
        found = sessions.find(tx, self._context.keys, self.cookie, subject)
        return found or sessions.begin(tx, subject)

    def keep(self, visit: Visit, page: str, choice: dict[str, Any], *, renew: bool = False) -> None:
        """Keeps what was chosen, in the session and in the journey (R-TRACE)."""
        with self._context.database.unit_of_work() as tx:
            if renew:
                sessions.renew(tx, self._context.keys, visit.session)
            sessions.save(tx, self._context.keys, visit.session)
            journey.step(
                tx,
                visit.application_id,
                page=page,
                page_version=texts.PAGES_VERSION,
                choice=choice,
            )


class Identifying(Journey):
    """A journey on which a person is identified: mobile, identity, face or card."""

    def person_forms(self) -> dict[str, tuple[str, Act]]:
        """The actions of these pages."""
        return {
            "send-code": ("mobile", self._send_code),
            "check-code": ("mobile", self._check_code),
            "identify": ("identity", self._identify),
            "face": ("verify", self._face),
            "no-face": ("verify", self._no_face),
            "card": ("card", self._card),
            "review": ("declined", self._review),
        }

    def person_facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What these pages show."""
        if due == "identity":
            return {"consents": [self.consents()[scope] for scope in self._scopes(tx, visit)]}
        return {"consent": self.consents()[ConsentScope.FACE]} if due == "verify" else {}

    def _scopes(self, tx: Tx, visit: Visit) -> tuple[ConsentScope, ...]:
        """The consents that are asked for: who else lends is told only where others do."""
        joint = loans.is_funded_jointly(tx, visit.application_id)
        return (*texts.REQUIRED, ConsentScope.FUNDERS) if joint else texts.REQUIRED

    def hand_in(self, tx: Tx, visit: Visit, card_id: str, device: dict[str, str]) -> None:
        """What follows once the person is identified and has a card."""
        raise NotImplementedError

    def consents(self) -> Mapping[ConsentScope, ConsentText]:
        """The texts that are agreed to on these pages."""
        return texts.CONSENTS

    def mobile_told(self, visit: Visit) -> str:
        """The mobile that a code is sent to: as it was typed in."""
        return request.form.get("mobile", "")

    def person_told(self, visit: Visit) -> tuple[str, str]:
        """Name and identity number: as they were typed in."""
        return request.form.get("name", "").strip(), request.form.get("identity_no", "")

    def applicant(self, tx: Tx, visit: Visit) -> str | None:
        """Who has applied already, and alone may come back."""
        return loans.application(tx, visit.application_id).customer_id

    def _send_code(self, visit: Visit) -> None:
        mobile = self.mobile_told(visit)
        codes.send_code(
            self._context.database,
            self._context.sms,
            self._context.keys,
            mobile=mobile,
            purpose=self.name,
            subject=visit.subject,
        )
        visit.session.mobile = mobile
        visit.session.state["code_sent"] = True
        self.keep(visit, "mobile", {"code": "sent"})

    def _check_code(self, visit: Visit) -> None:
        if not visit.session.mobile:
            raise FormProblem("mobile", "请先获取验证码")
        with self._context.database.unit_of_work() as tx:
            wrong = codes.check_code(
                tx,
                self._context.keys,
                mobile=visit.session.mobile,
                purpose=self.name,
                subject=visit.subject,
                code=request.form.get("code", ""),
            )
            if wrong is None:
                self._let_in(tx, visit)
        if wrong is not None:
            raise FormProblem("code", CODE_TEXTS[wrong])
        self.keep(visit, "mobile", {"code": "right"}, renew=True)

    def _let_in(self, tx: Tx, visit: Visit) -> None:
        """Whoever comes back to an application that was handed in must be its applicant."""
        customer_id = self.applicant(tx, visit)
        if customer_id is not None:
            mine = customers.by_mobile(tx, self._context.keys, visit.session.mobile or "")
            if customer_id not in mine:
                raise FormProblem("mobile", "该订单已由其他手机号申请,请使用申请时的手机号")
            visit.session.state |= {"customer_id": customer_id, "verified": True}
        visit.session.state["mobile_proved"] = True

    def _identify(self, visit: Visit) -> None:
        with self._context.database.unit_of_work() as tx:
            scopes = self._scopes(tx, visit)
        ticked = {s for s in scopes if request.form.get(f"consent_{s.value}") == "yes"}
        if missing := [s for s in scopes if s not in ticked]:
            raise FormProblem(
                f"consents_{missing[0].value}", f"请阅读并勾选:{self.consents()[missing[0]].label}"
            )
        name, identity_no = self.person_told(visit)
        if not 2 <= len(name) <= 30:
            raise FormProblem("name", "请输入真实姓名")
        customer_id = customers.identify(
            self._context.database,
            self._context.identity,
            self._context.keys,
            name=name,
            identity_no=identity_no,
            mobile=visit.session.mobile or "",
        )
        with self._context.database.unit_of_work() as tx:
            for scope in scopes:
                self._consent(tx, visit, customer_id, scope)
        visit.session.state["customer_id"] = customer_id
        chosen = {"consents": sorted(scope.value for scope in ticked)}
        self.keep(visit, "identity", chosen, renew=True)

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
        self.keep(visit, "verify", {"path": "face"})

    def _no_face(self, visit: Visit) -> None:
        visit.session.state["verified"] = "bank_card"
        self.keep(visit, "verify", {"path": "bank_card"})

    def card_told(self, visit: Visit) -> str:
        """The card that was typed in, once the bank has confirmed whose it is; its id."""
        assert visit.session.customer_id
        return customers.add_card(
            self._context.database,
            self._context.channel,
            self._context.keys,
            customer_id=visit.session.customer_id,
            number=request.form.get("card_number", ""),
        )

    def _card(self, visit: Visit) -> None:
        card_id = self.card_told(visit)
        with self._context.database.unit_of_work() as tx:
            self.hand_in(tx, visit, card_id, device_told())
        self.keep(visit, "card", {})

    def _review(self, visit: Visit) -> None:
        with self._context.database.unit_of_work() as tx:
            loans.ask_for_review(tx, visit.application_id)
        visit.session.state["review_asked"] = True
        self.keep(visit, "declined", {"review": True})

    def _consent(self, tx: Tx, visit: Visit, customer_id: str, scope: ConsentScope) -> None:
        text = self.consents()[scope]
        customers.give_consent(
            tx,
            customer_id,
            scope,
            text_version=text.version,
            text_sha256=text.sha256,
            channel=self.channel,
            subject=visit.application_id,
        )


class Signing(Journey):
    """A journey on which a cost table is read and something is signed by a one-time code."""

    def cost_table(self, tx: Tx, visit: Visit, periods: int) -> dict[str, Any]:
        """The cost table of what was chosen."""
        raise NotImplementedError

    def cost_forms(self) -> dict[str, tuple[str, Act]]:
        """The actions of the choice and of the cost table."""
        return {
            "choose": ("choose", self._choose),
            "scrolled": ("cost", self._scrolled),
            "confirm": ("cost", self._confirm),
            "back": ("cost", self._back),
        }

    def cost_facts(self, tx: Tx, visit: Visit) -> dict[str, Any]:
        """What the page of the cost table shows; the reading time starts with it."""
        table = self.cost_table(tx, visit, visit.session.state["periods"])
        showing_id = visit.session.state.get("showing_id")
        if showing_id is None:
            showing_id = cost_showing.show(tx, visit.application_id, table)
            visit.session.state["showing_id"] = showing_id
        shown = cost_showing.get(tx, showing_id)
        passed = (tx.now - shown.shown_at).total_seconds()
        left = max(0, round(self._context.settings.read_seconds_min - passed))
        return {"table": table, "seconds_left": left, "scrolled": shown.scrolled_at is not None}

    def send_sign_code(self, visit: Visit) -> None:
        """Sends the code that the signature is made with."""
        codes.send_code(
            self._context.database,
            self._context.sms,
            self._context.keys,
            mobile=visit.session.mobile or "",
            purpose="sign",
            subject=visit.subject,
        )
        visit.session.state["sign_code_sent"] = True
        self.keep(visit, "sign", {"code": "sent"})

    def require_sign_code(self, visit: Visit) -> None:
        """Checks the code that came with the form.

        Raises FormProblem.
        """
        with self._context.database.unit_of_work() as tx:
            wrong = codes.check_code(
                tx,
                self._context.keys,
                mobile=visit.session.mobile or "",
                purpose="sign",
                subject=visit.subject,
                code=request.form.get("code", ""),
            )
        if wrong is not None:
            raise FormProblem("code", CODE_TEXTS[wrong])

    def signature(self, visit: Visit) -> Signature:
        """What shows that the borrower signed (R-ESIGN-4)."""
        return Signature(
            showing_id=visit.session.state["showing_id"],
            method="sms_code",
            evidence=evidence(visit.session),
        )

    def _choose(self, visit: Visit) -> None:
        raw = request.form.get("periods", "")
        if not raw.isascii() or not raw.isdigit() or len(raw) > PERIODS_DIGITS_MAX:
            raise FormProblem("periods", "请选择期数")
        periods = int(raw)
        with self._context.database.unit_of_work() as tx:
            self.cost_table(tx, visit, periods)
        visit.session.state["periods"] = periods
        visit.session.state.pop("showing_id", None)
        self.keep(visit, "choose", {"periods": periods})

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
        self.keep(visit, "cost", {"confirmed": True})

    def _back(self, visit: Visit) -> None:
        for name in ("periods", "showing_id"):
            visit.session.state.pop(name, None)
        self.keep(visit, "cost", {"back": True})


def require_agreed() -> None:
    """Raises FormProblem where the box below the text is not ticked."""
    if request.form.get("agreed") != "yes":
        raise FormProblem("agreed", "请勾选已阅读并同意合同全文")


def device_told() -> dict[str, str]:
    """What the browser's form tells of the device."""
    return {
        "fingerprint": request.form.get("fingerprint", "")[:128],
        "ip": request.remote_addr or "",
        "user_agent": request.headers.get("user-agent", "")[:300],
    }


def evidence(session: Session) -> dict[str, Any]:
    """From where something was signed; no personal data in the clear."""
    return {
        "ip": request.remote_addr,
        "user_agent": request.headers.get("user-agent", "")[:300],
        "mobile": mask_mobile(session.mobile or ""),
        "pages_version": texts.PAGES_VERSION,
    }
