import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lending.foundation.calendar import add_months
from processes import cli

MONTHLY = {
    "advances": [{"t": 0, "amount": "5000"}],
    "payments": [{"t": k, "amount": 230} for k in range(1, 25)],
}
DATED = {
    "advances": [{"date": "1978-02-10", "amount": 6000}],
    "payments": [
        {"date": f"{1978 + (3 + k) // 12}-{(3 + k) % 12 + 1:02}-01", "amount": "200.00"}
        for k in range(36)
    ],
    "unit": "month",
    "unit_periods_per_year": 12,
}


class Cli:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.file, self.capsys = folder / "flows.json", capsys

    def rate(self, document: object, method: str) -> Decimal:
        self.file.write_text(json.dumps(document))
        assert cli.main(["apr", str(self.file), "--method", method, "--json"]) == 0
        answer = json.loads(self.capsys.readouterr().out)
        assert set(answer) == {"rate_percent"}
        assert len(answer["rate_percent"].split(".")[1]) >= 8
        return Decimal(answer["rate_percent"])

    def refusal(self, text: str, method: str = "regz") -> str:
        self.file.write_text(text)
        assert cli.main(["apr", str(self.file), "--method", method, "--json"]) == 1
        printed = self.capsys.readouterr()
        assert printed.out == ""
        return printed.err


@pytest.fixture
def cf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(tmp_path, capsys)


