"""An application's search for lenders: asked, answered, routed on, agreed, or given up.

Whoever changes a request or one of its shares holds the request's row; then come accounts of
quotas, in the ledger's order. So answers, time-outs and the borrower's own steps come one after the
other, and of two that meet the second sees what the first has made of it (T23).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from lending.compliance import gates, parameters
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.engine import shares
from lending.foundation import business_day, ids, jobs
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.money import portion
from lending.funding import funders, joint_room, money_in, quotas, rules, store
from lending.funding.errors import NoSuchRequest, SharesNotAgreed
from lending.funding.model import (
    AgreedShare,
    Candidate,
    Facts,
    FundingShare,
    Request,
    RequestState,
    ShareState,
    Wanted,
)
from lending.products import service as products
from lending.products.model import Funding, Product
from lending.risk.model import Decision

OWN = "own"
LOOKING = (RequestState.SEEKING, RequestState.WAITING)
OPEN = (*LOOKING, RequestState.FOUND, RequestState.CALLED, RequestState.FUNDED)


@dataclass(frozen=True, slots=True)
class Seek:
    """An application that we have approved by ourselves and that is to be funded jointly."""

    application_id: str
    customer_id: str
    product: Product
    amount_fen: int
    purpose: str
    decision: Decision


def seek(tx: Tx, keys: FieldKeys, new: Seek) -> None:
    """Begins to look for lenders; what comes of it is told by a job. Seeking twice does it once.

    Raises ConsentMissing: without it nobody may be told of the borrower (R-PI-CONSENT).
    """
    scope = ConsentScope.FUNDERS
    customers.require_consent(tx, new.customer_id, scope, new.application_id)
    person = customers.profile(tx, keys, new.customer_id)
    product, decision = new.product, new.decision
    request = Request(
        id=ids.new("fnd"),
        application_id=new.application_id,
        customer_id=new.customer_id,
        product_code=product.code,
        product_version=product.version,
        amount_fen=new.amount_fen,
        facts=Facts(
            amount_fen=new.amount_fen,
            rate_annual=product.rate_annual,
            cost_rate_annual=product.rate_annual_cap,
            periods_max=decision.periods_max,
            purpose=new.purpose,
            region=person.identity_no[:2],
            age=person.age(business_day.today(tx)),
            score=decision.score,
            decided_at=decision.decided_at,
            decision_id=decision.id,
        ),
        own_bp=product.funding.own_bp,
        generation=0,
        state=RequestState.SEEKING,
        explained=[],
        loan_id=None,
        created_at=tx.now,
        expires_at=tx.now + timedelta(minutes=product.funding.wait_minutes),
    )
    if store.insert_request(tx, request):
        _later(tx, "funding.give_up", request, request.expires_at)
        route(tx, request)


def route(tx: Tx, request: Request) -> None:
    """Asks whoever is to be asked next, or sees that all is agreed; the request is locked."""
    funding = products.version(tx, request.product_code, request.product_version).funding
    full: set[str] = set()
    while request.state in LOOKING:
        asked = store.shares(tx, request.id)
        living = [share for share in asked if not share.is_dead]
        if living and sum(s.share_bp for s in living) + request.own_bp == shares.WHOLE_BP:
            if all(share.state is ShareState.ACCEPTED for share in living):
                _found(tx, request, living)
            return
        today = business_day.today(tx)
        candidates, room_fen = _candidates(tx, request, living)
        choice = rules.choose(
            candidates,
            _wanted(funding, asked, living, passed_over=full, room_fen=room_fen),
            request.facts,
            today,
            micro_rate_max=gates.microlender_rate_max(parameters.on(tx, today)),
        )
        generation = request.generation + bool(choice.shares)
        store.explain(tx, request.id, choice.words, generation, choice.own_bp)
        request = replace(request, own_bp=choice.own_bp, generation=generation)
        if not choice.is_complete:
            _wait(tx, request)
            return
        full |= {
            candidate.funder.id
            for candidate, bp in choice.shares
            if not _invite(tx, request, candidate, bp)
        }


def again(tx: Tx, request_id: str) -> None:
    """Tries an application again that waits for funders."""
    request = store.lock_request(tx, request_id)
    if request is not None and request.state is RequestState.WAITING:
        store.set_request_state(tx, request.id, RequestState.SEEKING)
        route(tx, replace(request, state=RequestState.SEEKING))


def give_up(tx: Tx, request_id: str) -> None:
    """Ends a search whose time is over: from own funds where the product says so, or not at all."""
    request = store.lock_request(tx, request_id)
    if request is None or request.state not in LOOKING:
        return
    if tx.now < request.expires_at:
        return
    funding = products.version(tx, request.product_code, request.product_version).funding
    _end_shares(tx, request)
    own = funding.fallback_own
    state = RequestState.OWN if own else RequestState.NONE
    words = "期限内未找到资金方," + ("按产品约定以自有资金放款" if own else "不予放款")
    store.explain(
        tx, request.id, [words], request.generation, shares.WHOLE_BP if own else request.own_bp
    )
    store.set_request_state(tx, request.id, state)
    tell_loans(tx, "loans.funds_found" if own else "loans.no_funds", request)


def agreed(tx: Tx, application_id: str) -> tuple[AgreedShare, ...] | None:
    """The lenders of an application, ours first; None where all of it is our own money.

    JOINT-1, R-JOINT-30, R-JOINT-INDEP, R-JOINT-LICENSE: each is licensed and has decided by itself,
    and all make 100 %.

    Raises SharesNotAgreed, FunderNotLicensed, and what `shares.require_joint` does.
    """
    request = store.request_of_application(tx, application_id)
    if request is None or request.state is RequestState.OWN:
        return None
    if request.state not in (RequestState.FOUND, RequestState.CALLED, RequestState.FUNDED):
        raise SharesNotAgreed(f"the search for lenders is {request.state.value}")
    living = [s for s in store.shares(tx, request.id) if not s.is_dead]
    agreements = [funders.agreement(tx, share.agreement_id) for share in living]
    incomes = rules.income_weights(
        request.own_bp,
        [(s.share_bp, a.income_rate) for s, a in zip(living, agreements, strict=True)],
    )
    lenders = [AgreedShare(OWN, "", request.own_bp, incomes[0], Decimal(0), is_prefunded=False)]
    for share, agreement, income in zip(living, agreements, incomes[1:], strict=True):
        funders.require_own_decision(share)
        funders.require_licensed(tx, share.funder_id, request.facts.region)
        lenders.append(
            AgreedShare(
                funder=share.funder_id,
                name=funders.get(tx, share.funder_id).name,
                weight=share.share_bp,
                income_weight=income,
                service_fee_rate=agreement.service_fee_rate,
                is_prefunded=agreement.is_prefunded,
            )
        )
    shares.require_joint([lender.weight for lender in lenders])
    return tuple(lenders)


def withdraw(tx: Tx, application_id: str) -> None:
    """The application ended before its money left: shares end, quotas are free, money goes back."""
    request = store.request_of_application(tx, application_id, lock=True)
    if request is not None and request.state in OPEN:
        _end_shares(tx, request)
        store.set_request_state(tx, request.id, RequestState.WITHDRAWN)


def set_closed(tx: Tx, loan_ids: Sequence[str], *, is_closed: bool) -> None:
    """Nothing is owed on loans any more, or it is again: their shares follow."""
    store.move_shares(
        tx,
        loan_ids,
        *((ShareState.ACTIVE, ShareState.CLOSED)[:: 1 if is_closed else -1]),
    )


def request_of(tx: Tx, application_id: str) -> Request:
    """The search for lenders of an application.

    Raises NoSuchRequest where it is funded by us alone.
    """
    found = store.request_of_application(tx, application_id)
    if found is None:
        raise NoSuchRequest
    return found


def tell_loans(tx: Tx, job: str, request: Request) -> None:
    """Tells the application what became of its search: by a job, for news travels up as rows."""
    jobs.enqueue(
        tx,
        job,
        queue=jobs.CORE,
        lock=request.application_id,
        application_id=request.application_id,
    )


def _wanted(
    funding: Funding,
    asked: Sequence[FundingShare],
    living: Sequence[FundingShare],
    *,
    passed_over: set[str],
    room_fen: int,
) -> Wanted:
    living_bp = tuple(share.share_bp for share in living)
    return Wanted(
        need_bp=shares.WHOLE_BP - funding.own_bp - sum(living_bp),
        slots=funding.funders_bp[len(living_bp) :],
        own_bp=funding.own_bp,
        own_bp_max=funding.own_bp_max,
        living_bp=living_bp,
        passed_over=frozenset(share.funder_id for share in asked) | passed_over,
        room_fen=room_fen,
    )


def _candidates(
    tx: Tx, request: Request, living: Sequence[FundingShare]
) -> tuple[list[Candidate], int]:
    """Who might be asked, and how much more of ours may be joint beside who is in it already."""
    agreements = funders.agreements(tx, product_code=request.product_code)
    known = {
        each: funders.get(tx, each)
        for each in (*(a.funder_id for a in agreements), *(s.funder_id for s in living))
    }
    today = business_day.today(tx)
    room = joint_room.room(tx, [each.counted_with for each in known.values()], today)

    def room_with(funder_id: str) -> int:
        return room[joint_room.with_group(known[funder_id].counted_with)]

    found = [
        Candidate(known[each.funder_id], each, *quotas.free(tx, each), room_with(each.funder_id))
        for each in agreements
    ]
    return found, min((room[joint_room.ALL], *(room_with(s.funder_id) for s in living)))


def _invite(tx: Tx, request: Request, candidate: Candidate, share_bp: int) -> bool:
    """Asks a funder, its quota held; False when others have taken its quota meanwhile."""
    agreement = candidate.agreement
    share_id = ids.new("shr")
    holds = quotas.hold(tx, agreement, shares.at_most(request.amount_fen, share_bp), share_id)
    if holds is None:
        return False
    made = FundingShare(
        id=share_id,
        request_id=request.id,
        funder_id=candidate.funder.id,
        agreement_id=agreement.id,
        generation=request.generation,
        share_bp=share_bp,
        amount_fen=portion(request.amount_fen, share_bp, shares.WHOLE_BP),
        state=ShareState.INVITED,
        quota_holds=holds,
        decision_reference="",
        decision_at=None,
        reason_code="",
        reason_text="",
        loan_id=None,
        invited_at=tx.now,
        decide_by=min(tx.now + timedelta(minutes=agreement.decide_minutes), request.expires_at),
        answered_at=None,
        fund_by=None,
        funded_at=None,
        told_sent_at=None,
        told_reference="",
        changed_at=tx.now,
    )
    store.insert_share(tx, made)
    store.insert_news(tx, share_id, "invited", {})
    jobs.enqueue(
        tx,
        "funding.expire",
        queue=jobs.CORE,
        lock=request.id,
        at=made.decide_by,
        share_id=share_id,
    )
    return True


def _found(tx: Tx, request: Request, living: Sequence[FundingShare]) -> None:
    """All have agreed: each part is cut of the whole, so that the parts sum to it (JOINT-3)."""
    shares.require_joint([request.own_bp, *(share.share_bp for share in living)])
    parts = rules.parts(request.amount_fen, request.own_bp, [s.share_bp for s in living])
    for share, amount_fen in zip(living, parts[1:], strict=True):
        store.set_amount(tx, share.id, amount_fen)
    store.set_request_state(tx, request.id, RequestState.FOUND)
    tell_loans(tx, "loans.funds_found", request)


def _wait(tx: Tx, request: Request) -> None:
    store.set_request_state(tx, request.id, RequestState.WAITING)
    at = tx.now + rules.RETRY_EVERY
    if at < request.expires_at:
        _later(tx, "funding.again", request, at)


def _end_shares(tx: Tx, request: Request) -> None:
    for share in store.shares(tx, request.id):
        if share.is_dead:
            continue
        quotas.void(tx, share, "the loan is not made")
        store.set_share_state(tx, share.id, ShareState.WITHDRAWN)
        store.insert_news(tx, share.id, "withdrawn", {})
        money_in.give_back(tx, share)


def _later(tx: Tx, job: str, request: Request, at: datetime) -> None:
    jobs.enqueue(
        tx,
        job,
        queue=jobs.CORE,
        lock=request.id,
        at=at,
        request_id=request.id,
    )
