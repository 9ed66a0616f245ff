import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from lending.engine.due_dates import due_dates
from lending.engine.errors import PlanImpossible
from lending.engine.plans import Method, PlanInput, down_payment_fen, make_plan
from processes import cli

USUAL = {
    "--principal-fen": "1000000",
    "--rate-percent": "18",
    "--periods": "6",
    "--start": "2026-01-31",
}


def run(options: dict[str, str | None]) -> int:
    given = [part for pair in (USUAL | options).items() if pair[1] is not None for part in pair]
    return cli.main(["plan", *given, "--json"])  # type: ignore[list-item]


class TestPlan:
    @pytest.mark.parametrize("method", list(Method))
    @pytest.mark.parametrize("unit", ["day", "week", "month"])
    def test_gives_the_engines_rows_for_every_method_and_unit(
        self, capsys: pytest.CaptureFixture[str], method: str, unit: str
    ):
        assert run({"--method": str(method), "--unit": unit, "--fee-period-fen": "7"}) == 0
        terms = PlanInput(
            *(1_000_000, Decimal("0.18"), 6, str(method), date(2026, 1, 31)),
            unit=unit,
            fee_period_fen=7,
        )
        assert json.loads(capsys.readouterr().out) == [
            {
                "due_date": row.due_date.isoformat(),
                "principal_fen": row.principal_fen,
                "interest_fen": row.interest_fen,
                "fee_fen": row.fee_fen,
                "balance_fen": row.balance_fen,
            }
            for row in make_plan(terms).instalments
        ]

    @pytest.mark.parametrize(
        ("options", "principals", "interests"),
        [
            (
                {"--start": "2023-12-12", "--day-count": "act/act"},
                [1633, 1646, 1663, 1672, 1687, 1699],
                [80, 67, 50, 41, 26, 14],
            ),
            (
                {"--start": "2024-01-01", "--day-count": "act/364", "--unit": "week"},
                [1659, 1662, 1665, 1668, 1671, 1675],
                [18, 15, 12, 9, 6, 3],
            ),
            (
                {
                    "--start": "2024-01-01",
                    "--day-count": "act/364",
                    "--unit": "week",
                    "--every": "2",
                    "--periods": "3",
                    "--instalment-fen": "3357",
                },
                [3321, 3333, 3346],
                [36, 24, 12],
            ),
            (
                {
                    "--start": "2024-01-01",
                    "--day-count": "act/360",
                    "--unit": "day",
                    "--every": "15",
                },
                [1650, 1657, 1664, 1670, 1677, 1682],
                [40, 33, 26, 20, 13, 7],
            ),
            (
                {"--start": "2024-01-01", "--rate-percent": "7"},
                [1643, 1652, 1662, 1672, 1681, 1690],
                [58, 49, 39, 29, 20, 10],
            ),
        ],
    )
    def test_gives_the_rows_of_another_lending_system(
        self, capsys: pytest.CaptureFixture[str], options, principals, interests
    ):
        """100.00 at 9.4822 % (the last at 7 %), as the tests of Apache Fineract expect them."""
        usual = {"--principal-fen": "10000", "--rate-percent": "9.4822", "--rounding": "half-even"}
        assert run({**usual, **options}) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [row["principal_fen"] for row in rows] == principals
        assert [row["interest_fen"] for row in rows] == interests

    def test_repays_no_principal_in_grace_periods(self, capsys: pytest.CaptureFixture[str]):
        assert run({"--grace-periods": "2"}) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [(row["principal_fen"], row["interest_fen"]) for row in rows[:2]] == [
            (0, 15_000)
        ] * 2
        assert rows[1]["balance_fen"] == 1_000_000
        assert run({"--periods": "4", "--start": "2026-03-31"}) == 0
        later = json.loads(capsys.readouterr().out)
        money = ("principal_fen", "interest_fen", "balance_fen")
        assert [[row[name] for name in money] for row in rows[2:]] == [
            [row[name] for name in money] for row in later
        ]

    def test_has_no_grace_without_parts_to_repay(self, capsys: pytest.CaptureFixture[str]):
        assert run({"--method": "bullet", "--grace-periods": "1"}) == 1
        assert "cf: --grace-periods:" in capsys.readouterr().err

    def test_lends_what_a_down_payment_leaves(self, capsys: pytest.CaptureFixture[str]):
        price = {"--principal-fen": None, "--price-fen": "99999", "--down-payment-percent": "20"}
        assert run(price) == 0
        assert sum(row["principal_fen"] for row in json.loads(capsys.readouterr().out)) == 79_999

    def test_takes_due_dates_off_holidays_and_leaves_the_interest(
        self, capsys: pytest.CaptureFixture[str]
    ):
        golden_week = {"--start": "2026-09-03", "--periods": "2", "--method": "interest-only"}
        assert run({**golden_week, "--move-due": "following"}) == 0
        moved = json.loads(capsys.readouterr().out)
        assert [row["due_date"] for row in moved] == ["2026-10-08", "2026-11-03"]
        assert {row["interest_fen"] for row in moved} == {15_000}

    @pytest.mark.parametrize(
        "more", [["--unit", "week"], ["--method", "bullet"], ["--first-due", "2026-02-15"]]
    )
    def test_tells_people_a_cost_by_days_where_periods_are_uneven(
        self, capsys: pytest.CaptureFixture[str], more: list[str]
    ):
        arguments = [part for pair in USUAL.items() for part in pair]
        assert cli.main(["plan", *arguments, *more]) == 0
        assert "compound" in capsys.readouterr().out.splitlines()[-1]

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--principal-fen", "-5"),
            ("--principal-fen", "0"),
            ("--principal-fen", "5"),
            ("--principal-fen", "9223372036854775808"),
            ("--rate-percent", "-1"),
            ("--rate-percent", "1001"),
            ("--rate-percent", "1e-99"),
            ("--periods", "0"),
            ("--periods", "-1"),
            ("--periods", "601"),
            ("--every", "0"),
            ("--first-due", "2026-01-31"),
            ("--instalment-fen", "1"),
            ("--instalment-fen", "-1"),
            ("--instalment-fen", "900000"),
            ("--fee-upfront-fen", "-1"),
            ("--fee-period-fen", "-1"),
            ("--down-payment-percent", "20"),
            ("--grace-periods", "-1"),
            ("--grace-periods", "6"),
        ],
    )
    def test_refuses_a_value_in_a_sentence_that_names_its_option(
        self, capsys: pytest.CaptureFixture[str], option: str, value: str
    ):
        assert run({option: value}) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith(f"cf: {option}: ")
        assert printed.err.rstrip().endswith(".")

    @pytest.mark.parametrize(
        ("option", "value"),
        [
            ("--rate-percent", "NaN"),
            ("--rate-percent", "Infinity"),
            ("--rate-percent", "eighteen"),
            ("--rate-percent", "1" * 40),
            ("--rate-percent", "1_8"),
            ("--rate-percent", "\uff11\uff18"),
            ("--principal-fen", "1.5"),
            ("--principal-fen", "1_000"),
            ("--principal-fen", "\uff11\uff10\uff10"),
            ("--start", "20260131"),
            ("--start", "2026-W05-6"),
            ("--start", "2026-02-30"),
            ("--start", "tomorrow"),
            ("--first-due", "31.1.2026"),
            ("--unit", "year"),
            ("--method", "magic"),
            ("--day-count", "30E/360"),
            ("--rounding", "up"),
            ("--move-due", "preceding"),
            ("--down-payment-percent", "NaN"),
        ],
    )
    def test_refuses_what_is_not_even_a_value_as_a_misuse(
        self, capsys: pytest.CaptureFixture[str], option: str, value: str
    ):
        with pytest.raises(SystemExit) as left:
            run({option: value})
        assert left.value.code == 2
        assert option in capsys.readouterr().err

    def test_says_every_default_and_what_the_rows_hold(self, capsys: pytest.CaptureFixture[str]):
        with pytest.raises(SystemExit):
            cli.main(["plan", "--help"])
        told = " ".join(capsys.readouterr().out.split())
        for default in ("month", "equal-instalment", "30/360", "half-up", "none", "0", "1"):
            assert f"(default: {default})" in told
        for name in ("due_date", "principal_fen", "interest_fen", "fee_fen", "balance_fen"):
            assert name in told

    @pytest.mark.parametrize("share", ["100", "-1"])
    def test_refuses_a_down_payment_that_leaves_nothing_or_more(
        self, capsys: pytest.CaptureFixture[str], share: str
    ):
        price = {"--principal-fen": None, "--price-fen": "1000"}
        assert run({**price, "--down-payment-percent": share}) == 1
        assert "cf: --down-payment-percent:" in capsys.readouterr().err

    def test_refuses_a_plan_that_runs_out_of_the_calendar(self, capsys: pytest.CaptureFixture[str]):
        assert run({"--start": "9999-12-01"}) == 1
        assert "cf: --periods:" in capsys.readouterr().err

    def test_refuses_a_price_too_small_by_its_own_name(self, capsys: pytest.CaptureFixture[str]):
        assert run({"--principal-fen": None, "--price-fen": "5"}) == 1
        assert "cf: --price-fen:" in capsys.readouterr().err

    def test_tells_people_the_cost_by_months_where_periods_are_even(
        self, capsys: pytest.CaptureFixture[str]
    ):
        assert cli.main(["plan", *(part for pair in USUAL.items() for part in pair)]) == 0
        last = capsys.readouterr().out.splitlines()[-1]
        assert last == "all-in cost 18.00% a year (12 r), 19.56% compound"

    def test_refuses_two_payments_on_one_day(self, capsys: pytest.CaptureFixture[str]):
        assert run({"--unit": "day", "--move-due": "following"}) == 1
        assert "cf: --move-due:" in capsys.readouterr().err


