"""The ends of day: what is open, what failed, how long it took, the portfolio (M10, M11)."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console import session
from lending.batch import overview
from lending.foundation.context import Context
from lending.system import service as system
from lending.system.model import Right


def add(console: Blueprint, context: Context) -> None:
    """Adds this page to the console."""

    @console.get("/end-of-day")
    def end_of_day() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_BOOKS)
        with context.database.unit_of_work() as tx:
            found = overview.overview(tx)
        return render_template("console/end_of_day.html", found=found)
