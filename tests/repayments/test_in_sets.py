"""Recording many at once is recording one after another, to the fen and in every table."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lending.foundation import business_day, ids
from lending.foundation.database import Tx
from lending.foundation.ports import ChannelResult, ChannelState
from lending.loans.partner_terms import Basis, Commission
from lending.repayments import results, service, store
from lending.repayments.model import Repayment, RepaymentState, Source, What
from tests.batch.portfolio import Lent, fresh_world, lend
from tests.batch.test_by_set import GUARANTEE, KINDS, agreed, hear
from tests.databases import Databases
from tests.loans.world import World

MADE_ANEW = """
SELECT 'journal_entry', to_jsonb(e) - 'seq' - 'id' FROM journal_entry e
UNION ALL SELECT 'journal_line', to_jsonb(l) - 'entry_seq' - 'account_id'
    || jsonb_build_object('key', e.key, 'account', to_jsonb(a) - 'id')
    FROM journal_line l JOIN journal_entry e ON e.seq = l.entry_seq
    JOIN ledger_account a ON a.id = l.account_id
UNION ALL SELECT 'ledger_account', to_jsonb(a) - 'id' FROM ledger_account a
UNION ALL SELECT 'ledger_limit', (to_jsonb(l) - 'account_id') || (to_jsonb(a) - 'id')
    FROM ledger_limit l JOIN ledger_account a ON a.id = l.account_id
UNION ALL SELECT 'loan_event', to_jsonb(v) - 'seq' - 'entry_id' || jsonb_build_object('key', e.key,
    'place', row_number() OVER (PARTITION BY v.loan_id ORDER BY v.seq))
    FROM loan_event v LEFT JOIN journal_entry e ON e.id = v.entry_id
UNION ALL SELECT 'loan_news', to_jsonb(n) - 'seq' || jsonb_build_object(
    'place', row_number() OVER (PARTITION BY n.scenario, n.subject ORDER BY n.seq)) FROM loan_news n
UNION ALL SELECT 'share_movement', to_jsonb(m) - 'seq' || jsonb_build_object(
    'place', row_number() OVER (PARTITION BY m.loan_id ORDER BY m.seq)) FROM share_movement m
UNION ALL SELECT 'commission_movement', to_jsonb(m) - 'seq' - 'id' FROM commission_movement m
UNION ALL SELECT 'event', (to_jsonb(v) - 'id' - 'seq') #- '{data,object,id}' FROM event v
UNION ALL SELECT 'repayment', to_jsonb(r) - 'entry_id' || jsonb_build_object('key', e.key)
    FROM repayment r LEFT JOIN journal_entry e ON e.id = r.entry_id
