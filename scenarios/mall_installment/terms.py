"""What the contract of a mall order will carry."""

from lending.channels.model import Agreement
from lending.loans import compiling, rules
from lending.loans.terms import Terms
from lending.products.model import Offer, Product


def compile_terms(product: Product, agreement: Agreement, offer: Offer) -> Terms:
    """Compiles the scenario's rules into terms: after the signature nobody asks the scenario."""
    return compiling.entrusted(product, agreement, offer, rules.cost_table(product, offer))
