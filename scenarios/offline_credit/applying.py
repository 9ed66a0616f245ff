"""From the code on a store's screen to a credit line (STORE-1, STORE-2, STORE-4).

    arrive    the code is read; whoever photographed it comes too late
    locate    the phone is in the store, or is not
    begin     an application for a line, for what the store sells
    submit    identified, with a card: the decision follows in about a second
    sign      the credit agreement; the line opens at once, or when its guarantee is registered

What shows that somebody was there is kept with the application whatever becomes of it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from lending.channels import service as channels
from lending.compliance import parameters
from lending.credit_lines import exposure
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import Line, NewLine
from lending.foundation import business_day, ids
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.loans import service as loans
from lending.loans.errors import AmountAboveDecision, WrongState
from lending.loans.model import ApplicationState, NewApplication
from lending.products import service as products
from lending.products.model import Product
from lending.risk.model import Decision
from scenarios.offline_credit import (
    admission,
    codes,
    evidence,
    rules,
    stores_store,
    visits_store,
)
from scenarios.offline_credit.errors import (
    OutsideTheStore,
    PositionNeeded,
    StoreClosed,
    VisitEnded,
)
from scenarios.offline_credit.model import SCENARIO, SCENES, Position, Store, Visit


@dataclass(frozen=True, slots=True)
class Arrived:
    """A visit and the secret of its page."""

    visit: Visit
    token: str


@dataclass(frozen=True, slots=True)
class Offered:
    """What a customer who was approved is offered."""

    limit_fen: int
    """What the decision allows, within what the borrower may owe in all."""
    security_needed_fen: int
    """The value of what must be registered before the line opens; 0: nothing (STORE-4)."""
    scenes: dict[str, int]
    review_due: date


def arrive(
    tx: Tx, keys: FieldKeys, code: str, *, staff_no: str | None, device: dict[str, Any]
) -> Arrived:
    """Somebody opened the page behind a store's code.

    A code that was replaced since is kept as such, for whoever photographed it, and lets nobody in:
    see `Visit.outcome`.

    Raises CodeForged, StoreClosed.
    """
    store_id, turn = codes.read_store_code(keys, code)
    store = stores_store.store(tx, None, store_id)
    if store is None or store.state != "open":
        raise StoreClosed
    token = ids.token()
    visit_id = ids.new("vis")
    visits_store.insert(
        tx,
        visit_id,
        store_id=store_id,
        staff_id=stores_store.staff_id(tx, store_id, staff_no) if staff_no else None,
        token_sha256=codes.digest(token),
        code_made_at=rules.turn_begins(turn, tx.machine_now),
        device=device,
        outcome="arrived" if rules.is_fresh(turn, tx.machine_now) else "stale_code",
    )
    return Arrived(_visit(visits_store.by_id(tx, visit_id)), token)


def open_visit(tx: Tx, token: str, *, lock: bool = False) -> tuple[Visit, Store]:
    """The visit behind a page's secret, and the store it is to.

    Raises VisitEnded, also for a stale code.
    """
    visit = visits_store.by_token(tx, codes.digest(token), lock=lock)
    if visit is None or visit.outcome == "stale_code":
        raise VisitEnded
    good_for = rules.APPLICATION_GOOD_FOR if visit.application_id else rules.VISIT_GOOD_FOR
    if visit.arrived_at + good_for < tx.now:
        raise VisitEnded
    store = stores_store.store(tx, None, visit.store_id)
    assert store is not None
    return visit, store


def locate(tx: Tx, token: str, position: Position) -> Visit:
    """Where the phone says that it is; outside the store it is kept, and lets nobody on.

    Raises VisitEnded, PositionTooVague.
    """
    visit, store = open_visit(tx, token)
    away = rules.distance_m(store, position)
    try:
        rules.require_inside(store, position)
        outcome = "inside"
    except OutsideTheStore:
        outcome = "outside"
    visits_store.set_position(tx, visit.id, position, distance_m=away, outcome=outcome)
    return _visit(visits_store.by_id(tx, visit.id))


def begin(tx: Tx, token: str, *, wanted_fen: int) -> str:
    """Begins an application for a line of the amount wanted; its id. Beginning twice begins once.

    Raises VisitEnded, PositionNeeded, OutsideTheStore, PartnerNotListed, NoAgreement,
    AmountOutsideProduct, PurposeNotAllowed, SceneBlocked.
    """
    visit, store = open_visit(tx, token, lock=True)
    if visit.application_id:
        return visit.application_id
    if visit.outcome == "outside":
        raise OutsideTheStore
    if visit.outcome != "inside":
        raise PositionNeeded
    product = admission.product_for(tx, store.partner_id, None)
    admission.admit_line(tx, product, store, wanted_fen)
    application_id = loans.start(
        tx,
        NewApplication(
            partner_id=store.partner_id,
            scenario=SCENARIO,
            product_code=product.code,
            product_version=product.version,
            subject=visit.id,
            amount_fen=wanted_fen,
            purpose=store.scene,
            is_for_line=True,
        ),
    )
    visits_store.set_application(tx, visit.id, application_id)
    return application_id


def submit(
    tx: Tx, token: str, *, customer_id: str, bank_card_id: str, device: dict[str, str]
) -> None:
    """Hands the application in; the decision follows in about a second.

    Raises VisitEnded, WrongState, CardNotYours, ConsentMissing.
    """
    visit, _ = open_visit(tx, token)
    if visit.application_id is None:
        raise WrongState("no application was begun")
    visits_store.set_customer(tx, visit.id, customer_id)
    loans.submit(
        tx,
        visit.application_id,
        customer_id=customer_id,
        bank_card_id=bank_card_id,
        device=device,
        signals=evidence.of_visit(tx, visit.id, customer_id),
    )


def decision(tx: Tx, visit: Visit) -> Decision | None:
    """The decision on the application, once there is one."""
    return loans.decision(tx, visit.application_id) if visit.application_id else None


def state(tx: Tx, visit: Visit) -> str:
    """Where the application is: that of its application, or `begun` before there is one."""
    if visit.application_id is None:
        return visit.outcome
    return loans.application(tx, visit.application_id).state.value


def offer(tx: Tx, visit: Visit) -> Offered:
    """What the customer is offered: limit, scenes, and the guarantee that is asked for.

    Raises WrongState before an approval.
    """
    product, application, decided = _approved(tx, visit)
    left_fen = exposure.available_fen(tx, application.customer_id or "")
    limit_fen = min(decided.limit_fen, application.amount_fen, left_fen)
    if limit_fen < product.amount_min_fen:
        raise AmountAboveDecision(mend="请先归还部分借款。")
    return Offered(
        limit_fen=limit_fen,
        security_needed_fen=security_needed_fen(tx, limit_fen, decided),
        scenes=dict.fromkeys([each for each in product.purposes if each in SCENES], limit_fen),
        review_due=credit_lines.next_review(business_day.today(tx)),
    )


def security_needed_fen(tx: Tx, limit_fen: int, decided: Decision) -> int:
    """The guarantee that a line needs: by its amount, and by the customer's grade (STORE-4).

    Above `security.free_fen` the whole limit is to be backed; for grade C already above half of it.
    """
    free_fen = parameters.today(tx).whole("security.free_fen")
    grade = decided.features.get("grade")
    if grade is not None and grade.value in ("C", "D", "E", "T"):
        free_fen //= 2
    return limit_fen if limit_fen > free_fen else 0


def sign(tx: Tx, visit: Visit, offered: Offered) -> Line:
    """The customer has signed the credit agreement under this offer: the line. Once for ever.

    Raises WrongState, AmountAboveDecision where the offer has changed meanwhile, HasALine,
    LimitNotPossible.
    """
    assert visit.application_id is not None
    made = credit_lines.of_application(tx, visit.application_id)
    if made is not None:
        return made
    if offer(tx, visit) != offered:
        raise AmountAboveDecision(mend="额度已变化,请重新确认。")
    product, application, _ = _approved(tx, visit)
    assert application.customer_id is not None
    line_id = credit_lines.grant(
        tx,
        NewLine(
            customer_id=application.customer_id,
            application_id=visit.application_id,
            product_code=product.code,
            product_version=product.version,
            limit_fen=offered.limit_fen,
            scenes=offered.scenes,
            security_needed_fen=offered.security_needed_fen,
        ),
        Actor("customer", application.customer_id),
    )
    loans.close_as_signed(tx, visit.application_id)
    return credit_lines.get(tx, line_id)


def merchant_name(tx: Tx, store: Store) -> str:
    """Whose store it is."""
    return channels.partner(tx, store.partner_id).name


def _approved(tx: Tx, visit: Visit) -> tuple[Product, Any, Decision]:
    if visit.application_id is None:
        raise WrongState("no application was begun")
    application = loans.application(tx, visit.application_id)
    decided = loans.decision(tx, visit.application_id)
    if decided is None or application.state is not ApplicationState.APPROVED:
        raise WrongState(f"the application is {application.state.value}")
    version = products.version(tx, application.product_code, application.product_version)
    return version, application, decided


def _visit(visit: Visit | None) -> Visit:
    if visit is None:
        raise VisitEnded
    return visit
