import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.risk import decision_tables
from lending.risk.decision_tables import SPECS, DecisionTable, TableSpec
from lending.risk.errors import RuleInputMissing, RuleTableBroken
from lending.risk.features import CATALOGUE, Kind
from lending.risk.rules import TABLES

SPEC = {spec.name: spec for spec in SPECS}


def content_of(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((TABLES / f"{name}.json").read_text())
    return content


def table_in(content: dict[str, Any]) -> dict[str, Any]:
    (node,) = [n for n in content["nodes"] if n["type"] == "decisionTableNode"]
    found: dict[str, Any] = node["content"]
    return found


Load = Callable[[str, dict[str, Any]], DecisionTable]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def run(name: str, content: dict[str, Any]) -> DecisionTable:
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(content))
        return decision_tables.load(file, SPEC[name])

    return run


class TestThePublishedTables:
    @pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
    def test_load(self, spec: TableSpec) -> None:
        table = decision_tables.load(TABLES / f"{spec.name}.json", spec)
        assert table.version.startswith(f"{spec.name} sha256:")
        assert set(table.inputs) <= set(CATALOGUE)

    def test_every_row_of_the_filters_can_be_hit(self) -> None:
        for name in ("own_filters", "bureau_filters"):
            table = decision_tables.load(TABLES / f"{name}.json", SPEC[name])
            blank = {c: _any_value(c) for c in table.inputs}
            for number, row in enumerate(table_in(table.content)["rules"], start=1):
                values = dict(blank)
                for column in table.inputs:
                    cell = decision_tables._read(row[column], CATALOGUE[column][0])
                    assert cell is not None
                    if cell.counters:
                        values[column] = cell.example
                assert number in {hit.row for hit in table.ask(values)}


def _any_value(name: str) -> Any:
    return {Kind.WHOLE: 30, Kind.TRUTH: False, Kind.WORD: "x"}[CATALOGUE[name][0]]


class TestABrokenTable:
    @pytest.mark.parametrize(
        "cell",
        [
            ">= 600 foo(", "six", ">", "=> 600", "[9..5]", "(5..6)", "[1..", "5..9", "-", "1_000",
            "6.5", ">= 1e3", "５", ">= score", "true", '"600"', "!= 5", "not(5)", "> 1 and < 5",
            "5, 6", "null", None, 600, True, ["> 5"],
        ],
    )  # fmt: skip
    def test_is_refused_for_a_cell_that_is_no_number(self, load: Load, cell: Any) -> None:
        content = content_of("grade")
        table_in(content)["rules"][1]["score"] = cell
        with pytest.raises(RuleTableBroken, match=r"grade\.json row 2, score"):
            load("grade", content)

    @pytest.mark.parametrize("cell", ["True", "yes", "1", '"true"', "false, true", "> 0"])
    def test_is_refused_for_a_cell_that_is_no_truth(self, load: Load, cell: str) -> None:
        content = content_of("own_filters")
        table_in(content)["rules"][0]["blacklist_identity"] = cell
        with pytest.raises(RuleTableBroken, match="row 1, blacklist_identity"):
            load("own_filters", content)

    @pytest.mark.parametrize("cell", ["A", "'A'", '"A', '"A" "B"', '"A",', "5", "true", '"A\\"'])
    def test_is_refused_for_a_cell_that_is_no_word(self, load: Load, cell: str) -> None:
        content = content_of("offer")
        table_in(content)["rules"][0]["grade"] = cell
        with pytest.raises(RuleTableBroken, match="row 1, grade"):
            load("offer", content)

    @pytest.mark.parametrize(
        ("column", "cell"),
        [
            ("outcome", '"approved"'),
            ("outcome", "approve"),
            ("outcome", ""),
            ("outcome", None),
            ("reason", '"NO_SUCH_REASON"'),
            ("limit_fen", "100000.5"),
            ("limit_fen", '"100000"'),
            ("limit_fen", "-1"),
            ("limit_fen", "1e6"),
            ("limit_fen", "true"),
            ("periods_max", "amount_fen / 100"),
        ],
    )
    def test_is_refused_for_what_it_says(self, load: Load, column: str, cell: Any) -> None:
        content = content_of("offer")
        table_in(content)["rules"][2][column] = cell
        with pytest.raises(RuleTableBroken, match=f"row 3, {column}"):
            load("offer", content)

    def test_is_refused_when_a_filter_would_approve(self, load: Load) -> None:
        content = content_of("bureau_filters")
        table_in(content)["rules"][0]["outcome"] = '"approve"'
        with pytest.raises(RuleTableBroken):
            load("bureau_filters", content)

    def test_is_refused_for_a_feature_that_does_not_exist(self, load: Load) -> None:
        content = content_of("grade")
        table_in(content)["inputs"][0]["field"] = "scroe"
        with pytest.raises(RuleTableBroken, match="scroe"):
            load("grade", content)

    @pytest.mark.parametrize("name", ["partner.score", "partner.approved"])
    def test_is_refused_when_it_reads_what_a_partner_says(self, load: Load, name: str) -> None:
        content = content_of("grade")
        table_in(content)["inputs"][0]["field"] = name
        with pytest.raises(RuleTableBroken, match="no feature"):
            load("grade", content)

    def test_is_refused_for_a_misspelt_column_in_a_row(self, load: Load) -> None:
        content = content_of("grade")
        table_in(content)["rules"][1]["scor"] = ">= 700"
        with pytest.raises(RuleTableBroken, match="scor"):
            load("grade", content)

    def test_is_refused_for_a_cell_that_is_left_out(self, load: Load) -> None:
        content = content_of("grade")
        del table_in(content)["rules"][1]["score"]
        with pytest.raises(RuleTableBroken, match="row 2, score"):
            load("grade", content)

    def test_is_refused_without_a_last_row_that_fits_everything(self, load: Load) -> None:
        content = content_of("grade")
        table_in(content)["rules"].pop()
        with pytest.raises(RuleTableBroken, match="last row"):
            load("grade", content)

    def test_is_refused_with_rows_that_nothing_reaches(self, load: Load) -> None:
        content = content_of("grade")
        rows = table_in(content)["rules"]
        rows.insert(0, rows[-1])
        with pytest.raises(RuleTableBroken, match="last row"):
            load("grade", content)

    def test_is_refused_for_a_filter_without_a_condition(self, load: Load) -> None:
        content = content_of("bureau_filters")
        row = table_in(content)["rules"][0]
        table_in(content)["rules"][0] = row | {"overdue_now": ""}
        with pytest.raises(RuleTableBroken, match="without a condition"):
            load("bureau_filters", content)

    @pytest.mark.parametrize(
        "change",
        [
            lambda c: table_in(c).update(hitPolicy="collect"),
            lambda c: table_in(c).update(rules=[]),
            lambda c: table_in(c).update(inputs=[]),
            lambda c: table_in(c)["outputs"].pop(),
            lambda c: table_in(c)["inputs"].append(table_in(c)["inputs"][0]),
            lambda c: table_in(c)["inputs"].append(
                {"id": "again", "name": "again", "field": "score"}
            ),
            lambda c: c["nodes"].pop(),
            lambda c: c.pop("nodes"),
        ],
    )
    def test_is_refused_for_its_shape(
        self, load: Load, change: Callable[[dict[str, Any]], Any]
    ) -> None:
        content = content_of("grade")
        change(content)
        with pytest.raises(RuleTableBroken, match=r"grade\.json"):
            load("grade", content)

    def test_is_refused_when_it_is_no_json(self, tmp_path: Path) -> None:
        file = tmp_path / "grade.json"
        file.write_text("{")
        with pytest.raises(RuleTableBroken, match=r"grade\.json"):
            decision_tables.load(file, SPEC["grade"])


