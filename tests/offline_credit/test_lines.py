"""Lines as the merchant sees them in whose store they were applied for: no name, no amount."""

import asyncio
from datetime import timedelta

import pytest
from cf_partner_sdk import (
    CreditLineFrozen,
    CreditLineState,
    Guarantee,
    NotFound,
    Refused,
    RequestInvalid,
    StaffState,
)

from lending.credit_lines import securities
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import SecurityKind
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation import ids
from lending.foundation.audit import SYSTEM
from lending.foundation.database import Tx
from scenarios.offline_credit import lines, visits_store
from tests.credit_lines.lines import grant
from tests.loans.world import World
from tests.offline_credit.counter import Counter


def applied_here(tx: Tx, counter: Counter, line_id: str, staff_id: str | None = None) -> None:
    """The line was applied for in the appliance store; its customer agreed that it is told."""
    line = credit_lines.get(tx, line_id)
    visit_id = ids.new("vis")
    visits_store.insert(
        tx,
        visit_id,
        store_id=counter.shop.appliances,
        staff_id=staff_id,
        token_sha256=visit_id.encode(),
        code_made_at=tx.now,
        device={},
        outcome="inside",
    )
    visits_store.set_application(tx, visit_id, line.application_id)
    customers.give_consent(
        tx,
        line.customer_id,
        ConsentScope.SHARING,
        text_version="1",
        text_sha256="0" * 64,
        channel="store",
        subject=line.application_id,
    )


@pytest.fixture
def counter(world: World) -> Counter:
    made = Counter(world)
    with world.database.unit_of_work() as tx:
        applied_here(tx, made, made.shop.line_id)
    return made


class TestALine:
    def test_is_seen_by_the_merchant_and_by_the_tills_of_its_store(self, counter: Counter):
        line = counter.office.credit_lines.get(counter.shop.line_id)
        assert (line.state, line.guarantee) == (CreditLineState.OPEN, Guarantee.NOT_NEEDED)
        assert (line.store_no, set(line.scenes)) == ("S-1", {"appliances", "fitness"})
        assert list(counter.till().credit_lines.list(state="open")) == [line]
        assert list(counter.office.credit_lines.list(state="frozen")) == []
        assert list(counter.gym_till.credit_lines.list()) == []
        with pytest.raises(NotFound):
            counter.gym_till.credit_lines.get(line.id)

    def test_tells_neither_who_it_is_nor_how_much(self, counter: Counter, world: World):
        with world.database.unit_of_work() as tx:
            (row,), _ = lines.page(
                tx,
                world.partner_id,
                wanted={"store_id": None, "state": None},
                before=None,
                limit=1,
            )
        told = str(row)
        assert "fen" not in told
        assert "2000000" not in told
        assert world.customer_id not in told

    def test_that_was_applied_for_elsewhere_is_not_seen(self, world: World):
        counter = Counter(world)
        assert list(counter.office.credit_lines.list()) == []
        with pytest.raises(NotFound):
            counter.office.credit_lines.get(counter.shop.line_id)

    def test_is_seen_no_more_once_its_customer_agrees_no_more(self, counter: Counter, world: World):
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE consent SET withdrawn_at = :now WHERE scope = 'sharing'", now=tx.now)
            credit_lines.freeze(tx, counter.shop.line_id, because="盗用", actor=SYSTEM)
        world.work()
        with pytest.raises(NotFound):
            counter.office.credit_lines.get(counter.shop.line_id)
        with pytest.raises(NotFound):
            counter.till().credit_lines.can_pay(counter.shop.line_id, amount_fen=1)
        assert world.count("SELECT count(*) FROM event WHERE type LIKE 'credit_line%'") == 0

    def test_says_how_far_its_guarantee_is(self, counter: Counter, world: World):
        with world.database.unit_of_work() as tx:
            credit_lines.close(tx, counter.shop.line_id, actor=SYSTEM)
        line_id = grant(world, security_needed_fen=500_000, number=2)
        with world.database.unit_of_work() as tx:
            applied_here(tx, counter, line_id)
        see = counter.office.credit_lines.get
        assert see(line_id).state is CreditLineState.WAITING
        assert see(line_id).guarantee is Guarantee.TO_BE_NAMED
        assert not counter.office.credit_lines.can_pay(line_id, amount_fen=1)
        with world.database.unit_of_work() as tx:
            security = securities.offer(
                tx, world.keys, line_id, SecurityKind.PLEDGE, description="汽车", actor=SYSTEM
            )
        assert see(line_id).guarantee is Guarantee.TO_BE_REGISTERED
        with world.database.unit_of_work() as tx:
            securities.register(
                tx, security, valued_fen=500_000, registration_no="沪 1", actor=SYSTEM
            )
        assert see(line_id).guarantee is Guarantee.GIVEN
        world.work()
        told = [each.type for each in counter.office.events.list() if each.subject == line_id]
        assert told == ["credit_line.opened"]

    def test_that_is_raised_frozen_unfrozen_and_closed_is_told(
        self, counter: Counter, world: World
    ):
        line_id = counter.shop.line_id
        with world.database.unit_of_work() as tx:
            until = credit_lines.get(tx, line_id).review_due - timedelta(days=1)
        for change in (
            lambda tx: credit_lines.raise_until(
                tx, line_id, amount_fen=1_000, until=until, actor=SYSTEM
            ),
            lambda tx: credit_lines.freeze(tx, line_id, because="盗用", actor=SYSTEM),
            lambda tx: credit_lines.unfreeze(tx, line_id, actor=SYSTEM),
            lambda tx: credit_lines.close(tx, line_id, actor=SYSTEM),
        ):
            world.work(timedelta(seconds=1))
            with world.database.unit_of_work() as tx:
                change(tx)
        world.work(timedelta(seconds=1))
        told = [each for each in counter.office.events.list() if "credit_line" in each.type]
        assert [each.type.partition(".")[2] for each in reversed(told)] == [
            *("opened", "raised", "frozen", "unfrozen", "closed")
        ]
        (frozen,) = (each for each in told if isinstance(each, CreditLineFrozen))
        assert frozen.credit_line.state is CreditLineState.FROZEN
        assert "盗用" not in str(frozen.data)


