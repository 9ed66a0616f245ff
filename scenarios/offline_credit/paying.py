"""What a customer does on the phone: show a code, look at what is asked, agree or refuse."""

from dataclasses import dataclass
from typing import Any

from lending.channels import service as channels
from lending.compliance import cost_showing, parameters
from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import NoSuchLine
from lending.credit_lines.model import Line
from lending.customers import service as customers
from lending.foundation import business_day, ids
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.loans import rules as loan_rules
from lending.loans import service as loans
from lending.loans.model import Signature
from lending.products import rules as product_rules
from lending.products import service as products
from scenarios.offline_credit import codes, drawing, payments_store, rules, stores_store
from scenarios.offline_credit.drawing import Agreed, Payer
from scenarios.offline_credit.errors import PaymentEnded, QuickAmountPassed
from scenarios.offline_credit.model import Asked, Payment, PaymentCode, Position


@dataclass(frozen=True, slots=True)
class ShowCode:
    """What a customer's phone sends for a code."""

    bank_card_id: str
    device: dict[str, Any]
    position: Position | None = None
    quick_showing_id: str | None = None
    """A cost table that was confirmed beforehand; None: every payment is confirmed."""


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code to be shown to the cashier."""

    id: str
    code: str
    seconds: int
    """How long it is good for."""


def line_of(tx: Tx, customer_id: str) -> Line:
    """The customer's line.

    Raises NoSuchLine.
    """
    found = credit_lines.of_customer(tx, customer_id)
    if found is None:
        raise NoSuchLine
    return found


def show_code(tx: Tx, customer_id: str, command: ShowCode) -> ShownCode:
    """Makes a code for one payment; a code that was shown before is good no more (STORE-5).

    Raises NoSuchLine, LineNotOpen, LineFrozen, ReviewDue, CardNotYours, CostTableNotConfirmed.
    """
    line = line_of(tx, customer_id)
    credit_lines.require_open(tx, line.id)
    customers.require_own_card(tx, customer_id, command.bank_card_id)
    periods, quick_fen = _confirmed_beforehand(tx, line, command.quick_showing_id)
    secret = codes.new_payment_code()
    at = command.position
    new = PaymentCode(
        id=ids.new("pcd"),
        line_id=line.id,
        bank_card_id=command.bank_card_id,
        device=command.device,
        latitude_e6=at.latitude_e6 if at else None,
        longitude_e6=at.longitude_e6 if at else None,
        quick_max_fen=quick_fen,
        quick_periods=periods,
        quick_showing_id=command.quick_showing_id,
        created_at=tx.now,
        expires_at=tx.now + rules.PAYMENT_CODE_GOOD_FOR,
        used_at=None,
    )
    payments_store.end_codes(tx, line.id)
    payments_store.insert_code(tx, new, codes.digest(secret))
    return ShownCode(new.id, secret, int(rules.PAYMENT_CODE_GOOD_FOR.total_seconds()))


def quick_most_fen(tx: Tx) -> int:
    """The largest payment that may be confirmed beforehand."""
    return parameters.today(tx).whole("store.quick_pay_max_fen")


def quick_offers(tx: Tx, line: Line) -> list[dict[str, Any]]:
    """What the largest such payment can be repaid in."""
    product, most_fen = products.published(tx, line.product_code), quick_most_fen(tx)
    today = business_day.today(tx)
    return [
        loan_rules.offer_view(product, product_rules.offer(product, most_fen, each, today))
        for each in product_rules.periods_allowed(product, most_fen)
    ]


def quick_subject(line: Line) -> str:
    """What a table that is confirmed beforehand is shown under."""
    return f"quick:{line.id}"


def quick_table(tx: Tx, line: Line, periods: int) -> dict[str, Any]:
    """The cost table of the largest payment that may be confirmed beforehand.

    Raises PeriodsNotOffered, AmountOutsideProduct.
    """
    most_fen = quick_most_fen(tx)
    product = products.published(tx, line.product_code)
    offered = product_rules.offer(product, most_fen, periods, business_day.today(tx))
    return loan_rules.cost_table(product, offered)


def show_quick_table(tx: Tx, line: Line, periods: int) -> str:
    """Shows the table for what is confirmed beforehand; the showing's id.

    Raises PeriodsNotOffered, AmountOutsideProduct.
    """
    return cost_showing.show(tx, quick_subject(line), quick_table(tx, line, periods))


def claim(tx: Tx, keys: FieldKeys, token: str, payer: Payer) -> Payment:
    """A customer scanned what a till shows: the payment is theirs from now on.

    Scanning it again shows it again.

    Raises PaymentEnded where it is over or another's, and what `drawing.draw` raises.
    """
    found = payments_store.payment_by_token(tx, codes.digest(token))
    if found is None:
        raise PaymentEnded
    payment = _locked(tx, found.id)
    if payment.state == "waiting" and payment.expires_at > tx.now:
        drawing.draw(tx, keys, _asked(tx, payment), payer)
    elif payment.line_id != payer.line_id:
        raise PaymentEnded
    return _locked(tx, found.id)


def waiting_for(tx: Tx, customer_id: str) -> list[Payment]:
    """Payments that wait for the customer's word.

    Raises NoSuchLine.
    """
    return payments_store.confirming(tx, line_of(tx, customer_id).id)


def look(tx: Tx, token: str) -> Payment:
    """What a till shows, before anybody takes it.

    Raises PaymentEnded.
    """
    found = payments_store.payment_by_token(tx, codes.digest(token))
    if found is None or found.state not in ("waiting", "confirming"):
        raise PaymentEnded
    return found


def recent(tx: Tx, customer_id: str, limit: int) -> list[Payment]:
    """The customer's newest payments.

    Raises NoSuchLine.
    """
    return payments_store.recent(tx, line_of(tx, customer_id).id, limit)


def newest(tx: Tx, customer_id: str) -> Payment | None:
    """What became of the newest code: the payment that a till just took against it.

    Raises NoSuchLine.
    """
    return payments_store.of_newest_code(tx, line_of(tx, customer_id).id)


def merchant_name(tx: Tx, payment: Payment) -> str:
    """Who is paid."""
    return channels.partner(tx, payment.partner_id).name


def payment_of(tx: Tx, customer_id: str, payment_id: str) -> Payment:
    """One payment of the customer.

    Raises PaymentEnded for another's.
    """
    found = payments_store.payment_by_id(tx, payment_id)
    line = credit_lines.get(tx, found.line_id) if found and found.line_id else None
    if found is None or line is None or line.customer_id != customer_id:
        raise PaymentEnded
    return found


def offers(tx: Tx, payment: Payment) -> list[dict[str, Any]]:
    """What a payment can be repaid in, each with its plan and its cost."""
    product, allowed = drawing.periods_offered(tx, payment)
    today = business_day.today(tx)
    made = [product_rules.offer(product, payment.amount_fen, each, today) for each in allowed]
    return [loan_rules.offer_view(product, each) for each in made]


def cost_table(tx: Tx, payment: Payment, periods: int) -> dict[str, Any]:
    """The cost table of one offer, as it is shown and digested (R-COST-TABLE).

    Raises PeriodsNotOffered.
    """
    product, offered = drawing.offer(tx, payment, periods)
    return loan_rules.cost_table(product, offered)


def agree(
    tx: Tx,
    keys: FieldKeys,
    files: FileStore,
    *,
    payment: Payment,
    periods: int,
    signature: Signature,
) -> str:
    """The customer agrees: the loan's id, on its way to the merchant.

    Raises PaymentEnded, PeriodsNotOffered and what `signing.sign` raises.
    """
    locked = _locked(tx, payment.id)
    if locked.state != "confirming" or locked.expires_at <= tx.now:
        raise PaymentEnded
    return drawing.sign(tx, keys, files, locked, Agreed(periods, None, "", signature))


def refuse(tx: Tx, payment: Payment) -> None:
    """The customer says no; nothing is held. Refusing twice does it once.

    Raises PaymentEnded when it is paid.
    """
    locked = _locked(tx, payment.id)
    if locked.state == "cancelled":
        return
    if locked.state != "confirming" or locked.application_id is None:
        raise PaymentEnded
    line = credit_lines.get(tx, locked.line_id or "")
    loans.cancel(tx, locked.application_id, Actor("customer", line.customer_id))


def _asked(tx: Tx, payment: Payment) -> Asked:
    store = stores_store.store(tx, payment.partner_id, payment.store_id)
    assert store is not None
    return Asked(
        id=payment.id,
        store=store,
        till_id=payment.till_id,
        product_code=payment.product_code,
        product_version=payment.product_version,
        amount_fen=payment.amount_fen,
        release_parts=payment.release_parts,
    )


def _locked(tx: Tx, payment_id: str) -> Payment:
    found = payments_store.lock_payment(tx, None, payment_id)
    if found is None:
        raise PaymentEnded
    return found


def _confirmed_beforehand(tx: Tx, line: Line, showing_id: str | None) -> tuple[int | None, int]:
    """Instalments and amount that a table confirmed beforehand allows.

    Raises CostTableNotConfirmed, NoSuchShowing when it is another line's, QuickAmountPassed.
    """
    if showing_id is None:
        return None, 0
    shown = cost_showing.get(tx, showing_id)
    cost_showing.require_confirmed(
        tx, showing_id, application_id=quick_subject(line), sha256=shown.table_sha256
    )
    most_fen = int(shown.table["principal_fen"])
    if most_fen > quick_most_fen(tx):
        raise QuickAmountPassed
    return int(shown.table["periods"]), most_fen
