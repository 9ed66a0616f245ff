"""Guarantors' money that the bank's feed brings: for the claim that its remark names, or a deposit.

What is not as it was asked for, or comes from another account than the guarantor's, goes back.
"""

from lending.channels import service as channels
from lending.channels.errors import NoSuchPartner
from lending.channels.model import PartnerKind
from lending.claims import service, store
from lending.claims.errors import ArrivalWrong, ClaimEnded, NoSuchClaim
from lending.claims.model import Arrival
from lending.engine.errors import EventImpossible
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import shanghai_date
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.funding import money_in
from lending.funding.model import Transfer

CLAIM = "clm_"


def take(tx: Tx, keys: FieldKeys, reference: str, named: str) -> None:
    """Takes money out of suspense for a claim, or for the deposit of a guarantor; safe to repeat.

    `named` is the claim's id, or the guarantor's public id. What two people have entered before it
    came stays in suspense, which the reconciliation shows.
    """
    came = money_in.held(tx, reference)
    if came is None or store.reference_known(tx, reference):
        return
    try:
        with tx.savepoint():
            _apply(tx, keys, came, named)
    except (NoSuchClaim, NoSuchPartner, ClaimEnded, ArrivalWrong, EventImpossible) as refused:
        money_in.send_back(tx, came, refused.code)


def _apply(tx: Tx, keys: FieldKeys, came: Transfer, named: str) -> None:
    claim = service.get(tx, named) if named.startswith(CLAIM) else None
    guarantor_id = claim.guarantor_id if claim else channels.partner_by_app_id(tx, named).id
    _require_its_own(tx, keys, came, guarantor_id)
    arrived_on = min(shanghai_date(came.received_at), business_day.today(tx))
    at = money_in.suspense(came.reference)
    if claim is None:
        arrival = Arrival(came.amount_fen, came.reference, arrived_on)
        service.top_up(tx, guarantor_id, arrival, SYSTEM, at=at)
    else:
        arrival = Arrival(came.amount_fen, came.reference, max(arrived_on, claim.filed_on))
        service.receive(tx, claim.id, arrival, SYSTEM, at=at)


def _require_its_own(tx: Tx, keys: FieldKeys, came: Transfer, guarantor_id: str) -> None:
    """Money is a guarantor's only when it comes from an account of its own.

    Raises ArrivalWrong.
    """
    accounts = channels.settlement_accounts(tx, guarantor_id)
    numbers = [channels.account_number(tx, keys, each.id) for each in accounts]
    is_guarantor = channels.partner(tx, guarantor_id).kind is PartnerKind.GUARANTOR
    if not is_guarantor or money_in.from_account(keys, came) not in numbers:
        raise ArrivalWrong(field="/from_account")
