"""Clearing with funders: what was paid and what is owed, and how much may still be joint (M10)."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console import session
from lending.channels import service as channels
from lending.finance import clearings
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.loans import joint_limits
from lending.system import service as system
from lending.system.model import Right


def add(console: Blueprint, context: Context) -> None:
    """Adds these pages to the console."""

    @console.get("/clearings")
    def clearings_() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_BOOKS)
        with context.database.unit_of_work() as tx:
            found, limits = clearings.newest(tx), joint_limits.standing(tx)
            counted = (each for one in limits for each in one.funders)
            names = _names(tx, {*(one.funder for one in found), *counted})
        return render_template("console/clearings.html", found=found, limits=limits, names=names)

    @console.get("/clearings/<clearing_id>")
    def clearing(clearing_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_BOOKS)
        with context.database.unit_of_work() as tx:
            one = clearings.get(tx, clearing_id)
            lines = clearings.lines(tx, clearing_id)
            names = _names(tx, {one.funder})
        return render_template("console/clearing.html", one=one, lines=lines, names=names)


def _names(tx: Tx, funders: set[str]) -> dict[str, str]:
    return {each: channels.partner(tx, each).name for each in funders if each}
