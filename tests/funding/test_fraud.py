"""JOINT-7: a borrower who is held for a fraud, and what the funders of the loans hear."""

import pytest

from lending.customers import blacklist
from lending.customers import service as customers
from lending.foundation.audit import SYSTEM
from lending.funding.model import RequestState, TransferState
from lending.loans import fraud
from lending.loans.errors import NotFlagged
from lending.loans.fraud import FraudKind
from tests.funding.lenders import TO_TWO, Lenders, joint
from tests.loans.world import World


@pytest.fixture
def lenders(world: World) -> Lenders:
    joint(world, TO_TWO)
    return Lenders(world, 2)


def flag(world: World, because: str = "冒名") -> None:
    with world.database.unit_of_work() as tx:
        fraud.flag(
            tx, world.keys, world.customer_id, FraudKind.IDENTITY, because=because, actor=SYSTEM
        )


def told(world: World) -> list[dict[str, str]]:
    """What every funder of the borrower is to hear of it, the oldest first."""
    rows = world.rows("SELECT detail FROM funding_news WHERE kind = 'fraud_flagged' ORDER BY seq")
    return [row["detail"] for row in rows]


def listed(world: World) -> set[str]:
    with world.database.unit_of_work() as tx:
        person = customers.profile(tx, world.keys, world.customer_id)
        values = {"identity_no": person.identity_no, "mobile": person.mobile}
        return blacklist.listed(
            tx, {kind: world.keys.index(value, of=kind) for kind, value in values.items()}
        )


def turned_away(world: World) -> None:
    """The anti-fraud rules decline the borrower's next order."""
    with world.database.unit_of_work() as tx:
        mobile = customers.profile(tx, world.keys, world.customer_id).mobile
        blacklist.add(tx, world.keys, "mobile", mobile, reason="farm", source="test")
    world.submit(world.order("A-2"))
    world.work()


class TestAFlag:
    def test_is_told_to_each_living_funder_once(self, world: World, lenders: Lenders):
        lenders.agreed()
        flag(world)
        flag(world, "again")
        assert [one["state"] for one in told(world)] == ["flagged", "flagged"]
        assert listed(world) == {"identity_no", "mobile"}

    def test_that_is_lifted_is_told_and_off_the_blacklist(self, world: World, lenders: Lenders):
        lenders.applied()
        flag(world)
        with world.database.unit_of_work() as tx:
            assert fraud.lift(tx, world.customer_id, SYSTEM).kind is FraudKind.IDENTITY
        assert [one["state"] for one in told(world)] == ["flagged"] * 2 + ["lifted"] * 2
        assert listed(world) == set()
        with pytest.raises(NotFlagged), world.database.unit_of_work() as tx:
            fraud.lift(tx, world.customer_id, SYSTEM)

    def test_gives_funders_back_their_quota_and_money_of_what_is_not_paid_out(
        self, world: World, lenders: Lenders
    ):
        order_id = lenders.agreed()
        world.sign(order_id)
        world.work()
        one, _ = lenders.living()
        sent = lenders.pay(one)
        lenders.look()
        flag(world)
        world.work()
        assert world.state(order_id) == "cancelled"
        assert lenders.transfer(sent).state is TransferState.RETURNED
        assert (lenders.living(), lenders.held_fen()) == ([], 0)
        heard = lenders.news()
        assert heard[-5:-3] == ["fraud_flagged"] * 2
        assert sorted(heard[-3:]) == ["money_returned", "withdrawn", "withdrawn"]
        world.require_books_agree()
        with world.database.unit_of_work() as tx:
            fraud.lift(tx, world.customer_id, SYSTEM)
        assert [one["state"] for one in told(world)] == ["flagged"] * 2 + ["lifted"] * 2

    def test_ends_the_search_for_lenders(self, world: World, lenders: Lenders):
        order_id = lenders.applied()
        flag(world)
        world.work()
        assert world.state(order_id) == "cancelled"
        assert lenders.request().state is RequestState.WITHDRAWN

    def test_takes_the_place_of_one_that_the_rules_put_which_stops_no_payout(
        self, world: World, lenders: Lenders
    ):
        order_id = lenders.agreed()
        turned_away(world)
        assert world.state(order_id) == "approved"
        flag(world)
        world.work()
        assert world.state(order_id) == "cancelled"
        assert [one["kind"] for one in told(world)] == ["filter"] * 2 + ["identity"] * 2
        assert len({one["flag_id"] for one in told(world)}) == 1

    def test_is_put_by_the_rules_when_they_turn_a_later_application_away(
        self, world: World, lenders: Lenders
    ):
        lenders.agreed()
        turned_away(world)
        assert [one["kind"] for one in told(world)] == ["filter", "filter"]
        with world.database.unit_of_work() as tx:
            found = fraud.standing(tx, world.customer_id)
        assert found is not None
        assert found.because == "BLACKLIST_MOBILE"

    def test_of_somebody_without_a_funder_is_not_put_by_the_rules(self, world: World):
        turned_away(world)
        with world.database.unit_of_work() as tx:
            assert fraud.standing(tx, world.customer_id) is None