class TestAsking:
    @pytest.mark.parametrize(
        "values",
        [
            {},
            {"score": 600},
            {"score": None, "bureau_score_percent": 80},
            {"score": "600", "bureau_score_percent": 80},
            {"score": 600.0, "bureau_score_percent": 80},
            {"score": True, "bureau_score_percent": 80},
        ],
    )
    def test_with_a_missing_input_or_another_type_fails(self, values: dict[str, Any]) -> None:
        table = decision_tables.load(TABLES / "grade.json", SPEC["grade"])
        with pytest.raises(RuleInputMissing, match="grade asks for"):
            table.ask(values)

    @given(score=st.integers(0, 1000), percent=st.integers(-1, 100))
    def test_grades_as_the_rows_read(self, score: int, percent: int) -> None:
        table = GRADE
        bounds = (
            ("A", 590, 70),
            ("B", 570, 55),
            ("C", 545, 40),
            ("C", 480, 80),
            ("D", 510, 25),
            ("D", 480, 60),
        )
        expected = next((g for g, s, p in bounds if score >= s and percent >= p), "E")
        (hit,) = table.ask({"score": score, "bureau_score_percent": percent})
        assert hit.says["grade"] == ("T" if percent < 0 else expected)

    @given(low=st.integers(-(10**12), 10**12), span=st.integers(0, 50), value=st.integers())
    def test_reads_ranges_as_the_engine_does(self, low: int, span: int, value: int) -> None:
        near = low + value % 60 - 5
        cells = {
            f"[{low}..{low + span}]": low <= near <= low + span,
            f"[{low}..{low + span + 1})": low <= near < low + span + 1,
            f"({low}..{low + span + 1}]": low < near <= low + span + 1,
            f">= {low}": near >= low,
            f"< {low}": near < low,
            f"> {low}": near > low,
            f"<= {low}": near <= low,
            f"{low}": near == low,
        }
        for text, fits in cells.items():
            cell = decision_tables._read(text, Kind.WHOLE)
            assert cell is not None
            alone = decision_tables._compile("first", {"c": "score"}, [{"c": text}], [{"c": cell}])
            assert bool(alone.evaluate({"score": near})["result"]) is fits

    def test_takes_several_words_in_one_cell(self, tmp_path: Path) -> None:
        content = content_of("offer")
        table_in(content)["rules"][0]["grade"] = '"A", "B"'
        file = tmp_path / "offer.json"
        file.write_text(json.dumps(content))
        table = decision_tables.load(file, SPEC["offer"])
        for grade, limit in (("A", 10_000_000), ("B", 10_000_000), ("C", 2_000_000)):
            (hit,) = table.ask({"grade": grade, "loans_settled": 0})
            assert hit.says["limit_fen"] == limit


GRADE = decision_tables.load(TABLES / "grade.json", SPEC["grade"])
