"""A joint loan that a platform brought and a guarantor stands behind, whatever happens to it."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from lending.engine import life
from lending.engine.events import Claimed
from lending.ledger.chart import Code
from lending.ledger.model import Account, guarantor_book
from lending.loans import life_rules, partner_rules, rules
from lending.loans.partner_terms import Basis, Commission, Guarantee
from lending.loans.terms import Share
from tests.loans.sharing import joint_shares, loan_of
from tests.loans.test_shares import SharedLoan

BOOK = guarantor_book("gua_1")


class AssistedLoan(SharedLoan):
    """Everything that may happen to a shared loan, and a claim; the guarantor's book besides."""

    @initialize(
        shares=joint_shares(),
        principal_fen=st.integers(1_000, 500_000),
        basis=st.sampled_from(list(Basis)),
        lender_fee_rate=st.sampled_from([Decimal(0), Decimal("0.07")]),
        fee_period_fen=st.sampled_from([0, 333]),
    )
    def lend(  # type: ignore[override]
        self,
        shares: tuple[Share, ...],
        principal_fen: int,
        basis: Basis,
        lender_fee_rate: Decimal,
        fee_period_fen: int,
    ) -> None:
        loan = loan_of(shares, principal_fen)
        commission = Commission(
            "pla_1", "cag_1", basis, Decimal("0.2"), 500, 9_000, 120, Decimal("0.9")
        )
        guarantee = Guarantee("gua_1", "gag_1", fee_period_fen, lender_fee_rate, 30, True, True)
        terms = replace(loan.terms, commission=commission, guarantee=guarantee)
        self.begin(replace(loan, terms=terms))

    @rule(percent=st.sampled_from([100, 100, 37]), more=st.sampled_from([0, 0, 11]))
    def claim(self, percent: int, more: int) -> None:
        position = life.replay(self.course, self.events, self.today)
        held = life_rules.sums(self.loan, self.course, position)
        penalty = sum(row.open().penalty_fen for row in position.rows)
        parts = (held.principal_open_fen, held.interest_receivable_fen, penalty)
        self.happen(Claimed(self.today, *(fen * percent // 100 + more for fen in parts)))

    @invariant()
    def p17_the_guarantor_has_back_what_it_paid_but_for_what_is_owed_to_it(self) -> None:
        ours = self.books[Account(Code.GUARANTOR_PAYABLE, "gua_1")]
        fees = self.sums.guarantee_fee_paid_fen + self.sums.guarantee_cost_fen
        assert -ours == self.sums.guarantor_due_fen + fees
        assert self.books[Account(Code.LENDER_RECEIVABLE, book=BOOK)] == -ours
        assert self.books[Account(Code.CLAIM_RECEIVABLE, "gua_1")] == self.sums.claimed_fen
        assert self.books[Account(Code.CLAIM_PAYABLE, book=BOOK)] == -self.sums.claimed_fen
        recourse = self.books[Account(Code.RECOURSE_RECEIVABLE, self.loan.id, BOOK)]
        assert recourse == self.sums.guarantor_open_fen
        assert self.books[Account(Code.GUARANTEE_INCOME, book=BOOK)] == -fees

    @invariant()
    def p18_the_platform_is_owed_what_the_terms_say_of_the_totals(self) -> None:
        owed = -self.books[Account(Code.COMMISSION_PAYABLE, "pla_1")]
        position = life.replay(self.course, self.events, self.today)
        terms = self.loan.terms
        assert owed == partner_rules.commission_fen(terms, position, position.sums())
        assert 0 <= owed <= 9_000

    @invariant()
    def the_bank_has_what_the_borrower_paid(self) -> None:
        position = life.replay(self.course, self.events, self.today)
        lent = rules.parts(self.loan)[0].payable_fen
        assert self.books[Account(Code.BANK_SETTLEMENT)] == position.sums().cash_fen - lent

    @invariant()
    def r_guar_50_counts_the_principal_in_our_book(self) -> None:
        own = self.books[Account(Code.LOAN_PRINCIPAL, self.loan.id)]
        begun = self.books[Account(Code.GUARANTEED, "gua_1")]
        assert begun == own - self.lent_own_fen


AssistedLoan.TestCase.settings = settings(max_examples=10, stateful_step_count=15, deadline=None)
TestAnAssistedJointLoan = AssistedLoan.TestCase
