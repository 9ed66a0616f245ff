"""P15, P16: a loan's parts, over any life and any way to share it, in every funder's book."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lending.engine import life
from lending.engine.errors import EventImpossible, RefundTooLarge
from lending.engine.events import (
    Event,
    FeeCharged,
    GoodsReturned,
    Paid,
    PaidOff,
    PartPrepaid,
    Waived,
    WrittenOff,
)
from lending.engine.plans import make_plan
from lending.engine.position import Course
from lending.engine.shares import divided, divided_now
from lending.ledger.chart import Code
from lending.ledger.model import OWN, Account, Leg
from lending.ledger.rules import lines
from lending.loans import life_rules, rules, share_rules
from lending.loans.model import Loan, Payout, PayoutState, Purpose
from lending.loans.terms import OWN_FUNDS, Share, Terms
from tests.loans.sharing import START, joint_shares, loan_of
from tests.loans.world import World

weights = st.lists(st.integers(0, 10_000), min_size=1, max_size=3).filter(any)
totals = st.integers(0, 10**9)


class TestDividing:
    @given(totals, weights)
    def test_p15_the_parts_sum_and_each_is_within_a_fen_of_its_share(
        self, total: int, by: list[int]
    ):
        parts = divided(total, by)
        assert sum(parts) == total
        for part, weight in zip(parts, by, strict=True):
            assert abs(part - Fraction(total * weight, sum(by))) < 1
            assert part >= 0

    @given(totals, st.integers(0, 10**6), weights)
    def test_p15_nobody_gives_a_fen_back_because_more_is_paid(
        self, before: int, now: int, by: list[int]
    ):
        assert min(divided_now(before, now, by)) >= 0

    @settings(max_examples=20)
    @given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), joint_shares())
    def test_p15_payments_leave_each_with_its_part_of_their_sum(
        self, payments: list[int], shares: tuple[Share, ...]
    ):
        by, paid, got = [share.weight for share in shares], 0, [0] * len(shares)
        for payment in payments:
            got = [a + b for a, b in zip(got, divided_now(paid, payment, by), strict=True)]
            paid += payment
        assert got == divided(paid, by)

    def test_is_done_in_sql_as_it_is_in_the_engine(self, world: World):
        asked = [
            (total, by)
            for total in (0, 1, 2, 3, 99, 100, 12_345_678_901)
            for by in ([1], [1, 1], [3_000, 7_000], [3_333, 3_333, 3_334], [0, 5, 0], [5, 0, 0])
        ]
        for total, by in asked:
            (row,) = world.rows(
                "SELECT array_agg(share_part(:total, share_cuts(CAST(:by AS integer[])), place)"
                " ORDER BY place) AS parts FROM generate_series(1, :count) place",
                total=total,
                by=by,
                count=len(by),
            )
            assert row["parts"] == divided(total, by)


class TestTerms:
    @given(joint_shares())
    def test_are_read_as_they_were_stored(self, shares: tuple[Share, ...]):
        terms = loan_of(shares, 100_000).terms
        assert Terms.from_json(terms.to_json(), 3) == terms

    @pytest.mark.parametrize("form", [1, 2])
    def test_of_earlier_formats_are_from_own_funds(self, form: int):
        terms = loan_of(OWN_FUNDS, 100_000).terms
        stored = terms.to_json()
        stored["shares"] = [{"funder": "own", "weight": 1}]
        assert Terms.from_json(stored, form) == terms


def payout_of(loan: Loan) -> Payout:
    return Payout(
        "pay_1", loan.id, Purpose.DISBURSEMENT, "", 0, 1, "co_1", "",
        rules.parts(loan)[0].payable_fen, 0, PayoutState.PAID, None, 0, loan.signed_at, "",
        loan.signed_at,
    )  # fmt: skip


class SharedLoan(RuleBasedStateMachine):
    """One loan, whatever may happen to it, and the books that its entries make."""

    @initialize(
        shares=joint_shares(),
        principal_fen=st.integers(1_000, 500_000),
        subsidy_fen=st.sampled_from([0, 0, 777]),
    )
    def lend(self, shares: tuple[Share, ...], principal_fen: int, subsidy_fen: int) -> None:
        self.begin(loan_of(shares, principal_fen, subsidy_fen=subsidy_fen))

    def begin(self, loan: Loan) -> None:
        """The loan on the day of its payout, and the entry of that."""
        self.loan = loan
        plan = make_plan(rules.plan_input(loan.principal_fen, loan.terms, START))
        self.course: Course = life_rules.course(loan, rules.opened(plan, loan.terms))
        self.today = START
        self.events: list[Event] = []
        self.books: defaultdict[Account, int] = defaultdict(int)
        self.got: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.sums = self.now()
        self.post(rules.disbursement_legs(self.loan, payout_of(self.loan)))
        self.lent_own_fen = self.books[Account(Code.LOAN_PRINCIPAL, loan.id)]

    def now(self):
        position = life.replay(self.course, self.events, self.today)
        return life_rules.sums(self.loan, self.course, position)

    def post(self, legs: tuple[Leg, ...]) -> None:
        if any(leg.debit_fen or leg.credit_fen for leg in legs):
            for leg in lines(legs):  # refuses what does not balance in each book (L1)
                self.books[leg.account] += leg.debit_fen - leg.credit_fen

    def move(self) -> None:
        after = self.now()
        self.post(rules.life_legs(self.loan, self.sums, after))
        for one in share_rules.moved(self.loan.terms, self.sums, after):
            for name in ("principal_fen", "interest_fen", "fee_fen", "penalty_fen", "due_fen"):
                self.got[one.party.share.funder, name] += getattr(one, name)
        self.sums = after

    def happen(self, event: Event) -> None:
        try:
            life.require_possible(
                self.course, life.replay(self.course, self.events, event.on), event
            )
        except (EventImpossible, RefundTooLarge):
            return
        self.events.append(event)
        self.move()

    @rule(days=st.integers(1, 45))
    def nights_pass(self, days: int) -> None:
        self.today += timedelta(days=days)
        self.move()

    @rule(fen=st.integers(1, 120_000), ago=st.sampled_from([0, 0, 3, 40]))
    def pay(self, fen: int, ago: int) -> None:
        on = max(START, self.today - timedelta(days=ago))
        self.happen(Paid(on, fen, until=fen % 3))

    @rule(fen=st.integers(1, 300_000), shorter=st.booleans())
    def prepay(self, fen: int, *, shorter: bool) -> None:
        self.happen(PartPrepaid(self.today, fen, shorter=shorter))

    @rule(fen=st.integers(1, 200_000))
    def return_goods(self, fen: int) -> None:
        returned = sum(one.amount_fen for one in self.events if isinstance(one, GoodsReturned))
        left = self.loan.principal_fen - returned
        self.happen(GoodsReturned(self.today, fen, left))

    @rule(fen=st.integers(1, 900))
    def waive_or_charge(self, fen: int) -> None:
        self.happen(Waived(self.today, penalty_fen=fen % 5, interest_fen=fen % 7))
        self.happen(FeeCharged(self.today, fen))

    @rule()
    def write_off(self) -> None:
        self.happen(WrittenOff(self.today))

    @precondition(lambda self: self.events)
    @rule(which=st.integers(0, 50))
    def take_back(self, which: int) -> None:
        self.events.pop(which % len(self.events))
        self.move()

    @rule()
    def pay_off(self) -> None:
        position = life.replay(self.course, self.events, self.today)
        asked = sum(due.total_fen for due in life.payoff_quote(self.course, position))
        self.happen(PaidOff(self.today, max(asked, 1)))

    @invariant()
    def p15_each_running_total_is_within_a_fen_of_its_share(self) -> None:
        whole = {
            name: sum(self.got[share.funder, name] for share in self.loan.terms.shares)
            for name in ("interest_fen", "fee_fen", "penalty_fen")
        }
        assert whole["interest_fen"] == self.sums.interest_paid_fen
        assert whole["fee_fen"] == self.sums.fee_paid_fen
        assert whole["penalty_fen"] == self.sums.penalty_paid_fen
        incomes = sum(share.income for share in self.loan.terms.shares)
        for share in self.loan.terms.shares:
            for name, total in whole.items():
                exact = Fraction(total * share.income, incomes)
                assert abs(self.got[share.funder, name] - exact) < 1

    @invariant()
    def l11_each_book_holds_the_part_of_its_funder(self) -> None:
        open_fen = 0
        for party, part in zip(
            share_rules.parties(self.loan.terms),
            share_rules.parts(self.loan.terms, self.sums),
            strict=True,
        ):
            assert part.principal_open_fen >= 0
            assert part.interest_receivable_fen >= 0
            held = self.books[Account(Code.LOAN_PRINCIPAL, self.loan.id, party.book)]
            assert held == (0 if self.sums.written_off else part.principal_open_fen)
            open_fen += held
        assert open_fen == (0 if self.sums.written_off else self.sums.principal_open_fen)
        assert self.books[Account(Code.EXPOSURE, "c")] == (
            self.sums.principal_open_fen - self.loan.principal_fen
        )

    @invariant()
    def what_the_leader_owes_is_what_the_funder_claims(self) -> None:
        for share in self.loan.terms.shares[1:]:
            ours = self.books[Account(Code.FUNDER_PAYABLE, share.funder)]
            theirs = self.books[Account(Code.LEAD_RECEIVABLE, book=f"funder:{share.funder}")]
            assert ours == -theirs

    @invariant()
    def p15_at_close_each_has_received_the_exact_principal_it_lent(self) -> None:
        if self.sums.principal_open_fen:
            return
        lent = share_rules.lent(self.loan.terms, self.loan.principal_fen)
        for share, fen in zip(self.loan.terms.shares, lent, strict=True):
            assert self.got[share.funder, "principal_fen"] == fen

    @invariant()
    def p16_the_shares_are_whole(self) -> None:
        shares = [share.weight for share in self.loan.terms.shares]
        assert sum(shares) == 10_000
        assert min(shares) >= 3_000


SharedLoan.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestASharedLoan = SharedLoan.TestCase


class TestALoanFromOwnFunds:
    def test_touches_no_book_but_ours(self):
        loan = loan_of(OWN_FUNDS, 600_000)
        plan = make_plan(rules.plan_input(600_000, loan.terms, START))
        course = life_rules.course(loan, rules.opened(plan))
        before = life_rules.sums(loan, course, life.begun(course))
        after = life_rules.sums(
            loan, course, life.replay(course, [Paid(START, 50_000, until=6)], START)
        )
        legs = (
            *rules.disbursement_legs(loan, payout_of(loan)),
            *rules.life_legs(loan, before, after),
        )
        assert {leg.account.book for leg in legs} == {OWN}


class TestAServiceFee:
    def test_is_a_rate_of_all_interest_that_the_funder_got(self):
        shares = (
            Share("own", 4_000),
            Share("fun_a", 6_000, service_fee_rate=Decimal("0.10")),
        )
        loan = loan_of(shares, 600_000)
        nothing = life_rules.sums(
            loan,
            (course := life_rules.course(loan, rules.opened(
                make_plan(rules.plan_input(600_000, loan.terms, START))
            ))),
            life.begun(course),
        )  # fmt: skip
        paid = replace(nothing, interest_paid_fen=7_200, interest_accrued_fen=7_200)
        books: defaultdict[Account, int] = defaultdict(int)
        for leg in rules.life_legs(loan, nothing, paid):
            books[leg.account] += leg.debit_fen - leg.credit_fen
        assert books[Account(Code.INTEREST_INCOME, book="funder:fun_a")] == -4_320
        assert books[Account(Code.SERVICE_FEE_EXPENSE, book="funder:fun_a")] == 432
        assert books[Account(Code.FUNDER_SERVICE_INCOME)] == -432
        assert books[Account(Code.FUNDER_PAYABLE, "fun_a")] == -(4_320 - 432)
