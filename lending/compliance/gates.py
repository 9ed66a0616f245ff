"""The gates: one pure function per rule, each with its threshold and its source.

A gate is given facts and the parameters of the day, and either lets the act pass or raises the
error that is named after the rule. The numbers in the docstrings are the seeded values; what is in
force is in `parameters`. Rule ids are those of the regulation list.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lending.compliance.errors import (
    AnnualRateNotShown,
    ChargeNotInTable,
    CollectorNotAllowed,
    CostOverCap,
    CostTableIncomplete,
    FeeNotAllowed,
    OrderPageIncomplete,
    OwnPageRequired,
    PayeeNotBorrower,
    PayeeNotMerchant,
    PenaltyTooHigh,
    PurposeNotAllowed,
    SceneBlocked,
    StudentWithoutSecondSource,
)
from lending.compliance.model import Act, Notice, Parameters, Place, plain
from lending.foundation.money import percent, yuan

RATE_PLACES = Decimal("1e-8")
"""Rates are compared to eight places: the solver of the annual rate is good to nine."""

TABLE_FIELDS = (
    "principal_fen",
    "items",
    "contingent",
    "rate_annual_total",
    "cost_total_fen",
    "nothing_else",
)
ITEM_FIELDS = ("name", "label", "how", "rate_annual", "amount_fen", "collector")
CONTINGENT_FIELDS = ("name", "label", "how", "rate_annual", "collector")

GUARANTEE_FEE = "guarantee_fee"

ORDER_PAGE_FIELDS = (
    "principal_fen",
    "periods",
    "interest_total_fen",
    "fee_total_fen",
    "cost_total_fen",
    "rate_annual",
)


def require_purpose(
    category: str, *, allowed: Iterable[str], rules: Parameters, mcc: str = ""
) -> None:
    """R-PURPOSE: living consumption only; no house, car, securities, or repaying of other loans.

    The category must be one that the product lists and none of `purpose.blocked`, the merchant's
    category code (when known) none of `purpose.mcc_blocked`. Compared in NFKC form, so look-alikes
    do not pass. Sources: 消费金融公司管理办法; 商业银行互联网贷款管理暂行办法 (2020 no. 9).

    Raises PurposeNotAllowed.
    """
    named = plain(category)
    if named in rules.words("purpose.blocked") or plain(mcc) in rules.words("purpose.mcc_blocked"):
        raise PurposeNotAllowed(f"the category {named} is barred for consumer loans")
    if named not in {plain(word) for word in allowed}:
        raise PurposeNotAllowed(f"the product does not list the category {named}")


def require_scene(scene: str, rules: Parameters) -> None:
    """R-SCENE-BLOCK: no loans for K12 training or rent paid ahead (`scene.blocked`; 2019-2021 on).

    Raises SceneBlocked.
    """
    if plain(scene) in rules.words("scene.blocked"):
        raise SceneBlocked(f"loans are barred in the scene {plain(scene)}")


def require_student_second_source(
    *, student: bool, second_source_confirmed: bool, rules: Parameters
) -> None:
    """R-STUDENT: a student needs a confirmed second source of repayment, such as parents (2021-02).

    Raises StudentWithoutSecondSource.
    """
    required = rules.switched_on("student.second_source_required")
    if required and student and not second_source_confirmed:
        raise StudentWithoutSecondSource


@dataclass(frozen=True, slots=True)
class CostRates:
    """The all-in cost of an offer as annual rates; each counts what anybody charges."""

    nominal: Decimal
    """The internal rate of return of a period, times the periods of a year: monthly, 12."""
    items_sum: Decimal
    """The items' own annual rates added up, as the cost table shows them."""
    effective: Decimal
    """The same compounded over a year."""


def require_cost(rates: CostRates, rules: Parameters) -> list[Notice]:
    """R-COST-24: the all-in cost is at most 24 % a year (`cost.cap_rate`; 金规〔2025〕9号).

    Tested on the larger of the nominal rate and the sum of items; on the effective rate as well
    where `cost.basis` says `effective`. Gives the notice of R-COST-TARGET when the cost is above
    20 % (`cost.target_rate`; press reports of guidance to consumer finance companies, 2025-10).

    Raises CostOverCap.
    """
    tested = max(rates.nominal, rates.items_sum)
    if rules.text("cost.basis") == "effective":
        tested = max(tested, rates.effective)
    tested = tested.quantize(RATE_PLACES, ROUND_HALF_UP)
    if tested > rules.number("cost.cap_rate"):
        raise CostOverCap(
            f"the all-in cost is {percent(tested)} a year;"
            f" the cap is {percent(rules.number('cost.cap_rate'))}"
        )
    if tested > rules.number("cost.target_rate"):
        target = percent(rules.number("cost.target_rate"))
        return [Notice("R-COST-TARGET", f"all-in cost {percent(tested)} is above {target}")]
    return []


