"""What a product offers for an amount, and which products may exist at all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from lending.engine import due_dates, shares
from lending.engine.cost import cost_table, require_within_cap
from lending.engine.day_count import counts_whole_months
from lending.engine.errors import CostOverCap, PlanImpossible, SharesNotWhole
from lending.engine.plans import PlanInput, make_plan
from lending.foundation.money import ROUNDINGS, yuan
from lending.products.errors import AmountOutsideProduct, PeriodsNotOffered, ProductNotAllowed
from lending.products.model import GuaranteeFee, Offer, PayeeKind, Product, SubsidyPayer

RATE_PLACES = Decimal("0.000001")
SAMPLE_START = date(2026, 1, 1)
"""Where the plans begin that a version is tried with; no loan does."""
PENALTY_FACTOR_MAX = Decimal("1.5")
"""R-PENALTY-50 (银发〔2003〕251号): penalty interest is at most the contract rate plus a half."""


def check(product: Product) -> None:
    """Refuses a version that no offer could be made of, or none that keeps the law.

    Raises ProductNotAllowed, naming the field, and what `shares.require_joint` does.
    """
    if not product.periods or list(product.periods) != sorted(set(product.periods)):
        raise ProductNotAllowed(
            "periods must be rising and not empty", field="/periods", mend="List each term once."
        )
    if not 0 < product.amount_min_fen <= product.amount_max_fen:
        raise ProductNotAllowed(
            "the least amount must be positive and not above the most",
            field="/amount_min_fen",
            mend="Set 0 < amount_min_fen <= amount_max_fen.",
        )
    _check_payee(product)
    _check_schedule(product)
    for rate in sorted(_rates(product)):
        _check_rates(_at_rate(product, rate))
    _check_funding(product)
    if not product.purposes:
        raise ProductNotAllowed(
            "a consumer loan needs a purpose (R-PURPOSE)",
            field="/purposes",
            mend="List the categories that may be bought.",
        )


def _check_payee(product: Product) -> None:
    to_borrower = product.scenario == "assisted_lending"
    if to_borrower != (product.payee is PayeeKind.BORROWER):
        wanted = PayeeKind.BORROWER if to_borrower else PayeeKind.PARTNER
        raise ProductNotAllowed(
            f"loans of {product.scenario} are not paid to the {product.payee} (R-PAY-ENTRUST)",
            field="/payee",
            mend=f"Set payee to {wanted}.",
        )


def _check_schedule(product: Product) -> None:
    """Every number of instalments makes a plan, and every amount has one on offer."""
    if product.rounding not in ROUNDINGS:
        raise ProductNotAllowed(
            f"nothing is rounded {product.rounding}",
            field="/rounding",
            mend=f"Use one of {', '.join(ROUNDINGS)}.",
        )
    for periods in product.periods:
        try:
            make_plan(plan_input(product, product.amount_min_fen, periods, SAMPLE_START))
        except PlanImpossible as refused:
            field = (refused.field or "").replace("principal_fen", "amount_min_fen")
            raise ProductNotAllowed(
                f"{periods} instalments: {refused.detail}", field=field, mend=refused.mend
            ) from None
    if product.unit != "month" and counts_whole_months(product.day_count):
        raise ProductNotAllowed(
            f"{product.day_count} counts months, and instalments go by the {product.unit}",
            field="/day_count",
            mend="Count days: use act/365, act/360, act/364 or act/act.",
        )
    if any(tier.periods_max < product.periods[0] for tier in product.tiers):
        raise ProductNotAllowed(
            "a tier leaves no number of instalments",
            field="/tiers",
            mend=f"Let each tier allow at least {product.periods[0]}.",
        )
    if not {free.periods for free in product.free} <= set(product.periods):
        raise ProductNotAllowed(
            "what is free of interest is not on offer",
            field="/free",
            mend=f"Choose among {', '.join(map(str, product.periods))}.",
        )


def _rates(product: Product) -> set[Decimal]:
    """Every rate that a loan of the product may have."""
    prices = product.risk_pricing
    arms = (prices.champion, prices.challenger) if prices else ()
    return {product.rate_annual, *(rate for arm in arms if arm for _, rate in arm.rates)}


def _at_rate(product: Product, rate: Decimal) -> Product:
    """The product at another rate; the penalty keeps its relation to it, up to the cap."""
    if rate == product.rate_annual or not product.rate_annual:
        return replace(product, rate_annual=rate)
    penalty = (rate * product.penalty_rate_annual / product.rate_annual).quantize(RATE_PLACES)
    return replace(
        product, rate_annual=rate, penalty_rate_annual=min(penalty, product.rate_annual_cap)
    )


def _check_rates(product: Product) -> None:
    if not 0 <= product.rate_annual <= product.rate_annual_cap:
        raise ProductNotAllowed(
            "the rate is above the cap on the all-in cost (R-COST-24)",
            field="/rate_annual",
            mend=f"Set a rate of at most {product.rate_annual_cap}.",
        )
    penalty_max = min(PENALTY_FACTOR_MAX * product.rate_annual, product.rate_annual_cap)
    if product.penalty_rate_annual > penalty_max:
        raise ProductNotAllowed(
            "the penalty rate is above 1.5 times the rate, or above the cap (R-PENALTY-50)",
            field="/penalty_rate_annual",
            mend=f"Set a penalty rate of at most {penalty_max}.",
        )
    for periods in product.periods:
        try:
            offer_of(product, product.amount_max_fen, periods, SAMPLE_START)
        except CostOverCap as refused:
            raise ProductNotAllowed(
                f"{periods} instalments: {refused.detail} (R-COST-24)",
                field="/rate_annual",
                mend="Lower the rate or the fees; act/360 and short periods cost more a year.",
            ) from None


def arm(product: Product, application_id: str) -> str:
    """Which prices an application gets: `champion` or `challenger`, by its id and so for ever."""
    prices = product.risk_pricing
    drawn = int.from_bytes(sha256(application_id.encode()).digest()[:8], "big") % 100
    is_challenged = prices is not None and drawn < prices.challenger_percent
    return "challenger" if is_challenged else "champion"


def priced(product: Product, *, grade: str, arm: str) -> Product:
    """The product at the price of a borrower's grade (ASSIST-3: the lender's own, by risk).

    A grade without a price, such as one that a person let in without a score, has the product's
    plain rate.
    """
    prices = product.risk_pricing
    rate = prices.bands(arm).rate(grade) if prices else None
    return product if rate is None else _at_rate(product, rate)


def _check_funding(product: Product) -> None:
    funding = product.funding
    if not funding.is_joint:
        if funding.own_bp != shares.WHOLE_BP:
            raise SharesNotWhole(
                f"our own share is {shares.percent_bp(funding.own_bp)} and there is no other",
                field="/funding",
            )
        return
    shares.require_joint((funding.own_bp, *funding.funders_bp))
    if not funding.own_bp <= funding.own_bp_max <= shares.WHOLE_BP - shares.SHARE_MIN_BP:
        raise ProductNotAllowed(
            "our share may grow from what it is to 70 % (R-JOINT-30)",
            field="/funding/own_bp_max",
            mend="Set own_bp <= own_bp_max <= 7000.",
        )
    if funding.wait_minutes <= 0:
        raise ProductNotAllowed(
            "funders need time to answer",
            field="/funding/wait_minutes",
            mend="Set a whole number of minutes above 0.",
        )
    if product.scenario == "offline_credit":
        raise ProductNotAllowed(
            "a payment at a till is answered at once, which funders cannot do",
            field="/funding",
            mend="Fund credit lines from own money.",
        )


def require_amount(product: Product, amount_fen: int) -> None:
    """Refuses an amount that the product does not allow.

    Raises AmountOutsideProduct.
    """
    if not product.amount_min_fen <= amount_fen <= product.amount_max_fen:
        raise AmountOutsideProduct(
            mend=f"Use an amount from CNY {yuan(product.amount_min_fen)}"
            f" to CNY {yuan(product.amount_max_fen)}."
        )


def period_text(product: Product) -> str:
    """The time from one instalment to the next, as borrowers read it: `个月`, `2 周`, `14 天`."""
    unit = {"day": "天", "week": "周", "month": "个月"}[product.unit]
    if product.every > 1:
        return f" {product.every} {unit}"
    return unit.removeprefix("个")


def term_months(product: Product, periods: int) -> int:
    """The months that so many instalments of the product take, a begun one counted whole."""
    return due_dates.term_months(periods, product.every, product.unit)


def periods_allowed(
    product: Product, amount_fen: int, *, months_max: int | None = None
) -> tuple[int, ...]:
    """The numbers of instalments on offer for an amount (MALL-1).

    The longest tier that the amount reaches bounds them; so does `months_max`, the decision's.

    Raises AmountOutsideProduct.
    """
    require_amount(product, amount_fen)
    reached = [t.periods_max for t in product.tiers if amount_fen >= t.amount_from_fen]
    longest = max(reached, default=max(product.periods))
    return tuple(
        p
        for p in product.periods
        if p <= longest and (months_max is None or term_months(product, p) <= months_max)
    )


def subsidy_payer(product: Product, periods: int) -> SubsidyPayer:
    """Who pays so that these periods cost the borrower nothing; `none` when the borrower pays."""
    for free in product.free:
        if free.periods == periods:
            return free.payer
    return SubsidyPayer.NONE


def plan_input(
    product: Product, amount_fen: int, periods: int, start: date, *, guarantee_fee_fen: int = 0
) -> PlanInput:
    """What the engine needs to make the borrower's plan; `guarantee_fee_fen` is by instalment."""
    free = subsidy_payer(product, periods) is not SubsidyPayer.NONE
    upfront_fen = ROUNDINGS[product.rounding](amount_fen * product.fee_upfront_rate)
    return PlanInput(
        principal_fen=amount_fen,
        rate_annual=Decimal(0) if free else product.rate_annual,
        periods=periods,
        method="interest-free" if free else product.method,
        start=start,
        every=product.every,
        unit=product.unit,
        day_count=product.day_count,
        rounding=product.rounding,
        fee_upfront_fen=0 if free else upfront_fen,
        fee_period_fen=guarantee_fee_fen,
    )


