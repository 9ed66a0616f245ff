"""Money that a funder owes us and is to send: known by an id in its transfer's remark.

Whoever is owed it says so beforehand, and asks afterwards whether it has come.
"""

import re

from lending.channels import service as channels
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx
from lending.foundation.ports import IncomingMoney
from lending.funding import money_store as store

ID = re.compile(r"[a-z]{3}_[a-z2-7]{26}")

withdraw = store.withdraw_expected


def expect(tx: Tx, expected_id: str, funder: str, account_id: str | None, amount_fen: int) -> None:
    """From now on this amount is taken from a funder's account under an id, once."""
    store.insert_expected(tx, expected_id, funder, account_id, amount_fen)


def find(tx: Tx, keys: FieldKeys, came: IncomingMoney) -> Row | None:
    """What money is that was expected, exactly so and from that account; locked."""
    for named in ID.findall(came.remark):
        found = store.expected(tx, named)
        if (
            found is not None
            and found["amount_fen"] == came.amount_fen
            and found["account_id"] is not None
            and channels.account_number(tx, keys, found["account_id"]) == came.from_account
        ):
            return found
    return None