def require_cost_table(table: Mapping[str, Any]) -> None:
    """R-COST-TABLE: the table names all that 金规〔2026〕2号 wants (in force 2026-08-01).

    Principal; every item with how it is charged, its rate and who collects it; the total annual
    cost; what becomes due only on default, with rate and collector; the sentence that nothing else
    is charged. The fields are TABLE_FIELDS, ITEM_FIELDS and CONTINGENT_FIELDS.

    Raises CostTableIncomplete, naming the first field that is missing or empty.
    """
    _require_fields(table, TABLE_FIELDS, at="")
    for kind, fields in (("items", ITEM_FIELDS), ("contingent", CONTINGENT_FIELDS)):
        if not table[kind]:
            raise CostTableIncomplete(f"{kind} is empty", field=f"/{kind}")
        for place, row in enumerate(table[kind]):
            _require_fields(row, fields, at=f"/{kind}/{place}")


def _require_fields(row: Mapping[str, Any], fields: tuple[str, ...], *, at: str) -> None:
    for field in fields:
        if row.get(field) is None or row[field] == "":
            raise CostTableIncomplete(f"{field} is missing", field=f"{at}/{field}")


def require_charges_in_table(names: Iterable[str], table: Mapping[str, Any]) -> None:
    """R-COST-NOTHINGELSE: what the confirmed table does not name is not charged (金规〔2026〕2号).

    Raises ChargeNotInTable.
    """
    named = {row["name"] for kind in ("items", "contingent") for row in table[kind]}
    for name in names:
        if name not in named:
            raise ChargeNotInTable(f"the confirmed table does not name {name}")


def require_fee_names(names: Iterable[str], rules: Parameters) -> None:
    """R-FEE-NAME: only fees that may exist; none for advice, membership or the like.

    Each name must be one of `fee.names_allowed` and hold none of `fee.words_barred`
    (金规〔2025〕9号).

    Raises FeeNotAllowed.
    """
    for name in names:
        named = plain(name)
        if any(barred in named for barred in rules.words("fee.words_barred")):
            raise FeeNotAllowed(f"a fee called {named} is barred")
        if named not in rules.words("fee.names_allowed"):
            raise FeeNotAllowed(f"a fee called {named} is not on the list")


def require_collectors(
    table: Mapping[str, Any], *, lender: str, enhancers: Collection[str]
) -> None:
    """R-FEE-WHO: the lender takes what a loan costs, a licensed enhancer its own fee, else nobody.

    `enhancers` are the guarantors and insurers on the list. Nobody lends under their name, and a
    guarantee fee of the lender's own would be interest by another name
    (商业银行互联网贷款管理暂行办法, 2020 no. 9; 金规〔2025〕9号: a platform takes nothing).

    Raises CollectorNotAllowed.
    """
    for kind in ("items", "contingent"):
        for place, row in enumerate(table[kind]):
            may = enhancers if row["name"] == GUARANTEE_FEE else (lender,)
            if row["collector"] not in may:
                raise CollectorNotAllowed(
                    f"{row['collector']} may not collect {row['name']}",
                    field=f"/{kind}/{place}/collector",
                )


def require_penalty(
    *, rate_contract: Decimal, rate_penalty: Decimal, rules: Parameters
) -> list[Notice]:
    """R-PENALTY-50: penalty at most 1.5 times the contract rate and at most 24 % a year.

    Contract 18 % allows 24 %, not 27 %. Below 1.3 times it only gives a notice: the cap wins over
    that floor. Sources: 银发〔2003〕251号 (`penalty.factor_max`), 法发〔2017〕22号
    (`penalty.cap_rate`).

    Raises PenaltyTooHigh.
    """
    cap = rules.number("penalty.cap_rate")
    most = min(rules.number("penalty.factor_max") * rate_contract, cap)
    if rate_penalty > most:
        raise PenaltyTooHigh(
            f"the penalty rate is {percent(rate_penalty)}, the most is {percent(most)}",
            mend=f"Set a penalty rate of at most {percent(most)}.",
        )
    if rate_penalty < min(rules.number("penalty.factor_usual") * rate_contract, cap):
        return [Notice("R-PENALTY-50", "the penalty rate is below 1.3 times the contract rate")]
    return []


def require_annual_rate_shown(text: str, rate_annual: Decimal, rules: Parameters) -> None:
    """R-DISCLOSE-APR: the annual rate stands there, first of all rates, with its method's name.

    The method is `单利` or `复利` (PBoC announcement 2021 no. 3, in force 2021-03-31).

    Raises AnnualRateNotShown.
    """
    if not rules.switched_on("annual_rate.shown_first"):
        return
    rates = re.findall(r"[0-9]+(?:\.[0-9]+)?%", text)
    if "年化利率" not in text or percent(rate_annual) not in rates:
        raise AnnualRateNotShown("the annual rate is missing")
    if rates[0] != percent(rate_annual):
        raise AnnualRateNotShown("another rate stands before the annual rate")
    if "单利" not in text and "复利" not in text:
        raise AnnualRateNotShown("the method of the annual rate is not named")


