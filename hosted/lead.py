"""From a platform's link to money on the borrower's own account, on our own pages (R-REDIRECT)."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hosted import session as sessions
from hosted import texts
from hosted.contracting import Contracting
from hosted.journey import (
    Act,
    FormProblem,
    Visit,
    device_told,
)
from hosted.me_repay import typed_fen
from hosted.texts import ConsentText
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation.crypto import mask_identity_no, mask_mobile, mask_name
from lending.foundation.database import Tx
from lending.foundation.errors import NotFound
from lending.loans import payees
from lending.loans import service as loans
from lending.loans.contract_pdf import ContractFacts
from lending.loans.errors import WalletNotOffered
from scenarios.assisted_lending import applying, handover, leads
from scenarios.assisted_lending.applying import LeadPage, Suitability
from scenarios.assisted_lending.errors import LeadEnded


class Step(StrEnum):
    """One page of a person who was sent."""

    WELCOME = "lead_welcome"
    """Who lends, who sent them, and what was wished for."""
    MOBILE = "lead_mobile"
    IDENTITY = "lead_identity"
    """Who they are, as the platform sent it, and what they agree to."""
    VERIFY = "verify"
    SUITABILITY = "lead_suitability"
    """What they can bear."""
    CARD = "lead_card"
    """The card that the money goes to, and is repaid from."""
    WAITING = "waiting"
    REFERRED = "referred"
    DECLINED = "declined"
    """With the reasons, and the right to a person's look at it (R-PI-MANUAL)."""
    CHOOSE = "choose"
    COST = "cost"
    CONTRACT = "contract"
    SIGN = "sign"
    PAYING = "lead_paying"
    OTHER_CARD = "lead_other_card"
    """The bank has refused the first."""
    DONE = "lead_done"
    ENDED = "lead_ended"


_BY_STATE = {
    "deciding": Step.WAITING,
    "referred": Step.REFERRED,
    "refused": Step.DECLINED,
    "signed": Step.PAYING,
    "paying": Step.PAYING,
    "payout_failed": Step.OTHER_CARD,
    "paid": Step.DONE,
    "cancelled": Step.ENDED,
    "expired": Step.ENDED,
}


def step(state: str, session: Mapping[str, Any], *, is_suited: bool) -> Step:
    """The page for a lead in this state, in this session."""
    if state in ("cancelled", "expired"):
        return Step.ENDED
    if not session.get("started"):
        return Step.WELCOME
    if not session.get("mobile_proved"):
        return Step.MOBILE
    if state == "handed_over":
        return _applying(session, is_suited=is_suited)
    if state == "approved":
        return _agreeing(session)
    return _BY_STATE[state]


def _applying(session: Mapping[str, Any], *, is_suited: bool) -> Step:
    if not session.get("customer_id"):
        return Step.IDENTITY
    if not session.get("verified"):
        return Step.VERIFY
    return Step.CARD if is_suited else Step.SUITABILITY


def _agreeing(session: Mapping[str, Any]) -> Step:
    if not session.get("periods"):
        return Step.CHOOSE
    if not session.get("cost_confirmed"):
        return Step.COST
    return Step.SIGN if session.get("contract_read") else Step.CONTRACT


