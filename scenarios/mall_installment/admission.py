"""Who is let in: the partner on the list, goods with an allowed purpose, an amount on offer."""

from collections.abc import Sequence

from lending.channels import service as channels
from lending.compliance import gates, parameters
from lending.foundation.database import Tx
from lending.products import rules as product_rules
from lending.products import service as products
from lending.products.model import Product
from scenarios.mall_installment.errors import ItemsDoNotAddUp, ItemTwice
from scenarios.mall_installment.orders import Item


def product_for(tx: Tx, partner_id: str, product_code: str | None) -> Product:
    """The product that a listed partner's agreement covers.

    Raises PartnerNotListed (R-LIST-PARTNER), NoAgreement, NoSuchProduct.
    """
    channels.require_listed(tx, partner_id)
    agreement = channels.agreement(tx, partner_id, product_code)
    return products.published(tx, agreement.product_code)


def admit(tx: Tx, product: Product, amount_fen: int, items: Sequence[Item]) -> None:
    """Lets an order in whose items add up, whose purpose is allowed, whose amount is on offer.

    Raises ItemTwice, ItemsDoNotAddUp, PurposeNotAllowed, SceneBlocked, AmountOutsideProduct.
    """
    skus = [item.sku for item in items]
    for place, sku in enumerate(skus):
        if sku in skus[:place]:
            raise ItemTwice(field=f"/items/{place}/sku")
    total = sum(item.amount_fen for item in items)
    if total != amount_fen:
        raise ItemsDoNotAddUp(
            f"the items sum to {total} fen, amount_fen is {amount_fen}",
            mend="Set amount_fen to the sum of quantity times unit_price_fen.",
        )
    day = parameters.today(tx)
    for item in items:
        gates.require_purpose(item.category, allowed=product.purposes, rules=day)
        gates.require_scene(item.category, day)
    product_rules.require_amount(product, amount_fen)
