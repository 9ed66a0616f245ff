"""How much of our lending may be joint, with one funder and in all: limits of accounts (JOINT-8).

A draw takes at once; what is repaid is given back at the end of the day, by set, so that repayments
of unrelated loans do not wait for one another. So the accounts never show less than there is.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta

from lending.compliance import gates, parameters
from lending.compliance.errors import JointTooMuch, JointWithFunderTooMuch
from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.funding import quotas
from lending.ledger import service as ledger
from lending.ledger.chart import Code, Limits
from lending.ledger.errors import LimitPassed
from lending.ledger.model import Account, Entry, signed
from lending.loans import share_rules, share_store
from lending.loans.terms import Terms

CONTRA = Account(Code.JOINT_CONTRA)
ALL = Account(Code.JOINT_TOTAL)


@dataclass(frozen=True, slots=True)
class JointLimit:
    """How far a limit is used, draws that are under way counted."""

    funder: str
    """Empty for all joint loans together."""
    used_fen: int
    limit_fen: int


def with_funder(funder: str) -> Account:
    """Our part of the loans with a funder."""
    return Account(Code.JOINT_FUNDER, funder)


def hold(tx: Tx, loan_id: str, terms: Terms, principal_fen: int) -> tuple[str, ...]:
    """Holds our part of a joint loan against both limits; the holds. None for own funds only.

    Raises JointWithFunderTooMuch (R-JOINT-25), JointTooMuch (R-JOINT-50).
    """
    if not terms.is_joint:
        return ()
    others = sorted(share.funder for share in terms.shares if not share.is_own)
    lent = share_rules.lent(terms, principal_fen)
    own_fen = next(fen for share, fen in zip(terms.shares, lent, strict=True) if share.is_own)
    _set_limits(tx, others, business_day.today(tx))
    holds = []
    for account in (*map(with_funder, others), ALL):
        try:
            held = ledger.hold(
                tx,
                debit=account,
                credit=CONTRA,
                amount_fen=own_fen,
                subject=loan_id,
                memo="signed",
            )
        except LimitPassed as passed:
            raise (JointTooMuch if account == ALL else JointWithFunderTooMuch) from passed
        holds.append(held)
    return tuple(holds)


def settle(tx: Tx, closing: date) -> int:
    """Brings what is used to what is open, and the limits to the date; how many accounts moved.

    The quotas that funders set themselves for what they lend are brought there, too. Accounts are
    locked in the order in which draws and payouts lock them.
    """
    funders = share_store.funders(tx)
    if not funders:
        return 0
    _set_limits(tx, funders, closing + timedelta(days=1))
    with ExitStack() as locks:
        for account in (*map(with_funder, funders), ALL, *sorted(_quotas(tx), key=str)):
            locks.enter_context(ledger.without_limits(tx, [account]))
        own = share_store.own_with_funders(tx)
        open_ = {with_funder(each): own.get(each, 0) for each in funders} | {ALL: own.get("", 0)}
        moved = _bring(tx, open_, CONTRA, f"joint:{closing}")
        return moved + _bring(tx, _quotas(tx), quotas.CONTRA, f"quotas:{closing}")


def standing(tx: Tx) -> list[JointLimit]:
    """How far each limit is used at the moment."""
    found = []
    for funder in ("", *share_store.funders(tx)):
        account = with_funder(funder) if funder else ALL
        stands = ledger.balances(tx, [account])[account]
        used = stands.posted_fen + stands.held_debit_fen
        found.append(JointLimit(funder, used, used + (ledger.available(tx, account) or 0)))
    return found


def _quotas(tx: Tx) -> dict[Account, int]:
    return {quotas.total(*key): fen for key, fen in share_store.of_funders(tx).items()}


def _bring(tx: Tx, to: Mapping[Account, int], contra: Account, key: str) -> int:
    stands = ledger.balances(tx, list(to))
    more = {each: fen - stands[each].posted_fen for each, fen in to.items()}
    legs = [leg for each, fen in more.items() for leg in (signed(each, fen), signed(contra, -fen))]
    moved = sum(fen != 0 for fen in more.values())
    if moved:
        entry = Entry(kind="limits.brought", subject=key, memo="", legs=tuple(legs), key=key)
        ledger.post(tx, entry)
    return moved


def _set_limits(tx: Tx, funders: list[str], on: date) -> None:
    rules = parameters.on(tx, on)
    limit = Limits(debit_fen=gates.joint_funder_limit_fen(rules))
    for funder in funders:
        ledger.open_account(tx, with_funder(funder), limit)
    loans_fen = sum(
        row.balance_fen
        for row in ledger.trial_balance(tx, on - timedelta(days=1))
        if row.code == Code.LOAN_PRINCIPAL
    )
    ledger.open_account(tx, ALL, Limits(debit_fen=gates.joint_total_limit_fen(loans_fen, rules)))
