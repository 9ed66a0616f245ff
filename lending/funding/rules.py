"""The router: pure choices of who is asked to fund a loan, each with its reasons in words."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from lending.engine import shares
from lending.foundation.calendar import is_working_day
from lending.foundation.clock import SHANGHAI
from lending.foundation.money import half_up, percent, yuan
from lending.funding.errors import AgreementNotPossible, FunderNotLicensed
from lending.funding.model import (
    Candidate,
    Choice,
    Facts,
    Funder,
    FunderAgreement,
    FunderState,
    LicenceKind,
    NewFunder,
    Wanted,
)

FUNDERS_MAX = shares.LENDERS_MAX - 1
MINUTES_MAX = 24 * 60
INCOME_RATE_MAX = Decimal("1.4")
"""So that funders who lend 70 % together leave us a part of the income."""
RETRY_EVERY = timedelta(minutes=1)
"""How often an application that waits for funders is tried again."""


def check_licence(new: NewFunder, on: date) -> None:
    """Refuses a funder without a licence in force, or a local bank without a region.

    R-JOINT-LICENSE. Raises FunderNotLicensed.
    """
    if not new.licence_no or not new.licence_from <= on <= new.licence_to:
        raise FunderNotLicensed(
            f"牌照在 {on} 未生效或已到期", field="/licence_to", mend="请填写有效的牌照。"
        )
    if new.licence_kind is LicenceKind.LOCAL_BANK and not new.licence_regions:
        raise FunderNotLicensed(
            "地方银行只能在注册地展业", field="/regions", mend="请填写展业地区。"
        )


def check_agreement(agreement: FunderAgreement) -> None:
    """Refuses an agreement that no joint loan could keep the law with (R-JOINT-30).

    Raises ShareTooSmall, AgreementNotPossible.
    """
    shares.require_share(agreement.share_min_bp)
    shares.require_share(agreement.share_max_bp)
    named = {
        "/share_max": agreement.share_min_bp <= agreement.share_max_bp,
        "/price_rate": 0 <= agreement.price_rate < 1,
        "/service_fee_rate": 0 <= agreement.service_fee_rate < 1,
        "/income_rate": 0 <= agreement.income_rate <= INCOME_RATE_MAX,
        "/decide_minutes": 0 < agreement.decide_minutes <= MINUTES_MAX,
        "/fund_minutes": 0 < agreement.fund_minutes <= MINUTES_MAX,
        "/quota_day_fen": 0 < agreement.quota_day_fen <= agreement.quota_total_fen,
        "/amount_max_fen": 0 < agreement.amount_min_fen <= agreement.amount_max_fen,
        "/age_max": 18 <= agreement.age_min <= agreement.age_max,
        "/periods_max": agreement.periods_max > 0,
        "/valid_to": agreement.valid_to is None or agreement.valid_from <= agreement.valid_to,
    }
    for place, holds in named.items():
        if not holds:
            raise AgreementNotPossible(field=place, mend="请填写允许范围内的值。")


def licensed(funder: Funder, region: str, on: date) -> bool:
    """Whether a funder may lend to a borrower of a region on a day (R-JOINT-LICENSE)."""
    in_force = funder.licence_from <= on <= funder.licence_to
    is_local = funder.licence_kind is LicenceKind.LOCAL_BANK
    return in_force and (not is_local or region in funder.licence_regions)


def objection(
    candidate: Candidate, facts: Facts, on: date, *, own_fen: int, micro_rate_max: Decimal | None
) -> str:
    """Why a funder is not asked for any share of this loan; empty when nothing speaks against it.

    `own_fen` is the least that we lend of it. `micro_rate_max` is what a loan may cost at most with
    a small-loan company in it (R-COST-LPR4); None: no rule is in force.
    """
    funder, agreed = candidate.funder, candidate.agreement
    is_micro = funder.licence_kind is LicenceKind.MICROLENDER
    against = {
        "不在合作机构名单": not funder.is_listed,
        f"已停用:{funder.stopped_because}": funder.state is FunderState.STOPPED,
        f"牌照在 {on} 或地区 {facts.region} 无效": not licensed(funder, facts.region, on),
        f"贷款金额 {yuan(facts.amount_fen)} 元不在协议范围": not (
            agreed.amount_min_fen <= facts.amount_fen <= agreed.amount_max_fen
        ),
        f"要求年利率至少 {percent(agreed.price_rate)},产品为 {percent(facts.rate_annual)}": (
            agreed.price_rate > facts.rate_annual
        ),
        "借款人年龄不在协议范围": not agreed.age_min <= facts.age <= agreed.age_max,
        f"评分低于协议要求 {agreed.score_min}": (
            facts.score is not None and facts.score < agreed.score_min
        ),
        "综合成本超过小贷公司上限": (
            is_micro and micro_rate_max is not None and facts.cost_rate_annual > micro_rate_max
        ),
        f"与其及关联方的联合贷余额仅余 {yuan(candidate.room_fen)} 元": own_fen > candidate.room_fen,
    }
    return next((because for because, holds in against.items() if holds), "")


def choose(
    candidates: Sequence[Candidate],
    wanted: Wanted,
    facts: Facts,
    on: date,
    *,
    micro_rate_max: Decimal | None = None,
) -> Choice:
    """Whom to ask for what is missing, the cheapest first, or nobody, and why.

    Tried in this order: the shares that the product names; one funder for all of it; a funder for
    less, where our own share may grow; our own share alone, where another funder is in it already.
    Our own share has to find room with each funder's group and in all (R-JOINT-25, R-JOINT-50).
    """
    words, able = [], []
    own_fen = shares.at_most(facts.amount_fen, wanted.own_bp)
    if own_fen > wanted.room_fen:
        words.append(f"联合贷限额仅余 {yuan(wanted.room_fen)} 元,自有份额需 {yuan(own_fen)} 元")
    for each in sorted(candidates, key=lambda c: (c.agreement.price_rate, c.funder.id)):
        if each.funder.id in wanted.passed_over:
            continue
        because = objection(each, facts, on, own_fen=own_fen, micro_rate_max=micro_rate_max)
        if because:
            words.append(f"未选 {each.funder.name}:{because}")
        else:
            able.append(each)
    for own_bp, split in _splits(wanted, able):
        own_fen = shares.at_most(facts.amount_fen, own_bp)
        if own_fen > wanted.room_fen:
            continue
        asked = _assign([e for e in able if e.room_fen >= own_fen], split, facts.amount_fen)
        if asked is not None:
            words += [
                f"选 {each.funder.name}:{shares.percent_bp(bp)},"
                f"资金价格 {percent(each.agreement.price_rate)} 为可选中最低"
                for each, bp in asked
            ]
            words.append(f"自有资金 {shares.percent_bp(own_bp)}")
            return Choice(own_bp, asked, is_complete=True, words=tuple(words))
    words.append(f"尚缺 {shares.percent_bp(wanted.need_bp)},没有可用的资金方")
    return Choice(wanted.own_bp, (), is_complete=False, words=tuple(words))


def _splits(wanted: Wanted, able: Sequence[Candidate]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Ways to fill what is missing, the best first: our share, and those to be asked for."""
    need, own = wanted.need_bp, wanted.own_bp
    free = FUNDERS_MAX - len(wanted.living_bp)
    if wanted.slots and sum(wanted.slots) == need and len(wanted.slots) <= free:
        yield own, wanted.slots
    if free:
        yield own, (need,)
        for bp in sorted({min(c.agreement.share_max_bp, need) for c in able}, reverse=True):
            if bp < need and own + need - bp <= wanted.own_bp_max:
                yield own + need - bp, (bp,)
    if wanted.living_bp and own + need <= wanted.own_bp_max:
        yield own + need, ()


