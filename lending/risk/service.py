"""Decides applications: our own decision, with its inputs, versions and reasons on record.

    with its own short units of work, and none open while a bureau is asked:
    1  consent, what was seen before, filters of our own        -> may decline already
    2  both bureaus at once, three seconds at most              -> none: a person; one: go on
    3  bureau filters, score card, grade, offer                 -> approve, refer or decline

R-RISK-INDEP, ASSIST-3: what a partner sends is kept with the decision and read by no rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lending.channels import service as channels
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from lending.foundation.money import yuan
from lending.foundation.ports import CreditBureau
from lending.risk import bureaus as asking
from lending.risk import features as features_of
from lending.risk import rules, sightings, store
from lending.risk.decision_tables import Hit
from lending.risk.errors import (
    LimitNotAllowed,
    NoOwnDecision,
    NoSuchDecision,
    NothingToDecide,
)
from lending.risk.model import Decision, Feature, Outcome, RiskRequest
from lending.risk.reasons import reason
from lending.risk.rules import RuleBook, Verdict

PURPOSE = "loan_application"
"""Why a bureau is asked, as it is told and logged (R-CREDIT-AUTH)."""


def decide(
    database: Database,
    bureaus: Sequence[CreditBureau],
    keys: FieldKeys,
    request: RiskRequest,
    *,
    book: RuleBook | None = None,
    deadline_s: float = asking.DEADLINE_S,
) -> Decision:
    """Decides an application by the rules and stores the decision; safe to run again.

    An application that the rules have decided keeps that decision. A bureau whose report is there
    already is not asked again.

    Raises ConsentMissing without a live consent to ask bureaus for this application (the consent's
    subject is the application's id), NoSuchCustomer, NoSuchPartner, RuleTableBroken,
    RuleInputMissing.
    """
    book = book or rules.load()
    with database.unit_of_work() as tx:
        made = store.decisions(tx, request.application_id)
        if made:
            return made[0]
        person = customers.profile(tx, keys, request.customer_id)
        consent_id = customers.require_consent(
            tx, request.customer_id, ConsentScope.BUREAU_QUERY, request.application_id
        )
        features = {
            **features_of.of_application(request),
            **features_of.of_profile(person, business_day.today(tx)),
            **features_of.of_partner(channels.partner(tx, request.partner_id)),
            **sightings.observe(tx, keys, request, person),
        }
        own = rules.filter_own(book, features)
        if rules.declines(own):
            return keep(tx, request.application_id, rules.declined_early(own, features), book)
    questions = asking.Questions(request, person, consent_id, PURPOSE)
    asking.ask(database, bureaus, keys, questions, deadline_s=deadline_s)
    with database.unit_of_work() as tx:
        verdict = _verdict(tx, book, request, own, features, bureaus_asked=len(bureaus))
        return keep(tx, request.application_id, verdict, book)


def _verdict(
    tx: Tx,
    book: RuleBook,
    request: RiskRequest,
    own: list[Hit],
    features: Mapping[str, Feature],
    *,
    bureaus_asked: int,
) -> Verdict:
    facts = asking.stored_facts(tx, request.application_id)
    found = {
        **features,
        **features_of.of_bureaus(facts, loans_settled=request.loans_settled),
        **{
            f"bureau.{each.source}.score_percent": Feature(each.score_percent, "bureaus")
            for each in facts
        },
    }
    if not facts:
        return rules.without_bureaus(own, found)
    return rules.decide(book, request, own, found, bureaus_asked=bureaus_asked)


def keep(tx: Tx, application_id: str, verdict: Verdict, book: RuleBook) -> Decision:
    """Stores what the rules say of an application, with every card and table that said it."""
    contents = {table.version: table.content for table in book.tables.values()}
    contents[book.card.version] = book.card.content
    for version in contents.keys() - store.versions_kept(tx, contents):
        store.keep_version(tx, version, contents[version])
    made = (
        store.insert_decision(tx, application_id, verdict, versions=book.versions)
        or store.decisions(tx, application_id)[0]
    )
    audit.record(tx, audit.SYSTEM, "risk.decide", application_id, {"outcome": made.outcome.value})
    return made


def decide_by_person(
    tx: Tx,
    application_id: str,
    outcome: Outcome,
    *,
    operator_id: str,
    note: str,
    limit_fen: int | None = None,
    periods_max: int | None = None,
    review_asked: bool = False,
) -> Decision:
    """A person's decision on what the rules referred; stored beside theirs, with who made it.

    With `review_asked` it may also be on what the rules declined: an applicant may refuse to be
    decided on by a machine alone (R-PI-MANUAL, 个人信息保护法 24).

    Approving takes the limit and the term of the referral unless others are given: a limit from
    the amount asked for to the product's most, a term up to the longest on offer.

    Raises NothingToDecide when it is not a person's to decide or a person has decided already,
    LimitNotAllowed.
    """
    made = store.decisions(tx, application_id, lock=True)
    open_to_person = {Outcome.REFER, Outcome.DECLINE} if review_asked else {Outcome.REFER}
    if len(made) != 1 or made[0].outcome not in open_to_person or outcome is Outcome.REFER:
        raise NothingToDecide
    referred = made[0]
    verdict = Verdict(
        outcome=outcome,
        score=referred.score,
        limit_fen=0,
        periods_max=0,
        reasons=(reason("BY_PERSON"), *referred.reasons),
        features=referred.features,
    )
    if outcome is Outcome.APPROVE:
        verdict = _with_limit(verdict, referred, limit_fen, periods_max)
    actor = Actor("operator", operator_id)
    if not store.insert_decision(
        tx,
        application_id,
        verdict,
        versions=referred.versions,
        decided_by=str(actor),
        note=note,
    ):
        raise NothingToDecide
    audit.record(tx, actor, "risk.decide_by_person", application_id, {"outcome": outcome.value})
    return store.decisions(tx, application_id)[-1]


def _with_limit(
    verdict: Verdict, referred: Decision, limit_fen: int | None, periods_max: int | None
) -> Verdict:
    amount, amount_max, longest = (
        int(referred.features[name].value or 0)
        for name in ("amount_fen", "amount_max_fen", "duration_months")
    )
    limit = max(referred.limit_fen, amount) if limit_fen is None else limit_fen
    periods = (referred.periods_max or longest) if periods_max is None else periods_max
    if not amount <= limit <= amount_max:
        raise LimitNotAllowed(
            mend=f"Give a limit from CNY {yuan(amount)} to CNY {yuan(amount_max)}."
        )
    if not 1 <= periods <= longest:
        raise LimitNotAllowed(field="/periods_max", mend=f"Give a term of 1 to {longest} months.")
    return replace(verdict, limit_fen=limit, periods_max=periods)


def require_own_decision(tx: Tx, application_id: str) -> Decision:
    """The decision that money may leave on: ours, to approve, with its inputs and versions.

    R-RISK-INDEP (商业银行互联网贷款管理暂行办法, 2020 no. 9): where the rules referred, what the
    person decided counts.

    Raises NoOwnDecision.
    """
    made = store.decisions(tx, application_id)
    if not made or made[-1].outcome is not Outcome.APPROVE:
        raise NoOwnDecision
    return made[-1]


def get(tx: Tx, decision_id: str) -> Decision:
    """One decision.

    Raises NoSuchDecision.
    """
    found = store.decision(tx, decision_id)
    if found is None:
        raise NoSuchDecision
    return found


def decisions(tx: Tx, application_id: str) -> list[Decision]:
    """The decisions on an application: the rules' first, a person's after it."""
    return store.decisions(tx, application_id)