class TestTheMethods:
    def test_are_of_one_unit_period_or_a_year(self, cf: Cli):
        period, year = cf.rate(MONTHLY, "period-irr"), cf.rate(MONTHLY, "nominal")
        assert abs(period * 12 - year) < Decimal("1e-10")
        assert abs(cf.rate(MONTHLY, "regz") - year) < Decimal("1e-10")
        assert round(year, 2) == Decimal("9.69")

    def test_regz_counts_dates_by_appendix_j(self, cf: Cli):
        assert round(cf.rate(DATED, "regz"), 2) == Decimal("11.82")

    def test_regz_counts_the_dates_of_several_advances(self, cf: Cli):
        """The construction loan of Appendix J: 240 payments that begin eight months on."""
        months = [date(1979 + (11 + k) // 12, (11 + k) % 12 + 1, 10) for k in range(240)]
        loan = {
            "advances": [
                {"date": day, "amount": 20_000}
                for day in ("1979-04-10", "1979-06-12", "1979-09-18")
            ],
            "payments": [{"date": day.isoformat(), "amount": "612.36"} for day in months],
        }
        assert round(cf.rate(loan, "regz"), 2) == Decimal("10.25")

    def test_regz_takes_the_fraction_beside_the_whole_or_in_one_number(self, cf: Cli):
        def loan(**when: object) -> dict[str, object]:
            return {
                "advances": [{"t": 0, "amount": 400}],
                "payments": [{**when, "amount": 430}],
                "unit": "week",
                "unit_periods_per_year": 13,
            }

        apart = cf.rate(loan(t=1, f="1/4"), "regz")
        assert apart == cf.rate(loan(t=1.25), "regz") == cf.rate(loan(t="5/4"), "regz")
        assert apart != cf.rate(loan(t=1, f="1/4"), "nominal")

    @pytest.mark.parametrize(
        ("unit", "per_year"),
        [("month", 4), ("quarter", 4), ("quarter", None), ("three months", 4)],
    )
    def test_call_a_unit_period_by_any_of_its_names(self, cf: Cli, unit: str, per_year: int | None):
        """Appendix J, (c)(1)(iv): 40 quarterly payments, the first after 1 39/90 quarters."""
        loan = {
            "advances": [{"t": 0, "amount": 10_000}],
            "payments": [{"t": 1 + k, "f": "39/90", "amount": 385} for k in range(40)],
            "unit": unit,
            **({} if per_year is None else {"unit_periods_per_year": per_year}),
        }
        assert round(cf.rate(loan, "regz"), 2) == Decimal("8.97")

    @pytest.mark.parametrize(
        ("unit", "days", "amounts", "published"),
        [
            ("half-month", ("1978-02-23", "1978-03-01", 24), ("5000", "219.17"), "10.34"),
            ("quarter", ("1978-05-23", "1978-10-01", 40), ("10000", "385"), "8.97"),
        ],
    )
    def test_regz_counts_dates_in_units_of_other_lengths(
        self, cf: Cli, unit: str, days: tuple[str, str, int], amounts: tuple[str, str], published
    ):
        """Appendix J, (c)(1)(iii) and (iv), by their dates."""
        begin, count = date.fromisoformat(days[1]), days[2]
        due = [
            add_months(begin, 3 * k)
            if unit == "quarter"
            else add_months(begin, k // 2).replace(day=16 if k % 2 else 1)
            for k in range(count)
        ]
        loan = {
            "advances": [{"date": days[0], "amount": amounts[0]}],
            "payments": [{"date": day.isoformat(), "amount": amounts[1]} for day in due],
            "unit": unit,
        }
        assert round(cf.rate(loan, "regz"), 2) == Decimal(published)

    def test_takes_an_uneven_number_of_unit_periods_a_year(self, cf: Cli):
        loan = {
            "advances": [{"date": "1978-01-03", "amount": 1000}],
            "payments": [{"date": "1978-09-15", "amount": 1080}],
            "unit": "day",
            "unit_periods_per_year": "365/255",
        }
        assert round(cf.rate(loan, "regz"), 2) == Decimal("11.45")

    @pytest.mark.parametrize(
        ("payments", "published"),
        [
            ([("1.5", 1200)], "12.92"),
            ([(1, 600), (2, 600)], "13.07"),
            ([("0.25", 272), ("0.5", 272), (1, 544)], "13.19"),
        ],
    )
    def test_effective_gives_the_examples_of_the_directive(self, cf: Cli, payments, published):
        """Directive 98/7/EC, annex III, by standard years; 2008/48/EC kept the equation."""
        loan = {
            "advances": [{"t": 0, "amount": 1000}],
            "payments": [{"t": t, "amount": amount} for t, amount in payments],
        }
        assert round(cf.rate(loan, "effective"), 2) == Decimal(published)

    def test_effective_and_xirr_by_days_give_the_directives_calendar_example(self, cf: Cli):
        loan = {
            "advances": [{"date": "1994-01-01", "amount": 1000}],
            "payments": [{"date": "1995-07-01", "amount": 1200}],
        }
        assert round(cf.rate(loan, "xirr-365"), 2) == Decimal("12.96")
        assert round(cf.rate({**loan, "unit": "day"}, "effective"), 2) == Decimal("12.96")
        assert round(cf.rate(loan, "effective"), 2) == Decimal("12.92")

    def test_effective_takes_several_advances(self, cf: Cli):
        loan = {
            "advances": [{"t": 0, "amount": 500}, {"t": "0.5", "amount": 500}],
            "payments": [{"t": 1, "amount": 1075}],
        }
        grown = 1 + cf.rate(loan, "effective") / 100
        assert abs(500 * grown + 500 * grown ** Decimal("0.5") - 1075) < Decimal("1e-8")

    def test_no_cost_is_exactly_zero(self, cf: Cli):
        free = {**MONTHLY, "advances": [{"t": 0, "amount": 5520}]}
        assert all(cf.rate(free, m) == 0 for m in ("period-irr", "nominal", "effective", "regz"))

    def test_reads_large_rates_of_short_loans(self, cf: Cli):
        week = {
            "advances": [{"date": "2026-01-01", "amount": 100}],
            "payments": [{"date": "2026-01-08", "amount": 130}],
        }
        exact = (Decimal("1.3") ** (Decimal(365) / 7) - 1) * 100
        assert abs(cf.rate(week, "xirr-365") - exact) < Decimal("1e-6")


class TestTheAnswerForPeople:
    def test_names_the_method(self, cf: Cli):
        cf.file.write_text(json.dumps(MONTHLY))
        assert cli.main(["apr", str(cf.file), "--method", "nominal"]) == 0
        assert cf.capsys.readouterr().out.endswith(" % (nominal)\n")

    def test_comes_of_the_standard_input_too(self, cf: Cli, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(MONTHLY)))
        assert cli.main(["apr", "-", "--method", "nominal", "--json"]) == 0
        assert json.loads(cf.capsys.readouterr().out)["rate_percent"].startswith("9.68")


class TestWhatHasNoRate:
    @pytest.mark.parametrize("method", ["period-irr", "nominal", "effective", "regz"])
    def test_is_told(self, cf: Cli, method: str):
        below = {**MONTHLY, "advances": [{"t": 0, "amount": 5521}]}
        assert "less than the advances" in cf.refusal(json.dumps(below), method)

    def test_several_rates_are_told(self, cf: Cli):
        loan = {
            "advances": [{"t": 0, "amount": 1000}, {"t": 2, "amount": 4310}],
            "payments": [{"t": 1, "amount": 3600}, {"t": 3, "amount": 1716}],
        }
        assert "several rates" in cf.refusal(json.dumps(loan), "period-irr")


class TestAFileThatIsNotInOrder:
    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"advances": []}, "/advances"),
            ({"payments": 5}, "/payments"),
            ({"payments": [5]}, "/payments/0"),
            ({"payments": [{"t": 1}]}, "/payments/0/amount"),
            ({"payments": [{"t": 1, "amount": True}]}, "/payments/0/amount"),
            ({"payments": [{"t": 1, "amount": "-5"}]}, "/payments/0/amount"),
            ({"payments": [{"t": 1, "amount": "NaN"}]}, "/payments/0/amount"),
            ({"payments": [{"t": 1, "amount": "1e99"}]}, "/payments/0/amount"),
            ({"payments": [{"t": 1, "amount": "1_000"}]}, "/payments/0/amount"),
            ({"payments": [{"t": 1, "amount": "\uff15"}]}, "/payments/0/amount"),
            ({"payments": [{"t": "\uff11", "amount": 5}]}, "/payments/0/t"),
            ({"payments": [{"date": "20260203", "amount": 5}]}, "/payments/0/date"),
            ({"payments": [{"date": "2026-W05-6", "amount": 5}]}, "/payments/0/date"),
            ({"payments": [{"amount": 5}]}, "/payments/0 "),
            ({"payments": [{"t": 1, "date": "2026-01-01", "amount": 5}]}, "/payments/0 "),
            ({"payments": [{"t": -1, "amount": 5}]}, "/payments/0/t"),
            ({"payments": [{"t": "1/0", "amount": 5}]}, "/payments/0/t"),
            ({"payments": [{"t": 1, "f": 1, "amount": 5}]}, "/payments/0/f"),
            ({"payments": [{"date": "2026-02-30", "amount": 5}]}, "/payments/0/date"),
            ({"payments": [{"date": "2026-02-03", "f": 0, "amount": 5}]}, "/payments/0/f"),
            ({"payments": [{"t": 1, "amount": 5, "fee": 1}]}, "/payments/0/fee"),
            ({"payments": [{"date": "2026-01-01", "amount": 5}]}, "mixes dates and t"),
            ({"unit": "moon"}, "/unit"),
            ({"unit": ""}, "/unit"),
            ({"unit": 5, "unit_periods_per_year": 12}, "/unit"),
            ({"unit": "quarter", "unit_periods_per_year": 12}, "/unit_periods_per_year"),
            ({"unit_periods_per_year": 0}, "/unit_periods_per_year"),
            ({"unit_periods_per_year": None}, "/unit_periods_per_year"),
            ({"currency": "CNY"}, "/currency"),
        ],
    )
    def test_is_told_by_its_place_with_the_mend(self, cf: Cli, change: dict, place: str):
        message = cf.refusal(json.dumps({**MONTHLY, **change}))
        assert message.startswith(f"cf: {place}") or f"cf: the file {place}" in message
        assert message.rstrip().endswith(".")

    @pytest.mark.parametrize("text", ["", "{", "[]", "5", '{"advances": NaN}', "[" * 100_000])
    def test_that_is_no_document_at_all(self, cf: Cli, text: str):
        assert "the file" in cf.refusal(text)

    def test_that_says_one_thing_twice(self, cf: Cli):
        text = json.dumps(DATED)
        assert 'says "unit" twice' in cf.refusal(text.replace("{", '{"unit": "week", ', 1))

    def test_that_is_not_there(self, capsys: pytest.CaptureFixture[str], tmp_path: Path):
        assert cli.main(["apr", str(tmp_path / "none.json"), "--method", "regz"]) == 1
        assert "cannot be read" in capsys.readouterr().err

    def test_xirr_needs_dates(self, cf: Cli):
        assert "/advances/0/date" in cf.refusal(json.dumps(MONTHLY), "xirr-365")

    def test_dates_need_a_unit_that_has_a_length(self, cf: Cli):
        assert "/unit is not a unit" in cf.refusal(json.dumps({**DATED, "unit": "two-months"}))

    def test_dates_need_a_unit_period_they_can_be_counted_in(self, cf: Cli):
        odd = {**DATED, "unit_periods_per_year": 7}
        assert "/unit_periods_per_year" in cf.refusal(json.dumps(odd))
