"""`cf eod`: the end of day."""

import argparse

from lending.batch import end_of_day
from lending.batch.model import ClosedDay, Progress
from lending.foundation.context import Context

WORKERS_MAX = 32
"""Each has a connection to the database."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf eod`."""
    eod = commands.add_parser(
        "eod",
        help="end every business date that is over: accrue, age, classify, provide, prove",
        description="Ends every business date that is over in Shanghai, in order. It may be run"
        " from any number of processes at once, killed, and run again: nothing is done twice.",
    )
    eod.add_argument("--progress", action="store_true", help="show how far each step is")
    eod.add_argument(
        "--workers",
        type=_workers,
        default=2,
        help=f"parts of a step done side by side, up to {WORKERS_MAX} (2)",
    )
    eod.add_argument(
        "--dry-run",
        action="store_true",
        help="show how many loans or rows each step would touch at the end of the open date,"
        " and undo it; the date need not be over",
    )
    eod.set_defaults(func=_eod)


def _eod(args: argparse.Namespace) -> int:
    context: Context = args.context()
    told = _Show().told if args.progress else _silent
    if args.dry_run:
        rehearsed = end_of_day.dry_run(context, told)
        print(f"\r{rehearsed.business_date} would touch, and nothing is written:")
        for step, touched in rehearsed.touched.items():
            print(f"{step:12}{touched:12,}")
        return 0
    closed = end_of_day.catch_up(context, workers=args.workers, told=told, closed=_tell)
    if not closed:
        print("no business date is over")
    return 0


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= WORKERS_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {WORKERS_MAX}")
    return int(text)


def _tell(day: ClosedDay) -> None:
    steps = ", ".join(
        f"{name} {day.touched[name]:,} in {ms} ms" if day.touched.get(name) else f"{name} {ms} ms"
        for name, ms in day.step_ms.items()
    )
    print(f"\rclosed {day.business_date}: {steps}")


def _silent(_progress: Progress) -> None:
    pass


class _Show:
    """One line that is written over as the steps go on."""

    def told(self, at: Progress) -> None:
        bar = "#" * (20 * at.done // max(1, at.parts))
        parts = f"{at.done}/{at.parts} parts, {at.touched:,} touched"
        print(f"\r{at.day} {at.step:10} [{bar:20}] {parts}", end="   ", flush=True)
