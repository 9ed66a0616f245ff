"""`cf eod`: the end of day."""

import argparse

from lending.batch import end_of_day
from lending.batch.model import ClosedDay, Progress
from lending.foundation.context import Context


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf eod`."""
    eod = commands.add_parser(
        "eod",
        help="end every business date that is over: accrue, age, classify, provide, prove",
        description="Ends every business date that is over in Shanghai, in order. It may be run"
        " from any number of processes at once, killed, and run again: nothing is done twice.",
    )
    eod.add_argument("--progress", action="store_true", help="show how far each step is")
    eod.add_argument("--workers", type=int, default=2, help="parts of a step done side by side (2)")
    eod.add_argument(
        "--dry-run", action="store_true", help="show what the open date's end would touch, undo it"
    )
    eod.set_defaults(func=_eod)


def _eod(args: argparse.Namespace) -> int:
    context: Context = args.context()
    if args.dry_run:
        for step, touched in end_of_day.dry_run(context).items():
            print(f"{step:12}{touched:12,}")
        return 0
    show = _Show() if args.progress else None
    closed = end_of_day.catch_up(
        context,
        workers=max(1, args.workers),
        told=show.told if show else _silent,
        closed=_tell,
    )
    if not closed:
        print("no business date is over")
    return 0


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
