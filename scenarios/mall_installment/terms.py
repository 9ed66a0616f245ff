"""What the contract of a mall order will carry."""

from lending.channels.model import Agreement
from lending.compliance import cost_showing
from lending.loans import rules as loan_rules
from lending.loans.terms import OWN_FUNDS, Payee, Pricing, Settlement, Subsidy, Terms
from lending.products.model import Offer, Product
from lending.products.rules import plan_input


def compile_terms(product: Product, agreement: Agreement, offer: Offer) -> Terms:
    """Compiles the scenario's rules into terms: after the signature nobody asks the scenario.

    MALL-2: the payee is the merchant and nobody else. MALL-3: who pays for an interest-free offer.
    MALL-6: what the merchant is charged is withheld from its payout.
    """
    plan = plan_input(product, offer.plan.principal_fen, offer.periods, offer.plan.start)
    table = loan_rules.cost_table(product, offer)
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
        ),
        payee=Payee(agreement.partner_id),
        settlement=Settlement(
            loan_rules.merchant_fee_fen(plan.principal_fen, agreement.merchant_fee_rate)
        ),
        subsidy=Subsidy(offer.subsidy_payer.value, offer.merchant_subsidy_fen),
        shares=OWN_FUNDS,
        cost_table_sha256=cost_showing.table_sha256(table),
    )