class LeadPages(Contracting):
    """The pages and actions of a person whom a platform has sent."""

    name, path, cookie = "lead", "/lead", "cf_lead"
    layout, channel = "hosted/lead.html", "hosted_lead"
    signed_pages = (Step.PAYING, Step.OTHER_CARD, Step.DONE)

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        return {
            **self.person_forms(),
            **self.contract_forms(),
            "start": (Step.WELCOME, self._start),
            "send-code": (Step.MOBILE, self._send_code),
            "check-code": (Step.MOBILE, self._check_code),
            "identify": (Step.IDENTITY, self._identify),
            "not-me": (Step.IDENTITY, self._not_me),
            "suit": (Step.SUITABILITY, self._suit),
            "card": (Step.CARD, self._card),
            "other-card": (Step.OTHER_CARD, self._other_card),
        }

    def add(self, blueprint: Blueprint) -> None:
        """Adds the journey, and the address that a platform's link leads to."""
        super().add(blueprint)
        blueprint.add_url_rule("/handover/<token>", "handover", self.follow)

    def follow(self, token: str) -> ResponseReturnValue:
        """Uses a platform's link up, and leads on to the person's page: this browser's alone.

        Raises what `handover.open_link` raises.
        """
        with self._context.database.unit_of_work() as tx:
            referrer = request.headers.get("referer", "")
            lead = handover.open_link(tx, self._context.keys, token, referrer=referrer)
            session = sessions.begin(tx, lead.id)
            session.state["handed_over"] = True
            sessions.save(tx, self._context.keys, session)
            page_token = leads.page_token(self._context.keys, lead)
        answer = redirect(url_for("hosted.lead", token=page_token), 303)
        return sessions.remember(answer, session, self.cookie, self._context)

    def visit(self, token: str) -> Visit:
        """Who visits which lead: only the browser that came by the platform's link.

        Raises NotFound.
        """
        keys = self._context.keys
        with self._context.database.unit_of_work() as tx:
            try:
                page = applying.open_page(tx, keys, token)
            except LeadEnded as unknown:
                raise NotFound(unknown.detail, mend=unknown.mend) from None
            session = sessions.find(tx, keys, self.cookie, page.lead.id)
        if session is None:
            raise NotFound(LeadEnded.title, mend=LeadEnded.mend)
        lead = page.lead
        return Visit(token, lead.id, lead.application_id, lead.state, session, page)

    def due(self, visit: Visit) -> str:
        """The page that is due."""
        is_suited = visit.seen.lead.suitability is not None
        return step(visit.state, visit.session.state, is_suited=is_suited).value

    def consents(self) -> Mapping[ConsentScope, ConsentText]:
        """The texts that are agreed to on these pages."""
        return texts.LEAD_CONSENTS

    def mobile_told(self, visit: Visit) -> str:
        """The mobile that the platform has sent: whoever holds it is who was sent."""
        page: LeadPage = visit.seen
        return page.applicant.mobile if page.applicant else ""

    def person_told(self, visit: Visit) -> tuple[str, str]:
        """Name and identity number as the platform has sent them."""
        page: LeadPage = visit.seen
        return (page.applicant.name, page.applicant.identity_no) if page.applicant else ("", "")

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due has to show."""
        page: LeadPage = visit.seen
        shown: dict[str, Callable[[], dict[str, Any]]] = {
            Step.MOBILE: lambda: {"mobile": mask_mobile(self.mobile_told(visit))},
            Step.IDENTITY: lambda: self._person(tx, visit),
            Step.CHOOSE: lambda: {"offers": applying.offers(tx, page.lead)},
            Step.DECLINED: lambda: {"decision": applying.decision(tx, page.lead)},
            Step.COST: lambda: self.cost_facts(tx, visit),
            Step.CONTRACT: lambda: {"facts": self.draft(tx, visit)},
            Step.SIGN: lambda: {
                "mobile": mask_mobile(visit.session.mobile or ""),
                "button": "签署并放款到本人账户",
            },
            Step.CARD: lambda: {"wallets": applying.pays_wallets(tx, page.lead)},
            Step.OTHER_CARD: lambda: {
                "card": self._account_of(tx, visit),
                "wallets": applying.pays_wallets(tx, page.lead),
            },
            Step.DONE: lambda: {"card": self._account_of(tx, visit)},
        }
        found = shown[due]() if due in shown else self.person_facts(tx, visit, due)
        return {"return_url": applying.return_url(page.lead), **found}

    def _card(self, visit: Visit) -> None:
        card_id = self.card_told(visit)
        wallet_id = self._wallet_told(visit) if _to_wallet() else None
        assert visit.session.customer_id
        with self._context.database.unit_of_work() as tx:
            applying.submit(
                tx,
                self._context.keys,
                visit.seen.lead,
                customer_id=visit.session.customer_id,
                bank_card_id=card_id,
                device=device_told(),
                wallet_id=wallet_id,
            )
        self.keep(visit, Step.CARD, {"wallet": wallet_id is not None})

    def _wallet_told(self, visit: Visit) -> str:
        """The wallet that was typed in, once its company has confirmed whose it is; its id."""
        assert visit.session.customer_id
        with self._context.database.unit_of_work() as tx:
            if not applying.pays_wallets(tx, visit.seen.lead):
                raise WalletNotOffered
        return customers.add_wallet(
            self._context.database,
            self._context.channel,
            self._context.keys,
            customer_id=visit.session.customer_id,
            number=request.form.get("wallet_number", ""),
        )

    def cost_table(self, tx: Tx, visit: Visit, periods: int) -> dict[str, Any]:
        """The cost table of the loan in so many instalments."""
        return applying.cost_table(tx, visit.seen.lead, periods)

    def _start(self, visit: Visit) -> None:
        visit.session.state["started"] = True
        self.keep(visit, Step.WELCOME, {})

    def _not_me(self, visit: Visit) -> None:
        """The person is not who was sent: the application ends, and nothing of it is kept."""
        with self._context.database.unit_of_work() as tx:
            applying.withdraw(tx, visit.seen.lead)
        self.keep(visit, Step.IDENTITY, {"not_me": True})

    def _suit(self, visit: Visit) -> None:
        answers = suitability_told()
        self.keep(visit, Step.SUITABILITY, {"answers": request.form.to_dict() | {"csrf": ""}})
        with self._context.database.unit_of_work() as tx:
            applying.suit(tx, visit.seen.lead, answers)

    def loan_id(self, visit: Visit) -> str | None:
        """The loan that was signed for; None before."""
        page: LeadPage = visit.seen
        return page.lead.loan_id

    def sign(self, tx: Tx, visit: Visit) -> None:
        """Signs with the periods that were chosen."""
        applying.sign(
            tx,
            self._context.keys,
            self._context.files,
            page=visit.seen,
            periods=visit.session.state["periods"],
            signature=self.signature(visit),
        )

    def draft(self, tx: Tx, visit: Visit) -> ContractFacts:
        """The contract as it would be signed now."""
        page: LeadPage = visit.seen
        of = loans.application(tx, visit.application_id)
        payee = payees.borrowers(tx, self._context.keys, of.wallet_id or of.bank_card_id or "")
        return self.drafted(
            tx,
            visit,
            merchant=page.platform,
            goods=(),
            payee=payee.told,
            pays_borrower=True,
            purpose=page.purpose,
        )

    def _other_card(self, visit: Visit) -> None:
        to_wallet = _to_wallet()
        account_id = self._wallet_told(visit) if to_wallet else self.card_told(visit)
        pay = applying.another_wallet if to_wallet else applying.another_card
        with self._context.database.unit_of_work() as tx:
            pay(tx, visit.seen.lead, account_id)
        self.keep(visit, Step.OTHER_CARD, {"wallet" if to_wallet else "card": account_id})

    def _person(self, tx: Tx, visit: Visit) -> dict[str, Any]:
        page: LeadPage = visit.seen
        person = page.applicant
        assert person is not None, "whoever has not applied yet was not forgotten yet"
        return {
            **self.person_facts(tx, visit, "identity"),
            "person": {
                "name": mask_name(person.name),
                "identity_no": mask_identity_no(person.identity_no),
            },
        }

    def _account_of(self, tx: Tx, visit: Visit) -> Any:
        loan = loans.loan_of(tx, visit.application_id)
        assert loan is not None
        return customers.card(tx, loan.wallet_id or loan.bank_card_id)


def _to_wallet() -> bool:
    """Whether the form asks for the money to go to a wallet."""
    return request.form.get("payout_to") == "wallet"


def suitability_told() -> Suitability:
    """What the form of suitability holds.

    Raises FormProblem.
    """
    for name, text in (
        ("purpose_confirmed", "请确认借款用途"),
        ("risk_understood", "请确认已了解逾期后果"),
    ):
        if request.form.get(name) != "yes":
            raise FormProblem(name, text)
    income_fen = typed_fen(request.form.get("income", ""))
    elsewhere_fen = typed_fen(request.form.get("elsewhere", ""))
    if not income_fen:
        raise FormProblem("income", "请填写每月收入,单位元")
    if not request.form.get("elsewhere", "").strip():
        raise FormProblem("elsewhere", "请填写其他借款每月还款额,没有请填 0")
    student = request.form.get("student")
    if student not in ("yes", "no"):
        raise FormProblem("student", "请选择是否为在校学生")
    return Suitability(
        purpose_confirmed=True,
        risk_understood=True,
        income_monthly_fen=income_fen,
        instalments_elsewhere_fen=elsewhere_fen,
        student=student == "yes",
        second_source=request.form.get("second_source") == "yes",
    )