def merchant_subsidy_fen(product: Product, amount_fen: int, periods: int, start: date) -> int:
    """What the merchant bears of an interest-free offer: the interest that the borrower is spared.

    R-FREE-INT: it is the merchant's, never the borrower's.
    """
    if subsidy_payer(product, periods) is not SubsidyPayer.MERCHANT:
        return 0
    spared = make_plan(
        PlanInput(
            principal_fen=amount_fen,
            rate_annual=product.rate_annual,
            periods=periods,
            method=product.method,
            start=start,
            every=product.every,
            unit=product.unit,
            day_count=product.day_count,
            rounding=product.rounding,
        )
    )
    return spared.interest_total_fen


def offer(
    product: Product,
    amount_fen: int,
    periods: int,
    start: date,
    *,
    guarantee_fee: GuaranteeFee | None = None,
) -> Offer:
    """One offer that the product makes for an amount.

    Raises PeriodsNotOffered, AmountOutsideProduct, and CostOverCap when the all-in cost would
    pass the product's cap (R-COST-24).
    """
    allowed = periods_allowed(product, amount_fen)
    if periods not in allowed:
        raise PeriodsNotOffered(mend=f"Choose one of {', '.join(map(str, allowed))}.")
    return offer_of(product, amount_fen, periods, start, guarantee_fee=guarantee_fee)


def offer_of(
    product: Product,
    amount_fen: int,
    periods: int,
    start: date,
    *,
    guarantee_fee: GuaranteeFee | None = None,
) -> Offer:
    """An offer's plan, its cost table, and who pays for it; whether it is on offer is not asked.

    Raises CostOverCap.
    """
    fee_fen = guarantee_fee.period_fen if guarantee_fee else 0
    terms = plan_input(product, amount_fen, periods, start, guarantee_fee_fen=fee_fen)
    plan = make_plan(terms)
    cost = cost_table(
        plan,
        terms,
        guarantor=guarantee_fee.collector if guarantee_fee else "",
        guarantee_fee_fen=fee_fen,
    )
    require_within_cap(cost, product.rate_annual_cap)
    return Offer(
        periods=periods,
        plan=plan,
        cost=cost,
        subsidy_payer=subsidy_payer(product, periods),
        merchant_subsidy_fen=merchant_subsidy_fen(product, amount_fen, periods, start),
        guarantee_fee=guarantee_fee,
    )
