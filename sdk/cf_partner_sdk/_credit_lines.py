"""Lines that customers applied for in the merchant's stores: whether they can be used."""

from __future__ import annotations

from typing import Any, Optional

from ._calls import Call, Page, pages, read, segment
from ._payment_models import CreditLine
from ._service import R, Service, call, listing


class CreditLines(Service[R]):
    """Lines applied for in stores, while their customers agree that the merchant is told.

    Whose they are, how much there is and what is owed the lender does not tell. A till sees those
    of its own store.
    """

    @call
    def get(self, line_id: str) -> Call[CreditLine]:
        """Return the line. Raises NotFound, also once its customer agrees no more."""
        return read(_path(line_id), CreditLine.from_json)

    @listing
    def list(
        self,
        *,
        store_id: Optional[str] = None,
        state: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Call[Page[CreditLine]]:
        """Go through the lines; pages of `limit` are fetched as they are needed."""
        return pages(
            "/v1/credit_lines", CreditLine.from_json, store_id=store_id, state=state, limit=limit
        )

    @call
    def can_pay(self, line_id: str, *, amount_fen: int) -> Call[bool]:
        """Return whether the line could pay an amount at the moment; nothing is held.

        A few times a day for one line, then Refused. To take a payment there is no need to ask: it
        is refused if the line is too small.
        """
        return read(f"{_path(line_id)}/can_pay", _answered, amount_fen=str(amount_fen))


def _path(line_id: str) -> str:
    return f"/v1/credit_lines/{segment(line_id)}"


def _answered(told: Any) -> bool:
    return bool(told["can_pay"])
