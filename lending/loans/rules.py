"""Pure rules of loans: the cost table, the entries, the plan of a running loan."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from lending.engine.plans import Plan, PlanInput
from lending.engine.prepayment import OpenInstalment
from lending.foundation.money import half_up, percent
from lending.ledger.chart import Code
from lending.ledger.model import Account, Leg, credit, debit
from lending.loans.model import Loan, Payout
from lending.loans.terms import Terms
from lending.products.model import Offer, Product

DECISION_GOOD_FOR = timedelta(minutes=30)
QUERY_AFTER_S = (2, 5, 15, 60, 300, 900)
"""How long after each question an unknown payment is asked for again; the last one repeats."""

LENDER_ZH = "安心消费金融有限公司"
NOTHING_ELSE = "除本表所列项目外,贷款人及任何合作机构不收取其他任何费用。"


def cost_table(product: Product, offer: Offer) -> dict[str, Any]:
    """The cost table as it is shown, confirmed and digested (R-COST-TABLE, 金规〔2026〕2号).

    Every item with how it is charged, its annual rate, its sum and who collects it; what becomes
    due only on default; the sentence that nothing else is charged.
    """
    sums = {item.code: item for item in offer.cost.items}
    labels = {"interest": ("利息", "按剩余本金逐期计收"), "fee": ("手续费", "随首期一次收取")}
    items = []
    for code, (label, how) in labels.items():
        if code in sums or code == "interest":
            item = sums.get(code)
            items.append(
                {
                    "name": code,
                    "label": label,
                    "how": how if item else "免息,由商户或贷款人承担",
                    "rate_annual": rate_text(item.rate_annual if item else Decimal(0)),
                    "amount_fen": item.total_fen if item else 0,
                    "collector": LENDER_ZH,
                }
            )
    return {
        "product_code": product.code,
        "product_version": product.version,
        "principal_fen": offer.plan.principal_fen,
        "periods": offer.periods,
        "method": product.method,
        "items": items,
        "contingent": [
            {
                "name": "penalty",
                "label": "逾期罚息",
                "how": "仅在逾期时按逾期本金、实际逾期天数计收(年 360 天)",
                "rate_annual": rate_text(product.penalty_rate_annual),
                "collector": LENDER_ZH,
            }
        ],
        "rate_annual_total": rate_text(offer.cost.rate_annual),
        "rate_annual_effective": rate_text(offer.cost.rate_effective),
        "rate_label": f"年化利率(单利){percent(offer.cost.rate_annual)}",
        "cost_total_fen": offer.cost.total_fen,
        "early_repayment": "可随时提前还款,利息计至还款当日,不收违约金。",
        "nothing_else": NOTHING_ELSE,
    }


def rate_text(rate: Decimal) -> str:
    """A rate as a decimal string of six places: `0.144001`."""
    return f"{rate:.6f}"


def merchant_fee_fen(amount_fen: int, rate: Decimal) -> int:
    """The merchant's fee on an order, half up."""
    return half_up(amount_fen * rate)


def plan_input(principal_fen: int, terms: Terms, start: date) -> PlanInput:
    """What the plan of a loan is made from; it starts on the day the money leaves."""
    pricing = terms.pricing
    return PlanInput(
        principal_fen=principal_fen,
        rate_annual=pricing.rate_annual,
        periods=pricing.periods,
        method=pricing.method,
        start=start,
        day_count=pricing.day_count,
        rounding=pricing.rounding,
        fee_upfront_fen=pricing.fee_upfront_fen,
    )


def opened(plan: Plan) -> list[OpenInstalment]:
    """The instalments of a new plan, nothing paid yet."""
    return [
        OpenInstalment(
            number=row.number,
            due_date=row.due_date,
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            fee_fen=row.fee_fen,
        )
        for row in plan.instalments
    ]


def outstanding_principal_fen(rows: Sequence[OpenInstalment]) -> int:
    """Principal not yet repaid."""
    return sum(row.open().principal_fen for row in rows)


def withheld_fen(terms: Terms) -> int:
    """What is kept back of the merchant's payout by agreement: its fee and its subsidy."""
    return terms.settlement.merchant_fee_fen + terms.subsidy.merchant_fen


def disbursement_legs(loan: Loan, payout: Payout) -> tuple[Leg, ...]:
    """The entry of a paid-out loan.

    The borrower owes the whole; the merchant gets it less its fee, its subsidy and what it owed us
    for returned goods.
    """
    subsidy = loan.terms.subsidy.merchant_fen
    fee = loan.terms.settlement.merchant_fee_fen
    return (
        debit(Account(Code.LOAN_PRINCIPAL, loan.id), loan.principal_fen),
        credit(Account(Code.BANK_SETTLEMENT), payout.amount_fen),
        credit(Account(Code.MERCHANT_FEE_INCOME), fee),
        credit(Account(Code.DEFERRED_SUBSIDY, loan.id), subsidy),
        credit(Account(Code.MERCHANT_CLAIM, loan.partner_id), payout.offset_fen),
    )


def reduction_legs(
    loan: Loan, loan_reduction_fen: int, borrower_refund_fen: int
) -> tuple[Leg, ...]:
    """The entry of returned goods: the merchant owes the price, loan and borrower get it."""
    return (
        debit(
            Account(Code.MERCHANT_CLAIM, loan.partner_id),
            loan_reduction_fen + borrower_refund_fen,
        ),
        credit(Account(Code.LOAN_PRINCIPAL, loan.id), loan_reduction_fen),
        credit(Account(Code.BORROWER_CREDIT, loan.customer_id), borrower_refund_fen),
        *exposure_relief(loan.customer_id, loan_reduction_fen),
    )


def exposure_relief(customer_id: str, principal_fen: int) -> tuple[Leg, Leg]:
    """The pair of lines that gives a borrower's exposure back as principal is repaid (STORE-2)."""
    return (
        debit(Account(Code.EXPOSURE_CONTRA), principal_fen),
        credit(Account(Code.EXPOSURE, customer_id), principal_fen),
    )


def query_at(now: datetime, queries: int) -> datetime:
    """When an unknown payment is to be asked for next."""
    return now + timedelta(seconds=QUERY_AFTER_S[min(queries, len(QUERY_AFTER_S) - 1)])
