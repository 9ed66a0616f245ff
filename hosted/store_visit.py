"""From the code on a store's screen to a credit line, on the customer's phone (STORE-1)."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from hosted.journey import (
    Act,
    FormProblem,
    Identifying,
    Signing,
    Visit,
    device_told,
    evidence,
    require_agreed,
)
from hosted.me_repay import typed_fen
from hosted.positions import position_told
from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import NoSuchLine
from lending.customers import service as customers
from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.crypto import mask_mobile
from lending.foundation.database import Tx
from lending.foundation.errors import NotFound
from lending.loans import service as loans
from scenarios.offline_credit import applying
from scenarios.offline_credit.errors import CodeStale, VisitEnded
from scenarios.offline_credit.model import SCENES


class Step(StrEnum):
    """One page of the application in a store."""

    ARRIVE = "store_arrive"
    """Where am I: the phone tells its position."""
    WISH = "store_wish"
    """How large a line is asked for."""
    MOBILE = "mobile"
    IDENTITY = "identity"
    VERIFY = "verify"
    CARD = "card"
    WAITING = "waiting"
    REFERRED = "referred"
    DECLINED = "declined"
    AGREEMENT = "store_agreement"
    """The line, its rules, and the guarantee that is asked for."""
    SIGN = "store_sign"
    """The signature under the credit agreement."""
    DONE = "store_done"
    """The line is there, or waits for its guarantee."""
    ENDED = "store_ended"
    """Cancelled or expired."""


_BY_STATE = {
    "deciding": Step.WAITING,
    "referred": Step.REFERRED,
    "declined": Step.DECLINED,
    "signed": Step.DONE,
    "cancelled": Step.ENDED,
    "expired": Step.ENDED,
}


def step(state: str, session: dict[str, Any]) -> Step:
    """The page for an application in this state, in this session."""
    if state in ("arrived", "outside"):
        return Step.ARRIVE
    if state == "inside":
        return Step.WISH
    if not session.get("mobile_proved"):
        return Step.MOBILE
    if state == "started":
        return _person(session)
    if state == "approved":
        return Step.SIGN if session.get("agreement_read") else Step.AGREEMENT
    return _BY_STATE[state]


def _person(session: dict[str, Any]) -> Step:
    if not session.get("customer_id"):
        return Step.IDENTITY
    return Step.CARD if session.get("verified") else Step.VERIFY


class StoreVisit(Identifying, Signing):
    """The pages and actions of an application in a store."""

    name, path, cookie = "store", "/store", "cf_store"
    layout, channel = "hosted/store.html", "hosted_store"

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        return {
            "locate": (Step.ARRIVE, self._locate),
            "wish": (Step.WISH, self._wish),
            **self.person_forms(),
            "read": (Step.AGREEMENT, self._read),
            "send-sign-code": (Step.SIGN, self.send_sign_code),
            "sign": (Step.SIGN, self._sign),
        }

    def add(self, blueprint: Blueprint) -> None:
        """Adds the journey, and the address that a store's code leads to."""
        super().add(blueprint)
        blueprint.add_url_rule("/s/<code>", "store_code", self.scan)

    def scan(self, code: str) -> ResponseReturnValue:
        """What a store's code leads to: a visit of its own.

        Raises CodeForged, StoreClosed, CodeStale.
        """
        with self._context.database.unit_of_work() as tx:
            arrived = applying.arrive(
                tx,
                self._context.keys,
                code,
                staff_no=request.args.get("staff"),
                device=device_told(),
            )
        if arrived.visit.outcome == "stale_code":
            raise CodeStale
        return redirect(url_for("hosted.store", token=arrived.token), 303)

    def visit(self, token: str) -> Visit:
        """Who visits which store.

        Raises NotFound.
        """
        with self._context.database.unit_of_work() as tx:
            try:
                visit, store = applying.open_visit(tx, token)
            except VisitEnded as ended:
                raise NotFound(ended.detail, mend=ended.mend) from None
            state = applying.state(tx, visit)
            session = self.session(tx, visit.id)
        seen = {"store": store, "visit": visit}
        return Visit(token, visit.id, visit.application_id or visit.id, state, session, seen)

    def due(self, visit: Visit) -> str:
        """The page that is due."""
        return step(visit.state, visit.session.state).value

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due has to show."""
        seen = visit.seen
        shown: dict[str, Callable[[], dict[str, Any]]] = {
            Step.WISH: lambda: {"scene": SCENES.get(seen["store"].scene, "")},
            Step.DECLINED: lambda: {"decision": applying.decision(tx, seen["visit"])},
            Step.AGREEMENT: lambda: self._offered(tx, visit),
            Step.SIGN: lambda: {"mobile": mask_mobile(visit.session.mobile or "")},
            Step.DONE: lambda: {"line": self._line(tx, visit)},
        }
        found = shown[due]() if due in shown else self.person_facts(tx, visit, due)
        return {
            "store": seen["store"],
            "merchant": applying.merchant_name(tx, seen["store"]),
            **found,
        }

    def applicant(self, tx: Tx, visit: Visit) -> str | None:
        """Who has applied already, and alone may come back."""
        if visit.seen["visit"].application_id is None:
            return None
        return loans.application(tx, visit.application_id).customer_id

    def hand_in(self, tx: Tx, visit: Visit, card_id: str, device: dict[str, str]) -> None:
        """Hands the application in, with what shows that it was made in the store."""
        assert visit.session.customer_id
        applying.submit(
            tx,
            visit.token,
            customer_id=visit.session.customer_id,
            bank_card_id=card_id,
            device=device,
        )

    def _locate(self, visit: Visit) -> None:
        position = position_told()
        if position is None:
            raise FormProblem("position", "请允许定位,以确认您在门店现场")
        with self._context.database.unit_of_work() as tx:
            located = applying.locate(tx, visit.token, position)
        self.keep(visit, Step.ARRIVE, {"outcome": located.outcome})
        if located.outcome == "outside":
            raise FormProblem("position", "您当前不在门店附近,请到门店现场办理")

    def _wish(self, visit: Visit) -> None:
        wanted_fen = typed_fen(request.form.get("amount", ""))
        if not wanted_fen:
            raise FormProblem("amount_fen", "请填写希望申请的额度,单位元")
        with self._context.database.unit_of_work() as tx:
            applying.begin(tx, visit.token, wanted_fen=wanted_fen)
        self.keep(visit, Step.WISH, {"wanted_fen": wanted_fen})

    def _read(self, visit: Visit) -> None:
        require_agreed()
        with self._context.database.unit_of_work() as tx:
            offered = applying.offer(tx, visit.seen["visit"])
        visit.session.state["agreement_read"] = True
        visit.session.state["limit_fen"] = offered.limit_fen
        self.keep(visit, Step.AGREEMENT, {"agreed": True, "limit_fen": offered.limit_fen})

    def _sign(self, visit: Visit) -> None:
        self.require_sign_code(visit)
        with self._context.database.unit_of_work() as tx:
            offered = applying.offer(tx, visit.seen["visit"])
            if offered.limit_fen != visit.session.state["limit_fen"]:
                visit.session.state.pop("agreement_read")
                raise FormProblem("code", "额度已变化,请重新阅读后签署")
            line = applying.sign(tx, visit.seen["visit"], offered)
            audit.record(
                tx,
                Actor("customer", line.customer_id),
                "credit_line.sign",
                line.id,
                {"method": "sms_code", **evidence(visit.session)},
            )
        self.keep(visit, Step.SIGN, {"signed": True})

    def _offered(self, tx: Tx, visit: Visit) -> dict[str, Any]:
        offered = applying.offer(tx, visit.seen["visit"])
        application = loans.application(tx, visit.application_id)
        person = customers.profile(tx, self._context.keys, application.customer_id or "")
        return {"offered": offered, "scenes": SCENES, "borrower": person.name}

    def _line(self, tx: Tx, visit: Visit) -> Any:
        made = credit_lines.of_application(tx, visit.application_id)
        if made is None:
            raise NoSuchLine
        return credit_lines.standing(tx, made.id)
