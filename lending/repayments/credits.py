"""What a borrower has paid beyond their debts (溢缴款): theirs, and paid back on asking (T20)."""

from dataclasses import dataclass

from lending.foundation import audit, ids
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.foundation.money import yuan
from lending.ledger import service as ledger
from lending.ledger import store as ledger_store
from lending.ledger.chart import Code
from lending.ledger.model import OWN, Account
from lending.loans import life, payouts
from lending.repayments import credits_store
from lending.repayments.errors import CreditSpent, CreditTooSmall


@dataclass(frozen=True, slots=True)
class Credit:
    """A borrower's credit balance, over all their loans, fen."""

    balance_fen: int
    held_fen: int
    """On its way to the card."""

    @property
    def available_fen(self) -> int:
        """What may be asked for."""
        return max(0, self.balance_fen - self.held_fen)


def credit(tx: Tx, customer_id: str) -> Credit:
    """What is a borrower's own at the moment."""
    return Credit(
        balance_fen=-ledger.balance(tx, Account(Code.BORROWER_CREDIT, customer_id)),
        held_fen=credits_store.held_fen(
            tx, book=OWN, code=Code.BORROWER_CREDIT.value, owner=customer_id
        ),
    )


def refund(tx: Tx, loan_id: str, amount_fen: int, actor: Actor) -> str:
    """Pays credit back to the card of one of the borrower's loans; the refund's id.

    It is held at once, sent by a job, then posted, or voided when the bank refuses: then it is the
    borrower's to ask for again. Never more than the balance less what is held.

    Raises NoSuchLoan, WrongState, CreditTooSmall.
    """
    loan = life.locked(tx, loan_id)
    ledger_store.lock_owner(tx, loan.customer_id)
    available = credit(tx, loan.customer_id).available_fen
    if not 0 < amount_fen <= available:
        raise CreditTooSmall(mend=f"可退金额为 {yuan(available)} 元。")
    refund_id = ids.new("crf")
    payouts.refund_borrower(tx, loan, refund_id, amount_fen)
    audit.record(tx, actor, "credit.refund", loan_id, {"refund": refund_id, "fen": amount_fen})
    return refund_id


def require_covered(tx: Tx, customer_id: str) -> None:
    """Refuses what has taken more from a borrower's credit than is there and not on its way.

    Raises CreditSpent.
    """
    ledger_store.lock_owner(tx, customer_id)
    found = credit(tx, customer_id)
    if found.balance_fen < found.held_fen:
        raise CreditSpent
