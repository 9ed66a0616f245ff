"""What of commissions needs two people: agreements, and answers to disputes that may move money."""

from typing import Any

from lending.commissions import service
from lending.commissions.errors import AgreementRefused
from lending.commissions.model import NewAgreement, Tier, TierBy
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.loans.partner_terms import Basis
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.model import Right
from lending.system.payloads import choice, day, decimal, rate

ADJUSTMENT_MAX_FEN = 10**12


def kinds(files: FileStore) -> dict[str, Kind]:
    """All kinds of this module; the subject is a bill's id, or of an agreement the platform's."""

    def answer(tx: Tx, bill_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
        adjustment = whole_number(payload, "adjustment_fen", least=-ADJUSTMENT_MAX_FEN)
        text = words(payload, "answer", most=500)
        bill = service.answer(tx, files, bill_id, actor, text=text, adjustment_fen=adjustment)
        return {"adjustment_fen": adjustment, "payable_fen": bill.payable_fen}

    change = (Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES)
    listing = (Right.PROPOSE_PARTNERS, Right.APPROVE_PARTNERS)
    return register(
        Kind("commission.answer", "答复佣金异议", *change, answer),
        Kind("commission.agree", "登记佣金协议", *listing, _agree),
    )


def _agree(tx: Tx, platform_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    new = NewAgreement(
        platform_id=platform_id,
        product_code=words(payload, "product_code"),
        basis=choice(payload, "basis", Basis),
        rate=rate(payload, "rate"),
        per_loan_fen=whole_number(payload, "per_loan_fen"),
        cap_rate=rate(payload, "cap_rate"),
        clawback_days=whole_number(payload, "clawback_days"),
        clawback_rate=rate(payload, "clawback_rate"),
        valid_from=day(payload, "valid_from"),
        tier_by=choice(payload, "tier_by", TierBy),
        tiers=_tiers(payload),
    )
    return {"agreement": service.agree(tx, new, actor)}


def _tiers(payload: Payload) -> tuple[Tier, ...]:
    """Written as `0:1, 10000000:0.9`: from which measure on, and which part is kept."""
    text = str(payload.get("tiers", "")).strip()
    pairs = [each.partition(":") for each in text.split(",") if each.strip()]
    try:
        return tuple(Tier(decimal(at.strip()), decimal(part.strip())) for at, _, part in pairs)
    except ValueError:
        raise AgreementRefused(field="/tiers", mend="请按 起点:系数 填写,以逗号分隔。") from None
