"""Loans that are simply there: lent on the open business date, without shop or application."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from lending.engine.life import begun, replay
from lending.engine.plans import make_plan
from lending.foundation import business_day, crypto, ids
from lending.foundation.clock import FixedClock
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.ledger import funders
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, Leg, credit, debit
from lending.loans import (
    commissions,
    life,
    life_rules,
    life_store,
    rules,
    share_rules,
    shares,
    store,
)
from lending.loans.model import Loan, LoanState, NewApplication, Payout, PayoutState, Purpose
from lending.loans.partner_terms import Commission, Guarantee
from lending.loans.terms import OWN_FUNDS, Payee, Pricing, Settlement, Share, Subsidy, Terms
from tests.databases import Databases
from tests.loans.world import World, make
from tests.today import NOW


@dataclass(frozen=True)
class Lent:
    """What is agreed with a borrower."""

    principal_fen: int = 599_900
    rate_annual: Decimal = Decimal("0.1440")
    periods: int = 12
    method: str = "equal-instalment"
    rounding: str = "half-up"
    grace_days: int = 0
    penalty_rate_annual: Decimal = Decimal("0.1872")
    prepayment_fee_rate: Decimal = Decimal(0)
    subsidy_fen: int = 0
    fee_upfront_fen: int = 0
    shares: tuple[Share, ...] = OWN_FUNDS
    partner_id: str = ""
    """Who brought it; empty: the world's shop."""
    commission: Commission | None = None
    guarantee: Guarantee | None = None
    period: tuple[int, str, str] = (1, "month", "30/360")
    """Every so many units an instalment falls due, and how the days of interest count."""
    pricing: Pricing = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(
            self,
            "pricing",
            Pricing(
                rate_annual=self.rate_annual,
                method=self.method,
                day_count=self.period[2],
                rounding=self.rounding,
                periods=self.periods,
                fee_upfront_fen=self.fee_upfront_fen,
                penalty_rate_annual=self.penalty_rate_annual,
                cost_rate_annual=self.rate_annual,
                grace_days=self.grace_days,
                prepayment_fee_rate=self.prepayment_fee_rate,
                every=self.period[0],
                unit=self.period[1],
            ),
        )


def lend(tx: Tx, world: World, agreed: Lent, *, since: date | None = None) -> str:
    """A loan that is paid out today, in rows and books; its id.

    One that was paid out before, `since` a day, is taken over as it stands, nothing repaid.
    """
    subject = ids.new("ord")
    application_id = store.insert_application(
        tx,
        NewApplication(
            partner_id=agreed.partner_id or world.partner_id,
            scenario="mall_installment",
            product_code="mall-standard",
            product_version=1,
            subject=subject,
            amount_fen=agreed.principal_fen,
            purpose="electronics",
        ),
    )
    today = business_day.today(tx)
    loan = Loan(
        id=ids.new("loan"),
        application_id=application_id,
        partner_id=agreed.partner_id or world.partner_id,
        customer_id=world.customer_id,
        bank_card_id=world.card_id,
        scenario="mall_installment",
        product_code="mall-standard",
        subject=subject,
        principal_fen=agreed.principal_fen,
        terms=Terms(
            pricing=agreed.pricing,
            payee=Payee(world.partner_id),
            settlement=Settlement(0),
            subsidy=Subsidy("merchant" if agreed.subsidy_fen else "none", agreed.subsidy_fen),
            shares=agreed.shares,
            cost_table_sha256="0" * 64,
            commission=agreed.commission,
            guarantee=agreed.guarantee,
        ),
        state=LoanState.PAYING,
        signed_at=tx.now,
        start_date=None,
        plan_version=1,
        contract_version=1,
        exposure_holds=(),
    )
    store.insert_loan(tx, loan)
    start = since or today
    plan = make_plan(rules.plan_input(loan.principal_fen, loan.terms, start))
    store.insert_instalments(tx, loan.id, 1, rules.opened(plan, loan.terms))
    store.activate(tx, loan.id, start, 1)
    found = store.loan(tx, loan.id)
    assert found
    loan = found
    course = life.course(tx, loan)
    position = replay(course, [], today)
    store.update_instalments(tx, [(loan.id, 1, row) for row in position.rows])
    _fund(tx, loan)
    post(tx, loan, "loan.paid_out", rules.disbursement_legs(loan, _payout(tx, loan)))
    shares.record_payout(tx, loan, f"pay_{loan.id}", begun(course))
    commissions.record_payout(tx, loan, f"pay_{loan.id}")
    exposure = Account(Code.EXPOSURE, loan.customer_id), Account(Code.EXPOSURE_CONTRA)
    post(
        tx,
        loan,
        "loan.taken_over",
        (
            *rules.life_legs(
                loan,
                life_rules.sums(loan, course, begun(course)),
                life_rules.sums(loan, course, position),
            ),
            *_guaranteed(loan),
            debit(exposure[0], loan.principal_fen),
            credit(exposure[1], loan.principal_fen),
        ),
    )
    life_store.save_standing(tx, life_rules.standing(loan, course, position))
    return loan.id


def _fund(tx: Tx, loan: Loan) -> None:
    """What each other funder sends for the loan is here."""
    lent = share_rules.lent(loan.terms, loan.principal_fen)
    for share, fen in zip(loan.terms.shares, lent, strict=True):
        if not (share.is_own or share.prefunded):
            legs = funders.arrival_legs(share.funder, loan.id, fen)
            post(tx, loan, f"funds.arrived:{share.funder}", legs)


def _guaranteed(loan: Loan) -> tuple[Leg, ...]:
    """What somebody stands behind, which a signature would have held."""
    if loan.terms.guarantee is None:
        return ()
    own = next(
        fen
        for share, fen in zip(
            loan.terms.shares, share_rules.lent(loan.terms, loan.principal_fen), strict=True
        )
        if share.is_own
    )
    guaranteed = Account(Code.GUARANTEED, loan.terms.guarantee.guarantor_id)
    return (debit(guaranteed, own), credit(Account(Code.GUARANTEED_CONTRA), own))


def _payout(tx: Tx, loan: Loan) -> Payout:
    return Payout(
        id=f"pay_{loan.id}",
        loan_id=loan.id,
        purpose=Purpose.DISBURSEMENT,
        refund_id="",
        part=0,
        attempt=1,
        channel_order_no="",
        account_id="",
        amount_fen=rules.parts(loan)[0].payable_fen,
        offset_fen=0,
        state=PayoutState.PAID,
        hold_id=None,
        queries=0,
        created_at=tx.now,
        channel_reference="",
        ended_at=tx.now,
    )


def post(tx: Tx, loan: Loan, kind: str, legs: tuple[Leg, ...]) -> None:
    ledger.post(tx, Entry(kind=kind, subject=loan.id, memo="", legs=legs, key=f"{kind}:{loan.id}"))


@contextmanager
def fresh_world(databases: Databases) -> Iterator[World]:
    """A lender on a database of its own, until it is left."""
    with databases.lent() as url, tempfile.TemporaryDirectory() as folder:
        world = make(
            url,
            FixedClock(NOW),
            crypto.load_or_make(Path(folder) / "keys.json"),
            FileStore(Path(folder)),
        )
        yield world
        world.database.close()
