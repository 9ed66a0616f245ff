"""X7 for stores: payments, later parts, stops and refunds, rebuilt from events alone."""

from itertools import count

from cf_partner_sdk import MovementType
from cf_partner_sdk.recompute import differences, rebuild
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lending.finance.statement_store import MERCHANT_TYPES
from lending.foundation.audit import SYSTEM
from lending.foundation.errors import Problem
from scenarios.offline_credit import news, servicing
from tests.finance.merchants import days_end
from tests.finance.test_rebuilding import made, told
from tests.loans.world import World
from tests.offline_credit.shop import Shop

_numbers = count(1)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(10_000, 90_000), st.sampled_from((None, 2, 3))),
        st.tuples(st.just("refund"), st.integers(0, 9), st.integers(1, 100)),
        st.tuples(st.just("confirm"), st.integers(0, 9), st.integers(2, 3)),
        st.tuples(st.just("stop"), st.integers(0, 9)),
        st.tuples(st.just("days"), st.sampled_from((1, 31))),
    ),
    min_size=1,
    max_size=6,
)
LINE_FEN = 20_000_000
"""Every example draws on one customer's line: more than all of them together can spend."""


def pay(shop: Shop, amount_fen: int, parts: int | None) -> str:
    at_gym = {"till": shop.gym_till, "store_id": shop.gym, "release_parts": parts}
    return shop.paid(
        amount_fen, periods=3, payment_no=f"P-{next(_numbers)}", **(at_gym if parts else {})
    ).id


def act(shop: Shop, payments: list[str], name: str, *drawn) -> None:
    """Does what was drawn, as far as the rules let it be done."""
    world = shop.world
    if name == "pay":
        payments.append(pay(shop, *drawn))
    elif name == "days":
        days_end(world, drawn[0])
    elif payments:
        chosen = payments[drawn[0] % len(payments)]
        payment = shop.payment(chosen)
        try:
            with world.database.unit_of_work() as tx:
                if name == "refund":
                    amount = payment.amount_fen * drawn[1] // 300
                    wanted = servicing.RefundPayment(f"R-{next(_numbers)}", chosen, amount)
                    servicing.refund(tx, world.partner_id, wanted)
                elif name == "confirm":
                    servicing.confirm_service(tx, world.partner_id, chosen, drawn[1])
                else:
                    servicing.stop_service(tx, payment, because="顾客搬家", actor=SYSTEM)
        except Problem:
            pass
    world.work()


def require_told(world: World) -> set[MovementType]:
    """Every statement is what the events alone tell; which types there were."""
    while news.relay(world.context):
        pass
    events, seen = told(world), set[MovementType]()
    for statement, rows in made(world):
        own = rebuild(events, start=statement.period_start, end=statement.period_end)
        assert list(own.rows) == rows
        assert list(own.sums) == list(statement.sums)
        assert own.closing_balance_fen == statement.closing_balance_fen
        assert differences(reversed(events + events), statement, rows) == []
        for of_store in statement.store_sums:
            of_type = [
                row.amount_fen
                for row in rows
                if (row.store_no, row.type) == (of_store.store_no, of_store.type)
            ]
            assert (of_store.rows, of_store.amount_fen) == (len(of_type), sum(of_type))
        assert sum(each.rows for each in statement.store_sums) == len(rows)
        seen |= {row.type for row in rows}
    return seen


class TestAStatementOfStores:
    def test_lists_parts_stops_and_refunds_by_store(self, world: World):
        shop = Shop(world)
        payments: list[str] = []
        for each in (
            ("pay", 90_000, 3),
            ("pay", 60_000, None),
            ("confirm", 0, 2),
            ("refund", 1, 100),
            ("days", 31),
            ("stop", 0),
            ("days", 1),
        ):
            act(shop, payments, *each)
        assert require_told(world) == {MovementType(each) for each in MERCHANT_TYPES} - {
            MovementType.ADJUSTMENT
        }
        rows = [row for _, of in made(world) for row in of]
        assert {row.store_no for row in rows} == {"S-1", "S-2"}
        assert {row.till_no for row in rows} == {"T-1"}
        assert {row.release_part for row in rows} == {None, 2}

    def test_tells_what_was_paid_and_stopped_in_one_instant_apart(self, world: World):
        shop = Shop(world)
        payments: list[str] = []
        for each in (("pay", 50_000, 2), ("stop", 0), ("days", 1)):
            act(shop, payments, *each)
        assert MovementType.SERVICE_STOPPED in require_told(world)
        ((_, rows),) = made(world)
        kept = [row.amount_fen for row in rows if row.type is MovementType.RETAINED]
        assert kept == [-25_000, 25_000]
        assert len({row.booked_at for row in rows}) == 1

    @settings(
        max_examples=4,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(acts=ACTS)
    def test_is_what_events_alone_tell(self, world: World, acts: list[tuple]):
        shop = getattr(world, "shop", None) or Shop(world, limit_fen=LINE_FEN)
        world.shop = shop  # type: ignore[attr-defined]
        payments: list[str] = []
        for each in (("pay", 50_000, 2), *acts, ("days", 1)):
            act(shop, payments, *each)
        require_told(world)
