"""Pure rules of loans: the cost table, the entries, the plan of a running loan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from lending.engine.plans import Plan, PlanInput
from lending.engine.position import Sums
from lending.engine.prepayment import OpenInstalment
from lending.engine.shares import cut, percent_bp
from lending.foundation.lender import LENDER_ZH
from lending.foundation.money import half_up, percent
from lending.funding.model import AgreedShare
from lending.ledger import funders, guarantors
from lending.ledger.chart import Code
from lending.ledger.model import OWN, Account, Leg, credit, debit, signed
from lending.loans import partner_rules, share_rules
from lending.loans.model import Loan, Payout, paid_from
from lending.loans.terms import Terms
from lending.products import rules as product_rules
from lending.products.model import Offer, Product, SubsidyPayer

DECISION_GOOD_FOR = timedelta(minutes=30)

NOTHING_ELSE = "除本表所列项目外,贷款人及任何合作机构不收取其他任何费用。"


def cost_table(product: Product, offer: Offer) -> dict[str, Any]:
    """The cost table as it is shown, confirmed and digested (R-COST-TABLE, 金规〔2026〕2号).

    Every item with how it is charged, its annual rate, its sum and who collects it; what becomes
    due only on default; the sentence that nothing else is charged.
    """
    sums = {item.code: item for item in offer.cost.items}
    labels = {
        "interest": ("利息", "按剩余本金逐期计收"),
        "fee": ("手续费", "随首期一次收取"),
        "guarantee_fee": ("担保费", "随每期还款收取,由贷款人代收"),
    }
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
                    "collector": offer.guarantee_fee.collector
                    if code == "guarantee_fee" and offer.guarantee_fee
                    else LENDER_ZH,
                }
            )
    return {
        "product_code": product.code,
        "product_version": product.version,
        "principal_fen": offer.plan.principal_fen,
        "periods": offer.periods,
        "every": product.every,
        "unit": product.unit,
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
        "rate_how": _rate_how(product),
        "repaid": _repaid(product),
        "cost_total_fen": offer.cost.total_fen,
        "early_repayment": _early_repayment(product),
        "nothing_else": NOTHING_ELSE,
    }


def _rate_how(product: Product) -> str:
    """How the annual rate follows from the internal rate of return of one period."""
    if product.unit == "month":
        times = "12" if product.every == 1 else f"12/{product.every}"
    else:
        times = f"365/{product.every * (7 if product.unit == 'week' else 1)}"
    return f"{times} × 每期内部收益率,单利"


def _repaid(product: Product) -> str:
    return f"每{product_rules.period_text(product)}还款一次"


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
    between = product.every * offer.periods // len(rows)
    return {
        "periods": offer.periods,
        "every": product.every,
        "unit": product.unit,
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
                "due_after": row.number * between,
                "principal_fen": row.principal_fen,
                "interest_fen": row.interest_fen,
                "fee_fen": row.fee_fen,
                "total_fen": row.total_fen,
            }
            for row in rows
        ],
    }


def merchant_fee_fen(amount_fen: int, rate: Decimal) -> int:
    """The merchant's fee on an order, half up: by its agreement, whatever the loan rounds by."""
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
        every=pricing.every,
        unit=pricing.unit,
        day_count=pricing.day_count,
        rounding=pricing.rounding,
        fee_upfront_fen=pricing.fee_upfront_fen,
        fee_period_fen=terms.guarantee.fee_period_fen if terms.guarantee else 0,
    )


