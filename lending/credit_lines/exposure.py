"""What a borrower may owe in all: one account for each, whose limit is the law's (STORE-3)."""

from lending.compliance import parameters
from lending.foundation.database import Tx
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Limits

CONTRA = Account(Code.EXPOSURE_CONTRA)


def opened(tx: Tx, customer_id: str) -> Account:
    """The borrower's account, open under the limit of the day (R-CAP-20W)."""
    account = Account(Code.EXPOSURE, customer_id)
    cap_fen = parameters.today(tx).whole("exposure.cap_fen")
    ledger.open_account(tx, account, Limits(debit_fen=cap_fen))
    return account


def available_fen(tx: Tx, customer_id: str) -> int:
    """How much more the borrower may owe at the moment; nothing is locked."""
    return ledger.available(tx, opened(tx, customer_id)) or 0
