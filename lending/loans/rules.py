"""Pure rules of loans: the cost table, the entries, the plan of a running loan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from lending.engine.plans import Plan, PlanInput
from lending.engine.position import Sums
from lending.engine.prepayment import OpenInstalment
from lending.engine.shares import cut
from lending.foundation.money import half_up, percent
from lending.ledger.chart import Code
from lending.ledger.model import Account, Leg, credit, debit, signed
from lending.loans.model import Loan, Payout
from lending.loans.terms import Terms
from lending.products.model import Offer, Product, SubsidyPayer

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
                "how": _penalty_how(product),
                "rate_annual": rate_text(product.penalty_rate_annual),
                "collector": LENDER_ZH,
            }
        ],
        "rate_annual_total": rate_text(offer.cost.rate_annual),
        "rate_annual_effective": rate_text(offer.cost.rate_effective),
        "rate_label": f"年化利率(单利){percent(offer.cost.rate_annual)}",
        "cost_total_fen": offer.cost.total_fen,
        "early_repayment": _early_repayment(product),
        "nothing_else": NOTHING_ELSE,
    }


def _penalty_how(product: Product) -> str:
    how = "仅在逾期时按逾期本金、实际逾期天数计收(年 360 天)"
    return f"{how},宽限 {product.grace_days} 天" if product.grace_days else how


def _early_repayment(product: Product) -> str:
    fee = product.prepayment_fee_rate
    cost = f"按提前归还本金的 {percent(fee)} 收取违约金" if fee else "不收违约金"
    return f"可随时提前还款,利息计至还款当日,{cost}。"


def rate_text(rate: Decimal) -> str:
    """A rate as a decimal string of six places: `0.144001`."""
    return f"{rate:.6f}"


def offer_view(product: Product, offer: Offer) -> dict[str, Any]:
    """One offer as partners and pages show it."""
    rows = offer.plan.instalments
    return {
        "periods": offer.periods,
        "instalment_fen": rows[0].total_fen,
        "instalment_last_fen": rows[-1].total_fen,
        "principal_fen": offer.plan.principal_fen,
        "interest_total_fen": offer.plan.interest_total_fen,
        "fee_total_fen": offer.plan.fee_total_fen,
        "cost_total_fen": offer.cost.total_fen,
        "rate_annual": rate_text(offer.cost.rate_annual),
        "rate_annual_effective": rate_text(offer.cost.rate_effective),
        "rate_nominal": rate_text(product.rate_annual),
        "interest_free": offer.subsidy_payer is not SubsidyPayer.NONE,
        "subsidy_payer": offer.subsidy_payer.value,
        "merchant_subsidy_fen": offer.merchant_subsidy_fen,
        "plan": [
            {
                "number": row.number,
                "due_in_months": row.number,
                "principal_fen": row.principal_fen,
                "interest_fen": row.interest_fen,
                "fee_fen": row.fee_fen,
                "total_fen": row.total_fen,
            }
            for row in rows
        ],
    }


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


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what a merchant is paid of a loan, and what is withheld of it by agreement."""

    gross_fen: int
    fee_fen: int
    subsidy_fen: int

    @property
    def payable_fen(self) -> int:
        """What is left for the merchant."""
        return self.gross_fen - self.fee_fen - self.subsidy_fen


def parts(loan: Loan) -> tuple[Part, ...]:
    """What the merchant is paid at once and, of a service paid ahead, later (STORE-6).

    Each amount is cut by its running total, so that the parts sum to the whole.
    """
    count = loan.terms.release.parts if loan.terms.release else 1
    weights = [1] * count
    return tuple(
        Part(*each)
        for each in zip(
            cut(loan.principal_fen, weights),
            cut(loan.terms.settlement.merchant_fee_fen, weights),
            cut(loan.terms.subsidy.merchant_fen, weights),
            strict=True,
        )
    )


def disbursement_legs(loan: Loan, payout: Payout) -> tuple[Leg, ...]:
    """The entry of a paid-out loan.

    The borrower owes the whole; the merchant gets it less its fee, its subsidy and what it owed us
    for returned goods. Of a service paid ahead it gets the first part, and the others are kept
    back, with what it will owe us of its subsidy.
    """
    first = parts(loan)[0]
    subsidy = loan.terms.subsidy.merchant_fen
    partner = loan.partner_id
    return (
        debit(Account(Code.LOAN_PRINCIPAL, loan.id), loan.principal_fen),
        debit(Account(Code.SUBSIDY_RECEIVABLE, partner), subsidy - first.subsidy_fen),
        credit(Account(Code.BANK_SETTLEMENT), payout.amount_fen),
        credit(Account(Code.MERCHANT_FEE_INCOME), first.fee_fen),
        credit(Account(Code.DEFERRED_SUBSIDY, loan.product_code), subsidy),
        credit(Account(Code.MERCHANT_CLAIM, partner), payout.offset_fen),
        credit(Account(Code.MERCHANT_RETAINED, loan.id), loan.principal_fen - first.gross_fen),
    )