class TestWhereItIsWritten:
    """Never a trace: the reader may go (`| head`), the disk may be full, letters may be missing."""

    @pytest.fixture
    def arguments(self) -> list[str]:
        return ["plan", *(part for pair in USUAL.items() for part in pair), "--periods", "600"]

    def test_may_be_read_no_further(self, monkeypatch: pytest.MonkeyPatch, capsys, arguments):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as nobody:
            monkeypatch.setattr("sys.stdout", nobody)
            assert cli.main(arguments) == 1
        assert capsys.readouterr().err == ""

    def test_may_be_full(self, monkeypatch: pytest.MonkeyPatch, capsys, arguments):
        with Path("/dev/full").open("w") as full:
            monkeypatch.setattr("sys.stdout", full)
            assert cli.main(arguments) == 1
        assert capsys.readouterr().err.startswith("cf: No space left on device.")

    def test_may_know_no_letters_but_ascii(self, monkeypatch: pytest.MonkeyPatch, tmp_path):
        with (tmp_path / "help").open("w", encoding="ascii") as terminal:
            monkeypatch.setattr("sys.stdout", terminal)
            with pytest.raises(SystemExit) as left:
                cli.main(["plan", "--help"])
        assert left.value.code == 0
        assert "equal-instalment" in (tmp_path / "help").read_text()


