"""Pure rules of guarantees: what they cost, and how much may be guaranteed."""

from decimal import Decimal
from fractions import Fraction

from lending.compliance.model import Parameters
from lending.engine.due_dates import part_of_year
from lending.foundation.money import RATIO_ROUNDINGS, percent
from lending.guarantees.errors import (
    AgreementRefused,
    GuaranteedTooMuch,
    PoolTooSmall,
    QuotaUsedUp,
)
from lending.guarantees.model import Agreement, FeePayer, NewAgreement, Ratio, Standing
from lending.products.model import Product


def fee_period_fen(agreement: NewAgreement, product: Product, principal_fen: int) -> int:
    """What the borrower pays for the guarantee with each instalment.

    The period's part of the yearly rate on the amount lent, rounded as the product's terms are; 0
    where the lender pays.
    """
    if agreement.fee_payer is not FeePayer.BORROWER:
        return 0
    part = part_of_year(product.every, product.unit)
    exact = principal_fen * Fraction(agreement.fee_rate) * part
    return RATIO_ROUNDINGS[product.rounding](exact.numerator, exact.denominator)


def lender_fee_rate(agreement: NewAgreement) -> Decimal:
    """What we pay, of interest that we have received; 0 where the borrower pays."""
    return agreement.fee_rate if agreement.fee_payer is FeePayer.LENDER else Decimal(0)


def check(new: NewAgreement) -> None:
    """Refuses an agreement that no loan could be made under.

    Raises AgreementRefused, naming the field.
    """
    if not (new.fee_rate.is_finite() and 0 <= new.fee_rate < 1):
        raise AgreementRefused(field="/fee_rate", mend="请填写 0 以上、低于 1 的费率。")
    for name in ("trigger_days", "quota_fen", "claims_cap_fen"):
        if getattr(new, name) <= 0:
            raise AgreementRefused(field=f"/{name}", mend="请填写大于 0 的数。")
    if new.pool_min_fen < 0:
        raise AgreementRefused(field="/pool_min_fen", mend="请填写不小于 0 的数。")
    if new.valid_to is not None and new.valid_to < new.valid_from:
        raise AgreementRefused(field="/valid_to", mend="终止日须晚于生效日。")
    if not new.licence_no.strip():
        raise AgreementRefused(field="/licence_no", mend="请填写许可证编号。")


def require_ratio(found: Ratio, new_fen: int, rules: Parameters) -> None:
    """R-GUAR-50: loans with a guarantee are at most half of all, after the new one.

    `guarantee.balance_rate_max`; 消费金融公司管理办法, in force 2024-04-18.

    Raises GuaranteedTooMuch.
    """
    rate = measured(Ratio(found.guaranteed_fen + new_fen, found.loans_fen + new_fen), rules)
    most = rules.number("guarantee.balance_rate_max")
    if rate > most:
        raise GuaranteedTooMuch(
            f"{percent(rate)} of all loans would have a guarantee; the most is {percent(most)}"
        )


def measured(found: Ratio, rules: Parameters) -> Decimal:
    """The part of all loans that has a guarantee; 0 up to `guarantee.start_fen`."""
    is_small = found.guaranteed_fen <= rules.whole("guarantee.start_fen")
    return Decimal(0) if is_small else found.rate


def require_room(agreement: Agreement, found: Standing, new_fen: int) -> None:
    """Refuses what the guarantor has not agreed to, or what its deposit does not stand for.

    Raises QuotaUsedUp, PoolTooSmall.
    """
    if found.guaranteed_fen + new_fen > agreement.quota_fen:
        raise QuotaUsedUp
    if found.pool_fen < agreement.pool_min_fen:
        raise PoolTooSmall
