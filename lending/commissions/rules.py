"""Pure rules of what platforms are paid: agreements, tiers, terms of a loan."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from lending.commissions.errors import AgreementRefused, FeeOverCap
from lending.commissions.model import Agreement, NewAgreement, ProductMonth, Tier, TierBy
from lending.compliance.model import Parameters
from lending.foundation.money import half_up, percent
from lending.loans.partner_terms import Basis, Commission


def check(new: NewAgreement, rules: Parameters) -> None:
    """Refuses an agreement that regulation or our own cap does not allow.

    R-FEE-CAP: the lender caps what a platform gets of a loan (`cooperation.fee_rate_max`), and it
    comes back when the loan goes bad. Who is paid for each loan is paid before anything is
    recovered, and so gives all of it back.

    Raises AgreementRefused, FeeOverCap.
    """
    for name in ("rate", "cap_rate", "clawback_rate"):
        value = getattr(new, name)
        if not (value.is_finite() and 0 <= value <= 1):
            raise AgreementRefused(field=f"/{name}", mend="请填写 0 至 1 的比率。")
    if new.basis is Basis.LOAN and new.per_loan_fen <= 0:
        raise AgreementRefused(field="/per_loan_fen", mend="按笔计酬时,请填写每笔金额。")
    if new.basis is not Basis.LOAN and (new.per_loan_fen or not new.rate):
        raise AgreementRefused(field="/rate", mend="按比率计酬时,请填写比率,每笔金额填 0。")
    if new.clawback_days <= 0 or not new.clawback_rate:
        raise AgreementRefused(field="/clawback_days", mend="请约定退佣的天数和比率。")
    if new.basis is Basis.LOAN and new.clawback_rate != 1:
        raise AgreementRefused(field="/clawback_rate", mend="按笔计酬的退佣比率须为 1。")
    most = rules.number("cooperation.fee_rate_max")
    if new.cap_rate > most:
        raise FeeOverCap(mend=f"请约定不高于放款额 {percent(most)} 的上限。")
    _check_tiers(new)


def _check_tiers(new: NewAgreement) -> None:
    if (new.tier_by is TierBy.NONE) != (not new.tiers):
        raise AgreementRefused(field="/tiers", mend="阶梯和阶梯依据须同时填写,或都不填。")
    if not all(tier.at_least.is_finite() and tier.part.is_finite() for tier in new.tiers):
        raise AgreementRefused(field="/tiers", mend="每级请填写起点和系数。")
    starts = [tier.at_least for tier in new.tiers]
    if starts != sorted(set(starts)):
        raise AgreementRefused(field="/tiers", mend="阶梯起点须从小到大,每个只列一次。")
    if any(not 0 <= tier.part <= 1 for tier in new.tiers):
        raise AgreementRefused(field="/tiers", mend="每级系数请填写 0 至 1。")


def terms(agreement: Agreement, principal_fen: int) -> Commission:
    """What the contract of a loan will carry."""
    return Commission(
        platform_id=agreement.platform_id,
        agreement_id=agreement.id,
        basis=agreement.basis,
        rate=agreement.rate,
        per_loan_fen=agreement.per_loan_fen,
        cap_fen=half_up(principal_fen * agreement.cap_rate),
        clawback_days=agreement.clawback_days,
        clawback_rate=agreement.clawback_rate,
    )


def part(tiers: Sequence[Tier], measure: Decimal) -> Decimal:
    """The part of the full rate that a measure earns: that of the highest tier it reaches."""
    return next((tier.part for tier in reversed(tiers) if measure >= tier.at_least), Decimal(1))


def tiered(agreement: NewAgreement, month: ProductMonth) -> dict[str, Any]:
    """What a tier takes off a month's earnings of a product, with all that it follows from."""
    measure = Decimal(month.volume_fen)
    if agreement.tier_by is TierBy.OVERDUE:
        measure = month.overdue_rate
    kept = part(agreement.tiers, measure) if agreement.tier_by is not TierBy.NONE else Decimal(1)
    earned = max(0, month.earned_fen)
    return {
        "product_code": month.product_code,
        "by": agreement.tier_by.value,
        "volume_fen": month.volume_fen,
        "overdue_rate": f"{month.overdue_rate:.6f}",
        "part": f"{kept:f}",
        "earned_fen": month.earned_fen,
        "tier_fen": half_up(earned * kept) - earned,
    }
