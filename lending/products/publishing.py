"""Which products may exist at all; operators read what is refused."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from lending.engine import shares
from lending.engine.cost import cost_table
from lending.engine.day_count import DayCount, counts_whole_months
from lending.engine.errors import PlanImpossible, SharesNotWhole, ShareTooSmall, TooManyLenders
from lending.engine.plans import make_plan
from lending.foundation.money import ROUNDINGS, percent
from lending.products import rules
from lending.products.errors import ProductNotAllowed
from lending.products.model import PayeeKind, Product

SAMPLE_START = date(2026, 1, 1)
"""Where the plans begin that a version is tried with; no loan does."""
PENALTY_FACTOR_MAX = Decimal("1.5")
"""R-PENALTY-50 (银发〔2003〕251号): penalty interest is at most the contract rate plus a half."""


def check(product: Product) -> None:
    """Refuses a version that no offer could be made of, or none that keeps the law.

    Raises ProductNotAllowed, naming the field.
    """
    if not product.periods or list(product.periods) != sorted(set(product.periods)):
        raise ProductNotAllowed(
            "期数须从小到大排列,且至少有一个", field="/periods", mend="每个期数只列一次,如 3,6,12。"
        )
    if not 0 < product.amount_min_fen <= product.amount_max_fen:
        raise ProductNotAllowed(
            "最低金额须大于 0,且不高于最高金额",
            field="/amount_min_fen",
            mend="请调整最低金额或最高金额。",
        )
    _check_payee(product)
    _check_schedule(product)
    _check_penalty(product)
    for field, whose, rate in _prices(product):
        _check_cost(rules.at_rate(product, rate), field, whose)
    _check_challenger(product)
    _check_funding(product)
    if not product.purposes:
        raise ProductNotAllowed("消费贷款须有用途", field="/purposes", mend="请列出可购买的品类。")


def _check_payee(product: Product) -> None:
    """R-PAY-ENTRUST: what is bought is paid to who sells it; cash is the borrower's."""
    to_borrower = product.scenario == "assisted_lending"
    if to_borrower != (product.payee is PayeeKind.BORROWER):
        wanted = "借款人本人账户" if to_borrower else "商户(受托支付)"
        raise ProductNotAllowed(
            "收款方与业务不符", field="/payee", mend=f"此业务的收款方须为{wanted}。"
        )


def _check_schedule(product: Product) -> None:
    """Every number of instalments makes a plan, and every amount has one on offer."""
    if product.rounding not in ROUNDINGS:
        raise ProductNotAllowed("没有这种取整方式", field="/rounding", mend="请从列表中选择。")
    for periods in product.periods:
        try:
            make_plan(rules.plan_input(product, product.amount_min_fen, periods, SAMPLE_START))
        except PlanImpossible as refused:
            field = (refused.field or "").replace("principal_fen", "amount_min_fen")
            raise ProductNotAllowed(
                f"{periods} 期排不出还款计划", field=field, mend=_PLAN_MENDS[field]
            ) from None
    if product.unit != "month" and counts_whole_months(product.day_count):
        raise ProductNotAllowed(
            "按天或按周还款,不能按整月计息",
            field="/day_count",
            mend="请按实际天数计息:act/365、act/360、act/364 或 act/act。",
        )
    if any(tier.periods_max < product.periods[0] for tier in product.tiers):
        raise ProductNotAllowed(
            "有的金额分档没有可选的期数",
            field="/tiers",
            mend=f"每档至少允许 {product.periods[0]} 期。",
        )
    if not {free.periods for free in product.free} <= set(product.periods):
        raise ProductNotAllowed(
            "免息的期数不在可选期数之内",
            field="/free",
            mend=f"请从 {'、'.join(map(str, product.periods))} 期中选择。",
        )


_PLAN_MENDS = {
    "/periods": "请填写 1 至 600 期。",
    "/amount_min_fen": "最低金额每期至少要有 1 分。",
    "/every": "每期请填写 1 至 366。",
    "/rate_annual": "年利率请填写 0 至 1000%,最多 30 位小数。",
    "/method": "请从列表中选择。",
    "/unit": "请从列表中选择。",
    "/day_count": f"请从 {'、'.join(DayCount)} 中选择。",
    "/fee_upfront_fen": "首期手续费不能小于 0。",
}
"""What an operator can do about each field that no plan can be made of."""


