"""Who stands behind an assisted loan and what its platform earns: agreed beforehand, then carried.

The contract carries both for life; afterwards nobody asks for the agreements again.
"""

from lending.commissions import service as commissions
from lending.foundation.database import Tx
from lending.guarantees import rules as guarantee_rules
from lending.guarantees import service as guarantees
from lending.loans import compiling
from lending.loans.partner_terms import Guarantee
from lending.loans.terms import Terms
from lending.products.model import GuaranteeFee, Product
from scenarios.assisted_lending.model import Lead


def guarantee_fee(tx: Tx, lead: Lead, product: Product) -> GuaranteeFee | None:
    """What the borrower pays for a guarantee; None where there is none, or we pay (ASSIST-7)."""
    agreed = guarantees.of_product(tx, lead.product_code)
    return guarantees.fee(tx, agreed, product, lead.amount_fen) if agreed else None


def with_partners(tx: Tx, lead: Lead, product: Product, terms: Terms) -> Terms:
    """The terms with what the platform earns and who guarantees the loan (ASSIST-6, ASSIST-8)."""
    return compiling.with_partners(
        terms,
        commission=commissions.terms(tx, lead.partner_id, lead.product_code, lead.amount_fen),
        guarantee=_guarantee(tx, lead, product),
    )


def _guarantee(tx: Tx, lead: Lead, product: Product) -> Guarantee | None:
    agreed = guarantees.of_product(tx, lead.product_code)
    if agreed is None:
        return None
    return Guarantee(
        guarantor_id=agreed.guarantor_id,
        agreement_id=agreed.id,
        fee_period_fen=guarantee_rules.fee_period_fen(agreed, product, lead.amount_fen),
        lender_fee_rate=guarantee_rules.lender_fee_rate(agreed),
        trigger_days=agreed.trigger_days,
        covers_interest=agreed.covers_interest,
        covers_penalty=agreed.covers_penalty,
    )
