import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.risk.errors import CardBroken, RuleInputMissing
from lending.risk.model import BureauFacts
from lending.risk.reasons import CODES, reason
from lending.risk.score_card import card, mapping

SOMEBODY = {
    "age_years": 36,
    "duration_months": 12,
    "credit_history": "running_and_paid_duly",
    "other_plans": "none",
}


class TestScoring:
    def test_is_the_base_and_the_points_of_each_characteristic(self) -> None:
        loaded = card.load()
        scored = loaded.score(SOMEBODY)
        assert scored.score == loaded.base_points + sum(scored.points.values())
        assert set(scored.points) == set(SOMEBODY)

    @pytest.mark.parametrize("name", list(SOMEBODY))
    @pytest.mark.parametrize("value", [None, "unheard of", 12.0, True])
    def test_without_a_value_or_with_another_type_fails(self, name: str, value: Any) -> None:
        with pytest.raises(RuleInputMissing, match=name):
            card.load().score({**SOMEBODY, name: value})

    def test_with_a_characteristic_left_out_fails(self) -> None:
        with pytest.raises(RuleInputMissing):
            card.load().score({"age_years": 36})

    @given(shorter=st.integers(1, 60), longer=st.integers(1, 60))
    def test_never_gives_more_for_a_longer_term(self, shorter: int, longer: int) -> None:
        shorter, longer = sorted((shorter, longer))
        loaded = card.load()
        assert (
            loaded.score({**SOMEBODY, "duration_months": shorter}).score
            >= loaded.score({**SOMEBODY, "duration_months": longer}).score
        )

    def test_gives_more_the_better_earlier_credits_were_paid(self) -> None:
        order = (
            "delay_in_the_past",
            "none_taken_or_all_repaid",
            "running_and_paid_duly",
            "all_here_repaid",
        )
        scores = [card.load().score({**SOMEBODY, "credit_history": h}).score for h in order]
        assert scores == sorted(scores)

    @given(age=st.integers(-5, 200), term=st.integers(-5, 400))
    def test_has_an_answer_at_every_number(self, age: int, term: int) -> None:
        scored = card.load().score({**SOMEBODY, "age_years": age, "duration_months": term})
        assert 300 < scored.score < 800


class TestTheCard:
    def test_tells_where_it_came_from_and_how_good_it_is_there(self) -> None:
        content = card.load().content
        assert content["data"]["rows"] == 1000
        assert content["quality"]["held_out"]["rows"] == 300
        assert 0.6 < content["quality"]["held_out"]["auc"] < 0.8
        assert content["quality"]["held_out"]["ks"] > 0.2

    def test_gives_points_by_the_weight_of_evidence(self) -> None:
        for characteristic in card.load().content["characteristics"]:
            assert characteristic["coefficient"] > 0
            for each in characteristic["bins"]:
                assert (each["points"] > 0) == (each["woe"] > 0) or abs(each["points"]) <= 1

    @pytest.mark.parametrize(
        "change",
        [
            lambda c: c.pop("base_points"),
            lambda c: c.update(base_points=570.5),
            lambda c: c.update(characteristics=[]),
            lambda c: c["characteristics"][0]["bins"][0].update(points="7"),
            lambda c: c["characteristics"][0]["bins"][0].pop("words"),
            lambda c: c["characteristics"][1]["bins"][-1].update(up_to=72),
            lambda c: c["characteristics"][1]["bins"].reverse(),
            lambda c: c["characteristics"][1].update(kind="date"),
        ],
    )
    def test_is_refused_when_it_was_broken(self, tmp_path: Path, change: Any) -> None:
        content = json.loads(card.FILE.read_text())
        change(content)
        file = tmp_path / "card.json"
        file.write_text(json.dumps(content))
        with pytest.raises(CardBroken, match=r"card\.json"):
            card.load(file)


def report(**changed: int) -> BureauFacts:
    facts: dict[str, Any] = {
        "source": "bureau_a",
        "score_percent": 80,
        "accounts_open": 0,
        "overdue_now": 0,
        "overdue_24m": 0,
        "inquiries_3m": 0,
        "platforms_open": 0,
        "debt_total_fen": 0,
        "months_on_file": 12,
    }
    return BureauFacts(**(facts | changed))


class TestMapping:
    @pytest.mark.parametrize(
        ("reports", "loans_settled", "level"),
        [
            ([report()], 0, "none_taken_or_all_repaid"),
            ([report(accounts_open=1)], 0, "running_and_paid_duly"),
            ([report(accounts_open=1)], 1, "all_here_repaid"),
            ([report(), report(overdue_24m=1)], 1, "delay_in_the_past"),
            ([report(overdue_24m=1), report(overdue_now=1)], 1, "critical_or_elsewhere"),
        ],
    )
    def test_takes_the_worst_that_is_reported(
        self, reports: list[BureauFacts], loans_settled: int, level: str
    ) -> None:
        assert mapping.credit_history(reports, loans_settled=loans_settled) == level

    def test_every_level_is_one_that_the_card_knows(self) -> None:
        known = {
            word
            for characteristic in card.load().characteristics
            for each in characteristic.bins
            for word in each.words
        }
        levels = {
            mapping.credit_history([report(**{name: 1})], loans_settled=settled)
            for name in ("accounts_open", "overdue_now", "overdue_24m", "inquiries_3m")
            for settled in (0, 1)
        }
        plans = {mapping.other_plans([report(platforms_open=n)]) for n in (0, 3)}
        assert levels | plans <= known


class TestReasons:
    def test_each_is_told_in_both_languages(self) -> None:
        for code in CODES:
            found = reason(code)
            assert found.text.isascii()
            assert any("一" <= c <= "鿿" for c in found.text_zh)
