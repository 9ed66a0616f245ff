"""What of guarantees needs two people: agreements, money that came, what takes a claim back."""

from collections.abc import Callable
from typing import Any

from lending.claims import service
from lending.claims.model import Arrival
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.guarantees import service as guarantees
from lending.guarantees.model import FeePayer, LicenceKind, NewAgreement
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.model import Right
from lending.system.payloads import choice, day, rate


def kinds() -> dict[str, Kind]:
    """All kinds of this module; the subject is a claim's id, or a guarantor's for its deposit."""
    return register(
        _kind("claim.receive", "登记代偿款到账", _receive),
        _kind("claim.take_back", "冲正代偿", _take_back),
        Kind(
            "guarantee.agree",
            "登记增信协议",
            Right.PROPOSE_PARTNERS,
            Right.APPROVE_PARTNERS,
            _agree,
        ),
        _kind("pool.top_up", "登记担保保证金", _top_up),
    )


def _kind(
    name: str, title: str, carry_out: Callable[[Tx, str, Payload, Actor], dict[str, Any]]
) -> Kind:
    return Kind(name, title, Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES, carry_out)


def _receive(tx: Tx, claim_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    claim = service.receive(tx, claim_id, _arrival(payload), actor)
    return {"loan": claim.loan_id, "amount_fen": claim.paid_fen}


def _take_back(tx: Tx, claim_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    claim = service.take_back(tx, claim_id, words(payload, "because", most=200), actor)
    return {"loan": claim.loan_id, "amount_fen": claim.paid_fen}


def _top_up(tx: Tx, guarantor_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    return {"pool_fen": service.top_up(tx, guarantor_id, _arrival(payload), actor)}


def _agree(tx: Tx, guarantor_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    new = NewAgreement(
        guarantor_id=guarantor_id,
        product_code=words(payload, "product_code"),
        licence_kind=choice(payload, "licence_kind", LicenceKind),
        licence_no=words(payload, "licence_no"),
        licence_to=day(payload, "licence_to"),
        fee_payer=choice(payload, "fee_payer", FeePayer),
        fee_rate=rate(payload, "fee_rate"),
        trigger_days=whole_number(payload, "trigger_days"),
        covers_interest=words(payload, "covers_interest") == "yes",
        covers_penalty=words(payload, "covers_penalty") == "yes",
        quota_fen=whole_number(payload, "quota_fen"),
        claims_cap_fen=whole_number(payload, "claims_cap_fen"),
        pool_min_fen=whole_number(payload, "pool_min_fen"),
        valid_from=day(payload, "valid_from"),
    )
    return {"agreement": guarantees.agree(tx, new, actor).id, "quota_fen": new.quota_fen}


def _arrival(payload: Payload) -> Arrival:
    return Arrival(
        amount_fen=whole_number(payload, "amount_fen", least=1),
        reference=words(payload, "reference"),
        arrived_on=day(payload, "arrived_on"),
    )
