"""What came of a channel (M4)."""

from decimal import Decimal

from lending.repayments import changes
from lending.repayments.model import What
from lending.statistics import channels as statistics
from lending.statistics.model import Channel, Earned
from tests.assisted.brought import Assisted, assisted
from tests.loans.world import World


def of(both: Assisted) -> Channel:
    with both.world.database.unit_of_work() as tx:
        (found,) = statistics.of_partner(tx, both.platform_id)
    return found


class TestAChannel:
    def test_counts_who_came_how_far_and_what_was_lent(self, world: World):
        both = assisted(world)
        both.lend()
        both.lend(days_ago=40)
        found = of(both)
        assert found.funnel.leads == found.funnel.paid == 2
        assert (found.lent_fen, found.lent_before_fen) == (600_000, 600_000)
        assert found.growth_rate == 0
        assert found.concentration_rate == 1
        assert [each.lent_fen for each in found.vintages] == [600_000, 600_000]

    def test_shows_stages_first_defaults_and_late_vintages(self, world: World):
        both = assisted(world, trigger_days=400)
        both.lend(days_ago=100)
        both.lend(days_ago=100)
        both.pay(both.lend(days_ago=70), What.DUE)
        found = of(both)
        assert [stage for stage, _ in found.quality.stages] == ["M3"]
        assert found.quality.first_default_rate == Decimal(2) / 3
        assert [each.late_rate for each in found.vintages] == [1, 0]

    def test_is_charged_with_what_it_cost_and_lost(self, world: World):
        both = assisted(world, trigger_days=400)
        both.pay(both.lend(days_ago=31), What.DUE)
        earned = of(both).money
        assert earned.income_fen > earned.commission_fen > 0
        assert earned.profit_fen == earned.income_fen - earned.commission_fen
        assert of(both).earned == Earned(earned.commission_fen, 0)
        late = both.lend(days_ago=60)
        with world.database.unit_of_work() as tx:
            changes.write_off(tx, late)
        assert of(both).money.lost_fen == 600_000

    def test_counts_claims(self, world: World):
        both = assisted(world, pool_fen=800_000)
        both.lend(days_ago=60)
        both.days(1)
        with both.world.database.unit_of_work() as tx:
            (found,) = statistics.of_partner(tx, both.platform_id)
        assert found.money.claimed_fen == both.claims()[0].paid_fen
        assert found.claim_rate > 1  # principal and interest, of what was lent
