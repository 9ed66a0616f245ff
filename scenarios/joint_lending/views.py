"""A share as its funder sees it, in the words of the API."""

from typing import Any

from lending.channels import service as channels
from lending.customers import service as customers
from lending.customers.errors import ConsentMissing
from lending.customers.model import ConsentScope
from lending.finance.model import Clearing
from lending.foundation.clock import rfc3339
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.lender import LENDER_ZH
from lending.funding import funders, store
from lending.funding.model import FundingShare, Request, ShareState
from lending.loans import service as loans
from lending.loans.rules import rate_text

PERSONAL = ("/applicant/name", "/applicant/identity_no", "/applicant/mobile")
"""What of a risk packet is encrypted to the funder."""


def share_rate(share_bp: int) -> str:
    """Basis points as a decimal text: `0.6000`."""
    return f"{share_bp // 10_000}.{share_bp % 10_000:04d}"


def share(tx: Tx, found: FundingShare, *, account_no: str) -> dict[str, Any]:
    """A share as it stands, without the borrower's data; money for it goes to this account."""
    request = store.request(tx, found.request_id)
    assert request is not None
    agreement = funders.agreement(tx, found.agreement_id)
    facts = request.facts
    return {
        "id": found.id,
        "request_id": found.request_id,
        "generation": found.generation,
        "state": found.state.value,
        "share_rate": share_rate(found.share_bp),
        "amount_fen": found.amount_fen,
        "loan_amount_fen": request.amount_fen,
        "rate_annual": rate_text(facts.rate_annual),
        "service_fee_rate": rate_text(agreement.service_fee_rate),
        "income_rate": rate_text(agreement.income_rate),
        "periods_max": facts.periods_max,
        "purpose": facts.purpose,
        "product_code": request.product_code,
        "product_version": request.product_version,
        "is_prefunded": agreement.is_prefunded,
        "lead_decided_at": rfc3339(facts.decided_at),
        "lead_decision_id": facts.decision_id,
        "invited_at": rfc3339(found.invited_at),
        "decide_by": rfc3339(found.decide_by),
        "decision_reference": found.decision_reference or None,
        "decided_at": rfc3339(found.decision_at) if found.decision_at else None,
        "reason_code": found.reason_code or None,
        "call": _call(found, account_no),
        "loan": _loan(tx, found),
        "updated_at": rfc3339(found.changed_at),
    }


def clearing(found: Clearing, state: str) -> dict[str, Any]:
    """A clearing with a funder; `state` is the one that is told of."""
    return {
        "id": found.id,
        "business_date": found.business_date.isoformat(),
        "state": state,
        "movements": found.movements,
        "principal_fen": found.principal_fen,
        "interest_fen": found.interest_fen,
        "fee_fen": found.fee_fen,
        "penalty_fen": found.penalty_fen,
        "service_fee_fen": found.service_fee_fen,
        "funded_fen": found.funded_fen,
        "carried_fen": found.carried_fen,
        "amount_fen": found.amount_fen,
        "payment_reference": found.reference or None,
    }


def packet(tx: Tx, keys: FieldKeys, request: Request, found: FundingShare) -> dict[str, Any] | None:
    """What the borrower's consent lets a funder know to decide by itself, in the clear.

    None once the share is dead or the consent is withdrawn. No credit bureau's report is in it: the
    borrower let us ask for it, and not hand it on (R-CREDIT-AUTH); our score is an input only
    (R-JOINT-INDEP).
    """
    if found.is_dead:
        return None
    scope = ConsentScope.FUNDERS
    try:
        consent_id = customers.require_consent(
            tx, request.customer_id, scope, request.application_id
        )
    except ConsentMissing:
        return None
    person = customers.profile(tx, keys, request.customer_id)
    return {
        "consent_id": consent_id,
        "applicant": {
            "name": person.name,
            "identity_no": person.identity_no,
            "mobile": person.mobile,
        },
        "age": request.facts.age,
        "region": request.facts.region,
        "lead_score": request.facts.score,
    }


def _call(found: FundingShare, account_no: str) -> dict[str, Any] | None:
    """Where the money is to be sent, once it is called."""
    if found.fund_by is None:
        return None
    return {
        "account_no": account_no,
        "account_name": LENDER_ZH,
        "amount_fen": found.amount_fen,
        "remark": found.id,
        "fund_by": rfc3339(found.fund_by),
        "sent_at": rfc3339(found.told_sent_at) if found.told_sent_at else None,
        "funded_at": rfc3339(found.funded_at) if found.funded_at else None,
    }


def _loan(tx: Tx, found: FundingShare) -> dict[str, Any] | None:
    """What was signed."""
    if found.loan_id is None or found.state is ShareState.WITHDRAWN:
        return None
    loan = loans.loan(tx, found.loan_id)
    pricing = loan.terms.pricing
    return {
        "id": loan.id,
        "state": loan.state.value,
        "principal_fen": loan.principal_fen,
        "periods": pricing.periods,
        "every": pricing.every,
        "unit": pricing.unit,
        "method": pricing.method,
        "rate_annual": rate_text(pricing.rate_annual),
        "penalty_rate_annual": rate_text(pricing.penalty_rate_annual),
        "cost_rate_annual": rate_text(pricing.cost_rate_annual),
        "signed_at": rfc3339(loan.signed_at),
        "start_date": loan.start_date.isoformat() if loan.start_date else None,
        "lenders": [
            {"name": _name(tx, each.funder), "share_rate": share_rate(each.weight)}
            for each in loan.terms.shares
        ],
    }


def _name(tx: Tx, funder: str) -> str:
    return LENDER_ZH if funder == "own" else channels.partner(tx, funder).name
