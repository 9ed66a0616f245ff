"""Whom the router asks, as pure choices: room with each group and in all, and small lenders."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lending.compliance import gates
from lending.compliance.model import Parameters
from lending.compliance.parameters import DEFAULTS
from lending.engine.shares import WHOLE_BP
from lending.funding import rules
from lending.funding.model import (
    Candidate,
    Choice,
    Facts,
    Funder,
    FunderState,
    LicenceKind,
    Wanted,
)
from tests.funding.lenders import JWK, agreement
from tests.today import TODAY

PLENTY = 10**12
FACTS = Facts(
    amount_fen=1_000_000,
    rate_annual=Decimal("0.144"),
    cost_rate_annual=Decimal("0.20"),
    periods_max=12,
    purpose="electronics",
    region="31",
    age=30,
    score=650,
    decided_at=datetime(2026, 11, 27, tzinfo=UTC),
    decision_id="dec_1",
)
WANTED = Wanted(
    need_bp=6_000,
    slots=(6_000,),
    own_bp=4_000,
    own_bp_max=7_000,
    living_bp=(),
    passed_over=frozenset(),
    room_fen=PLENTY,
)


def candidate(
    name: str,
    *,
    kind: LicenceKind = LicenceKind.NATIONAL_BANK,
    room_fen: int = PLENTY,
    **terms: Any,
) -> Candidate:
    funder = Funder(
        id=name,
        name=name,
        licence_kind=kind,
        licence_no="B1",
        licence_regions=(),
        licence_from=TODAY,
        licence_to=TODAY + timedelta(days=3_650),
        clearing_account_id="acc_1",
        encryption_jwk=JWK,
        group_code="",
        state=FunderState.ACTIVE,
        stopped_because="",
        is_listed=True,
    )
    return Candidate(funder, agreement(name, **terms), PLENTY, PLENTY, room_fen)


def asked(choice: Choice) -> list[tuple[str, int]]:
    return [(each.funder.id, bp) for each, bp in choice.shares]


class TestRoom:
    def test_with_a_funders_group_sends_the_loan_to_the_next(self):
        cheap = candidate("cheap", room_fen=399_999, price_rate=Decimal("0.01"))
        choice = rules.choose([cheap, candidate("dear")], WANTED, FACTS, TODAY)
        assert asked(choice) == [("dear", 6_000)]
        assert choice.words[0] == "未选 cheap:与其及关联方的联合贷余额仅余 3,999.99 元"

    def test_with_a_group_bounds_our_share_where_it_may_grow(self):
        small = candidate("small", share_max_bp=4_000, room_fen=500_000)
        assert asked(rules.choose([small], WANTED, FACTS, TODAY)) == []
        ample = replace(small, room_fen=600_000)
        choice = rules.choose([ample], WANTED, FACTS, TODAY)
        assert (choice.own_bp, asked(choice)) == (6_000, [("small", 4_000)])

    def test_in_all_asks_nobody_when_it_is_used_up(self):
        full = replace(WANTED, room_fen=399_999)
        choice = rules.choose([candidate("one")], full, FACTS, TODAY)
        assert (asked(choice), choice.is_complete) == ([], False)
        assert choice.words[0] == "联合贷限额仅余 3,999.99 元,自有份额需 4,000.00 元"

    def test_to_the_last_fen_is_room(self):
        exact = replace(WANTED, room_fen=400_000)
        choice = rules.choose([candidate("one", room_fen=400_000)], exact, FACTS, TODAY)
        assert asked(choice) == [("one", 6_000)]


class TestASmallLoanCompany:
    def test_is_not_asked_for_a_loan_that_may_cost_more_than_its_rule_lets(self):
        micro = candidate("micro", kind=LicenceKind.MICROLENDER)
        for rate_max, expected in ((Decimal("0.1999"), []), (Decimal("0.20"), [("micro", 6_000)])):
            choice = rules.choose([micro], WANTED, FACTS, TODAY, micro_rate_max=rate_max)
            assert asked(choice) == expected

    def test_keeps_four_times_the_lpr_from_the_end_of_2027(self):
        assert gates.microlender_rate_max(on(date(2027, 12, 30))) == Decimal("0.24")
        assert gates.microlender_rate_max(on(date(2027, 12, 31))) == Decimal("0.12")


def on(day: date) -> Parameters:
    """The seeded values of a day."""
    in_force = {
        each.code: each.value
        for each in DEFAULTS
        if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to)
    }
    return Parameters(day, in_force)


class TestIncome:
    def test_goes_by_share_where_nothing_else_is_agreed(self):
        assert rules.income_weights(4_000, [(6_000, Decimal(1))]) == (None, None)

    @given(
        st.sampled_from([(4_000, (6_000,)), (3_000, (3_500, 3_500)), (3_334, (3_333, 3_333))]),
        st.lists(st.decimals("0", rules.INCOME_RATE_MAX, places=4), min_size=2, max_size=2),
    )
    def test_that_funders_leave_is_ours_and_all_of_it_is_somebodys(
        self, lenders: tuple[int, tuple[int, ...]], rates: list[Decimal]
    ):
        own_bp, others = lenders
        weights = rules.income_weights(own_bp, list(zip(others, rates, strict=False)))
        if weights[0] is not None:
            assert sum(weights) == WHOLE_BP
            assert min(weights) >= 0
