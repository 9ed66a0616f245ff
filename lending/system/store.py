"""The SQL of operators."""

from datetime import datetime

from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.system.model import Operator, Role, Session


def by_login(tx: Tx, login: str) -> Row | None:
    return tx.maybe(
        "SELECT id, login, name, role, password_hash, state, failures FROM operator"
        " WHERE login = :login FOR UPDATE",
        login=login,
    )


def insert(tx: Tx, *, login: str, name: str, person: str, role: Role, password_hash: str) -> bool:
    return bool(
        tx.touched(
            "INSERT INTO operator (id, login, name, person, password_hash, role, state, created_at)"
            " VALUES (:id, :login, :name, :person, :hash, :role, 'active', :now)"
            " ON CONFLICT (login) DO NOTHING",
            id=ids.new("opr"),
            login=login,
            name=name,
            person=person,
            hash=password_hash,
            role=role.value,
            now=tx.now,
        )
    )


def set_failures(tx: Tx, operator_id: str, failures: int, *, locked: bool) -> None:
    tx.run(
        "UPDATE operator SET failures = :failures, state = :state WHERE id = :id",
        id=operator_id,
        failures=failures,
        state="locked" if locked else "active",
    )


def unlock(tx: Tx, login: str) -> int:
    return tx.touched(
        "UPDATE operator SET failures = 0, state = 'active' WHERE login = :login", login=login
    )


def log_login(tx: Tx, login: str, outcome: str) -> None:
    tx.run(
        "INSERT INTO login_log (login, outcome, at) VALUES (:login, :outcome, :now)",
        login=login,
        outcome=outcome,
        now=tx.machine_now,
    )


def insert_session(tx: Tx, id_sha256: bytes, operator_id: str, csrf: str) -> None:
    tx.run(
        "INSERT INTO operator_session (id_sha256, operator_id, csrf, created_at, seen_at)"
        " VALUES (:id, :operator_id, :csrf, :now, :now)",
        id=id_sha256,
        operator_id=operator_id,
        csrf=csrf,
        now=tx.machine_now,
    )


def touch_session(
    tx: Tx, id_sha256: bytes, *, seen_after: datetime, created_after: datetime
) -> Session | None:
    row = tx.maybe(
        "UPDATE operator_session s SET seen_at = :now FROM operator o"
        " WHERE s.id_sha256 = :id AND o.id = s.operator_id AND o.state = 'active'"
        " AND s.seen_at > :seen_after AND s.created_at > :created_after"
        " RETURNING o.id, o.login, o.name, o.role, o.person, s.csrf",
        id=id_sha256,
        seen_after=seen_after,
        created_after=created_after,
        now=tx.machine_now,
    )
    if row is None:
        return None
    operator = Operator(row["id"], row["login"], row["name"], Role(row["role"]), row["person"])
    return Session(operator, csrf=row["csrf"])


def delete_session(tx: Tx, id_sha256: bytes) -> None:
    tx.run("DELETE FROM operator_session WHERE id_sha256 = :id", id=id_sha256)


def operation_log(tx: Tx, limit: int) -> list[Row]:
    return list(
        tx.all(
            "SELECT at, actor, action, subject, detail FROM audit_log ORDER BY seq DESC LIMIT :n",
            n=limit,
        )
    )


def login_log(tx: Tx, limit: int) -> list[Row]:
    return list(
        tx.all("SELECT at, login, outcome FROM login_log ORDER BY seq DESC LIMIT :n", n=limit)
    )
