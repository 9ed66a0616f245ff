"""What a product offers for an amount, and at which price."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, Decimal
from hashlib import sha256

from lending.engine import due_dates
from lending.engine.cost import cost_table, require_within_cap
from lending.engine.plans import PlanInput, make_plan
from lending.foundation.money import ROUNDINGS, yuan
from lending.products.errors import AmountOutsideProduct, PeriodsNotOffered
from lending.products.model import GuaranteeFee, Offer, Product, SubsidyPayer

RATE_PLACES = Decimal("0.000001")


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
    return product if rate is None else at_rate(product, rate)


def at_rate(product: Product, rate: Decimal) -> Product:
    """The product at another rate; the penalty keeps its relation to it, up to the cap."""
    if rate == product.rate_annual or not product.rate_annual:
        return replace(product, rate_annual=rate)
    penalty = rate * product.penalty_rate_annual / product.rate_annual
    return replace(
        product,
        rate_annual=rate,
        penalty_rate_annual=min(penalty.quantize(RATE_PLACES, ROUND_DOWN), product.rate_annual_cap),
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

    With it the level fee (等本等费), which stands for interest. R-FREE-INT: it is the merchant's,
    never the borrower's.
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
    return spared.interest_total_fen + spared.fee_total_fen


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
