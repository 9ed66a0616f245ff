"""`cf plan`: the engine's arithmetic for everyone."""

import argparse
import json
from datetime import date
from decimal import Decimal, InvalidOperation

from lending.engine.cost import cost_table
from lending.engine.day_count import DayCount
from lending.engine.plans import ROUNDINGS, Method, Plan, PlanInput, make_plan
from lending.foundation.money import percent, yuan

CONVENTIONS = """
methods   equal-instalment 等额本息, equal-principal 等额本金, interest-only 先息后本,
          bullet 一次性还本付息, flat 等本等费, interest-free 免息
day count 30/360 and 1/12: a twelfth of the annual rate for each month whatever its days, a
          broken first period by its days (over 360, over 365); act/360, act/364, act/365: days as
          they are; act/act: split at the calendar year
rounding  of every payment to whole fen; the last takes the rest
dates     the first falls due one period after the start unless --first-due says otherwise; months
          keep the day of the month, or take their last day
"""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf plan`."""
    plan = commands.add_parser(
        "plan",
        help="a repayment plan",
        epilog=CONVENTIONS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    plan.add_argument("--principal-fen", type=int, required=True, help="amount lent, in fen")
    plan.add_argument("--rate-percent", type=_decimal, required=True, help="annual, nominal")
    plan.add_argument("--periods", type=int, required=True)
    plan.add_argument("--every", type=int, default=1, help="units between payments")
    plan.add_argument("--unit", choices=["day", "week", "month"], default="month")
    plan.add_argument("--method", choices=list(Method), default=Method.EQUAL_INSTALMENT)
    plan.add_argument("--start", type=date.fromisoformat, required=True, metavar="DATE")
    plan.add_argument("--first-due", type=date.fromisoformat, metavar="DATE")
    plan.add_argument("--day-count", choices=list(DayCount), default=DayCount.THIRTY_360)
    plan.add_argument("--rounding", choices=list(ROUNDINGS), default="half-up")
    plan.add_argument("--instalment-fen", type=int, help="an agreed payment")
    plan.add_argument("--json", action="store_true")
    plan.set_defaults(func=_plan)


def _plan(args: argparse.Namespace) -> int:
    plan = make_plan(
        PlanInput(
            principal_fen=args.principal_fen,
            rate_annual=args.rate_percent / 100,
            periods=args.periods,
            method=str(args.method),
            start=args.start,
            every=args.every,
            unit=args.unit,
            first_due=args.first_due,
            day_count=str(args.day_count),
            rounding=args.rounding,
            instalment_fen=args.instalment_fen,
        )
    )
    print(json.dumps(_rows(plan), indent=1) if args.json else _text(plan, args))
    return 0


def _rows(plan: Plan) -> list[dict[str, object]]:
    return [
        {
            "due_date": row.due_date.isoformat(),
            "principal_fen": row.principal_fen,
            "interest_fen": row.interest_fen,
            "fee_fen": row.fee_fen,
            "balance_fen": row.balance_fen,
        }
        for row in plan.instalments
    ]


def _text(plan: Plan, args: argparse.Namespace) -> str:
    lines = [f"{'due':10} {'principal':>14} {'interest':>12} {'fee':>10} {'balance':>14}"]
    lines += [
        f"{row.due_date} {yuan(row.principal_fen):>14} {yuan(row.interest_fen):>12}"
        f" {yuan(row.fee_fen):>10} {yuan(row.balance_fen):>14}"
        for row in plan.instalments
    ]
    lines.append(f"interest {yuan(plan.interest_total_fen)}, fees {yuan(plan.fee_total_fen)}")
    if args.unit == "month" and args.every == 1 and len(plan.instalments) == args.periods:
        cost = cost_table(plan)
        simple, compound = percent(cost.rate_annual), percent(cost.rate_effective)
        lines.append(f"all-in cost {simple} a year (12 r), {compound} compound")
    return "\n".join(lines)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
