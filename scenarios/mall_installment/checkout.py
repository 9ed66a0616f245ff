"""What the hosted checkout does for a buyer, step by step."""

from dataclasses import dataclass
from typing import Any

from lending.channels import service as channels
from lending.foundation import business_day
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.loans import rules as loan_rules
from lending.loans import service as loans
from lending.loans import signing
from lending.loans.contract_pdf import Good
from lending.loans.model import Signature
from lending.loans.signing import SignCommand
from lending.products import rules as product_rules
from lending.products import service as products
from lending.products.errors import PeriodsNotOffered
from lending.products.model import Offer
from lending.risk.model import Decision
from scenarios.mall_installment import store
from scenarios.mall_installment.errors import CheckoutEnded
from scenarios.mall_installment.orders import Order
from scenarios.mall_installment.terms import compile_terms

ENDED = ("cancelled", "expired")


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """An order as its buyer sees it."""

    order: Order
    merchant: str

    @property
    def state(self) -> str:
        """The order's state, in the words of the partner's API."""
        return self.order.state


def open_order(tx: Tx, token: str) -> CheckoutView:
    """The order behind a checkout link.

    Raises CheckoutEnded when there is none.
    """
    found = store.order_by_token(tx, token)
    if found is None:
        raise CheckoutEnded
    return CheckoutView(found, channels.partner(tx, found.partner_id).name)


def view(tx: Tx, order_id: str) -> CheckoutView:
    """The order with this id.

    Raises CheckoutEnded when there is none.
    """
    found = store.order_by_id(tx, order_id)
    if found is None:
        raise CheckoutEnded
    return CheckoutView(found, channels.partner(tx, found.partner_id).name)


def offers(tx: Tx, order_id: str) -> list[dict[str, Any]]:
    """What the order can be repaid in: by the product, and once decided by the decision too."""
    order = view(tx, order_id).order
    product = products.version(tx, order.product_code, order.product_version)
    start = business_day.today(tx)
    periods = product_rules.periods_allowed(
        product, order.amount_fen, months_max=_months_max(tx, order)
    )
    made = [product_rules.offer(product, order.amount_fen, each, start) for each in periods]
    return [loan_rules.offer_view(product, each) for each in made]


def submit(
    tx: Tx, order_id: str, *, customer_id: str, bank_card_id: str, device: dict[str, str]
) -> None:
    """Hands the application in; the decision follows in about a second.

    Raises CheckoutEnded, WrongState, CardNotYours, ConsentMissing.
    """
    order = view(tx, order_id).order
    if order.state in ENDED or order.expires_at <= tx.now:
        raise CheckoutEnded
    loans.submit(
        tx,
        order.application_id,
        customer_id=customer_id,
        bank_card_id=bank_card_id,
        device=device,
    )


def decision(tx: Tx, order_id: str) -> Decision | None:
    """The decision on the order, once there is one."""
    return loans.decision(tx, view(tx, order_id).order.application_id)


def cost_table(tx: Tx, order_id: str, periods: int) -> dict[str, Any]:
    """The cost table of one offer, as it is shown and digested (R-COST-TABLE).

    Raises CheckoutEnded, PeriodsNotOffered.
    """
    order = view(tx, order_id).order
    product = products.version(tx, order.product_code, order.product_version)
    return loan_rules.cost_table(product, _offer(tx, order, periods))


def sign(
    tx: Tx,
    keys: FieldKeys,
    files: FileStore,
    *,
    order_id: str,
    periods: int,
    signature: Signature,
) -> str:
    """Signs for the order with these periods; the loan's id.

    Raises CheckoutEnded, PeriodsNotOffered and what `signing.sign` raises.
    """
    seen = view(tx, order_id)
    order = seen.order
    if order.state in ENDED or order.expires_at <= tx.now:
        raise CheckoutEnded
    product = products.version(tx, order.product_code, order.product_version)
    offer = _offer(tx, order, periods)
    agreement = channels.agreement(tx, order.partner_id, order.product_code)
    return signing.sign(
        tx,
        keys,
        files,
        SignCommand(
            application_id=order.application_id,
            offer=offer,
            terms=compile_terms(product, agreement, offer),
            table=loan_rules.cost_table(product, offer),
            signature=signature,
            goods=tuple(Good(item.name, item.quantity, item.amount_fen) for item in order.items),
            merchant_name=seen.merchant,
        ),
    )


def return_url(seen: CheckoutView) -> str:
    """Where the buyer goes back to. The shop asks for the state itself; nothing here is proof."""
    joint = "&" if "?" in seen.order.return_url else "?"
    return f"{seen.order.return_url}{joint}order_no={seen.order.order_no}&order_id={seen.order.id}"


def _offer(tx: Tx, order: Order, periods: int) -> Offer:
    product = products.version(tx, order.product_code, order.product_version)
    longest = _months_max(tx, order)
    if longest and product_rules.term_months(product, periods) > longest:
        raise PeriodsNotOffered("审批期限不支持所选期数", mend="请选择其他期数。")
    return product_rules.offer(product, order.amount_fen, periods, business_day.today(tx))


def _months_max(tx: Tx, order: Order) -> int | None:
    """The longest term that the decision leaves; None as long as it leaves all."""
    decided = loans.decision(tx, order.application_id)
    return (decided.periods_max or None) if decided else None
