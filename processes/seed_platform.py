"""The sandbox's platform: on the list, with a contract, quotas and a commission, from a site here.

A guarantor stands behind one of its products, so that a claim can be tried with the test clock.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from lending.channels import listings
from lending.channels import service as channels
from lending.channels.model import NewListing
from lending.commissions import service as commissions
from lending.commissions.model import NewAgreement
from lending.compliance import parameters
from lending.compliance.model import Parameter
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.guarantees import service as guarantees
from lending.guarantees.model import FeePayer, LicenceKind
from lending.guarantees.model import NewAgreement as NewGuarantee
from lending.loans.partner_terms import Basis
from lending.products.model import Bands, Product, RiskPricing
from scenarios.assisted_lending import platforms
from scenarios.assisted_lending.errors import NotAPlatform
from scenarios.assisted_lending.model import NewPlatform

CONTRACT_DAYS = 3_650
TRIGGER_DAYS = 30
GUARANTEED_MAX_FEN = 100_000_000
"""So much may be guaranteed in a sandbox whatever else is lent: its book has just begun."""


def guaranteed_product(alone: Product) -> Product:
    """The product as a guarantor stands behind it: the dearer for its fee, the cheaper in rate."""
    champion = {grade: rate * Decimal("0.75") for grade, rate in alone.risk_pricing.champion.rates}
    return replace(
        alone,
        code="cash-with-guarantee",
        name="个人消费贷(担保)",
        rate_annual=Decimal("0.135"),
        penalty_rate_annual=Decimal("0.18"),
        risk_pricing=RiskPricing(champion=Bands(tuple(champion.items()))),
    )


def seed(context: Context, app_id: str, product_codes: tuple[str, ...]) -> None:
    """Puts the platform on the list if it is missing there, and agrees on what it earns."""
    with context.database.unit_of_work() as tx:
        partner_id = channels.partner_by_app_id(tx, app_id).id
        try:
            platforms.get(tx, partner_id)
        except NotAPlatform:
            terms = NewPlatform(
                tier="B",
                sites=("127.0.0.1", "localhost"),
                mandate_no="WT-2026-001",
                prechecks_per_day=100_000,
                leads_per_day=5_000,
            )
            listing = _listing(
                tx, "小满优选科技有限公司", "91310000MA1K4B2C3D", "互联网引流与信息展示"
            )
            platforms.agree(tx, partner_id, listing, terms, SYSTEM)
        for code in product_codes:
            if commissions.agreement(tx, partner_id, code) is None:
                commissions.agree(tx, _commission(tx, partner_id, code), SYSTEM)


def seed_guarantor(context: Context, app_id: str, product_code: str) -> None:
    """Puts the guarantor on the list, with what it stands behind, if it does not yet."""
    with context.database.unit_of_work() as tx:
        if guarantees.of_product(tx, product_code):
            return
        partner_id = channels.partner_by_app_id(tx, app_id).id
        listing = _listing(tx, "诚信融资担保有限公司", "91310000MA1H7X8Y9T", "融资担保")
        listings.put_on_list(tx, partner_id, listing, SYSTEM)
        today = business_day.today(tx)
        agreed = NewGuarantee(
            guarantor_id=partner_id,
            product_code=product_code,
            licence_kind=LicenceKind.GUARANTEE,
            licence_no="RZDB-2026-001",
            licence_to=today + timedelta(days=CONTRACT_DAYS),
            fee_payer=FeePayer.BORROWER,
            fee_rate=Decimal("0.02"),
            trigger_days=TRIGGER_DAYS,
            covers_interest=True,
            covers_penalty=True,
            quota_fen=10_000_000_000,
            claims_cap_fen=1_000_000_000,
            pool_min_fen=0,
            valid_from=today,
        )
        guarantees.agree(tx, agreed, SYSTEM)
        begins = Parameter(
            code="guarantee.start_fen",
            value=str(GUARANTEED_MAX_FEN),
            valid_from=today,
            valid_to=None,
            source="R-GUAR-50: a sandbox's book has just begun",
            confidence="C",
        )
        parameters.set_from(tx, begins, SYSTEM)


def _listing(tx: Tx, legal_name: str, credit_code: str, service: str) -> NewListing:
    today = business_day.today(tx)
    return NewListing(
        legal_name=legal_name,
        credit_code=credit_code,
        service=service,
        contract_no="HT-2026-001",
        contract_from=today,
        contract_to=today + timedelta(days=CONTRACT_DAYS),
    )


def _commission(tx: Tx, partner_id: str, product_code: str) -> NewAgreement:
    """A fifth of the interest that borrowers pay, given back if a loan goes bad in 180 days."""
    return NewAgreement(
        platform_id=partner_id,
        product_code=product_code,
        basis=Basis.INTEREST,
        rate=Decimal("0.2"),
        per_loan_fen=0,
        cap_rate=Decimal("0.05"),
        clawback_days=180,
        clawback_rate=Decimal(1),
        valid_from=business_day.today(tx),
    )