"""
"""What bears ids that we draw or numbers that are counted, by what it is about instead."""
PLAIN = ("SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname NOT LIKE 'procrastinate%'"
    " AND NOT c.relispartition ORDER BY 1")  # fmt: skip

paid_for = st.tuples(
    st.sampled_from(list(What)),
    st.integers(1, 150_000),
    st.sampled_from([0, 0, 1, 9]),  # how many days ago the money was asked for
    st.sampled_from([ChannelState.PAID] * 4 + [ChannelState.FAILED, ChannelState.UNKNOWN]),
)
loan_drawn = st.tuples(
    agreed,
    st.integers(0, 100),  # how many days ago it began
    st.booleans(),  # whether a platform brought it
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 60_000)), max_size=3),
    paid_for,
)


def everything(tx: Tx) -> Counter[str]:
    """All rows of all tables of business, as texts."""
    rows = Counter(str(tuple(row.values())) for row in tx.all(MADE_ANEW))
    for row in tx.all(PLAIN):
        if f"'{row['relname']}'" not in MADE_ANEW:
            sql = f'SELECT to_jsonb(t) AS one FROM "{row["relname"]}" t'
            rows.update(f"{row['relname']} {each['one']}" for each in tx.all(sql))
    return rows


def after(world: World, do: Callable[[Tx], object]) -> Counter[str]:
    """Everything as it would be afterwards; it is undone."""
    with world.database.rehearsal() as tx:
        do(tx)
        return everything(tx)


def asked(tx: Tx, world: World, loan_id: str, what: What, amount_fen: int, *, ago: int = 0) -> str:
    """A debit on record, of which nothing is known yet."""
    made = Repayment(
        id=ids.new("rep"),
        loan_id=loan_id,
        source=Source.AUTO_DEBIT,
        what=what,
        until_number=0,
        channel_order_no=ids.new("co"),
        bank_card_id=world.card_id,
        amount_fen=amount_fen,
        state=RepaymentState.HELD,
        queries=0,
        code="",
        message="",
        business_date=business_day.today(tx) - timedelta(days=ago),
        created_at=tx.now,
        ended_at=None,
    )
    assert store.insert(tx, made)
    return made.id


def answer(state: ChannelState, amount_fen: int) -> ChannelResult:
    return ChannelResult(state, "co", "ref-1", "NO_FUNDS", "余额不足", amount_fen)


def brought_by(platform_id: str) -> Commission:
    return Commission(
        platform_id=platform_id,
        agreement_id="cag_1",
        basis=Basis.INTEREST,
        rate=Decimal("0.1"),
        per_loan_fen=0,
        cap_fen=10_000,
        clawback_days=90,
        clawback_rate=Decimal("0.5"),
    )


@pytest.fixture(scope="module")
def world(databases: Databases) -> Iterator[World]:
    with fresh_world(databases) as made:
        yield made


class TestRecordingASet:
    @settings(
        max_examples=15,
        deadline=None,
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(st.lists(loan_drawn, min_size=2, max_size=6))
    def test_is_recording_one_after_another(self, world: World, drawn: list[Any]):
        said: dict[str, ChannelResult] = {}
        with world.database.unit_of_work() as tx:
            today = business_day.today(tx)
            for terms, age, is_brought, history, (what, amount_fen, ago, state) in drawn:
                commission = brought_by(world.partner_id) if is_brought else None
                small = replace(
                    terms, principal_fen=terms.principal_fen // 9 + 900, commission=commission
                )
                loan_id = lend(tx, world, small, since=today - timedelta(days=age))
                for kind, fen in history:
                    hear(tx, loan_id, kind, 0, fen)
                on_record = asked(tx, world, loan_id, what, amount_fen, ago=min(ago, age))
                said[on_record] = answer(state, amount_fen)

        def one_after_another(tx: Tx) -> None:
            for repayment_id, result in said.items():
                results.record(tx, repayment_id, result)

        one_by_one = after(world, one_after_another)
        as_a_set = after(world, lambda tx: results.record_free(tx, said))
        assert as_a_set - one_by_one == one_by_one - as_a_set == Counter()

    def test_takes_every_loan_to_its_own_end(self, world: World):
        with world.database.unit_of_work() as tx:
            loans = [
                lend(tx, world, Lent(principal_fen=90_000, periods=1, guarantee=each))
                for each in (None, GUARANTEE, None)
            ]
            repaid, part, refused = (
                asked(tx, world, loan_id, what, amount_fen)
                for loan_id, what, amount_fen in zip(
                    loans,
                    [What.PAYOFF, What.PART_SHORTER, What.DUE],
                    [90_000, 30_000, 5],
                    strict=True,
                )
            )
        with world.database.unit_of_work() as tx:
            left = results.record_free(
                tx,
                {
                    repaid: answer(ChannelState.PAID, 90_000),
                    part: answer(ChannelState.PAID, 30_000),
                    refused: answer(ChannelState.FAILED, 5),
                },
            )
        assert left == []
        with world.database.unit_of_work() as tx:
            states = [service.get(tx, each).state.value for each in (repaid, part, refused)]
        assert states == ["received", "received", "failed"]
        rows = world.rows(
            "SELECT l.state, s.principal_open_fen FROM loan l LEFT JOIN loan_standing s"
            f" ON s.loan_id = l.id WHERE l.id IN ('{loans[0]}', '{loans[1]}') ORDER BY l.state"
        )
        assert rows == [
            {"state": "active", "principal_open_fen": 60_000},
            {"state": "settled", "principal_open_fen": None},
        ]


class TestALoanThatSomebodyElseHolds:
    @pytest.mark.parametrize("held", ["loan WHERE id", "loan_standing WHERE loan_id"])
    def test_is_left_and_no_other_waits_for_it(self, world: World, held: str):
        with world.database.unit_of_work() as tx:
            loans = [lend(tx, world, Lent(principal_fen=50_000)) for _ in range(2)]
            first, second = (asked(tx, world, each, What.DUE, 700) for each in loans)
        said = {each: answer(ChannelState.PAID, 700) for each in (first, second)}
        with world.database.rehearsal() as other:
            other.all(f"SELECT FROM {held} = :id FOR UPDATE", id=loans[0])
            with world.database.unit_of_work() as tx:
                assert results.record_free(tx, said) == [first]
        with world.database.unit_of_work() as tx:
            assert results.record_free(tx, said) == []
            states = [service.get(tx, each).state.value for each in (first, second)]
        assert states == ["received", "received"]


class TestOneThatCannotBeRecorded:
    def test_stays_held_and_takes_no_other_along(self, world: World):
        with world.database.unit_of_work() as tx:
            loans = [lend(tx, world, Lent(principal_fen=40_000)) for _ in range(5)]
            made = [asked(tx, world, each, What.DUE, 900) for each in loans]
            tx.run("UPDATE loan SET start_date = :on WHERE id = :id",
                   on=business_day.today(tx) + timedelta(days=1), id=loans[3])  # fmt: skip
        with pytest.raises(ExceptionGroup) as raised:
            service.send_many(world.context, made)
        assert len(raised.value.exceptions) == 1
        with world.database.unit_of_work() as tx:
            states = [service.get(tx, each).state.value for each in made]
        assert states == ["received", "received", "received", "held", "received"]
        assert len({number for _, number in world.bank.calls}) == 5
