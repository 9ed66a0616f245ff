"""What the contract of a payment in a store will carry."""

from dataclasses import replace
from typing import Any

from lending.channels.model import Agreement
from lending.loans import compiling
from lending.loans.terms import CreditLine, Release, Terms
from lending.products.model import Offer, Product
from scenarios.offline_credit.model import Payment


def compile_terms(
    product: Product, agreement: Agreement, offer: Offer, payment: Payment, table: dict[str, Any]
) -> Terms:
    """Compiles the scenario's rules into terms: after the signature nobody asks the scenario.

    STORE-2: the loan weighs on the customer's line. STORE-5: the payee is the merchant and nobody
    else. STORE-6: what is paid ahead goes to the merchant by period. `table` is what was shown.
    """
    assert payment.line_id is not None
    release = Release(payment.release_parts) if payment.release_parts else None
    return replace(
        compiling.entrusted(product, agreement, offer, table),
        credit_line=CreditLine(payment.line_id, payment.scene),
        release=release,
    )
