"""Figures that are bounded, at the end of each date (R-GUAR-50, 金规〔2025〕9号)."""

from decimal import Decimal

from lending.foundation import business_day
from lending.statistics import thresholds
from lending.statistics.model import Measured
from tests.assisted.brought import Assisted, assisted
from tests.loans.world import World


def measured(both: Assisted) -> dict[str, Measured]:
    with both.world.database.unit_of_work() as tx:
        thresholds.measure(tx, business_day.today(tx), loans_min=1)
        return {each.code: each for each in thresholds.newest(tx)}


class TestAFigureThatIsBounded:
    def test_is_kept_each_date_and_opens_one_ticket_while_it_is_over(self, world: World):
        both = assisted(world, trigger_days=400)
        both.lend(days_ago=140)
        both.days(1)
        found = measured(both)
        assert measured(both) == found
        over = {code for code, each in found.items() if each.is_over}
        assert over == {
            *("guarantee.balance_rate_max", "platform.concentration_rate_max"),
            "platform.bad_rate_max",
        }
        assert found["guarantee.balance_rate_max"].measured == 1
        assert found["platform.month_lent_max_fen"].partner_id == both.platform_id
        rules = world.rows("SELECT rule, subject FROM ticket ORDER BY rule")
        assert {row["rule"] for row in rules} == over
        assert len(rules) == len(over)
        days = world.rows("SELECT DISTINCT business_date FROM threshold_day")
        assert len(days) == 2

    def test_of_a_platform_says_nothing_of_few_loans(self, world: World):
        both = assisted(world)
        both.lend()
        both.days(1)
        kept = world.rows("SELECT code, measured FROM threshold_day ORDER BY code")
        assert [(row["code"], row["measured"]) for row in kept] == [
            ("guarantee.balance_rate_max", Decimal(1)),
            ("platform.month_lent_max_fen", Decimal(600_000)),
        ]
