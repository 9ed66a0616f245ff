"""A payment meets a customer's line: decided by our own records, signed on the customer's word."""

from dataclasses import dataclass
from typing import Any

from lending.channels import service as channels
from lending.compliance import cost_showing
from lending.foundation import business_day
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.loans import rules as loan_rules
from lending.loans import service as loans
from lending.loans import signing
from lending.loans.contract_pdf import Good
from lending.loans.model import ApplicationState, NewApplication, Signature
from lending.loans.service import DrawCommand
from lending.loans.signing import SignCommand
from lending.products import rules as product_rules
from lending.products import service as products
from lending.products.errors import PeriodsNotOffered
from lending.products.model import Offer, Product
from scenarios.offline_credit import admission, evidence, payments_store
from scenarios.offline_credit.errors import NoSuchStore
from scenarios.offline_credit.model import SCENARIO, Asked, Payment, PaymentCode
from scenarios.offline_credit.terms import compile_terms


@dataclass(frozen=True, slots=True)
class Payer:
    """The customer's side of a payment, as the phone told it."""

    line_id: str
    bank_card_id: str
    device: dict[str, Any]
    at: tuple[int, int] | None
    """Latitude and longitude in millionths of a degree; None where the phone did not tell."""


def of_code(code: PaymentCode) -> Payer:
    """Who showed a code."""
    known = code.latitude_e6 is not None and code.longitude_e6 is not None
    return Payer(
        line_id=code.line_id,
        bank_card_id=code.bank_card_id,
        device=code.device,
        at=(code.latitude_e6 or 0, code.longitude_e6 or 0) if known else None,
    )


def draw(tx: Tx, keys: FieldKeys, asked: Asked, payer: Payer) -> bool:
    """Ties a payment to a customer's line and decides it (STORE-2); whether it is approved.

    Raises what `loans.draw` raises; a payment that the rules decline is kept as declined.
    """
    signals = evidence.of_payment(
        tx, asked, line_id=payer.line_id, at=payer.at, device=payer.device
    )
    application = loans.draw(
        tx,
        keys,
        DrawCommand(
            new=NewApplication(
                partner_id=asked.store.partner_id,
                scenario=SCENARIO,
                product_code=asked.product_code,
                product_version=asked.product_version,
                subject=asked.id,
                amount_fen=asked.amount_fen,
                purpose=asked.store.scene,
            ),
            line_id=payer.line_id,
            scene=asked.store.scene,
            bank_card_id=payer.bank_card_id,
            device={name: str(value) for name, value in payer.device.items()},
            signals=signals,
        ),
    )
    payments_store.draw(tx, asked.id, line_id=payer.line_id, application_id=application.id)
    return application.state is ApplicationState.APPROVED


def periods_offered(tx: Tx, payment: Payment) -> tuple[Product, tuple[int, ...]]:
    """The product and the numbers of instalments that a payment may be repaid in.

    By the product, by the decision, and for a service paid ahead only those that are free.
    """
    product = products.version(tx, payment.product_code, payment.product_version)
    longest = None
    if payment.application_id:
        decided = loans.decision(tx, payment.application_id)
        longest = (decided.periods_max or None) if decided else None
    allowed = product_rules.periods_allowed(product, payment.amount_fen, months_max=longest)
    if payment.release_parts:
        free = admission.periods_free(product, payment.amount_fen)
        allowed = tuple(each for each in allowed if each in free)
    return product, allowed


def offer(tx: Tx, payment: Payment, periods: int) -> tuple[Product, Offer]:
    """One way to repay a payment.

    Raises PeriodsNotOffered.
    """
    product, allowed = periods_offered(tx, payment)
    if periods not in allowed:
        raise PeriodsNotOffered("该笔支付不支持所选期数", mend="请选择其他期数。")
    today = business_day.today(tx)
    return product, product_rules.offer(product, payment.amount_fen, periods, today)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a customer agreed to: how many instalments, under which table, with which proof."""

    periods: int
    table: dict[str, Any] | None
    """Where it was confirmed beforehand, for amounts up to its own; None: this payment's own."""
    shown_under: str
    signature: Signature


def sign(tx: Tx, keys: FieldKeys, files: FileStore, payment: Payment, agreed: Agreed) -> str:
    """Signs for a payment; the loan's id. The amount is held on the line and its scene.

    Raises PeriodsNotOffered and what `signing.sign` raises.
    """
    assert payment.application_id is not None
    product, offered = offer(tx, payment, agreed.periods)
    agreement = channels.agreement(tx, payment.partner_id, payment.product_code)
    table = agreed.table or loan_rules.cost_table(product, offered)
    return signing.sign(
        tx,
        keys,
        files,
        SignCommand(
            application_id=payment.application_id,
            offer=offered,
            terms=compile_terms(product, agreement, offered, payment, table),
            table=table,
            signature=agreed.signature,
            goods=(Good(payment.description or payment.store_name, 1, payment.amount_fen),),
            merchant_name=channels.partner(tx, payment.partner_id).name,
            shown_under=agreed.shown_under,
        ),
    )


def sign_beforehand(
    tx: Tx, keys: FieldKeys, files: FileStore, payment_id: str, code: PaymentCode
) -> None:
    """Signs an approved payment at once that its customer confirmed beforehand, if it is one.

    A larger one, and one whose service is paid ahead, wait as they do.
    """
    if code.quick_periods is None:
        return
    payment = _payment(tx, payment_id)
    if payment.release_parts or payment.amount_fen > code.quick_max_fen:
        return
    if code.quick_periods not in periods_offered(tx, payment)[1]:
        return
    assert code.quick_showing_id is not None
    shown = cost_showing.get(tx, code.quick_showing_id)
    if shown.table["product_code"] != payment.product_code:
        return
    sign(
        tx,
        keys,
        files,
        payment,
        Agreed(
            periods=code.quick_periods,
            table=shown.table,
            shown_under=shown.application_id,
            signature=Signature(
                showing_id=code.quick_showing_id,
                method="payment_code",
                evidence={
                    "payment_code_id": code.id,
                    "code_made_at": code.created_at.isoformat(),
                    "device": code.device.get("fingerprint", ""),
                },
            ),
        ),
    )


def _payment(tx: Tx, payment_id: str) -> Payment:
    found = payments_store.payment_by_id(tx, payment_id)
    if found is None:
        raise NoSuchStore
    return found
