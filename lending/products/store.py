"""The SQL of products."""

from typing import cast

from lending.foundation.database import Tx, json
from lending.products.model import Product


def published(tx: Tx, code: str) -> Product | None:
    row = tx.maybe(
        "SELECT version, definition FROM product_version"
        " WHERE code = :code AND state = 'published'",
        code=code,
    )
    return Product.from_json(code, row["version"], row["definition"]) if row else None


def version(tx: Tx, code: str, number: int) -> Product | None:
    """A version, which never changes once it is committed; so it is read once by each process."""
    name = ("product_version", code, number)
    if name in tx.kept:
        return cast("Product", tx.kept[name])
    row = tx.maybe(
        "SELECT definition, published_at FROM product_version"
        " WHERE code = :code AND version = :version",
        code=code,
        version=number,
    )
    if row is None:
        return None
    found = Product.from_json(code, number, row["definition"])
    if row["published_at"] and row["published_at"] < tx.now:
        tx.kept[name] = found
    return found


def all_published(tx: Tx) -> list[Product]:
    rows = tx.all(
        "SELECT code, version, definition FROM product_version WHERE state = 'published'"
        " ORDER BY code"
    )
    return [Product.from_json(row["code"], row["version"], row["definition"]) for row in rows]


def versions(tx: Tx, code: str) -> list[Product]:
    rows = tx.all(
        "SELECT version, definition FROM product_version WHERE code = :code ORDER BY version DESC",
        code=code,
    )
    return [Product.from_json(code, row["version"], row["definition"]) for row in rows]


def newest_number(tx: Tx, code: str) -> int:
    return int(
        tx.scalar(
            "SELECT coalesce(max(version), 0) FROM product_version WHERE code = :code", code=code
        )
    )


def retire(tx: Tx, code: str) -> None:
    tx.run(
        "UPDATE product_version SET state = 'retired' WHERE code = :code AND state = 'published'",
        code=code,
    )


def insert_published(tx: Tx, product: Product) -> int:
    return tx.touched(
        "INSERT INTO product_version (code, version, state, definition, published_at)"
        " VALUES (:code, :version, 'published', :definition, :now) ON CONFLICT DO NOTHING",
        code=product.code,
        version=product.version,
        definition=json(product.to_json()),
        now=tx.now,
    )