def _assign(
    able: Sequence[Candidate], split: tuple[int, ...], amount_fen: int
) -> tuple[tuple[Candidate, int], ...] | None:
    """A funder for each share, the cheapest that takes it; None where one finds nobody."""
    found: list[tuple[Candidate, int]] = []
    for bp in split:
        part_fen = shares.at_most(amount_fen, bp)
        taken = {each.funder.id for each, _ in found}
        for each in able:
            agreed = each.agreement
            if (
                each.funder.id not in taken
                and bp >= shares.SHARE_MIN_BP
                and agreed.share_min_bp <= bp <= agreed.share_max_bp
                and part_fen <= min(each.free_day_fen, each.free_total_fen)
            ):
                found.append((each, bp))
                break
        else:
            return None
    return tuple(found)


def fund_by(now: datetime, agreement: FunderAgreement) -> datetime:
    """Until when called money is to be there: a call after the cut-off is of the next working day.

    The instant is at most `fund_minutes` ahead, or the next working day's cut-off.
    """
    local = now.astimezone(SHANGHAI)
    if is_working_day(local.date()) and local.time() <= agreement.cut_off:
        return now + timedelta(minutes=agreement.fund_minutes)
    day = local.date() + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return datetime.combine(day, agreement.cut_off, SHANGHAI).astimezone(now.tzinfo)


def income_weights(own_bp: int, funders: Sequence[tuple[int, Decimal]]) -> tuple[int | None, ...]:
    """What a loan's income goes by, ours first; None for each where all of it goes by share.

    `funders` are shares in basis points and income rates, see `FunderAgreement.income_rate`. What
    funders leave is ours; weights are whole basis points, half up (JOINT-4).
    """
    if all(rate == 1 for _, rate in funders):
        return (None,) * (1 + len(funders))
    others = [half_up(bp * rate) for bp, rate in funders]
    return (own_bp + sum(bp for bp, _ in funders) - sum(others), *others)


def parts(amount_fen: int, own_bp: int, shares_bp: Sequence[int]) -> list[int]:
    """A loan's principal divided among its lenders, ours first (JOINT-3)."""
    return shares.divided(amount_fen, (own_bp, *shares_bp))
