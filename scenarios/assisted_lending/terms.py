"""What the contract of an assisted loan will carry."""

from typing import Any

from lending.channels.model import Agreement
from lending.loans import compiling
from lending.loans.terms import Terms
from lending.products.model import Offer, Product


def compile_terms(
    product: Product, agreement: Agreement, offer: Offer, table: dict[str, Any]
) -> Terms:
    """Compiles the scenario's rules into terms: after the signature nobody asks the scenario.

    ASSIST-5: the payee is the borrower's own account. R-FEE-WHO: the platform takes nothing of the
    borrower. `table` is what was shown.
    """
    return compiling.to_borrower(product, agreement, offer, table)
