"""The blacklist: looked up by blind index; the values themselves are sealed."""

from collections.abc import Mapping

from lending.customers import store
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx


def contains(tx: Tx, kind: str, value_index: bytes) -> str | None:
    """Why a value is on the blacklist, or None.

    `kind` is `identity_no`, `mobile`, `device` or `bank_card`; the index is over the NFKC form, so
    full-width digits do not evade it.
    """
    return store.blacklisted(tx, kind, value_index)


def listed(tx: Tx, indices: Mapping[str, bytes]) -> set[str]:
    """The kinds of those values that are on the blacklist, of several by their kinds."""
    return store.blacklisted_kinds(tx, indices)


def add(tx: Tx, keys: FieldKeys, kind: str, value: str, *, reason: str, source: str) -> None:
    """Puts a value on the blacklist; one that is there gets the new reason."""
    store.insert_blacklisted(tx, keys, kind, value, reason=reason, source=source)


def remove_of(tx: Tx, source: str) -> None:
    """Takes off the blacklist what one source put there."""
    store.delete_blacklisted(tx, source)
