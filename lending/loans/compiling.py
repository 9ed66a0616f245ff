"""Terms that every entrusted loan has, out of product, agreement and offer."""

from dataclasses import replace
from typing import Any

from lending.channels.model import Agreement
from lending.compliance import cost_showing
from lending.loans import rules
from lending.loans.partner_terms import Commission, Guarantee
from lending.loans.terms import OWN_FUNDS, Payee, Pricing, Settlement, Subsidy, Terms
from lending.products.model import Offer, PayeeKind, Product
from lending.products.rules import plan_input


def entrusted(product: Product, agreement: Agreement, offer: Offer, table: dict[str, Any]) -> Terms:
    """The terms of a loan that is paid to the partner of an agreement, from own funds.

    MALL-2, STORE-5: the payee is the merchant and nobody else. MALL-3: who pays for an offer that
    is free. MALL-6: what the merchant is charged is withheld from its payout. `table` is the cost
    table as it was shown.
    """
    plan = plan_input(product, offer.plan.principal_fen, offer.periods, offer.plan.start)
    return Terms(
        pricing=Pricing(
            rate_annual=plan.rate_annual,
            method=plan.method,
            day_count=plan.day_count,
            rounding=plan.rounding,
            periods=offer.periods,
            fee_upfront_fen=plan.fee_upfront_fen,
            penalty_rate_annual=product.penalty_rate_annual,
            cost_rate_annual=offer.cost.rate_annual,
            grace_days=product.grace_days,
            prepayment_fee_rate=product.prepayment_fee_rate,
            every=plan.every,
            unit=plan.unit,
        ),
        payee=Payee(agreement.partner_id),
        settlement=Settlement(
            rules.merchant_fee_fen(plan.principal_fen, agreement.merchant_fee_rate),
            agreement.settlement_days,
        ),
        subsidy=Subsidy(offer.subsidy_payer.value, offer.merchant_subsidy_fen),
        shares=OWN_FUNDS,
        cost_table_sha256=cost_showing.table_sha256(table),
    )


def to_borrower(
    product: Product, agreement: Agreement, offer: Offer, table: dict[str, Any]
) -> Terms:
    """The terms of a loan that is paid to an account of the borrower's own (ASSIST-5)."""
    return replace(
        entrusted(product, agreement, offer, table),
        payee=Payee("", PayeeKind.BORROWER),
        settlement=Settlement(0),
    )


def with_partners(
    terms: Terms, *, commission: Commission | None, guarantee: Guarantee | None
) -> Terms:
    """The terms with what the platform earns and who stands behind the loan (ASSIST-6, ASSIST-8).

    R-FEE-WHO: neither is collected from the borrower by a platform; a guarantor's fee is in the
    plan and in the cost table.
    """
    return replace(terms, commission=commission, guarantee=guarantee)
