"""The SQL of money that a merchant gets as it serves."""

from collections.abc import Sequence
from datetime import date

from lending.foundation.database import Row, Tx
from lending.loans.model import ReleasePart, ReleaseState

PARTS = """
    SELECT loan_id, part, due_date, gross_fen, fee_fen, subsidy_fen, state, confirmed_at,
           confirmed_by, held_because
    FROM loan_release WHERE loan_id = :id ORDER BY part"""


def _part(row: Row) -> ReleasePart:
    return ReleasePart(**{**row, "state": ReleaseState(row["state"])})


def plan(tx: Tx, loan_id: str, parts: Sequence[ReleasePart]) -> None:
    tx.run_many(
        "INSERT INTO loan_release (loan_id, part, due_date, gross_fen, fee_fen, subsidy_fen, state)"
        " VALUES (:loan_id, :part, :due_date, :gross, :fee, :subsidy, 'planned')",
        [
            {
                "loan_id": loan_id,
                "part": each.part,
                "due_date": each.due_date,
                "gross": each.gross_fen,
                "fee": each.fee_fen,
                "subsidy": each.subsidy_fen,
            }
            for each in parts
        ],
    )


def parts(tx: Tx, loan_id: str) -> list[ReleasePart]:
    """The later parts of a loan, the earliest first."""
    return [_part(row) for row in tx.all(PARTS, id=loan_id)]


def part(tx: Tx, loan_id: str, number: int) -> ReleasePart:
    """A part that must be there."""
    return next(each for each in parts(tx, loan_id) if each.part == number)


def set_state(tx: Tx, loan_id: str, number: int, state: ReleaseState) -> None:
    tx.run(
        "UPDATE loan_release SET state = :state, ended_at = CASE WHEN :state IN"
        " ('paid', 'stopped') THEN :now END WHERE loan_id = :id AND part = :part",
        id=loan_id,
        part=number,
        state=state.value,
        now=tx.now,
    )


def confirm(tx: Tx, loan_id: str, number: int, by: str) -> None:
    tx.run(
        "UPDATE loan_release SET confirmed_at = :now, confirmed_by = :by"
        " WHERE loan_id = :id AND part = :part AND confirmed_at IS NULL",
        id=loan_id,
        part=number,
        by=by,
        now=tx.now,
    )


def set_held(tx: Tx, loan_id: str, because: str) -> None:
    """Holds the parts that are not with the merchant yet, or with an empty reason lets them go."""
    tx.run(
        "UPDATE loan_release SET held_because = :because"
        " WHERE loan_id = :id AND state IN ('planned', 'failed')",
        id=loan_id,
        because=because,
    )


def due(tx: Tx, day: date) -> list[ReleasePart]:
    """Parts that may go to their merchants by a date."""
    rows = tx.all(
        "SELECT loan_id, part, due_date, gross_fen, fee_fen, subsidy_fen, state, confirmed_at,"
        " confirmed_by, held_because FROM loan_release WHERE state = 'planned'"
        " AND due_date <= :day AND confirmed_at IS NOT NULL AND held_because = ''"
        " ORDER BY loan_id, part",
        day=day,
    )
    return [_part(row) for row in rows]
