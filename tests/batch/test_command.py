import argparse
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest

from lending.batch.steps import END_OF_DAY
from lending.foundation import business_day
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from processes import batch_commands
from tests.today import TODAY

Run = Callable[..., int]


@pytest.fixture
def cf(context: Context) -> Run:
    """Runs a command as `cf` does."""

    def run(*words: str) -> int:
        parser = argparse.ArgumentParser()
        batch_commands.add_commands(parser.add_subparsers())
        args = parser.parse_args(words)
        return int(args.func(SimpleNamespace(**vars(args), context=lambda: context)))

    return run


class TestEod:
    def test_tells_each_date_it_closed_and_how_far_each_step_is(
        self, cf: Run, clock: FixedClock, capsys: pytest.CaptureFixture[str]
    ):
        clock.advance(timedelta(days=2))
        assert cf("eod", "--progress") == 0
        out = capsys.readouterr().out
        for day in (TODAY, TODAY + timedelta(days=1)):
            assert f"closed {day}: fall_due" in out
            for step in END_OF_DAY:
                assert step.by_loan or f"{day} {step.name:10} [" in out
        assert cf("eod") == 0
        assert capsys.readouterr().out == "no business date is over\n"

    def test_rehearses_the_open_date_and_says_which_it_is(
        self, cf: Run, context: Context, capsys: pytest.CaptureFixture[str]
    ):
        assert cf("eod", "--dry-run", "--progress") == 0
        out = capsys.readouterr().out
        assert f"{TODAY} would touch, and nothing is written:" in out
        assert f"{TODAY} accrue     [" in out
        with context.database.unit_of_work() as tx:
            assert business_day.today(tx) == TODAY
            assert tx.scalar("SELECT count(*) FROM eod_work") == 0

    @pytest.mark.parametrize("workers", ["0", "-3", "33", "two", "２"])
    def test_names_how_many_workers_it_takes(
        self, cf: Run, capsys: pytest.CaptureFixture[str], workers: str
    ):
        with pytest.raises(SystemExit) as left:
            cf("eod", f"--workers={workers}")
        assert left.value.code == 2
        assert "from 1 to 32" in capsys.readouterr().err
