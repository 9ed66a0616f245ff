"""The SQL of the end of day is the engine's arithmetic, to the fen, loan by loan."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import psycopg
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lending.batch import end_of_day
from lending.engine.ageing import bucket, penalty_fen
from lending.engine.errors import EventImpossible, RefundTooLarge
from lending.engine.events import (
    Claimed,
    DueDatesMoved,
    Event,
    FeeCharged,
    GoodsReturned,
    Paid,
    PaidOff,
    PartPrepaid,
    Waived,
    WrittenOff,
)
from lending.foundation import business_day, ids
from lending.foundation.database import Tx
from lending.foundation.money import ROUNDINGS, portion
from lending.loans import life, life_rules, life_store, store
from lending.loans.partner_terms import Guarantee
from tests.batch.portfolio import Lent, fresh_world, lend
from tests.databases import Databases
from tests.loans.sharing import any_shares
from tests.loans.world import World

DAYS = 33
"""Enough for a due date of every loan; what comes late in a life, loans bring with their age."""
fens = st.integers(0, 10**12)
rates = st.sampled_from([Decimal(0), Decimal("0.18"), Decimal("0.1872"), Decimal("0.15")])
THOUSANDS = (1_000, 3_000, 5_000)
"""A day of 18 % on each of them ends in half a fen."""
KINDS = ("paid", "payoff", "part", "smaller", "goods", "moved", "waived", "fee", "lost", "claimed")
ONE_DAY = timedelta(days=1)
GUARANTEE = Guarantee(
    guarantor_id="gua_1",
    agreement_id="gag_1",
    fee_period_fen=77,
    lender_fee_rate=Decimal("0.03"),
    trigger_days=10_000,
    covers_interest=True,
    covers_penalty=True,
)
"""Nobody is asked by the end of day: what a guarantor pays, it pays as it happens here."""


agreed = st.builds(
    Lent,
    principal_fen=st.integers(1_000, 900_000),
    rate_annual=st.sampled_from(
        [Decimal(0), Decimal("0.0888"), Decimal("0.1440"), Decimal("0.24")]
    ),
    periods=st.integers(1, 6),
    method=st.sampled_from(["equal-instalment", "equal-principal", "interest-only", "flat"]),
    rounding=st.sampled_from(list(ROUNDINGS)),
    period=st.sampled_from(
        [(1, "month", "30/360"), (14, "day", "act/365"), (4, "week", "act/act")]
    ),
    grace_days=st.integers(0, 5),
    penalty_rate_annual=st.sampled_from([Decimal("0.1872"), Decimal("0.24"), Decimal("0.15")]),
    prepayment_fee_rate=st.sampled_from([Decimal(0), Decimal("0.01")]),
    subsidy_fen=st.sampled_from([0, 0, 777]),
    fee_upfront_fen=st.sampled_from([0, 999]),
    shares=any_shares,
    guarantee=st.sampled_from([None, GUARANTEE]),
)
happenings = st.lists(
    st.tuples(
        st.integers(0, DAYS - 1),  # the day we hear of it
        st.integers(0, 9),  # which loan
        st.sampled_from([0, 0, 1, 8, 30]),  # how many days ago it happened
        st.sampled_from(KINDS),
        st.integers(1, 300_000),
    ),
    max_size=25,
)


def event(kind: str, on: date, amount: int) -> Event:
    made: dict[str, Event] = {
        "paid": Paid(on, amount, until=amount % 3),
        "payoff": PaidOff(on, amount * 3),
        "part": PartPrepaid(on, amount, shorter=True),
        "smaller": PartPrepaid(on, amount, shorter=False),
        "goods": GoodsReturned(on, amount // 4 + 1, refundable_fen=10**9),
        "moved": DueDatesMoved(on, on + timedelta(days=amount % 28 + 1)),
        "waived": Waived(on, penalty_fen=amount % 5, interest_fen=amount % 7),
        "fee": FeeCharged(on, amount % 900 + 1),
        "lost": WrittenOff(on),
        "claimed": Claimed(on, amount, amount % 900, amount % 30),
    }
    return made[kind]


def hear(tx: Tx, loan_id: str, kind: str, ago: int, amount: int) -> None:
    """Records an event where it is possible."""
    loan = life.locked(tx, loan_id)
    if kind == "claimed" and loan.terms.guarantee is None:
        return
    on = max(business_day.today(tx) - timedelta(days=ago), loan.start_date)
    try:
        with tx.savepoint():
            life.record(tx, loan, event(kind, on, amount), source_id=ids.new("evt"), kind="test")
    except (EventImpossible, RefundTooLarge):
        pass


def business_day_of(world: World) -> date:
    with world.database.unit_of_work() as tx:
        return business_day.today(tx)


def require_as_the_engine_says(world: World, loan_ids: list[str], day: date) -> None:
    with world.database.unit_of_work() as tx:
        standings = life_store.standings(tx, loan_ids)
        for loan_id in loan_ids:
            loan = store.loan(tx, loan_id)
            position = life.position(tx, loan, day)
            assert store.instalments_now(tx, loan_id) == list(position.rows)
            if position.is_closed:
                assert loan_id not in standings
                continue
            expected = life_rules.standing(loan, life.course(tx, loan), position)
            kept = standings[loan_id]
            assert kept == replace(expected, penalty_as_of=kept.penalty_as_of)


class TestRoundingInSql:
    @settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.tuples(fens, st.integers(0, 400), st.integers(1, 400))), rates)
    def test_is_the_engines_for_both_roundings(
        self, database_url: str, drawn: list[tuple[int, int, int]], rate: Decimal
    ):
        cases = [*drawn, *((odd, 1, 2) for odd in (1, 3, 5)), *((k, 1, 9) for k in THOUSANDS)]
        for rounding in ROUNDINGS:
            with psycopg.connect(database_url) as connection:
                found = connection.execute(
                    "SELECT fen_portion(total, part, whole, %(even)s),"
                    " fen_penalty(total * part, %(rate)s, %(even)s)"
                    " FROM unnest(%(a)s::bigint[], %(b)s::bigint[], %(c)s::bigint[])"
                    " WITH ORDINALITY AS t (total, part, whole, place) ORDER BY place",
                    {
                        "even": rounding == "half-even",
                        "rate": rate,
                        **dict(zip("abc", map(list, zip(*cases, strict=True)), strict=True)),
                    },
                ).fetchall()
            assert found == [
                (portion(*case, rounding), penalty_fen(case[0], case[1], rate, rounding))
                for case in cases
            ]


class TestTheBucketInSql:
    def test_is_the_engines_and_costs_no_call(self, database_url: str):
        days = [*range(800), 10_000]
        with psycopg.connect(database_url) as connection:
            found = connection.execute(
                "SELECT lateness_bucket(days) FROM unnest(%s::integer[])"
                " WITH ORDINALITY AS t (days, place) ORDER BY place",
                [days],
            ).fetchall()
            plan = connection.execute(
                "EXPLAIN VERBOSE SELECT lateness_bucket(days_past_due) FROM loan_standing"
            ).fetchall()
        assert [row[0] for row in found] == [bucket(each) for each in days]
        assert "lateness_bucket(" not in str(plan)


class TestTheEndOfDay:
    @settings(
        max_examples=8,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.lists(st.tuples(agreed, st.integers(0, 100)), min_size=1, max_size=5), happenings)
    def test_brings_every_loan_to_where_the_engine_brings_it(
        self,
        databases: Databases,
        loans: list[tuple[Lent, int]],
        heard_of: list[tuple[int, int, int, str, int]],
    ):
        with fresh_world(databases) as world:
            first = business_day_of(world)
            with world.database.unit_of_work() as tx:
                loan_ids = [
                    lend(tx, world, each, since=first - age * ONE_DAY) for each, age in loans
                ]
            for number in range(DAYS):
                with world.database.unit_of_work() as tx:
                    for day, which, ago, kind, amount in heard_of:
                        if day == number:
                            loan_id = loan_ids[which % len(loan_ids)]
                            hear(tx, loan_id, kind, ago, amount)
                world.clock.advance(ONE_DAY)
                assert end_of_day.run(world.context, first + number * ONE_DAY)
                if number % 9 == 0 or number == DAYS - 1:
                    require_as_the_engine_says(world, loan_ids, first + (number + 1) * ONE_DAY)
            assert world.trial_balance() == 0
