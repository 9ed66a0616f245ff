"""What may come in: quotes and orders."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from lending.foundation import business_day, ids, jobs
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.money import percent, yuan
from lending.loans import rules as loan_rules
from lending.loans import service as loans
from lending.loans.model import NewApplication
from lending.products import rules as product_rules
from lending.products.errors import PeriodsNotOffered
from lending.products.model import Offer, Product
from scenarios.mall_installment import admission, orders, store
from scenarios.mall_installment.errors import OrderNoTaken
from scenarios.mall_installment.orders import Item, Order

SCENARIO = "mall_installment"


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """An order as a shop sends it."""

    order_no: str
    amount_fen: int
    items: tuple[Item, ...]
    return_url: str
    cancel_url: str | None = None
    product_code: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def quote(
    tx: Tx,
    partner_id: str,
    *,
    amount_fen: int,
    product_code: str | None = None,
    periods: Sequence[int] | None = None,
) -> dict[str, Any]:
    """What an amount costs by instalments: every offer with its plan and its annual rate.

    R-COST-ORDERPAGE, MALL-3, MALL-4: the shop can show all of it beside the price. Nothing is
    stored.

    Raises PartnerNotListed, NoAgreement, NoSuchProduct, AmountOutsideProduct, PeriodsNotOffered.
    """
    product = admission.product_for(tx, partner_id, product_code)
    return quote_of(product, amount_fen, periods, business_day.today(tx))


def quote_of(
    product: Product, amount_fen: int, periods: Sequence[int] | None, start: date
) -> dict[str, Any]:
    """The quote of one product version for an amount from a day on.

    Raises AmountOutsideProduct, PeriodsNotOffered.
    """
    allowed = product_rules.periods_allowed(product, amount_fen)
    wanted = allowed if periods is None else tuple(sorted(set(periods)))
    if not wanted or not set(wanted) <= set(allowed):
        raise PeriodsNotOffered(mend=f"Choose among {', '.join(map(str, allowed))}.")
    made = [product_rules.offer(product, amount_fen, each, start) for each in wanted]
    period = product_rules.period_text(product).replace(" ", "")
    return {
        "amount_fen": amount_fen,
        "product_code": product.code,
        "product_version": product.version,
        "offers": [loan_rules.offer_view(product, each) for each in made],
        "message": price_message(made, period),
    }


quote_again = lru_cache(maxsize=1024)(quote_of)
"""As `quote_of`, remembered: pages of the same goods ask the same. What it gives is not changed."""


def price_message(offers: Sequence[Offer], period: str) -> str:
    """The line beside a price: the annual rate first and with its method (R-DISCLOSE-APR).

    `period` is what an instalment is for, such as `月` or `14天`.
    """
    lowest = min(offers, key=lambda offer: offer.plan.instalments[0].total_fen)
    instalment = yuan(lowest.plan.instalments[0].total_fen)
    rate = percent(lowest.cost.rate_annual)
    return f"年化利率(单利){rate} · ¥{instalment}/{period} × {lowest.periods} 期"


def place_order(
    tx: Tx, keys: FieldKeys, partner_id: str, command: PlaceOrder, public_url: str
) -> dict[str, Any]:
    """Takes an order in and opens its checkout; the order as the shop sees it.

    Raises PartnerNotListed, NoAgreement, NoSuchProduct, ItemTwice, ItemsDoNotAddUp,
    PurposeNotAllowed, SceneBlocked, AmountOutsideProduct, OrderNoTaken. Nothing is kept then.
    """
    product = admission.product_for(tx, partner_id, command.product_code)
    admission.admit(tx, product, command.amount_fen, command.items)
    order_id, token = ids.new("ord"), orders.new_token()
    dearest = max(command.items, key=lambda item: item.amount_fen)
    application_id = loans.start(
        tx,
        NewApplication(
            partner_id=partner_id,
            scenario=SCENARIO,
            product_code=product.code,
            product_version=product.version,
            subject=order_id,
            amount_fen=command.amount_fen,
            purpose=dearest.category,
        ),
    )
    new = Order(
        id=order_id,
        partner_id=partner_id,
        order_no=command.order_no,
        amount_fen=command.amount_fen,
        items=command.items,
        return_url=command.return_url,
        cancel_url=command.cancel_url,
        metadata=command.metadata,
        application_id=application_id,
        refunded_fen=0,
        checkout_token_sealed=keys.seal(token, at=orders.token_cell(order_id)),
        created_at=tx.now,
        expires_at=tx.now + timedelta(minutes=product.order_expires_minutes),
        product_code=product.code,
        product_version=product.version,
        every=product.every,
        unit=product.unit,
        updated_at=tx.now,
        state="created",
    )
    if not store.insert_order(tx, new, token):
        raise OrderNoTaken
    jobs.enqueue(
        tx, "mall.expire", queue=jobs.CORE, at=new.expires_at, application_id=application_id
    )
    loans.tell(tx, SCENARIO, order_id, "created", {})
    return orders.order_view(new, keys, public_url)
