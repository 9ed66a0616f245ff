"""Asks the credit bureaus, all at once, and turns what each says into the words we share."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from lending.customers.model import Profile
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database, Tx
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import BureauReport, CreditBureau
from lending.risk import store
from lending.risk.model import NO_SCORE, BureauFacts, RiskRequest

DEADLINE_S = 3.0
"""How long a decision waits for bureaus; whoever is later counts as absent."""


@dataclass(frozen=True, slots=True)
class Questions:
    """Whom we ask about, on which consent, and why (R-CREDIT-AUTH)."""

    request: RiskRequest
    person: Profile
    consent_id: str
    purpose: str


def ask(
    database: Database,
    bureaus: Sequence[CreditBureau],
    keys: FieldKeys,
    questions: Questions,
    *,
    deadline_s: float = DEADLINE_S,
) -> None:
    """Asks every bureau that has not reported on this application yet, and stores who answers.

    Each question is on record before it is asked and each ending after. No transaction is open
    while a bureau works. A bureau that fails, or is later than the deadline, is only absent: its
    late answer is dropped. Nothing is raised for it.
    """
    request = questions.request
    with database.unit_of_work() as tx:
        there = store.reports(tx, request.application_id)
        open_queries = {
            bureau.source: store.insert_query(
                tx,
                request,
                source=bureau.source,
                consent_id=questions.consent_id,
                purpose=questions.purpose,
            )
            for bureau in bureaus
            if bureau.source not in there
        }
    running = {
        bureau.source: _start(bureau, questions)
        for bureau in bureaus
        if bureau.source in open_queries
    }
    done, _ = wait(running.values(), timeout=deadline_s)
    with database.unit_of_work() as tx:
        for source, future in running.items():
            if future not in done:
                store.end_query(tx, open_queries[source], "late", f"no answer in {deadline_s} s")
            elif problem := future.exception():
                store.end_query(tx, open_queries[source], "failed", _name(problem))
            else:
                store.end_query(tx, open_queries[source], "answered")
                store.insert_report(
                    tx,
                    request,
                    source=source,
                    consent_id=questions.consent_id,
                    purpose=questions.purpose,
                    report=future.result(),
                    keys=keys,
                )


def _start(bureau: CreditBureau, questions: Questions) -> "Future[BureauReport]":
    """Asks one bureau in a thread of its own, which does not keep the process alive."""
    future: Future[BureauReport] = Future()

    def run() -> None:
        try:
            future.set_result(
                bureau.report(
                    name=questions.person.name,
                    identity_no=questions.person.identity_no,
                    mobile=questions.person.mobile,
                    consent_id=questions.consent_id,
                    purpose=questions.purpose,
                )
            )
        except Exception as problem:  # noqa: BLE001 - a broken connector is an absent bureau
            future.set_exception(problem)

    threading.Thread(target=run, name=f"bureau {bureau.source}", daemon=True).start()
    return future


def _name(problem: BaseException) -> str:
    """What went wrong, without its text: that may hold personal data (T08)."""
    return problem.code if isinstance(problem, OutsideFault) else type(problem).__name__


def stored_facts(tx: Tx, application_id: str) -> list[BureauFacts]:
    """What each bureau that answered says of the applicant, by source."""
    return [facts(each) for each in store.reports(tx, application_id).values()]


def facts(report: Mapping[str, Any]) -> BureauFacts:
    """A stored report on the scale that all bureaus share here."""
    score = report["score"]
    return BureauFacts(
        source=report["source"],
        score_percent=NO_SCORE if score is None else score * 100 // report["score_max"],
        accounts_open=report["open_accounts"],
        overdue_now=report["overdue_now"],
        overdue_24m=report["overdue_24m"],
        inquiries_3m=report["inquiries_3m"],
        platforms_open=report["platforms_open"],
        debt_total_fen=report["debt_total_fen"],
        months_on_file=report["months_on_file"],
    )
