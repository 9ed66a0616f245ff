"""What quotes are made of, kept for moments: a shop asks for many amounts in a row.

An order looks anew: nothing is bound by a quote.
"""

import threading
import time
from datetime import date

from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.products.model import Product
from scenarios.mall_installment import admission

GOOD_FOR_S = 3.0
"""As long as a key is: who is taken off the list gets no quotes within five seconds."""
KEPT_MAX = 10_000

Quotable = tuple[Product, date]


class Quotables:
    """The product of each partner's agreement, and the business date. One for a process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str | None], tuple[float, Quotable]] = {}
        self._lock = threading.Lock()

    def at_hand(self, partner_id: str, product_code: str | None) -> Quotable | None:
        """As `get`, if it was asked for moments ago."""
        kept = self._kept.get((partner_id, product_code))
        fresh = kept is not None and time.monotonic() - kept[0] <= GOOD_FOR_S
        return kept[1] if kept is not None and fresh else None

    def get(self, tx: Tx, partner_id: str, product_code: str | None) -> Quotable:
        """The product version to quote, and the day to quote it from.

        Raises PartnerNotListed, NoAgreement, NoSuchProduct.
        """
        at_hand = self.at_hand(partner_id, product_code)
        if at_hand is not None:
            return at_hand
        key, now = (partner_id, product_code), time.monotonic()
        found = admission.product_for(tx, partner_id, product_code), business_day.today(tx)
        with self._lock:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            self._kept[key] = (now, found)
        return found