class TestDueDatesOnHolidays:
    START = date(2026, 1, 3)

    def test_each_moves_by_itself(self):
        third = {date(2026, 2, 3), date(2026, 2, 4)}
        dates = due_dates(self.START, 3, holidays=third.__contains__)
        assert dates == [date(2026, 2, 5), date(2026, 3, 3), date(2026, 4, 3)]

    def test_stay_when_told_so(self):
        assert due_dates(self.START, 2, holidays=lambda _day: True, move="none") == (
            due_dates(self.START, 2)
        )

    def test_refuse_an_unknown_unit(self):
        with pytest.raises(ValueError, match="day, week or month"):
            due_dates(self.START, 2, unit="year")


class TestDownPayment:
    @pytest.mark.parametrize(
        ("price", "share", "rounding", "paid"),
        [
            (599_900, "0.2", "half-up", 119_980),
            (25, "0.1", "half-up", 3),
            (25, "0.1", "half-even", 2),
            (599_900, "0", "half-up", 0),
        ],
    )
    def test_is_rounded_as_named(self, price: int, share: str, rounding: str, paid: int):
        assert down_payment_fen(price, Decimal(share), rounding) == paid

    def test_refuses_an_unknown_rounding(self):
        with pytest.raises(PlanImpossible):
            down_payment_fen(100, Decimal("0.1"), "down")

    @pytest.mark.parametrize("share", ["1", "-0.1", "NaN"])
    def test_is_a_part_of_the_price(self, share: str):
        with pytest.raises(PlanImpossible):
            down_payment_fen(100, Decimal(share))
