"""How much of our lending may be joint: with one funder and its affiliates, and in all (JOINT-8).

Limits of accounts, so that no race passes them (R-JOINT-25, R-JOINT-50). The router asks for room
before it asks a funder; a signature takes it.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from lending.compliance import gates, parameters
from lending.foundation.database import Tx
from lending.ledger import service as ledger
from lending.ledger.chart import Code, Limits
from lending.ledger.model import Account

CONTRA = Account(Code.JOINT_CONTRA)
ALL = Account(Code.JOINT_TOTAL)


def with_group(counted_with: str) -> Account:
    """Our part of the loans with a funder and its affiliates, see `Funder.counted_with`."""
    return Account(Code.JOINT_FUNDER, counted_with)


def set_limits(tx: Tx, groups: Iterable[str], on: date) -> None:
    """Gives the accounts the limits of a date; groups in order, then all, as draws lock them."""
    rules = parameters.on(tx, on)
    limit = Limits(debit_fen=gates.joint_funder_limit_fen(rules))
    for group in sorted(groups):
        ledger.open_account(tx, with_group(group), limit)
    loans_fen = sum(
        row.balance_fen
        for row in ledger.trial_balance(tx, on - timedelta(days=1))
        if row.code == Code.LOAN_PRINCIPAL
    )
    ledger.open_account(tx, ALL, Limits(debit_fen=gates.joint_total_limit_fen(loans_fen, rules)))


def room(tx: Tx, groups: Iterable[str], on: date) -> dict[Account, int]:
    """How much more of ours may be lent with each group, and in all; nothing is held."""
    wanted = set(groups)
    set_limits(tx, wanted, on)
    accounts = (*map(with_group, wanted), ALL)
    return {each: ledger.available(tx, each) or 0 for each in accounts}
