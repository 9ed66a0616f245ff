"""The SQL of credit lines."""

from collections.abc import Sequence
from datetime import date

from lending.credit_lines.model import Line, LineState, NewLine
from lending.foundation import ids
from lending.foundation.database import Row, Tx

LINE = """
    SELECT id, customer_id, application_id, product_code, product_version, state, limit_fen,
           raise_fen, raise_until, security_needed_fen, exposure_fen, changes, frozen_because,
           review_due, created_at, opened_at
    FROM credit_line WHERE id = :id"""
LINE_LOCKED = """
    SELECT id, customer_id, application_id, product_code, product_version, state, limit_fen,
           raise_fen, raise_until, security_needed_fen, exposure_fen, changes, frozen_because,
           review_due, created_at, opened_at
    FROM credit_line WHERE id = :id FOR UPDATE"""
LINE_SHARED = """
    SELECT id, customer_id, application_id, product_code, product_version, state, limit_fen,
           raise_fen, raise_until, security_needed_fen, exposure_fen, changes, frozen_because,
           review_due, created_at, opened_at
    FROM credit_line WHERE id = :id FOR SHARE"""


def _line(row: Row) -> Line:
    return Line(**{**row, "state": LineState(row["state"])})


def insert(tx: Tx, new: NewLine, review_due: date) -> str | None:
    """The new line's id; None where the customer has a line or the application made one."""
    line_id = ids.new("line")
    written = tx.touched(
        "INSERT INTO credit_line (id, customer_id, application_id, product_code, product_version,"
        " state, limit_fen, security_needed_fen, exposure_fen, review_due, created_at, opened_at,"
        " changed_at) VALUES (:id, :customer_id, :application_id, :code, :version, :state, :limit,"
        " :needed, 0,"
        " :review_due, :now, CASE WHEN :state = 'open' THEN :now END, :now)"
        " ON CONFLICT DO NOTHING",
        id=line_id,
        customer_id=new.customer_id,
        application_id=new.application_id,
        code=new.product_code,
        version=new.product_version,
        state=(LineState.WAITING if new.security_needed_fen else LineState.OPEN).value,
        limit=new.limit_fen,
        needed=new.security_needed_fen,
        review_due=review_due,
        now=tx.now,
    )
    return line_id if written else None


def find(tx: Tx, *, text: str | None, customer_ids: Sequence[str], limit: int = 50) -> list[Line]:
    """Lines by id or customer, the newest first; without a text, all."""
    rows = tx.all(
        "SELECT id FROM credit_line WHERE CAST(:text AS text) IS NULL OR id = :text"
        " OR customer_id = ANY (:customer_ids) ORDER BY created_at DESC, id LIMIT :limit",
        text=text,
        customer_ids=list(customer_ids),
        limit=limit,
    )
    return [_line(tx.one(LINE, id=row["id"])) for row in rows]


def set_scenes(tx: Tx, line_id: str, scenes: dict[str, int]) -> None:
    """Writes the scenes of a line with their sub-limits; others that were there are left."""
    tx.run_many(
        "INSERT INTO credit_line_scene (line_id, scene, limit_fen) VALUES (:id, :scene, :limit)"
        " ON CONFLICT (line_id, scene) DO UPDATE SET limit_fen = :limit",
        [{"id": line_id, "scene": scene, "limit": limit} for scene, limit in scenes.items()],
    )


def line(tx: Tx, line_id: str, *, lock: bool = False) -> Line | None:
    row = tx.maybe(LINE_LOCKED if lock else LINE, id=line_id)
    return _line(row) if row else None


def line_shared(tx: Tx, line_id: str) -> Line | None:
    """The line, kept from being changed until this unit of work ends; payments do not wait."""
    row = tx.maybe(LINE_SHARED, id=line_id)
    return _line(row) if row else None


def line_id_of_customer(tx: Tx, customer_id: str) -> str | None:
    """The customer's line that is not closed."""
    found: str | None = tx.scalar(
        "SELECT id FROM credit_line WHERE customer_id = :id AND state <> 'closed'", id=customer_id
    )
    return found


def line_id_of_application(tx: Tx, application_id: str) -> str | None:
    found: str | None = tx.scalar(
        "SELECT id FROM credit_line WHERE application_id = :id", id=application_id
    )
    return found


def scenes(tx: Tx, line_id: str) -> dict[str, int]:
    rows = tx.all(
        "SELECT scene, limit_fen FROM credit_line_scene WHERE line_id = :id ORDER BY scene",
        id=line_id,
    )
    return {row["scene"]: row["limit_fen"] for row in rows}


def save(tx: Tx, changed: Line) -> None:
    """Writes what of a line may change."""
    tx.run(
        "UPDATE credit_line SET state = :state, limit_fen = :limit, raise_fen = :raise_fen,"
        " raise_until = :raise_until, exposure_fen = :exposure, changes = :changes,"
        " frozen_because = :because, review_due = :review_due,"
        " opened_at = CASE WHEN :state = 'open' THEN coalesce(opened_at, :now) ELSE opened_at END,"
        " changed_at = :now WHERE id = :id",
        id=changed.id,
        state=changed.state.value,
        limit=changed.limit_fen,
        raise_fen=changed.raise_fen,
        raise_until=changed.raise_until,
        exposure=changed.exposure_fen,
        changes=changed.changes,
        because=changed.frozen_because,
        review_due=changed.review_due,
        now=tx.now,
    )


def to_settle(tx: Tx, day: date) -> list[str]:
    """Lines whose raise has run out by a date, or that take more of the borrower than their limit.

    Of these, only lines that somebody uses beyond their limit take more for long.
    """
    rows = tx.all(
        "SELECT id FROM credit_line WHERE raise_until < :day UNION"
        " SELECT id FROM credit_line WHERE state <> 'closed'"
        " AND exposure_fen > limit_fen + raise_fen ORDER BY id",
        day=day,
    )
    return [row["id"] for row in rows]
