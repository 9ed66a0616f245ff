"""`cf plan` and `cf apr`: the engine's arithmetic for everyone."""

import argparse
import json
from datetime import date
from decimal import Decimal, InvalidOperation, localcontext
from pathlib import Path

from lending.engine.cost import cost_table
from lending.engine.day_count import DayCount
from lending.engine.plans import ROUNDINGS, Method, Plan, PlanInput, make_plan
from lending.engine.rates import Flow, solve
from lending.engine.reg_z import annual_rate
from lending.foundation.money import percent, yuan
from processes import cash_flow_file

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

CASH_FLOWS = """
FILE, or - for the standard input:
  {"advances": [{"t": 0, "amount": "5000"}],
   "payments": [{"t": 1, "f": "19/30", "amount": "230.00"}, ...],
   "unit": "month", "unit_periods_per_year": 12}
  "date" ("2026-11-23") may stand for "t" and "f", then everywhere; numbers may be written as text.
  unit: day, week, month or year; how many of its lengths make a year gives the unit-period: months
  12 times a year, quarters 4, half-months 24; weeks 52, fortnights 26; 255 days "365/255" times
methods
  period-irr the rate of one unit-period; t in unit-periods, f the fraction of one
  nominal    that rate times unit_periods_per_year
  effective  directives 2008/48/EC and 2014/17/EU, annex I: compound; t in years; dates in whole
             units back from the later one (12 equal months, 52 weeks), days over 365 or 366
  regz       US Regulation Z, Appendix J: 1 + f i for the fraction, (1 + i)^t for the whole
             unit-periods, counted back from the later date, months of 30 days; times a year
  xirr-365   compound, actual days over 365; dates only
Payments that sum to less than the advances have no annual rate here (there are no negative ones);
payments that sum to the same have exactly 0. Flows that several rates solve are refused.
"""
_PLACES = Decimal("1e-12")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf plan` and `cf apr`."""
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
    apr = commands.add_parser(
        "apr",
        help="the annual rate of any advances and payments",
        epilog=CASH_FLOWS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    apr.add_argument("file", type=Path, metavar="FILE", help="JSON, see below")
    apr.add_argument("--method", choices=cash_flow_file.METHODS, required=True)
    apr.add_argument("--json", action="store_true")
    apr.set_defaults(func=_apr)


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


def _apr(args: argparse.Namespace) -> int:
    cash = cash_flow_file.read(args.file)
    rate = _rate(cash_flow_file.lay_out(cash, args.method), cash, args.method)
    text = f"{_percent(rate):f}"
    print(json.dumps({"rate_percent": text}) if args.json else f"{text} % ({args.method})")
    return 0


def _rate(flows: list[Flow], cash: cash_flow_file.CashFlows, method: str) -> Decimal:
    if method in ("nominal", "regz"):
        return annual_rate(flows, cash.unit_period.per_year)
    return solve(flows)


def _percent(rate: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = 50
        return (rate * 100).quantize(_PLACES)


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
