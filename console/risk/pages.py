"""What was turned away at stores' doors: photographed codes and phones elsewhere (M7, STORE-1)."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console import session
from lending.foundation.context import Context
from lending.system import service as system
from lending.system.model import Right
from scenarios.offline_credit import evidence

SHOWN = 200
"""How many of the newest are shown."""


def add(console: Blueprint, context: Context) -> None:
    """Adds this page to the console."""

    @console.get("/risk-signals")
    def risk_signals() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_APPLICATIONS)
        with context.database.unit_of_work() as tx:
            found = evidence.refused(tx, SHOWN)
        return render_template("console/risk_signals.html", signals=found)
