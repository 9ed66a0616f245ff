"""`cf plan` and `cf apr`: the engine's arithmetic for everyone."""

import argparse
import json
import re
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path

from lending.engine.cost import cost_table
from lending.engine.day_count import DayCount
from lending.engine.due_dates import MOVES, UNITS
from lending.engine.errors import NoAnnualRate, PlanImpossible
from lending.engine.plans import Method, Plan, PlanInput, down_payment_fen, make_plan
from lending.engine.rates import Flow, solve, xirr
from lending.engine.reg_z import annual_rate
from lending.foundation.calendar import parsed_date
from lending.foundation.money import ROUNDINGS, percent, yuan
from processes import cash_flow_file

CONVENTIONS = """
methods   equal-instalment 等额本息, equal-principal 等额本金, interest-only 先息后本,
          bullet 一次性还本付息, flat 等本等费, interest-free 免息
day count 30/360 and 1/12: a twelfth of the annual rate for each month whatever its days; only a
          broken first period counts whole months from the start, then days (over 360, over 365);
          by days and weeks, each period so;
          act/360, act/364, act/365: days as they are; act/act: split at the calendar year
rounding  of each exact figure to whole fen, a half up or to the even neighbour: the equal payment
          or the equal part of principal, and each interest; the last payment takes the rest
flat      the same fee each time whatever the days: what the whole amount costs over all periods,
          in equal parts; told as fee_fen
bullet    one payment when the last period ends; by months with the interest of all periods
--instalment-fen  instead of the computed equal payment; the last still takes the rest. A payment
          below the interest, or that repays all too soon, is refused
dates     the first falls due one period after the start unless --first-due says otherwise; months
          keep the day of the month, or take their last day; --move-due following takes a due date
          off a day on which Chinese banks do not work, and leaves interest as it was
grace     the first --grace-periods payments repay no principal, only the period's interest or fee
cost      the simple and the compound annual rate of all payments: by months 12 r, by days and weeks
          365 r over the days of a period; by days over 365 where dates are given or moved
price     --price-fen less --down-payment-percent of it, rounded, is lent
--json    [{"due_date": "2026-12-23", "principal_fen": 46777, "interest_fen": 7199, "fee_fen": 0,
          "balance_fen": 553123}, ...], the balance after the row
exit code 0 done, 1 no plan can be made (the option and the mend are told), 2 misused
"""

