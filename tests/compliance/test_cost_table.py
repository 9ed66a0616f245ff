from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from lending.compliance import cost_showing, cost_table, gates
from lending.compliance.errors import CostOverCap
from lending.engine.cost import cost_table as engine_cost
from lending.engine.plans import PlanInput, make_plan
from lending.foundation.database import Database
from tests.compliance.test_gates import RULES


def document(**changed: Any) -> tuple[dict[str, Any], Any]:
    facts: dict[str, Any] = {
        "principal_fen": 1_000_000,
        "rate_annual": Decimal("0.18"),
        "periods": 12,
        "method": "equal-instalment",
        "start": date(2026, 11, 23),
    }
    plan_input = PlanInput(**(facts | changed))
    cost = engine_cost(make_plan(plan_input))
    made = cost_table.document(
        cost,
        method=plan_input.method,
        lender="安心消费金融有限公司",
        penalty_rate_annual=Decimal("0.24"),
    )
    return made, cost


class TestTheDocument:
    def test_has_every_field_of_the_rule_and_can_be_shown(self, database: Database) -> None:
        made, _ = document()
        gates.require_cost_table(made)
        with database.unit_of_work() as tx:
            showing_id = cost_showing.show(tx, "app_1", made)
            kept = cost_showing.get(tx, showing_id)
        assert kept.table == made
        assert cost_showing.table_sha256(kept.table) == cost_showing.table_sha256(made)

    def test_tells_the_rate_of_the_published_example(self) -> None:
        made, _ = document()
        assert made["rate_annual_text"] == "年化利率(单利)18.00%"
        assert made["rate_annual_total"].startswith("0.1800")
        assert made["cost_total_fen"] == made["items"][0]["amount_fen"]

    def test_names_interest_and_who_collects_it_even_when_it_is_free(self) -> None:
        made, _ = document(rate_annual=Decimal(0), method="interest-free")
        gates.require_cost_table(made)
        (item,) = made["items"]
        assert (item["name"], item["rate_annual"], item["amount_fen"]) == (
            "interest",
            "0.000000",
            0,
        )
        assert item["collector"] == "安心消费金融有限公司"
        assert made["rate_annual_total"] == "0.000000"

    def test_lists_a_fee_beside_the_interest_and_adds_both(self) -> None:
        made, cost = document(fee_upfront_fen=20_000)
        assert [item["name"] for item in made["items"]] == ["interest", "instalment_fee"]
        assert made["cost_total_fen"] == cost.total_fen
        gates.require_charges_in_table(["interest", "instalment_fee", "penalty_interest"], made)
        gates.require_fee_names([item["name"] for item in made["items"]], RULES)


class TestTheGate:
    def test_reads_the_engine_s_figures(self) -> None:
        _, cost = document(fee_upfront_fen=20_000)
        notices = gates.require_cost(cost_table.rates(cost), RULES)
        assert [n.rule for n in notices] == ["R-COST-TARGET"]

    def test_stops_an_offer_whose_fees_lift_it_above_the_cap(self) -> None:
        _, cost = document(fee_upfront_fen=60_000)
        with pytest.raises(CostOverCap):
            gates.require_cost(cost_table.rates(cost), RULES)
