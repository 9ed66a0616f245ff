"""X7: each partner's statement, rebuilt from its events alone, equals the statement's file."""

import io
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from cf_partner_sdk import AnswerNotUnderstood, ArgumentInvalid, Event, MovementType
from cf_partner_sdk._statement_file import prove, rows_of
from cf_partner_sdk._statement_models import Statement, StatementRow
from cf_partner_sdk.recompute import DifferenceKind, differences, rebuild
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lending.finance import statements as service
from lending.foundation.files import StoredFile
from scenarios.mall_installment import news
from tests.finance.merchants import buy, days_end, take_back
from tests.loans.world import World, shop

_shops = count(1)


def told(world: World) -> list[Event]:
    """Every event of the merchant, as it goes over the wire."""
    while news.relay(world.context):
        pass
    rows = world.rows(
        "SELECT id, type, subject, data, created_at FROM event WHERE partner_id = :id ORDER BY seq",
        id=world.partner_id,
    )
    return [
        Event.from_json(row | {"created_at": row["created_at"].isoformat(timespec="milliseconds")})
        for row in rows
    ]


def made(world: World) -> list[tuple[Statement, list[StatementRow]]]:
    """The merchant's statements with the rows of their files, proved."""
    found = []
    with world.database.unit_of_work() as tx:
        page, _ = service.page(
            tx, world.partner_id, kind=None, span=None, period=None, before=None, limit=200
        )
        for shown in page:
            row = service.of_partner(tx, world.partner_id, shown["id"])
            content = world.files.get(StoredFile(row["file_name"], row["sha256"]))
            statement, file = Statement.from_json(shown), io.BytesIO(content)
            prove(file, statement)
            file.seek(0)
            found.append((statement, list(rows_of(file))))
    return found


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), st.integers(10_000, 900_000), st.sampled_from((3, 6))),
        st.tuples(st.just("return"), st.integers(0, 9), st.integers(1, 100)),
        st.tuples(st.just("day")),
        st.tuples(st.just("pass"), st.integers(0, 3_600_000)),
    ),
    min_size=1,
    max_size=7,
)


def act(world: World, number: int, acts: list[tuple]) -> None:
    """Does what was drawn, as far as it can be done."""
    orders: list[list] = []
    for at, (name, *drawn) in enumerate(acts):
        if name == "buy":
            order_id = buy(world, f"{number}-{at}", drawn[0], drawn[1])
            orders.append([order_id, drawn[0]])
        elif name == "return" and orders:
            order = orders[drawn[0] % len(orders)]
            amount = order[1] * drawn[1] // 100
            if amount:
                order[1] -= amount
                take_back(world, order[0], amount, f"{number}-{at}")
        elif name == "day":
            days_end(world)
        elif name == "pass":
            world.clock.advance(timedelta(milliseconds=drawn[0]))


class TestAStatement:
    @settings(
        max_examples=6,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(acts=ACTS)
    def test_is_what_events_alone_tell(self, world: World, acts: list[tuple]):
        number = next(_shops)
        world.partner_id = shop(world, f"app_{number}", f"商户{number}", (f"62305{number:013d}",))
        act(world, number, [("buy", 599_900, 3), *acts])
        days_end(world)
        events = told(world)
        found = made(world)
        assert found
        for statement, rows in found:
            own = rebuild(events, start=statement.period_start, end=statement.period_end)
            assert list(own.rows) == rows
            assert list(own.sums) == list(statement.sums)
            assert own.closing_balance_fen == statement.closing_balance_fen
            assert differences(reversed(events + events), statement, rows) == []


@pytest.fixture
def month(world: World) -> tuple[list[Event], Statement, list[StatementRow]]:
    """The events of two days with a return, and the second day's statement."""
    order = buy(world, "A-1", periods=3)
    take_back(world, order, 50_000, "R-1")
    days_end(world)
    buy(world, "A-2")
    take_back(world, order, 7_000, "R-2")
    days_end(world)
    statement, rows = made(world)[0]
    return told(world), statement, rows


class TestTheDifferences:
    def test_are_told_one_by_one_and_typed(self, month):
        events, statement, rows = month
        assert differences(events, statement, rows) == []
        without = [event for event in events if event.type != "order.refunded"]
        kinds = {one.kind for one in differences(without, statement, rows)}
        assert kinds == {
            DifferenceKind.MISSING_IN_EVENTS,
            DifferenceKind.FIELD_DIFFERS,
            DifferenceKind.SUM_DIFFERS,
            DifferenceKind.BALANCE_DIFFERS,
        } - ({DifferenceKind.FIELD_DIFFERS} if len(rows) == 1 else set())

    def test_name_the_order_and_the_field(self, month):
        events, statement, rows = month
        altered = [
            replace(row, amount_fen=row.amount_fen - 1) if row.type is MovementType.FEE else row
            for row in rows
        ]
        (one,) = differences(events, statement, altered)
        assert (one.kind, one.type, one.field) == (
            DifferenceKind.FIELD_DIFFERS,
            MovementType.FEE,
            "amount_fen",
        )
        assert one.order_id == next(r.order_id for r in rows if r.type is MovementType.FEE)
        assert one.in_statement == one.in_events - 1

    def test_show_what_only_the_events_have(self, month):
        events, statement, rows = month
        (one,) = differences(events, statement, rows[:-1])
        assert one.kind is DifferenceKind.MISSING_IN_STATEMENT
        assert one.in_events == rows[-1]

    def test_of_events_that_begin_later_are_found_from_the_lenders_opening(self, month):
        events, statement, rows = month
        late = [
            event
            for event in events
            if (event.type != "statement.ready" and event.data["object"].get("order_no") == "A-2")
            or event.data["object"].get("refund_no") == "R-2"
        ]
        assert differences(late, statement, rows)
        assert differences(late, statement, rows, from_the_beginning=False) == []


class TestRebuilding:
    def test_needs_a_kind_that_events_tell_of(self, month):
        events, statement, rows = month
        with pytest.raises(ArgumentInvalid):
            differences(events, replace(statement, kind="share"), rows)

    def test_refuses_an_event_without_its_figures(self, month):
        events, statement, rows = month
        bare = [
            replace(e, data={"object": {**e.data["object"], "payout": None}})
            if e.type == "order.paid"
            else e
            for e in events
        ]
        with pytest.raises(AnswerNotUnderstood):
            differences(bare, statement, rows)
