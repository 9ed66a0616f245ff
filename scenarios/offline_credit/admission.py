"""Who is let in: a till of an open store, a purpose and an amount on offer, a plan of release."""

from lending.channels import service as channels
from lending.channels.errors import NoAgreement
from lending.compliance import gates, parameters
from lending.foundation.database import Tx
from lending.products import rules as product_rules
from lending.products import service as products
from lending.products.model import Product, SubsidyPayer
from scenarios.offline_credit import stores_store
from scenarios.offline_credit.errors import (
    NoSuchStore,
    NotATill,
    ReleaseNeeded,
    ReleaseNotOffered,
    StoreClosed,
    TillOfAnotherStore,
)
from scenarios.offline_credit.model import PREPAID_SCENES, SCENARIO, Store, Till


def till_at(tx: Tx, partner_id: str, keyid: str, store_id: str) -> tuple[Store, Till]:
    """The till whose key signed, and its store, which the call names.

    Raises NoSuchStore, NotATill, TillOfAnotherStore, StoreClosed.
    """
    store = stores_store.store(tx, partner_id, store_id)
    if store is None:
        raise NoSuchStore
    till = stores_store.till_of_key(tx, partner_id, keyid)
    if till is None or till.state != "active":
        raise NotATill
    if till.store_id != store.id:
        raise TillOfAnotherStore
    if store.state != "open":
        raise StoreClosed
    return store, till


def store_of_till(tx: Tx, partner_id: str, keyid: str) -> str:
    """The store of the till whose key signed: what a till may look at and change is of there.

    Raises NotATill.
    """
    till = stores_store.till_of_key(tx, partner_id, keyid)
    if till is None or till.state != "active":
        raise NotATill
    return till.store_id


def product_for(tx: Tx, partner_id: str, product_code: str | None) -> Product:
    """The product for stores that a listed partner's agreement covers; if none is named, the first.

    Raises PartnerNotListed (R-LIST-PARTNER), NoAgreement, NoSuchProduct.
    """
    channels.require_listed(tx, partner_id)
    for agreement in channels.agreements(tx, partner_id):
        if product_code in (None, agreement.product_code):
            product = products.published(tx, agreement.product_code)
            if product.scenario == SCENARIO:
                return product
    raise NoAgreement


def admit(
    tx: Tx, product: Product, store: Store, amount_fen: int, release_parts: int | None
) -> None:
    """Lets a payment in whose purpose is allowed, whose amount is on offer, and whose money may go.

    What is paid ahead goes to the merchant by period, and is free of interest for the customer: no
    borrower pays interest on money that nobody has got yet (STORE-6).

    Raises PurposeNotAllowed, SceneBlocked, AmountOutsideProduct, ReleaseNeeded, ReleaseNotOffered.
    """
    day = parameters.today(tx)
    gates.require_purpose(store.scene, allowed=product.purposes, rules=day)
    gates.require_scene(store.scene, day)
    product_rules.require_amount(product, amount_fen)
    if store.scene in PREPAID_SCENES and release_parts is None:
        raise ReleaseNeeded
    if release_parts is not None and not periods_free(product, amount_fen):
        raise ReleaseNotOffered


def admit_line(tx: Tx, product: Product, store: Store, wanted_fen: int) -> None:
    """Lets an application for a line in, for what the store sells.

    Raises PurposeNotAllowed, SceneBlocked, AmountOutsideProduct.
    """
    day = parameters.today(tx)
    gates.require_purpose(store.scene, allowed=product.purposes, rules=day)
    gates.require_scene(store.scene, day)
    product_rules.require_amount(product, wanted_fen)


def periods_free(product: Product, amount_fen: int) -> tuple[int, ...]:
    """The numbers of instalments that cost the customer nothing, for an amount."""
    return tuple(
        periods
        for periods in product_rules.periods_allowed(product, amount_fen)
        if product_rules.subsidy_payer(product, periods) is not SubsidyPayer.NONE
    )
