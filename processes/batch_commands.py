"""`cf eod`: the end of day."""

import argparse

from lending.batch import end_of_day
from lending.batch.end_of_day import ClosedDay


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf eod`."""
    commands.add_parser(
        "eod",
        help="close every business date that is over: seal the journal, prove the books, move on",
    ).set_defaults(func=_eod)


def _eod(args: argparse.Namespace) -> int:
    closed = end_of_day.catch_up(args.context().database, told=_tell)
    if not closed:
        print("no business date is over")
    return 0


def _tell(day: ClosedDay) -> None:
    steps = ", ".join(f"{name} {ms} ms" for name, ms in day.step_ms.items())
    print(f"closed {day.business_date}: {steps}")
