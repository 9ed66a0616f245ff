"""The SQL of money that came to our account."""

from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx
from lending.foundation.ports import IncomingMoney
from lending.funding.model import Transfer, TransferState

TRANSFER = """
    SELECT reference, amount_fen, remark, share_id, state, because, return_order_no, entry_id,
           hold_id, queries, from_name, received_at, from_account_sealed
    FROM incoming_transfer"""


def account_cell(reference: str) -> str:
    return f"incoming_transfer.from_account:{reference}"


def _transfer(row: Row) -> Transfer:
    return Transfer(
        **{
            **row,
            "state": TransferState(row["state"]),
            "from_account_sealed": bytes(row["from_account_sealed"]),
        }
    )


def last_seq(tx: Tx) -> int:
    """Up to where the bank's feed is taken in."""
    return int(tx.scalar("SELECT coalesce(max(seq), 0) FROM incoming_transfer"))


def is_known(tx: Tx, reference: str) -> bool:
    sql = "SELECT 1 FROM incoming_transfer WHERE reference = :reference"
    return tx.scalar(sql, reference=reference) is not None


def insert(
    tx: Tx,
    keys: FieldKeys,
    came: IncomingMoney,
    *,
    share_id: str | None,
    state: TransferState,
    because: str,
    entry_id: str,
    return_order_no: str,
) -> None:
    tx.run(
        "INSERT INTO incoming_transfer (reference, seq, from_account_sealed, from_name,"
        " amount_fen, remark, received_at, share_id, state, because, return_order_no, entry_id,"
        " recorded_at) VALUES (:reference, :seq, :sealed, :name, :amount, :remark, :received_at,"
        " :share_id, :state, :because, :return_order_no, :entry_id, :now)",
        reference=came.reference,
        seq=came.seq,
        sealed=keys.seal(came.from_account, at=account_cell(came.reference)),
        name=came.from_name,
        amount=came.amount_fen,
        remark=came.remark,
        received_at=came.received_at,
        share_id=share_id,
        state=state.value,
        because=because,
        return_order_no=return_order_no,
        entry_id=entry_id,
        now=tx.now,
    )


def from_account(keys: FieldKeys, transfer: Transfer) -> str:
    return keys.open(transfer.from_account_sealed, at=account_cell(transfer.reference))


def transfer(tx: Tx, reference: str, *, lock: bool = False) -> Transfer:
    ending = " FOR UPDATE" if lock else ""
    return _transfer(tx.one(f"{TRANSFER} WHERE reference = :id{ending}", id=reference))


def taken(tx: Tx, share_id: str) -> Transfer | None:
    """The money that was taken for a share."""
    row = tx.maybe(f"{TRANSFER} WHERE share_id = :id AND state = 'taken'", id=share_id)
    return _transfer(row) if row else None


def transfers(tx: Tx, *, limit: int) -> list[Transfer]:
    """The newest first."""
    return [_transfer(row) for row in tx.all(f"{TRANSFER} ORDER BY seq DESC LIMIT :n", n=limit)]


def set_state(tx: Tx, reference: str, state: TransferState, because: str) -> None:
    tx.run(
        "UPDATE incoming_transfer SET state = :state, because = :because"
        " WHERE reference = :reference",
        reference=reference,
        state=state.value,
        because=because,
    )


def set_hold(tx: Tx, reference: str, hold_id: str) -> None:
    tx.run(
        "UPDATE incoming_transfer SET hold_id = :hold_id WHERE reference = :reference",
        reference=reference,
        hold_id=hold_id,
    )


def set_unknown(tx: Tx, reference: str) -> None:
    tx.run(
        "UPDATE incoming_transfer SET state = 'unknown', queries = queries + 1"
        " WHERE reference = :reference",
        reference=reference,
    )


def end(tx: Tx, reference: str, state: TransferState) -> None:
    tx.run(
        "UPDATE incoming_transfer SET state = :state, ended_at = :now WHERE reference = :reference",
        reference=reference,
        state=state.value,
        now=tx.now,
    )


def insert_expected(
    tx: Tx, expected_id: str, funder: str, account_id: str | None, amount_fen: int
) -> None:
    tx.run(
        "INSERT INTO expected_money (id, partner_id, account_id, amount_fen, state)"
        " VALUES (:id, :funder, :account_id, :amount, 'expected')",
        id=expected_id,
        funder=funder,
        account_id=account_id,
        amount=amount_fen,
    )


def expected(tx: Tx, expected_id: str) -> Row | None:
    """What is still expected under an id, locked."""
    return tx.maybe(
        "SELECT id, partner_id, account_id, amount_fen FROM expected_money"
        " WHERE id = :id AND state = 'expected' FOR UPDATE",
        id=expected_id,
    )


def take_expected(tx: Tx, expected_id: str, reference: str, entry_id: str) -> None:
    tx.run(
        "UPDATE expected_money SET state = 'taken', reference = :reference, entry_id = :entry_id"
        " WHERE id = :id",
        id=expected_id,
        reference=reference,
        entry_id=entry_id,
    )


def withdraw_expected(tx: Tx, expected_id: str) -> bool:
    """Nothing is expected under an id any more; False when it has come."""
    return bool(
        tx.touched(
            "UPDATE expected_money SET state = 'withdrawn' WHERE id = :id AND state = 'expected'",
            id=expected_id,
        )
    )