CASH_FLOWS = """
FILE, or - for the standard input:
  {"advances": [{"t": 0, "amount": "5000"}],
   "payments": [{"t": 1, "f": "19/30", "amount": "230.00"}, ...],
   "unit": "month", "unit_periods_per_year": 12}
  "date" ("2026-11-23") may stand for "t" and "f", then everywhere; numbers may be written as text.
  t counts unit-periods from the start; f is an odd fraction of one before them
  unit: day, week, fortnight, half-month, month, quarter, half-year or year; unit_periods_per_year
  (else 365, 52, 26, 24, 12, 4, 2, 1) says how many of them make a year and, for days, weeks and
  months, how long the unit-period is: months 4 times a year are quarters, weeks 13 times a year are
  four weeks, days "365/255" times are 255 days. Beside t and a number a year the unit may have any
  name
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
--json prints {"rate_percent": "9.691256783123"}. Exit code 0 done, 1 refused, 2 misused.
"""
_DEFAULT = " (default: %(default)s)"
_PLACES = Decimal("1e-12")
_DIGITS_MAX = 28
_NUMBER = r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?"
_OPTIONS = {
    "/rate_annual": "--rate-percent",
    "/down_payment_share": "--down-payment-percent",
    **{
        f"/{name}": f"--{name.replace('_', '-')}"
        for name in (
            *("principal_fen", "periods", "every", "unit", "method", "first_due", "day_count"),
            *("rounding", "instalment_fen", "fee_upfront_fen", "fee_period_fen"),
            *("move_due", "grace_periods"),
        )
    },
}
"""What the engine's fields are called on the command line."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf plan` and `cf apr`."""
    plan = commands.add_parser(
        "plan",
        help="a repayment plan",
        epilog=CONVENTIONS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    amount = plan.add_mutually_exclusive_group(required=True)
    amount.add_argument("--principal-fen", type=_whole, help="amount lent, in fen")
    amount.add_argument("--price-fen", type=_whole, help="price, of which a part is paid at once")
    plan.add_argument(
        "--down-payment-percent",
        type=_decimal,
        default=Decimal(0),
        help="of --price-fen" + _DEFAULT,
    )
    plan.add_argument("--rate-percent", type=_decimal, required=True, help="annual, nominal")
    plan.add_argument("--periods", type=_whole, required=True, help="how many payments, 1 to 600")
    plan.add_argument("--every", type=_whole, default=1, help="units between payments" + _DEFAULT)
    plan.add_argument("--unit", choices=UNITS, default="month", help="of a period" + _DEFAULT)
    plan.add_argument(
        "--method",
        choices=list(map(str, Method)),
        default="equal-instalment",
        help="how the amount is repaid" + _DEFAULT,
    )
    plan.add_argument("--start", type=_date, required=True, metavar="DATE", help="2026-11-23")
    plan.add_argument("--first-due", type=_date, metavar="DATE", help="else one period after start")
    plan.add_argument(
        "--move-due",
        choices=MOVES,
        default="none",
        help="off days on which banks do not work" + _DEFAULT,
    )
    plan.add_argument(
        "--grace-periods", type=_whole, default=0, help="that repay no principal" + _DEFAULT
    )
    plan.add_argument(
        "--day-count",
        choices=list(map(str, DayCount)),
        default="30/360",
        help="how days make a year" + _DEFAULT,
    )
    plan.add_argument(
        "--rounding", choices=list(ROUNDINGS), default="half-up", help="to whole fen" + _DEFAULT
    )
    plan.add_argument("--instalment-fen", type=_whole, help="an agreed payment, equal instalments")
    plan.add_argument(
        "--fee-upfront-fen", type=_whole, default=0, help="with the first payment" + _DEFAULT
    )
    plan.add_argument(
        "--fee-period-fen", type=_whole, default=0, help="with every payment" + _DEFAULT
    )
    plan.add_argument("--json", action="store_true", help="the rows alone, as a list: see below")
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
    try:
        plan = make_plan(_terms(args))
    except PlanImpossible as refused:
        option = _OPTIONS[refused.field or ""]
        if option == "--principal-fen" and args.principal_fen is None:
            option = "--price-fen"
        raise PlanImpossible(f"{option}: {refused.detail}.", mend=refused.mend) from None
    print(json.dumps(_rows(plan), indent=1) if args.json else _text(plan, args))
    return 0


def _terms(args: argparse.Namespace) -> PlanInput:
    principal_fen = args.principal_fen
    if principal_fen is None:
        share = args.down_payment_percent.scaleb(-2)
        principal_fen = args.price_fen - down_payment_fen(args.price_fen, share, args.rounding)
    elif args.down_payment_percent:
        raise PlanImpossible(
            "there is no price to pay it of",
            field="/down_payment_share",
            mend="Give --price-fen instead of --principal-fen.",
        )
    return PlanInput(
        principal_fen=principal_fen,
        rate_annual=args.rate_percent.scaleb(-2),
        periods=args.periods,
        method=args.method,
        start=args.start,
        every=args.every,
        unit=args.unit,
        first_due=args.first_due,
        day_count=args.day_count,
        rounding=args.rounding,
        fee_upfront_fen=args.fee_upfront_fen,
        fee_period_fen=args.fee_period_fen,
        instalment_fen=args.instalment_fen,
        grace_periods=args.grace_periods,
        move_due=args.move_due,
    )


def _apr(args: argparse.Namespace) -> int:
    cash = cash_flow_file.read(args.file)
    try:
        rate = _rate(cash_flow_file.lay_out(cash, args.method), cash, args.method)
    except NoAnnualRate as refused:
        raise NoAnnualRate(f"no annual rate: {refused.detail}.") from None
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
    lines.append(_cost(plan, args))
    return "\n".join(lines)


def _cost(plan: Plan, args: argparse.Namespace) -> str:
    """The all-in cost: by periods where payments are regular, otherwise by days over 365."""
    if args.first_due is None and args.move_due == "none":
        cost = cost_table(plan, _terms(args))
        simple, compound = percent(cost.rate_annual), percent(cost.rate_effective)
        per_year = "12" if args.unit == "month" else "365"
        length = args.every * (7 if args.unit == "week" else 1)
        times = per_year if length == 1 else f"{per_year}/{length}"
        return f"all-in cost {simple} a year ({times} r), {compound} compound"
    paid = [(row.due_date, row.total_fen) for row in plan.instalments]
    return f"all-in cost {percent(xirr([(plan.start, -plan.principal_fen), *paid]))} compound"


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,40}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number such as 599900")
    return int(text)


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(_NUMBER, text) or len(Decimal(text).as_tuple().digits) > _DIGITS_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of at most {_DIGITS_MAX} digits"
        )
    return Decimal(text)


def _date(text: str) -> date:
    try:
        return parsed_date(text)
    except ValueError as failure:
        raise argparse.ArgumentTypeError(str(failure)) from None
