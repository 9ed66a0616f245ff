"""What a platform earns, as a function of a loan's totals (ASSIST-8, P18)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from cf_partner_sdk import CommissionAccrual, CommissionBasis
from cf_partner_sdk.recompute_commissions import earned_fen as earned_by_the_sdk
from cf_partner_sdk.recompute_commissions import tier_fen as tiered_by_the_sdk
from hypothesis import given, settings
from hypothesis import strategies as st

from lending.commissions import rules
from lending.commissions.errors import AgreementRefused, FeeOverCap
from lending.commissions.model import NewAgreement, ProductMonth, Tier, TierBy
from lending.compliance.model import Parameters
from lending.engine.events import Event
from lending.engine.life import begun, happen
from lending.engine.position import Claim, Course, Position
from lending.loans import partner_rules
from lending.loans.partner_terms import Basis, Commission
from tests.engine.test_loan_life import History, histories

TODAY = date(2026, 11, 30)
RULES = Parameters(TODAY, {"cooperation.fee_rate_max": "0.06"})

rates = st.integers(0, 100).map(lambda percent: Decimal(percent) / 100)
commissions = st.builds(
    Commission,
    platform_id=st.just("ptn_1"),
    agreement_id=st.just("cag_1"),
    basis=st.sampled_from(list(Basis)),
    rate=rates,
    per_loan_fen=st.integers(0, 9_000),
    cap_fen=st.integers(0, 60_000),
    clawback_days=st.integers(1, 300),
    clawback_rate=rates,
)


def positions(course: Course, events: Iterable[Event]) -> Iterable[Position]:
    """The loan at its beginning and after each event."""
    position = begun(course)
    yield position
    for event in events:
        position = happen(course, position, event)
        yield position


def earned(commission: Commission, position: Position) -> int:
    received = partner_rules.received_fen(commission, position.sums())
    bad = partner_rules.is_bad(commission, position)
    return partner_rules.earned_fen(commission, received, is_bad=bad)


class TestEarning:
    @given(histories(), commissions)
    @settings(max_examples=60)
    def test_p18_claws_back_no_more_than_was_earned_whatever_happens(
        self, history: History, commission: Commission
    ):
        course, events, _ = history
        paid_fen = clawed_fen = before = 0
        for position in positions(course, events):
            now = earned(commission, position)
            assert 0 <= now <= commission.cap_fen
            paid_fen += max(0, now - before)
            clawed_fen += max(0, before - now)
            assert clawed_fen <= paid_fen
            before = now
        assert paid_fen - clawed_fen == before

    @given(histories(), commissions)
    @settings(max_examples=40)
    def test_is_what_the_package_of_partners_computes(
        self, history: History, commission: Commission
    ):
        course, events, _ = history
        for position in positions(course, events):
            assert earned_by_the_sdk(told(commission, position)) == earned(commission, position)

    @given(histories())
    @settings(max_examples=40)
    def test_counts_nothing_that_a_guarantor_paid_or_gets_back(self, history: History):
        course, events, _ = history
        whole = Commission("ptn_1", "cag_1", Basis.PRINCIPAL, Decimal(1), 0, 10**12, 1, Decimal(0))
        fen = None
        for position in positions(course, events):
            if position.claim and position.claim.principal_fen == _open_at(position):
                fen = earned(whole, position) if fen is None else fen
                assert earned(whole, position) == fen

    def test_of_a_loan_that_goes_bad_after_the_time_is_kept(self):
        kept = Commission("p", "a", Basis.INTEREST, Decimal("0.2"), 0, 10**6, 30, Decimal(1))
        position = replace(Position(TODAY, date(2026, 9, 1), ()), written_off_on=TODAY)
        assert not partner_rules.is_bad(kept, position)
        assert partner_rules.is_bad(replace(kept, clawback_days=90), position)
        claim = Claim(TODAY, 5, 5, 0, 0, 0, 0, 0)
        claimed = Position(TODAY, date(2026, 11, 1), (), claim=claim)
        assert partner_rules.is_bad(kept, claimed)


def _open_at(position: Position) -> int:
    """Principal that was open when the guarantor paid."""
    assert position.claim is not None
    lent = sum(row.principal_fen for row in position.rows)
    return lent - position.claim.principal_before_fen


def told(commission: Commission, position: Position) -> CommissionAccrual:
    """The event that a platform would get."""
    return CommissionAccrual(
        id="com_1",
        type="accrued",
        loan_id="loan_1",
        lead_id="lead_1",
        amount_fen=0,
        received_before_fen=0,
        received_fen=partner_rules.received_fen(commission, position.sums()),
        earned_before_fen=0,
        earned_fen=0,
        is_bad=partner_rules.is_bad(commission, position),
        basis=CommissionBasis(commission.basis.value),
        rate=commission.rate,
        per_loan_fen=commission.per_loan_fen,
        cap_fen=commission.cap_fen,
        clawback_rate=commission.clawback_rate,
        business_date=TODAY,
        booked_at=None,  # type: ignore[arg-type]  no rule reads it
    )


AGREED = NewAgreement(
    platform_id="ptn_1",
    product_code="cash-standard",
    basis=Basis.INTEREST,
    rate=Decimal("0.2"),
    per_loan_fen=0,
    cap_rate=Decimal("0.05"),
    clawback_days=90,
    clawback_rate=Decimal(1),
    valid_from=TODAY,
)


class TestAnAgreement:
    def test_within_the_cap_is_made(self):
        rules.check(AGREED, RULES)

    def test_r_fee_cap_above_the_lenders_own_cap_is_refused(self):
        with pytest.raises(FeeOverCap):
            rules.check(replace(AGREED, cap_rate=Decimal("0.0601")), RULES)

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"rate": Decimal("1.01")}, "/rate"),
            ({"rate": Decimal("NaN")}, "/rate"),
            ({"rate": Decimal(0)}, "/rate"),
            ({"per_loan_fen": 5}, "/rate"),
            ({"clawback_days": 0}, "/clawback_days"),
            ({"clawback_rate": Decimal(0)}, "/clawback_days"),
            ({"basis": Basis.LOAN}, "/per_loan_fen"),
            (
                {"basis": Basis.LOAN, "per_loan_fen": 5, "clawback_rate": Decimal("0.5")},
                "/clawback_rate",
            ),
            ({"tier_by": TierBy.VOLUME}, "/tiers"),
            ({"tiers": (Tier(Decimal(0), Decimal(1)),)}, "/tiers"),
            (
                {"tier_by": TierBy.VOLUME, "tiers": (Tier(Decimal("NaN"), Decimal(1)),)},
                "/tiers",
            ),
            (
                {"tier_by": TierBy.VOLUME, "tiers": (Tier(Decimal(0), Decimal("1.1")),)},
                "/tiers",
            ),
        ],
    )
    def test_that_cannot_be_kept_names_its_field(self, changed, field):
        with pytest.raises(AgreementRefused) as refused:
            rules.check(replace(AGREED, **changed), RULES)
        assert refused.value.field == field


class TestATier:
    TIERS = (Tier(Decimal(100), Decimal("0.9")), Tier(Decimal(200), Decimal("0.8")))

    @pytest.mark.parametrize(
        ("volume_fen", "part"), [(0, "1"), (99, "1"), (100, "0.9"), (199, "0.9"), (200, "0.8")]
    )
    def test_is_the_highest_that_the_month_reaches(self, volume_fen: int, part: str):
        assert rules.part(self.TIERS, Decimal(volume_fen)) == Decimal(part)

    @given(st.integers(-9_999, 9_999_999), rates)
    def test_takes_what_the_package_of_partners_computes(self, earned_fen: int, part: Decimal):
        agreed = replace(AGREED, tier_by=TierBy.OVERDUE, tiers=(Tier(Decimal("0.02"), part),))
        month = ProductMonth("cash-standard", earned_fen, 1, overdue_fen=3, open_fen=100)
        taken = rules.tiered(agreed, month)["tier_fen"]
        assert taken == tiered_by_the_sdk(earned_fen, part)
        assert -max(0, earned_fen) <= taken <= 0
