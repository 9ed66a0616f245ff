"""The SQL of clearings with funders."""

from collections.abc import Sequence
from datetime import date, datetime, time

from lending.finance.model import Clearing, ClearingMode, ClearingState
from lending.foundation.database import Row, Tx
from lending.foundation.ports import ChannelResult

PARTS = ("principal_fen", "interest_fen", "fee_fen", "penalty_fen", "service_fee_fen", "funded_fen")
_COLUMNS = (
    "SELECT id, seq, funder, business_date, mode, movements, principal_fen, interest_fen, fee_fen,"
    " penalty_fen, service_fee_fen, funded_fen, carried_fen, amount_fen, state, carried_into,"
    " account_id, channel_order_no, hold_id, entry_id, queries, code, message, reference,"
    " created_at, ended_at FROM clearing "
)
_BY_ID = _COLUMNS + "WHERE id = :id"
_LOCKED = _COLUMNS + "WHERE id = :id FOR UPDATE"
_NEWEST = (
    _COLUMNS
    + "WHERE (CAST(:funder AS text) IS NULL OR funder = :funder)"
    + " AND (CAST(:before AS bigint) IS NULL OR seq < :before) ORDER BY seq DESC LIMIT :limit"
)


def set_agreement(tx: Tx, funder: str, mode: ClearingMode, cut_off: time | None) -> None:
    tx.run(
        "INSERT INTO clearing_agreement (funder, mode, cut_off) VALUES (:funder, :mode, :cut_off)"
        " ON CONFLICT (funder) DO UPDATE SET mode = excluded.mode, cut_off = excluded.cut_off",
        funder=funder,
        mode=mode.value,
        cut_off=cut_off,
    )


def waiting(tx: Tx, mode: ClearingMode, day: date) -> Sequence[Row]:
    """Funders of a mode with something to clear, and the time that a date is cut off at.

    What failed waits for a later date than its own, or for something that moves.
    """
    return tx.all(
        "SELECT f.funder, a.cut_off FROM ("
        " SELECT DISTINCT funder FROM share_movement WHERE clearing_id IS NULL AND due_fen <> 0"
        " UNION SELECT funder FROM clearing WHERE state = 'failed' AND business_date < :day) f"
        " LEFT JOIN clearing_agreement a USING (funder)"
        " WHERE coalesce(a.mode, 'day') = :mode ORDER BY f.funder",
        mode=mode.value,
        day=day,
    )


def lock_funder(tx: Tx, funder: str) -> None:
    """Lets one transaction at a time clear with a funder."""
    tx.scalar("SELECT pg_advisory_xact_lock(7100005, hashtext(:funder))", funder=funder)


def take_movements(
    tx: Tx, funder: str, clearing_id: str, *, day: date, until: datetime | None
) -> Row:
    """Puts what moved up to a date and an instant into a clearing; how many, and their sums."""
    return tx.one(
        "WITH taken AS (UPDATE share_movement SET clearing_id = :id WHERE funder = :funder"
        " AND clearing_id IS NULL AND business_date <= :day"
        " AND (CAST(:until AS timestamptz) IS NULL OR at <= :until)"
        " RETURNING principal_fen, interest_fen, fee_fen, penalty_fen, service_fee_fen, funded_fen)"
        " SELECT count(*) AS movements, coalesce(sum(principal_fen), 0)::bigint AS principal_fen,"
        " coalesce(sum(interest_fen), 0)::bigint AS interest_fen,"
        " coalesce(sum(fee_fen), 0)::bigint AS fee_fen,"
        " coalesce(sum(penalty_fen), 0)::bigint AS penalty_fen,"
        " coalesce(sum(service_fee_fen), 0)::bigint AS service_fee_fen,"
        " coalesce(sum(funded_fen), 0)::bigint AS funded_fen FROM taken",
        funder=funder,
        id=clearing_id,
        day=day,
        until=until,
    )


def open_fen(tx: Tx, funder: str) -> list[Row]:
    """Earlier clearings that no money has moved for and none is on its way for."""
    return list(
        tx.all(
            "SELECT id, state, amount_fen FROM clearing WHERE funder = :funder"
            " AND state IN ('failed', 'expected') ORDER BY seq FOR UPDATE",
            funder=funder,
        )
    )


def come(tx: Tx) -> Sequence[Row]:
    """Clearings that were expected and whose money has come."""
    return tx.all(
        "SELECT c.id, c.channel_order_no, e.reference, e.entry_id FROM clearing c"
        " JOIN expected_money e ON e.id = c.id AND e.state = 'taken'"
        " WHERE c.state = 'expected' ORDER BY c.seq FOR UPDATE OF c"
    )