class TestWhetherALineCanPay:
    def test_is_answered_three_times_a_date_and_holds_nothing(self, counter: Counter, world: World):
        ask = counter.till().credit_lines.can_pay
        line_id = counter.shop.line_id
        assert ask(line_id, amount_fen=2_000_000)
        assert not ask(line_id, amount_fen=2_000_001)
        assert ask(line_id, amount_fen=1)
        with pytest.raises(Refused) as refused:
            counter.office.credit_lines.can_pay(line_id, amount_fen=1)
        assert refused.value.code == "credit_line.asked_too_often"
        assert counter.shop.standing().held_fen == 0
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE line_question SET business_date = business_date - 1")
        assert ask(line_id, amount_fen=1)

    @pytest.mark.parametrize("amount_fen", [0, -1, 10**10])
    def test_of_no_amount_is_refused(self, counter: Counter, amount_fen: int):
        with pytest.raises(RequestInvalid):
            counter.till().credit_lines.can_pay(counter.shop.line_id, amount_fen=amount_fen)


class TestInAnEventLoop:
    def test_the_services_of_stores_are_the_same(self, counter: Counter, world: World):
        shop = counter.shop
        code = shop.code()

        async def sell() -> list[object]:
            async with counter.in_a_loop(counter.office_key) as office:
                store = await office.stores.find("S-1")
                staff = await office.stores.staff.add(store.id, staff_no="E-1", name="王小明")
                tills = [each async for each in office.stores.tills.list(store.id)]
                lines = [each async for each in office.credit_lines.list(store_id=store.id)]
                async with counter.in_a_loop(shop.keys[shop.till]) as till:
                    payment = await till.payments.create(
                        payment_no="P-1", amount_fen=300_000, store_id=store.id, code=code
                    )
                    can_pay = await till.credit_lines.can_pay(lines[0].id, amount_fen=2_000_000)
                    cancelled = await till.payments.cancel(payment.id)
                left = await office.stores.staff.end(staff.id)
                return [
                    len(tills),
                    lines[0].id,
                    payment.state,
                    can_pay,
                    cancelled.state,
                    left.state,
                ]

        told = asyncio.run(sell())
        assert told == [1, shop.line_id, "confirming", True, "cancelled", StaffState.LEFT]


class TestSomebodyWhoLeft:
    def test_helps_nobody_from_then_on_and_what_they_did_stays(
        self, counter: Counter, world: World
    ):
        store_id, office = counter.shop.appliances, counter.office
        person = office.stores.staff.add(store_id, staff_no="E-17", name="王小明")
        with world.database.unit_of_work() as tx:
            for at, visit_id in enumerate(("vis_a", "vis_b")):
                visits_store.insert(
                    tx,
                    visit_id,
                    store_id=store_id,
                    staff_id=person.id,
                    token_sha256=bytes([at]),
                    code_made_at=tx.now,
                    device={},
                    outcome="inside",
                )
            other = grant_application(tx)
            visits_store.set_application(tx, "vis_b", other)
        left = office.stores.staff.end(person.id)
        assert left.state is StaffState.LEFT
        assert office.stores.staff.end(person.id) == left
        assert list(office.stores.staff.list(store_id)) == [left]
        rows = world.rows("SELECT id, staff_id FROM store_visit WHERE id IN ('vis_a', 'vis_b')")
        assert {row["id"]: row["staff_id"] for row in rows} == {"vis_a": None, "vis_b": person.id}
        with pytest.raises(NotFound):
            office.stores.staff.end("stf_nobody")


def grant_application(tx: Tx) -> str:
    """Any application that has no visit."""
    return str(
        tx.scalar(
            "INSERT INTO application (id, partner_id, scenario, product_code, product_version,"
            " subject, amount_fen, purpose, partner_signals, is_for_line, state, created_at,"
            " changed_at) SELECT 'app_x', partner_id, scenario, product_code, product_version,"
            " 'x', 1, purpose, partner_signals, true, 'started', created_at, changed_at"
            " FROM application LIMIT 1 RETURNING id"
        )
    )
