"""Products as they are published; a loan keeps the version it was made under (M3)."""

from dataclasses import replace

from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.products import publishing, store
from lending.products.errors import NoSuchProduct, VersionTaken
from lending.products.model import Product


def published(tx: Tx, code: str) -> Product:
    """The version of a product that new loans are made under.

    Raises NoSuchProduct.
    """
    found = store.published(tx, code)
    if found is None:
        raise NoSuchProduct
    return found


def version(tx: Tx, code: str, number: int) -> Product:
    """One version, whatever its state: what an existing loan was made under (P20).

    Raises NoSuchProduct.
    """
    found = store.version(tx, code, number)
    if found is None:
        raise NoSuchProduct
    return found


def all_published(tx: Tx) -> list[Product]:
    """The version of every product that new loans are made under, by code."""
    return store.all_published(tx)


def versions(tx: Tx, code: str) -> list[Product]:
    """All versions of a product, the newest first; it is the published one. None is no product."""
    return store.versions(tx, code)


def publish(tx: Tx, product: Product, actor: Actor) -> Product:
    """Publishes a new version and retires the one before; existing loans are not touched (P20).

    The version number given is not used: the next free one is.

    Raises ProductNotAllowed, VersionTaken.
    """
    publishing.check(product)
    numbered = replace(product, version=store.newest_number(tx, product.code) + 1)
    store.retire(tx, product.code)
    if not store.insert_published(tx, numbered):
        raise VersionTaken
    audit.record(tx, actor, "product.publish", product.code, {"version": numbered.version})
    return numbered