def opened(plan: Plan, terms: Terms | None = None) -> list[OpenInstalment]:
    """The instalments of a new plan, nothing paid yet; what a guarantor gets is in terms."""
    guarantee = terms.guarantee if terms else None
    return [
        OpenInstalment(
            number=row.number,
            due_date=row.due_date,
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            fee_fen=row.fee_fen,
            guarantee_fee_fen=guarantee.fee_period_fen if guarantee else 0,
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
    back, with what it will owe us of its subsidy. Each other funder lends its part out of what it
    has sent for the loan or, prefunded, at our expense until the next clearing (JOINT-3).
    """
    first = parts(loan)[0]
    subsidy = loan.terms.subsidy.merchant_fen
    partner = loan.partner_id
    lent = share_rules.lent(loan.terms, loan.principal_fen)
    others = [
        (party, fen)
        for party, fen in zip(share_rules.parties(loan.terms), lent, strict=True)
        if not party.share.is_own
    ]
    return (
        debit(
            Account(Code.LOAN_PRINCIPAL, loan.id), loan.principal_fen - sum(f for _, f in others)
        ),
        debit(Account(Code.SUBSIDY_RECEIVABLE, partner), subsidy - first.subsidy_fen),
        credit(paid_from(payout.kind), payout.amount_fen),
        credit(Account(Code.MERCHANT_FEE_INCOME), first.fee_fen),
        credit(
            Account(Code.DEFERRED_SUBSIDY, loan.product_code),
            subsidy - sum(party.subsidy_fen for party, _ in others),
        ),
        credit(Account(Code.MERCHANT_CLAIM, partner), payout.offset_fen),
        credit(Account(Code.MERCHANT_RETAINED, loan.id), loan.principal_fen - first.gross_fen),
        *(leg for party, fen in others for leg in _lending_legs(loan, party, fen)),
        *commission_legs(loan, partner_rules.at_payout_fen(loan.terms, loan.principal_fen)),
    )


def commission_legs(loan: Loan, earned_fen: int) -> tuple[Leg, ...]:
    """What the loan's platform has earned more; below 0 what it gives back (ASSIST-8)."""
    if loan.terms.commission is None:
        return ()
    payable = Account(Code.COMMISSION_PAYABLE, loan.terms.commission.platform_id)
    return (signed(Account(Code.COMMISSION_EXPENSE), earned_fen), signed(payable, -earned_fen))


def _guarantor_legs(loan: Loan, before: Sums, after: Sums) -> tuple[Leg, ...]:
    """What moved between the loan's guarantor and us, in both books (ASSIST-6)."""
    if loan.terms.guarantee is None:
        return ()
    fees_fen = after.guarantee_fee_paid_fen - before.guarantee_fee_paid_fen
    cost_fen = after.guarantee_cost_fen - before.guarantee_cost_fen
    return guarantors.life_legs(
        loan.terms.guarantee.guarantor_id,
        loan.id,
        claimed_fen=after.claimed_fen - before.claimed_fen,
        owed_fen=after.guarantor_open_fen - before.guarantor_open_fen,
        earned_fen=fees_fen + cost_fen,
        cost_fen=cost_fen,
    )


def _guaranteed_legs(loan: Loan, more_fen: int) -> tuple[Leg, ...]:
    """How much more of our own principal a guarantor stands behind (R-GUAR-50)."""
    if loan.terms.guarantee is None:
        return ()
    guaranteed = Account(Code.GUARANTEED, loan.terms.guarantee.guarantor_id)
    return (signed(guaranteed, more_fen), signed(Account(Code.GUARANTEED_CONTRA), -more_fen))


def _cash(sums: Sums) -> int:
    """All that the borrower has paid, of a position as lenders see it (P6)."""
    return sums.cash_fen - sums.guarantor_open_fen + sums.guarantee_fee_paid_fen


def _lending_legs(loan: Loan, party: share_rules.Party, lent_fen: int) -> tuple[Leg, ...]:
    """What one other funder lends, in both books, and its part of a subsidy, owed to it at once."""
    funder, book = party.share.funder, party.book
    service = party.service_fee_fen(Sums(0))
    due = party.subsidy_fen - service
    ours, theirs = funders.payable(funder), funders.receivable(funder)
    if not party.share.prefunded:
        ours, theirs = funders.money_in(funder, loan.id), funders.money_in_its_book(funder, loan.id)
    return (
        debit(ours, lent_fen),
        signed(funders.payable(funder), -due),
        credit(Account(Code.FUNDER_SERVICE_INCOME), service),
        debit(Account(Code.LOAN_PRINCIPAL, loan.id, book), lent_fen),
        credit(theirs, lent_fen),
        signed(funders.receivable(funder), due),
        debit(Account(Code.SERVICE_FEE_EXPENSE, book=book), service),
        credit(Account(Code.DEFERRED_SUBSIDY, loan.product_code, book), party.subsidy_fen),
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


def life_legs(
    loan: Loan, before: Sums, after: Sums, each: Sequence[share_rules.Moved] | None = None
) -> tuple[Leg, ...]:
    """The one entry that takes the books from one position of a loan to another.

    Every life event is posted by this rule: a payment, goods returned, a waiver, a write-off, and
    the taking back of any of them, for all funders at once, each in its own book. Cash and the
    claim on the merchant are whole in ours, which owes the others their parts (JOINT-3). `each` is
    what moved for each funder, where it is known.
    """
    claim = (before.principal_fen - after.principal_fen) + (
        after.credit_returned_fen - before.credit_returned_fen
    )
    credit_fen = (after.credit_fen + after.credit_returned_fen) - (
        before.credit_fen + before.credit_returned_fen
    )
    each = each or share_rules.moved(loan.terms, before, after)
    own = next(one for one in each if one.party.share.is_own)
    others = [one for one in each if one is not own]
    service = sum(one.service_fee_fen for one in others)
    guarantor_legs = _guarantor_legs(loan, before, after)
    ours = (
        signed(Account(Code.BANK_SETTLEMENT), _cash(after) - _cash(before)),
        signed(Account(Code.MERCHANT_CLAIM, loan.partner_id), claim),
        *_position_legs(loan, own),
        *(signed(funders.payable(one.party.share.funder), -one.due_fen) for one in others),
        signed(Account(Code.FUNDER_SERVICE_INCOME), -service),
        signed(Account(Code.BORROWER_CREDIT, loan.customer_id), -credit_fen),
        *(leg for leg in guarantor_legs if leg.account.book == OWN),
        *commission_legs(loan, after.commission_fen - before.commission_fen),
    )
    provision = Account(Code.LOAN_LOSS_PROVISION, loan.product_code)
    relief = after.principal_open_fen - before.principal_open_fen
    return (
        *ours,
        _borne(own, ours, provision),
        *_written_off_legs(loan, own),
        *(
            leg
            for limited, contra in exposures(loan.customer_id, loan.terms)
            for leg in (signed(limited, relief), signed(contra, -relief))
        ),
        *(leg for one in others for leg in _funder_legs(loan, one)),
        *_guaranteed_legs(loan, own.by(_on_balance)),
        *(leg for leg in guarantor_legs if leg.account.book != OWN),
    )


def _funder_legs(loan: Loan, one: share_rules.Moved) -> tuple[Leg, ...]:
    """What one other funder's book says of it. It keeps its provision elsewhere."""
    book = one.party.book
    theirs = (
        signed(funders.receivable(one.party.share.funder), one.due_fen),
        *_position_legs(loan, one),
        signed(Account(Code.SERVICE_FEE_EXPENSE, book=book), one.service_fee_fen),
    )
    loss = Account(Code.IMPAIRMENT_LOSS, book=book)
    return (*theirs, _borne(one, theirs, loss), *_written_off_legs(loan, one))


def _position_legs(loan: Loan, one: share_rules.Moved) -> tuple[Leg, ...]:
    """Principal, interest and income of one funder."""
    book, product = one.party.book, loan.product_code
    subsidy_fen = one.by(lambda sums: sums.subsidy_earned_fen)
    accrued_fen = one.by(lambda sums: sums.interest_accrued_fen)
    return (
        signed(Account(Code.LOAN_PRINCIPAL, loan.id, book), one.by(_on_balance)),
        signed(Account(Code.INTEREST_RECEIVABLE, product, book), one.by(_receivable)),
        signed(Account(Code.DEFERRED_SUBSIDY, product, book), subsidy_fen),
        signed(Account(Code.INTEREST_INCOME, book=book), -accrued_fen - subsidy_fen),
        signed(Account(Code.FEE_INCOME, book=book), -one.fee_fen),
        signed(Account(Code.PENALTY_INCOME, book=book), -one.penalty_fen),
    )


def _borne(one: share_rules.Moved, legs: Sequence[Leg], loss: Account) -> Leg:
    """What the lines of a book do not explain is its loss, of a loan that is or was written off."""
    borne = -sum(leg.debit_fen - leg.credit_fen for leg in legs)
    assert borne == 0 or one.before.written_off or one.after.written_off, one
    return signed(loss, borne)


def _written_off_legs(loan: Loan, one: share_rules.Moved) -> tuple[Leg, Leg]:
    given_up = one.by(_given_up)
    return (
        signed(Account(Code.WRITTEN_OFF, loan.id, one.party.book), given_up),
        signed(Account(Code.WRITTEN_OFF_CONTRA, book=one.party.book), -given_up),
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


def lenders_shown(lenders: Sequence[AgreedShare] | None) -> tuple[tuple[str, str], ...]:
    """The lenders of a joint loan as its contract names them (JOINT-6); none where we lend all."""
    return tuple((each.name or LENDER_ZH, percent_bp(each.weight)) for each in lenders or ())
