"""Operators: who they are, what they may do, and the logs of both (M12)."""

from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from lending.foundation import audit, ids
from lending.foundation.audit import Actor
from lending.foundation.database import Database, Row, Tx
from lending.system import store
from lending.system.errors import (
    LoginTaken,
    NoSuchOperator,
    NotAllowed,
    PasswordTooShort,
    SignInRefused,
)
from lending.system.model import ABSOLUTE, FAILURES_MAX, IDLE, Operator, Right, Role, Session

PASSWORD_MIN = 12
_hasher = PasswordHasher()


def add_operator(
    tx: Tx,
    *,
    login: str,
    name: str,
    role: Role,
    password: str,
    actor: Actor,
    staff_no: str = "",
) -> None:
    """Makes an operator. There is none by default.

    `staff_no` says who it is behind the login. Without it, logins of one name are one person, so
    that nobody checks their own work under a second login (T18).

    Raises PasswordTooShort, LoginTaken.
    """
    if len(password) < PASSWORD_MIN:
        raise PasswordTooShort
    if not store.insert(
        tx,
        login=login,
        name=name,
        person=f"staff:{staff_no}" if staff_no else f"name:{''.join(name.split())}",
        role=role,
        password_hash=_hasher.hash(password),
    ):
        raise LoginTaken
    audit.record(tx, actor, "operator.add", login, {"role": role.value})


def unlock(tx: Tx, login: str, actor: Actor) -> None:
    """Lets an operator try again who was locked after too many wrong passwords.

    Raises NoSuchOperator.
    """
    if not store.unlock(tx, login):
        raise NoSuchOperator(f"nobody signs in as {login}")
    audit.record(tx, actor, "operator.unlock", login)


def sign_in(database: Database, *, login: str, password: str) -> str:
    """Starts a session with a new id; the id, which only the browser keeps.

    The try is logged and counted in a unit of work of its own, so that a refusal is kept too. It
    takes as long for an unknown login as for a wrong password.

    Raises SignInRefused.
    """
    with database.unit_of_work() as tx:
        row = store.by_login(tx, login)
        right = _matches(row["password_hash"] if row else _nobody(), password)
        if row is None or row["state"] != "active" or not right:
            store.log_login(tx, login, "refused")
            if row is not None and not right:
                failures = row["failures"] + 1
                store.set_failures(tx, row["id"], failures, locked=failures >= FAILURES_MAX)
            session_id = None
        else:
            session_id = ids.token()
            store.set_failures(tx, row["id"], 0, locked=False)
            store.log_login(tx, login, "signed_in")
            store.insert_session(tx, _digest(session_id), row["id"], ids.token())
    if session_id is None:
        raise SignInRefused
    return session_id


def session(tx: Tx, session_id: str) -> Session | None:
    """The live session with this id, kept alive by asking; None when it ended."""
    return store.touch_session(
        tx,
        _digest(session_id),
        seen_after=tx.machine_now - IDLE,
        created_after=tx.machine_now - ABSOLUTE,
    )


def sign_out(tx: Tx, session_id: str) -> None:
    """Ends a session on the server."""
    store.delete_session(tx, _digest(session_id))


def require(operator: Operator, right: Right) -> None:
    """Refuses an operator without the right. Services call it; pages only hide what it refuses.

    Raises NotAllowed.
    """
    if not operator.may(right):
        raise NotAllowed


def operation_log(tx: Tx, operator: Operator, *, limit: int = 200) -> list[Row]:
    """The newest lines of the operation log.

    Raises NotAllowed.
    """
    require(operator, Right.SEE_LOGS)
    return store.operation_log(tx, limit)


def login_log(tx: Tx, operator: Operator, *, limit: int = 200) -> list[Row]:
    """The newest lines of the login log.

    Raises NotAllowed.
    """
    require(operator, Right.SEE_LOGS)
    return store.login_log(tx, limit)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody has this password")


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except VerifyMismatchError:
        return False


def _digest(session_id: str) -> bytes:
    return sha256(session_id.encode()).digest()
