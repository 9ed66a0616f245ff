"""`cf ledger` and `cf reconcile`: whether the books are whole, and whether they agree."""

import argparse
import re
from datetime import date

from lending.finance import reconciliation
from lending.foundation.calendar import parsed_date
from lending.foundation.context import Context
from lending.foundation.money import yuan
from lending.ledger import proof, service
from lending.ledger.chart import OWNED, TITLES, Code
from lending.ledger.model import OWN, Account
from lending.ledger.rules import is_book


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf ledger verify | trial-balance | balance` and `cf reconcile`."""
    ledger = commands.add_parser("ledger", help="the journal: its proof and its balances")
    actions = ledger.add_subparsers(metavar="ACTION", required=True)
    verify = actions.add_parser("verify", help="recompute every digest, balance and chain")
    verify.add_argument(
        "--head",
        type=_head,
        metavar="NUMBER:DIGEST",
        help="a head that an earlier run printed and you kept",
    )
    verify.set_defaults(func=_verify)
    trial = actions.add_parser("trial-balance", help="debits and credits by account")
    trial.set_defaults(func=_trial_balance)
    balance = actions.add_parser(
        "balance", help="one account, or each of its sub-accounts that is not at 0"
    )
    balance.add_argument("code", type=_code, help="its number in the chart, such as 130301")
    balance.add_argument("owner", nargs="?", help="the loan, partner or customer of a sub-account")
    balance.set_defaults(func=_balance)
    for action in (trial, balance):
        action.add_argument("--date", type=_date, help="as of this business date; now by default")
        action.add_argument(
            "--book",
            type=_book,
            default=OWN,
            help="own (by default), funder:<partner id> or guarantor:<partner id>",
        )
    reconcile = commands.add_parser(
        "reconcile", help="compare the bank's book, our payments, our ledger and our loans"
    )
    reconcile.add_argument("--date", type=_date, help="one day's file only; all days by default")
    reconcile.set_defaults(func=_reconcile)


def _verify(args: argparse.Namespace) -> int:
    with args.context().database.unit_of_work() as tx:
        while proof.seal(tx):
            pass
        findings = proof.verify(tx, anchor=args.head)
        number, digest = proof.head(tx)
    for finding in findings:
        print(finding)
    print(f"{number} entries are sealed; keep this head elsewhere: {number}:{digest}")
    print("the journal is not whole" if findings else "the journal is whole")
    return 1 if findings else 0


def _trial_balance(args: argparse.Namespace) -> int:
    with args.context().database.unit_of_work() as tx:
        service.require_begun(tx, args.date)
        service.require_kept(tx, args.book)
        rows = service.trial_balance(tx, on=args.date, book=args.book)
    for row in rows:
        print(f"{row.code}  {yuan(row.debit_fen):>18}  {yuan(row.credit_fen):>18}  {row.title}")
    debits, credits_ = (
        sum(row.debit_fen for row in rows),
        sum(row.credit_fen for row in rows),
    )
    print(f"total   {yuan(debits):>18}  {yuan(credits_):>18}")
    return 0 if debits == credits_ else 1


def _balance(args: argparse.Namespace) -> int:
    code: Code = args.code
    with args.context().database.unit_of_work() as tx:
        service.require_begun(tx, args.date)
        service.require_kept(tx, args.book)
        if args.owner is not None or code not in OWNED:
            account = Account(code, args.owner or "", args.book)
            if account.owner:
                service.require_used(tx, account)
            print(yuan(service.balance(tx, account, on=args.date)))
            return 0
        rows = service.sub_ledger(tx, code, on=args.date, book=args.book)
    for row in rows:
        print(f"{row.owner}  {yuan(row.balance_fen):>18}  since {row.since}")
    print(f"{TITLES[code]}  {yuan(sum(row.balance_fen for row in rows))}")
    return 0


def _reconcile(args: argparse.Namespace) -> int:
    context: Context = args.context()
    with context.database.unit_of_work() as tx:
        service.require_begun(tx, args.date)
    bank = reconciliation.bank_file(context.database, context.channel, on=args.date)
    with context.database.unit_of_work() as tx:
        found = reconciliation.three_way(tx, bank, on=args.date)
        details = reconciliation.sub_ledger_check(tx)
    for item in found.items:
        amounts = " ".join(
            f"{name} {'-' if fen is None else yuan(fen)}"
            for name, fen in (
                ("bank", item.bank_fen),
                ("payments", item.rows_fen),
                ("ledger", item.ledger_fen),
            )
        )
        print(f"{item.channel_order_no}  {item.kind.value}: {item.detail} ({amounts})")
    for detail in details:
        print(
            f"{detail.owner}  {detail.kind.value}: ledger {yuan(detail.ledger_fen)},"
            f" expected {yuan(detail.expected_fen)}"
        )
    print(
        f"bank {yuan(found.bank_fen)}, payments {yuan(found.rows_fen)},"
        f" ledger {yuan(found.ledger_fen)}; {len(found.in_flight)} on the way;"
        f" {len(found.items) + len(details)} differences"
    )
    return 0 if found.agree and not details else 1


def _head(text: str) -> tuple[int, str]:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a head that `cf ledger verify` printed")
    return int(found[1]), found[2]


def _code(text: str) -> Code:
    if text not in TITLES:
        codes = "; ".join(f"{code.value} {title}" for code, title in TITLES.items())
        raise argparse.ArgumentTypeError(f"{text!r} is not in the chart of accounts: {codes}")
    return Code(text)


def _book(text: str) -> str:
    if not is_book(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no legal book: own, funder:<partner id> or guarantor:<partner id>"
        )
    return text


def _date(text: str) -> date:
    try:
        return parsed_date(text)
    except ValueError as failure:
        raise argparse.ArgumentTypeError(str(failure)) from None
