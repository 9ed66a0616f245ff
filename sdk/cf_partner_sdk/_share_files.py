"""A funder's daily files: its account with the lender, its positions, what falls due to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Optional

from ._calls import Call, Page, pages
from ._models import Event
from ._service import listing
from ._share_events import ClearingPaid, ClearingReceived, ShareMoved
from ._share_models import ShareMovement
from ._statement_models import MovementType, Statement, StatementKind, StatementRow
from ._statements import R, Statements

Key = tuple[str, str, str, str]
"""Type, loan, what happened, and what it comes from."""


@dataclass(frozen=True)
class ShareFileDifference:
    """One movement on which a file and the events disagree; None: one of them does not have it."""

    type: MovementType
    loan_id: Optional[str]
    source_id: str
    in_file_fen: Optional[int]
    in_events_fen: Optional[int]


class ShareFiles(Statements[R]):
    """A funder's files by day. Downloads are proved as those of statements are."""

    @listing
    def list(
        self,
        *,
        kind: Optional[str] = StatementKind.SHARE_MOVEMENTS.value,
        span: Optional[str] = "day",
        period: Optional[str] = None,
    ) -> Call[Page[Statement]]:
        """Go through the files, newest first; `period` is one date such as `2026-11-23`.

        `kind` is `share_movements`, `share_positions` or `share_forecast`.
        """
        return pages("/v1/statements", Statement.from_json, kind=kind, span=span, period=period)


def share_differences(
    events: Iterable[Event], statement: Statement, rows: Iterable[StatementRow]
) -> list[ShareFileDifference]:
    """Rebuild a file of movements from events alone, and give every difference; none is agreement.

    `events` are those that the funder received, in any order, also more than once; `rows` those of
    `client.share_files.rows(statement.id)`. What was cleared is compared by clearing.
    """
    once = {event.id: event for event in events}
    told: dict[Key, int] = {}
    cleared: dict[str, int] = {}
    for event in once.values():
        if isinstance(event, ShareMoved):
            movement = event.movement
            day = movement.business_date
            if day is not None and statement.period_start <= day <= statement.period_end:
                told.update(_parts(movement))
        elif isinstance(event, (ClearingPaid, ClearingReceived)):
            cleared[event.clearing.id] = -event.clearing.amount_fen
    listed: dict[Key, int] = {}
    for row in rows:
        source_id = row.extra.get("source_id", "")
        key = (row.type.value, row.loan_id or "", row.extra.get("movement", ""), source_id)
        listed[key] = row.amount_fen
        if row.type is MovementType.CLEARED and source_id in cleared:
            told[key] = cleared[source_id]
    return list(_compared(listed, told))


def _parts(movement: ShareMovement) -> Iterator[tuple[Key, int]]:
    is_payout = movement.kind == "loan.paid_out"
    amounts = {
        MovementType.LENT: movement.principal_fen if is_payout else 0,
        MovementType.PRINCIPAL_REPAID: 0 if is_payout else movement.principal_fen,
        MovementType.FUNDED: movement.funded_fen,
        MovementType.INTEREST_RECEIVED: movement.interest_fen,
        MovementType.FEE_RECEIVED: movement.fee_fen,
        MovementType.PENALTY_RECEIVED: movement.penalty_fen,
        MovementType.SERVICE_FEE: movement.service_fee_fen,
    }
    for kind, fen in amounts.items():
        if fen:
            yield (kind.value, movement.loan_id, movement.kind, movement.source_id), fen


def _compared(listed: dict[Key, int], told: dict[Key, int]) -> Iterator[ShareFileDifference]:
    for key in sorted(listed.keys() | told.keys()):
        kind, loan_id, _, source_id = key
        if listed.get(key) != told.get(key):
            yield ShareFileDifference(
                MovementType(kind), loan_id or None, source_id, listed.get(key), told.get(key)
            )