def release_legs(loan: Loan, part: Part, payout: Payout) -> tuple[Leg, ...]:
    """The entry of a later part that went to the merchant."""
    partner = loan.partner_id
    return (
        debit(Account(Code.MERCHANT_RETAINED, loan.id), part.gross_fen),
        credit(Account(Code.BANK_SETTLEMENT), payout.amount_fen),
        credit(Account(Code.MERCHANT_FEE_INCOME), part.fee_fen),
        credit(Account(Code.SUBSIDY_RECEIVABLE, partner), part.subsidy_fen),
        credit(Account(Code.MERCHANT_CLAIM, partner), payout.offset_fen),
    )


def stop_legs(loan: Loan, stopped: Sequence[Part]) -> tuple[Leg, ...]:
    """The entry beside a loan's reduction when a service stops.

    What was kept back meets the claim on the merchant that the reduction made; of its subsidy the
    merchant owes what it has not paid yet.
    """
    gross = sum(part.gross_fen for part in stopped)
    subsidy = sum(part.subsidy_fen for part in stopped)
    return (
        debit(Account(Code.MERCHANT_RETAINED, loan.id), gross),
        credit(Account(Code.SUBSIDY_RECEIVABLE, loan.partner_id), subsidy),
        signed(Account(Code.MERCHANT_CLAIM, loan.partner_id), subsidy - gross),
    )


def life_legs(loan: Loan, before: Sums, after: Sums) -> tuple[Leg, ...]:
    """The one entry that takes the books from one position of a loan to another.

    Every life event is posted by this rule: a payment, goods returned, a waiver, a write-off, and
    the taking back of any of them. What the lines do not explain is borne by the provision, which
    only a loan that is or was written off may touch.
    """
    claim = (before.principal_fen - after.principal_fen) + (
        after.credit_returned_fen - before.credit_returned_fen
    )
    credit_fen = (after.credit_fen + after.credit_returned_fen) - (
        before.credit_fen + before.credit_returned_fen
    )
    subsidy_fen = after.subsidy_earned_fen - before.subsidy_earned_fen
    product = loan.product_code
    legs = [
        signed(Account(Code.BANK_SETTLEMENT), after.cash_fen - before.cash_fen),
        signed(Account(Code.MERCHANT_CLAIM, loan.partner_id), claim),
        signed(Account(Code.LOAN_PRINCIPAL, loan.id), _on_balance(after) - _on_balance(before)),
        signed(
            Account(Code.INTEREST_RECEIVABLE, product), _receivable(after) - _receivable(before)
        ),
        signed(Account(Code.DEFERRED_SUBSIDY, product), subsidy_fen),
        signed(
            Account(Code.INTEREST_INCOME),
            before.interest_accrued_fen - after.interest_accrued_fen - subsidy_fen,
        ),
        signed(Account(Code.FEE_INCOME), before.fee_paid_fen - after.fee_paid_fen),
        signed(Account(Code.PENALTY_INCOME), before.penalty_paid_fen - after.penalty_paid_fen),
        signed(Account(Code.BORROWER_CREDIT, loan.customer_id), -credit_fen),
    ]
    borne = -sum(leg.debit_fen - leg.credit_fen for leg in legs)
    assert borne == 0 or before.written_off or after.written_off, (before, after)
    given_up = _given_up(after) - _given_up(before)
    relief = after.principal_open_fen - before.principal_open_fen
    return (
        *legs,
        signed(Account(Code.LOAN_LOSS_PROVISION, product), borne),
        signed(Account(Code.WRITTEN_OFF, loan.id), given_up),
        signed(Account(Code.WRITTEN_OFF_CONTRA), -given_up),
        *(
            leg
            for limited, contra in exposures(loan.customer_id, loan.terms)
            for leg in (signed(limited, relief), signed(contra, -relief))
        ),
    )


def exposures(customer_id: str, terms: Terms) -> tuple[tuple[Account, Account], ...]:
    """The limited accounts that a loan's principal weighs on, each with its other side.

    A loan drawn on a line weighs on the line and its scene; the line itself, as a whole, on what
    the borrower may owe in all (STORE-2, STORE-3, R-CAP-20W).
    """
    line = terms.credit_line
    if line is None:
        return ((Account(Code.EXPOSURE, customer_id), Account(Code.EXPOSURE_CONTRA)),)
    contra = Account(Code.CREDIT_LINE_CONTRA)
    return (
        (Account(Code.CREDIT_LINE, line.line_id), contra),
        (Account(Code.CREDIT_LINE_SCENE, f"{line.line_id}:{line.scene}"), contra),
    )


def _on_balance(sums: Sums) -> int:
    return 0 if sums.written_off else sums.principal_open_fen


def _receivable(sums: Sums) -> int:
    return 0 if sums.written_off else sums.interest_receivable_fen


def _given_up(sums: Sums) -> int:
    return sums.principal_open_fen + sums.interest_receivable_fen if sums.written_off else 0


def query_at(now: datetime, queries: int) -> datetime:
    """When an unknown payment is to be asked for next."""
    return now + timedelta(seconds=QUERY_AFTER_S[min(queries, len(QUERY_AFTER_S) - 1)])
