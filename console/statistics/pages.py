"""Channel statistics: what came of each platform and product (M4)."""

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from console import session
from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.foundation import business_day
from lending.foundation.context import Context
from lending.statistics import channels as statistics
from lending.system import service as system
from lending.system.errors import PayloadWrong
from lending.system.model import Right


def add(console: Blueprint, context: Context) -> None:
    """Adds these pages to the console."""

    @console.get("/channel-statistics")
    def channel_statistics() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        asked = request.args.get("month", "")
        with context.database.unit_of_work() as tx:
            month = _month(asked) if asked else business_day.today(tx)
            platforms = [
                each for each in channels.partners(tx) if each.kind is PartnerKind.PLATFORM
            ]
            found = [
                (
                    each,
                    statistics.asked(tx, each.id, month),
                    statistics.of_partner(tx, each.id, month),
                )
                for each in platforms
            ]
        return render_template("console/channel_statistics.html", channels=found, month=month)


def _month(asked: str) -> date:
    try:
        return date.fromisoformat(f"{asked}-01")
    except ValueError:
        raise PayloadWrong(field="/month", mend="请按 年-月 填写。") from None
