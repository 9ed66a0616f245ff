"""How much of our lending may be joint, with one funder and in all: limits of accounts (JOINT-8).

A draw takes at once; what is repaid is given back at the end of the day, by set, so that repayments
of unrelated loans do not wait for one another. So the accounts never show less than there is.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta

from lending.compliance.errors import JointTooMuch, JointWithFunderTooMuch
from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.funding import funders, quotas
from lending.funding.joint_room import ALL, CONTRA, set_limits, with_group
from lending.ledger import service as ledger
from lending.ledger.errors import LimitPassed
from lending.ledger.model import Account, Entry, signed
from lending.loans import share_rules, share_store
from lending.loans.terms import Terms


@dataclass(frozen=True, slots=True)
class JointLimit:
    """How far a limit is used, draws that are under way counted."""

    funders: tuple[str, ...]
    """Who is counted together: a funder, or those of one group. Empty: all joint loans."""
    used_fen: int
    limit_fen: int


def hold(tx: Tx, loan_id: str, terms: Terms, principal_fen: int) -> tuple[str, ...]:
    """Holds our part of a joint loan against both limits; the holds. None for own funds only.

    Raises JointWithFunderTooMuch (R-JOINT-25), JointTooMuch (R-JOINT-50).
    """
    if not terms.is_joint:
        return ()
    lent = share_rules.lent(terms, principal_fen)
    own_fen = next(fen for share, fen in zip(terms.shares, lent, strict=True) if share.is_own)
    groups = sorted(funders.groups(tx, [s.funder for s in terms.shares if not s.is_own]))
    set_limits(tx, groups, business_day.today(tx))
    holds = []
    for account in (*map(with_group, groups), ALL):
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
    groups = funders.groups(tx, share_store.funders(tx))
    if not groups:
        return 0
    counted = sorted({*groups, *share_store.groups_counted(tx)})
    set_limits(tx, counted, closing + timedelta(days=1))
    with ExitStack() as locks:
        for account in (*map(with_group, counted), ALL, *sorted(_quotas(tx), key=str)):
            locks.enter_context(ledger.without_limits(tx, [account]))
        own = share_store.own_with_groups(tx)
        open_ = {with_group(each): own.get(each, 0) for each in counted} | {ALL: own.get("", 0)}
        moved = _bring(tx, open_, CONTRA, f"joint:{closing}")
        return moved + _bring(tx, _quotas(tx), quotas.CONTRA, f"quotas:{closing}")


def standing(tx: Tx) -> list[JointLimit]:
    """How far each limit is used at the moment."""
    groups = funders.groups(tx, share_store.funders(tx))
    found = []
    for group, members in (("", ()), *sorted(groups.items())):
        account = with_group(group) if group else ALL
        stands = ledger.balances(tx, [account])[account]
        used = stands.posted_fen + stands.held_debit_fen
        found.append(JointLimit(members, used, used + (ledger.available(tx, account) or 0)))
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
