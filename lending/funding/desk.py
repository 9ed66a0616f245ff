"""What operators see of funders: what each has, and which loans look for lenders, and why."""

from dataclasses import dataclass

from lending.foundation.database import Row, Tx
from lending.funding import desk_store, funders, quotas, store
from lending.funding.model import Funder, FunderAgreement, FundingShare, Request


@dataclass(frozen=True, slots=True)
class AgreementUse:
    """An agreement in force, and what is left of its quotas."""

    agreement: FunderAgreement
    free_day_fen: int
    free_total_fen: int


def positions(tx: Tx) -> list[tuple[Funder, Row | None]]:
    """Each funder with its shares by number and amount."""
    sums = {row["funder_id"]: row for row in desk_store.positions(tx)}
    return [(each, sums.get(each.id)) for each in funders.every(tx)]


def agreements(tx: Tx, funder_id: str) -> list[AgreementUse]:
    """A funder's agreements that are in force."""
    return [
        AgreementUse(each, *quotas.free(tx, each))
        for each in funders.agreements(tx, funder_id=funder_id)
    ]


def newest(
    tx: Tx, *, state: str | None = None, limit: int = 100
) -> list[tuple[Request, list[FundingShare]]]:
    """The newest searches for lenders, each with all that was asked."""
    return [
        (each, store.shares(tx, each.id)) for each in store.requests(tx, state=state, limit=limit)
    ]


def of_application(tx: Tx, application_id: str) -> tuple[Request, list[FundingShare]] | None:
    """The search for lenders of one application; None where nobody else is asked."""
    found = store.request_of_application(tx, application_id)
    return (found, store.shares(tx, found.id)) if found else None
