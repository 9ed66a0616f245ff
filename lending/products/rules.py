"""What a product offers for an amount, and which products may exist at all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from hashlib import sha256

from lending.engine import shares
from lending.engine.cost import cost_table, require_within_cap
from lending.engine.errors import SharesNotWhole
from lending.engine.plans import PlanInput, make_plan
from lending.foundation.money import half_up, yuan
from lending.products.errors import AmountOutsideProduct, PeriodsNotOffered, ProductNotAllowed
from lending.products.model import GuaranteeFee, Offer, Product, SubsidyPayer

RATE_PLACES = Decimal("0.000001")
PENALTY_FACTOR_MAX = Decimal("1.5")
"""R-PENALTY-50 (银发〔2003〕251号): penalty interest is at most the contract rate plus a half."""


def check(product: Product) -> None:
    """Refuses a version that no offer could keep the law with.

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
    for rate in sorted(_rates(product)):
        _check_rates(_at_rate(product, rate))
    _check_funding(product)
    if not product.purposes:
        raise ProductNotAllowed(
            "a consumer loan needs a purpose (R-PURPOSE)",
            field="/purposes",
            mend="List the categories that may be bought.",
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


def periods_allowed(
    product: Product, amount_fen: int, *, periods_max: int | None = None
) -> tuple[int, ...]:
    """The numbers of months on offer for an amount (MALL-1).

    The longest tier that the amount reaches bounds them; so does `periods_max`, the decision's.

    Raises AmountOutsideProduct.
    """
    require_amount(product, amount_fen)
    reached = [t.periods_max for t in product.tiers if amount_fen >= t.amount_from_fen]
    longest = max(reached, default=max(product.periods))
    if periods_max is not None:
        longest = min(longest, periods_max)
    return tuple(p for p in product.periods if p <= longest)


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
    return PlanInput(
        principal_fen=amount_fen,
        rate_annual=Decimal(0) if free else product.rate_annual,
        periods=periods,
        method="interest-free" if free else product.method,
        start=start,
        day_count=product.day_count,
        rounding=product.rounding,
        fee_upfront_fen=0 if free else half_up(amount_fen * product.fee_upfront_rate),
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
    """One offer: its plan, its cost table, and who pays for it.

    Raises PeriodsNotOffered, AmountOutsideProduct, and CostOverCap when the all-in cost would
    pass the product's cap (R-COST-24).
    """
    allowed = periods_allowed(product, amount_fen)
    if periods not in allowed:
        raise PeriodsNotOffered(mend=f"Choose one of {', '.join(map(str, allowed))}.")
    fee_fen = guarantee_fee.period_fen if guarantee_fee else 0
    plan = make_plan(plan_input(product, amount_fen, periods, start, guarantee_fee_fen=fee_fen))
    cost = cost_table(
        plan,
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
