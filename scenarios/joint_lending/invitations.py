"""Invitations to a share: shown with the borrower's data, accepted, countered or declined."""

from dataclasses import dataclass
from typing import Any

from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.funding import answers, funders, store
from lending.funding.answers import DeclineReason, OwnDecision
from lending.funding.errors import NoSuchShare
from lending.funding.model import FundingShare
from scenarios.joint_lending import admission, views


@dataclass(frozen=True, slots=True)
class Sealing:
    """What a funder may know of a borrower, to be encrypted to its key before it leaves."""

    packet: dict[str, Any]
    jwk: dict[str, Any]


def show(
    tx: Tx, keys: FieldKeys, funder_id: str, share_id: str, *, account_no: str
) -> tuple[dict[str, Any], Sealing | None]:
    """A share and, while it lives and the borrower consents, what the funder decides on.

    That it was seen is on record (R-PI-CONSENT).

    Raises NoSuchShare.
    """
    found = _found(tx, funder_id, share_id)
    request = store.request(tx, found.request_id)
    assert request is not None
    packet = views.packet(tx, keys, request, found)
    if packet is None:
        return views.share(tx, found, account_no=account_no), None
    detail = {"customer_id": request.customer_id, "consent_id": packet["consent_id"]}
    audit.record(tx, Actor("partner", funder_id), "share.show_applicant", share_id, detail)
    sealing = Sealing(packet, funders.get(tx, funder_id).encryption_jwk)
    return views.share(tx, found, account_no=account_no), sealing


def accept(
    tx: Tx,
    funder_id: str,
    share_id: str,
    decision: OwnDecision,
    *,
    account_no: str,
    share_bp: int | None = None,
) -> dict[str, Any]:
    """A funder takes its share, or a smaller one, on its own decision (JOINT-2, R-JOINT-INDEP).

    Raises FunderNotLicensed, and what `answers.accept` does.
    """
    request, _ = answers.locked(tx, funder_id, share_id)
    admission.admit(tx, funder_id, request.facts)
    done = answers.accept(tx, funder_id, share_id, decision, share_bp=share_bp)
    audit.record(tx, Actor("partner", funder_id), "share.accept", share_id)
    return views.share(tx, done, account_no=account_no)


def decline(
    tx: Tx, funder_id: str, share_id: str, reason: DeclineReason, text: str, *, account_no: str
) -> dict[str, Any]:
    """A funder does not take its share: it is routed on.

    Raises what `answers.decline` does.
    """
    done = answers.decline(tx, funder_id, share_id, reason, text)
    audit.record(
        tx, Actor("partner", funder_id), "share.decline", share_id, {"reason": reason.value}
    )
    return views.share(tx, done, account_no=account_no)


def _found(tx: Tx, funder_id: str, share_id: str) -> FundingShare:
    found = store.share(tx, share_id, funder_id=funder_id)
    if found is None:
        raise NoSuchShare
    return found
