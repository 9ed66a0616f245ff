"""A small day of store traffic with planted fraud: each kind is found, honest people pass."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.store_fraud import FRAUD, HONEST, OPENING, SMALL, Day, Outcome, report
from benchmarks.store_town import Town
from tests.databases import Databases


@pytest.fixture(scope="module")
def outcomes(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Outcome]]:
    with databases.lent() as url:
        folder: Path = tmp_path_factory.mktemp("town")
        town = Town(url, folder, OPENING, seed=5)
        day = Day(town, SMALL)
        day.run()
        town.database.close()
        yield day.outcomes


class TestADayOfTraffic:
    @pytest.mark.parametrize("kind", FRAUD)
    def test_has_each_kind_of_fraud_found_once_it_shows_itself(
        self, outcomes: list[Outcome], kind: str
    ):
        found = [each.is_found for each in outcomes if each.kind == kind]
        assert found.count(True) * 2 >= len(found) > 2, found

    def test_stops_less_than_one_honest_decision_in_a_hundred(self, outcomes: list[Outcome]):
        honest = [each for each in outcomes if each.kind in HONEST]
        stopped = [each for each in honest if each.is_found]
        assert len(honest) > 100
        assert len(stopped) * 100 < len(honest), "\n".join(report(outcomes))

    def test_is_found_by_the_rules_made_for_it(self, outcomes: list[Outcome]):
        codes = Counter((each.kind, code) for each in outcomes for code in each.reasons)
        assert {
            ("ring", "DEVICE_SHARED"),
            ("ring", "DEVICE_FARM"),
            ("cloned", "DEVICE_STALE_CODES"),
            ("cloned", "DEVICE_ELSEWHERE"),
            ("two cities", "DRAW_TWO_CITIES"),
            ("relayed", "DRAW_FAR_AWAY"),
            ("pushed", "STAFF_CROWDED"),
        } <= set(codes), "\n".join(report(outcomes))
