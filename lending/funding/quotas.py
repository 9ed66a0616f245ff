"""What a funder may be asked for in a day and in all, as limits of accounts (JOINT-8)."""

from datetime import date

from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.funding.model import FunderAgreement, FundingShare
from lending.ledger import service as ledger
from lending.ledger.chart import Code, Limits
from lending.ledger.errors import LimitPassed
from lending.ledger.model import Account, credit, debit

CONTRA = Account(Code.FUNDER_QUOTA_CONTRA)


def total(funder_id: str, product_code: str) -> Account:
    """A funder's open principal in loans of a product."""
    return Account(Code.FUNDER_QUOTA, f"{funder_id}:{product_code}")


def day(funder_id: str, product_code: str, on: date) -> Account:
    """What a funder agreed to on one day."""
    return Account(Code.FUNDER_QUOTA_DAY, f"{funder_id}:{product_code}:{on.isoformat()}")


def free(tx: Tx, agreement: FunderAgreement) -> tuple[int, int]:
    """What is left of a funder's quota today, and in all, in fen."""
    today, whole = _opened(tx, agreement)
    left = (ledger.available(tx, today) or 0, ledger.available(tx, whole) or 0)
    return max(0, left[0]), max(0, left[1])


def hold(
    tx: Tx, agreement: FunderAgreement, amount_fen: int, share_id: str
) -> tuple[str, ...] | None:
    """Reserves quota for a share; None where too little is left."""
    holds: list[str] = []
    for account in _opened(tx, agreement):
        try:
            held = ledger.hold(
                tx,
                debit=account,
                credit=CONTRA,
                amount_fen=amount_fen,
                subject=share_id,
                memo="funder asked",
            )
        except LimitPassed:
            for before in holds:
                ledger.void(tx, before, because="the other quota is used up")
            return None
        holds.append(held)
    return tuple(holds)


def void(tx: Tx, share: FundingShare, because: str) -> None:
    """Gives a share's quota free that comes to nothing."""
    for held in share.quota_holds:
        ledger.void(tx, held, because=because)


def use(tx: Tx, share: FundingShare, product_code: str) -> None:
    """A share was paid out: its quota is used, and that of the whole is free as it is repaid."""
    held_day, held_total = share.quota_holds
    ledger.post_hold(tx, held_day, kind="funding.quota_used", key=f"quota_day:{share.id}")
    whole = total(share.funder_id, product_code)
    ledger.post_hold(
        tx,
        held_total,
        kind="funding.quota_used",
        key=f"quota:{share.id}",
        legs=(debit(whole, share.amount_fen), credit(CONTRA, share.amount_fen)),
    )


def _opened(tx: Tx, agreement: FunderAgreement) -> tuple[Account, Account]:
    """The accounts of a day and of the whole, with the limits that are agreed now."""
    today = day(agreement.funder_id, agreement.product_code, business_day.today(tx))
    whole = total(agreement.funder_id, agreement.product_code)
    ledger.open_account(tx, today, Limits(debit_fen=agreement.quota_day_fen))
    ledger.open_account(tx, whole, Limits(debit_fen=agreement.quota_total_fen))
    return today, whole