def require_within_table(made: Mapping[str, Any], confirmed: Mapping[str, Any]) -> None:
    """R-COST-NOTHINGELSE: a loan of less, on a table that was confirmed beforehand for more.

    Product, version, method and periods are the same, and principal and cost are not above what was
    confirmed (金规〔2026〕2号).

    Raises ChargeNotInTable.
    """
    for name in ("product_code", "product_version", "method", "periods", "every", "unit"):
        if made[name] != confirmed[name]:
            raise ChargeNotInTable(f"{name} is {made[name]}, confirmed was {confirmed[name]}")
    for name in ("principal_fen", "cost_total_fen"):
        if made[name] > confirmed[name]:
            raise ChargeNotInTable(f"{name} is {made[name]}, confirmed was {confirmed[name]}")


def joint_funder_limit_fen(rules: Parameters) -> int:
    """R-JOINT-25: the most that our part of the loans with one funder may come to.

    A part (`joint.partner_rate_max`) of our net tier-1 capital (`capital.tier1_fen`; 2021-02).
    """
    return int(rules.whole("capital.tier1_fen") * rules.number("joint.partner_rate_max"))


def joint_total_limit_fen(own_loans_fen: int, rules: Parameters) -> int:
    """R-JOINT-50: the most that our part of all joint loans may come to.

    A part (`joint.balance_rate_max`) of all our loans (2021-02); `joint.start_fen` is never
    measured by them.
    """
    share = int(own_loans_fen * rules.number("joint.balance_rate_max"))
    return max(share, rules.whole("joint.start_fen"))


def microlender_rate_max(rules: Parameters) -> Decimal:
    """R-COST-LPR4: the most that a loan may cost with a small-loan company among its lenders.

    A rate (`microlender.rate_max`, 24 % from 2025-12) and, once a multiple of the one-year LPR
    binds (`microlender.lpr_factor_max`, 4 from the end of 2027; 0 before), no more than that.
    """
    rate_max = rules.number("microlender.rate_max")
    factor = rules.number("microlender.lpr_factor_max")
    return min(rate_max, factor * rules.number("lpr.one_year_rate")) if factor else rate_max


def require_order_page(offer: Mapping[str, Any]) -> None:
    """R-COST-ORDERPAGE: the shop's order page is given principal, term, each cost, total, rate.

    The fields are ORDER_PAGE_FIELDS (金规〔2026〕2号, in force 2026-08-01).

    Raises OrderPageIncomplete.
    """
    for field in ORDER_PAGE_FIELDS:
        if offer.get(field) is None:
            raise OrderPageIncomplete(f"{field} is missing", field=f"/{field}")


@dataclass(frozen=True, slots=True)
class EntrustedPayment:
    """Who is to be paid for an order, and how much."""

    payee_partner_id: str
    """Whose verified settlement account it is; empty for an account of anybody else."""
    order_partner_id: str
    gross_fen: int
    """Before the merchant's fee, its subsidy and its debts to us are withheld."""
    order_fen: int
    refunded_fen: int


def require_entrusted_payment(payment: EntrustedPayment, rules: Parameters) -> None:
    """R-PAY-ENTRUST: the money goes to the order's merchant only, and for the order's amount.

    The gross amount is the order's less what was refunded; never to the borrower (MALL-2;
    商业银行互联网贷款管理暂行办法, in force 2020-07-17).

    Raises PayeeNotMerchant.
    """
    if not rules.switched_on("payment.entrusted"):
        return
    if not payment.payee_partner_id or payment.payee_partner_id != payment.order_partner_id:
        raise PayeeNotMerchant("the account is not the order's merchant's")
    due_fen = payment.order_fen - payment.refunded_fen
    if payment.gross_fen != due_fen or due_fen <= 0:
        raise PayeeNotMerchant(
            f"the amount is CNY {yuan(payment.gross_fen)},"
            f" the order less its refunds is CNY {yuan(due_fen)}"
        )


def require_self_payment(
    *, holder_id: str, borrower_id: str, product_pays_borrower: bool, rules: Parameters
) -> None:
    """R-PAY-ENTRUST: only where the product is made for it, and to the borrower's own account.

    `holder_id` is the customer whose account it is. Scenes with a merchant are paid to the merchant
    (个人贷款管理办法, in force 2024-07-01: self-payment where the payee is not known beforehand).

    Raises PayeeNotBorrower.
    """
    if not rules.switched_on("payment.entrusted"):
        return
    if not product_pays_borrower:
        raise PayeeNotBorrower("the product is paid to its merchant")
    if holder_id != borrower_id:
        raise PayeeNotBorrower("the account is somebody else's")


def require_own_page(act: Act, *, place: Place, hops: int, rules: Parameters) -> None:
    """R-REDIRECT: suitability, signing and payout happen on our page, one hop from the platform.

    From 2026-09-30 a partner's call cannot carry them (`redirect.required`;
    金融产品网络营销管理办法).

    Raises OwnPageRequired.
    """
    if not rules.switched_on("redirect.required"):
        return
    if place is not Place.OWN_PAGE:
        raise OwnPageRequired(f"{act.value} came in a partner's call")
    if hops > rules.whole("redirect.hops_max"):
        raise OwnPageRequired(f"the applicant was sent on over {hops} pages")