def _prices(product: Product) -> Iterator[tuple[str, str, Decimal]]:
    """Every rate that a loan of the product may have: where it is set, for whom, and the rate."""
    yield "/rate_annual", "", product.rate_annual
    if prices := product.risk_pricing:
        for name, bands in (("champion", prices.champion), ("challenger", prices.challenger)):
            for grade, rate in bands.rates if bands else ():
                yield f"/risk_pricing/{name}", f"{grade} 级", rate


def _check_penalty(product: Product) -> None:
    penalty_max = min(PENALTY_FACTOR_MAX * product.rate_annual, product.rate_annual_cap)
    if product.penalty_rate_annual > penalty_max:
        raise ProductNotAllowed(
            "罚息年利率高于年利率的 1.5 倍或综合成本上限",
            field="/penalty_rate_annual",
            mend=f"请填写不高于 {_percent(penalty_max)} 的罚息年利率。",
        )


def _check_cost(product: Product, field: str, whose: str) -> None:
    """No number of instalments costs more than the cap at this rate (R-COST-24)."""
    cap = product.rate_annual_cap
    if not 0 <= product.rate_annual <= cap:
        raise ProductNotAllowed(
            f"{whose}年利率高于综合成本上限",
            field=field,
            mend=f"请填写不高于 {_percent(cap)} 的年利率。",
        )
    for periods in product.periods:
        terms = rules.plan_input(product, product.amount_max_fen, periods, SAMPLE_START)
        cost = cost_table(make_plan(terms), terms).rate_gate
        if cost > cap:
            raise ProductNotAllowed(
                f"{whose}{periods} 期的年化综合成本为 {_percent(cost)},高于上限 {_percent(cap)}",
                field=field,
                mend="请降低利率或手续费;按 act/360 计息或还款周期短,年化成本会更高。",
            )


def _percent(rate: Decimal) -> str:
    """To four places, as the cap is held to more than two."""
    return f"{percent(rate, 4).rstrip('%').rstrip('0').rstrip('.')}%"


def _check_challenger(product: Product) -> None:
    prices = product.risk_pricing
    if prices and not 0 <= prices.challenger_percent <= 100 * bool(prices.challenger):
        raise ProductNotAllowed(
            "对照定价的占比与对照定价不符",
            field="/challenger_percent",
            mend="有对照定价时请填写 0 至 100,没有时填 0。",
        )


def _check_funding(product: Product) -> None:
    """R-JOINT-30: two or three lenders, 30 % at least each, 100 % together."""
    funding = product.funding
    if not funding.is_joint:
        if funding.own_bp != shares.WHOLE_BP:
            raise ProductNotAllowed(
                f"我方出资 {shares.percent_bp(funding.own_bp)},没有资金方出其余部分",
                field="/funding/own_bp",
                mend="全部自有资金请填 100,否则请填写资金方比例。",
            )
        return
    if product.scenario == "offline_credit":
        raise ProductNotAllowed(
            "门店付款须当场答复,资金方来不及审批",
            field="/funding/funders_bp",
            mend="门店额度请用自有资金,资金方比例留空。",
        )
    _check_shares((funding.own_bp, *funding.funders_bp))
    if not funding.own_bp <= funding.own_bp_max <= shares.WHOLE_BP - shares.SHARE_MIN_BP:
        raise ProductNotAllowed(
            "我方比例只能从约定比例升至 70%",
            field="/funding/own_bp_max",
            mend="请填写不低于我方比例且不高于 70 的百分数。",
        )
    if funding.wait_minutes <= 0:
        raise ProductNotAllowed(
            "资金方需要时间答复", field="/funding/wait_minutes", mend="请填写大于 0 的分钟数。"
        )


def _check_shares(parts: tuple[int, ...]) -> None:
    """Shares in basis points, ours first."""
    told = "、".join(map(shares.percent_bp, parts))
    try:
        shares.require_joint(parts)
    except TooManyLenders:
        raise ProductNotAllowed(
            f"各方出资 {told}:连我方在内须为两家或三家",
            field="/funding/funders_bp",
            mend="请填写一家或两家资金方的比例。",
        ) from None
    except ShareTooSmall:
        is_ours = not shares.SHARE_MIN_BP <= parts[0] <= shares.WHOLE_BP - shares.SHARE_MIN_BP
        raise ProductNotAllowed(
            f"各方出资 {told}:每家不得低于 30%",
            field="/funding/own_bp" if is_ours else "/funding/funders_bp",
            mend="请让每家至少出资 30%。",
        ) from None
    except SharesNotWhole:
        raise ProductNotAllowed(
            f"各方出资 {told}:合计不是 100%",
            field="/funding/funders_bp",
            mend="请让我方比例与资金方比例合计为 100%。",
        ) from None