def account_id(tx: Tx, funder: str) -> str | None:
    """The account that a funder clears by; else the first that it is paid on."""
    found: str | None = tx.scalar(
        "SELECT coalesce((SELECT clearing_account_id FROM funder WHERE partner_id = :id),"
        " (SELECT id FROM settlement_account WHERE partner_id = :id AND state = 'verified'"
        "  ORDER BY priority LIMIT 1))",
        id=funder,
    )
    return found


def carry(tx: Tx, ids: Sequence[str], into: str) -> None:
    tx.run(
        "UPDATE clearing SET state = 'carried', carried_into = :into, ended_at = :now"
        " WHERE id = ANY (:ids)",
        ids=list(ids),
        into=into,
        now=tx.now,
    )


def insert(tx: Tx, made: Clearing) -> None:
    tx.run(
        "INSERT INTO clearing (id, funder, business_date, mode, movements, principal_fen,"
        " interest_fen, fee_fen, penalty_fen, service_fee_fen, funded_fen, carried_fen, state,"
        " account_id, channel_order_no, hold_id, code, created_at) VALUES (:id, :funder, :day,"
        " :mode, :movements, :principal_fen, :interest_fen, :fee_fen, :penalty_fen,"
        " :service_fee_fen, :funded_fen, :carried_fen, :state, :account_id, :order_no, :hold_id,"
        " :code, :now)",
        id=made.id,
        funder=made.funder,
        day=made.business_date,
        mode=made.mode.value,
        movements=made.movements,
        **{name: getattr(made, name) for name in PARTS},
        carried_fen=made.carried_fen,
        state=made.state.value,
        account_id=made.account_id,
        order_no=made.channel_order_no,
        hold_id=made.hold_id,
        code=made.code,
        now=tx.now,
    )


def get(tx: Tx, clearing_id: str, *, lock: bool = False) -> Clearing | None:
    row = tx.maybe(_LOCKED if lock else _BY_ID, id=clearing_id)
    return _clearing(row) if row else None


def newest(tx: Tx, funder: str | None, *, before: int | None, limit: int) -> list[Clearing]:
    rows = tx.all(_NEWEST, funder=funder, before=before, limit=limit)
    return [_clearing(row) for row in rows]


def _clearing(row: Row) -> Clearing:
    return Clearing(
        **{**row, "state": ClearingState(row["state"]), "mode": ClearingMode(row["mode"])}
    )


def movements(tx: Tx, clearing_id: str, *, after: int, limit: int) -> Sequence[Row]:
    """What went into a clearing, in order, from behind a movement."""
    return tx.all(
        "SELECT seq, loan_id, kind, source_id, business_date, happened_on, at, principal_fen,"
        " interest_fen, fee_fen, penalty_fen, service_fee_fen, funded_fen, due_fen"
        " FROM share_movement WHERE clearing_id = :id AND seq > :after ORDER BY seq LIMIT :limit",
        id=clearing_id,
        after=after,
        limit=limit,
    )


def id_of_channel_order(tx: Tx, channel_order_no: str) -> str | None:
    value = tx.scalar("SELECT id FROM clearing WHERE channel_order_no = :no", no=channel_order_no)
    return str(value) if value else None


def end(
    tx: Tx,
    clearing_id: str,
    state: ClearingState,
    result: ChannelResult,
    *,
    entry_id: str | None = None,
) -> None:
    tx.run(
        "UPDATE clearing SET state = :state, entry_id = :entry_id, code = :code,"
        " message = :message, reference = :reference, ended_at = :now WHERE id = :id",
        id=clearing_id,
        state=state.value,
        entry_id=entry_id,
        code=result.code,
        message=result.message,
        reference=result.reference,
        now=tx.now,
    )


def set_unknown(tx: Tx, clearing_id: str, *, asked: bool) -> None:
    tx.run(
        "UPDATE clearing SET state = 'unknown', queries = queries + :asked WHERE id = :id"
        " AND state IN ('held', 'unknown')",
        id=clearing_id,
        asked=int(asked),
    )


def owed(tx: Tx) -> dict[str, int]:
    """What we owe each funder: what moved and is not cleared, and clearings without their money."""
    rows = tx.all(
        "SELECT funder, sum(fen)::bigint AS fen FROM ("
        " SELECT funder, due_fen AS fen FROM share_movement WHERE clearing_id IS NULL UNION ALL"
        " SELECT funder, amount_fen FROM clearing WHERE state IN ('held', 'unknown', 'failed')"
        " UNION ALL SELECT c.funder, c.amount_fen FROM clearing c"
        "  LEFT JOIN expected_money e ON e.id = c.id AND e.state = 'taken'"
        "  WHERE c.state = 'expected' AND e.id IS NULL) t GROUP BY funder"
    )
    return {row["funder"]: row["fen"] for row in rows}
