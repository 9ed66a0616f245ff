"""A connection without psycopg's cursors: the ends of a transaction, and what nobody waits for.

psycopg waits for the answer to each statement before it sends the next, `BEGIN` and `COMMIT`
included, and after a rollback forgets all that it has prepared. Here what nobody waits for goes out
with what comes next, and what is prepared stays so.
"""

import select
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Connection, Error, OperationalError, adapters
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InFailedSqlTransaction, InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

Told = Callable[[Error], Exception]
"""What is raised for what the server says."""
_WENT_WELL = {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.PIPELINE_SYNC}


def _as_it_is(error: Error) -> Exception:
    return error


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement with `$1`, `$2` for parameters, and these as the server reads them."""

    sql: str
    values: Sequence[Any] | None = None
    """None for a command, which is not prepared."""
    types: tuple[int, ...] = ()
    """Of its values."""
    told: Told = _as_it_is

    @property
    def key(self) -> tuple[str, tuple[int, ...]]:
        """What it is prepared as."""
        return self.sql, self.types


_INT2, _INT4 = (adapters.types[name].oid for name in ("int2", "int4"))
_UNSENT_MAX = 1000
"""So many statements are kept for later; then they are sent."""
PREPARED_MAX = 500
"""So many statements are kept prepared: more than any process runs often."""
_BEGIN, _COMMIT = _Statement("BEGIN"), _Statement("COMMIT")


class Libpq:
    """The connection under a psycopg connection. One thread at a time."""

    def __init__(self, driver: Connection[Any]) -> None:
        self._pg, self._autocommit = driver.pgconn, driver.autocommit
        self._types = Transformer(driver)
        self._unsent: list[_Statement] = []
        self._prepared: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._names = 0
        self._answers, self._room = select.poll(), select.poll()
        self._answers.register(self._pg.socket, select.POLLIN)
        self._room.register(self._pg.socket, select.POLLIN | select.POLLOUT)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun, or is not known to have ended."""
        return self._pg.transaction_status != TransactionStatus.IDLE

    @property
    def _begins(self) -> bool:
        """Whether a transaction must be begun for the next statement."""
        return not self._autocommit and not self.in_transaction

    def command(self, sql: str) -> None:
        """Runs commands that have neither parameters nor rows, in a transaction as `row`.

        Raises psycopg.Error, and what `send` raises.
        """
        self.send()
        begin = "BEGIN; " if self._begins else ""
        _require(self._pg.exec_(f"{begin}{sql}".encode()))

    def row(self, sql: str, values: Sequence[Any]) -> tuple[Any, ...]:
        """The single row of a statement with `$1`, `$2` for parameters, prepared from now on.

        It begins the transaction if none is open, unless the connection is in autocommit.

        Raises psycopg.Error, and what `send` raises.
        """
        result = self._begun([self._statement(sql, values)])
        assert result.ntuples == 1, sql
        self._types.set_pgresult(result)
        return self._types.load_row(0, tuple)

    def later(self, sql: str, values: Sequence[Any], told: Told) -> None:
        """Keeps a statement until the next one is sent; what it gives is not looked at.

        `told` says what is raised there if the statement fails.

        Raises what `send` raises, where many are kept already.
        """
        if len(self._unsent) == _UNSENT_MAX:
            self.send()
        self._unsent.append(self._statement(sql, values, told))

    def send(self) -> None:
        """Runs what was kept for later.

        Raises what was told of the first that fails.
        """
        if self._unsent:
            self._begun([])

    def drop(self) -> None:
        """Forgets what was kept for later."""
        self._unsent.clear()

    def commit(self) -> None:
        """Commits what was run and what was kept for later.

        A single statement that was kept is a transaction by itself, which the server ends with it.

        Raises psycopg.Error, InFailedSqlTransaction if a statement failed before, and what `send`
        raises.
        """
        if not self.in_transaction and len(self._unsent) == 1:
            self._together(self._taken())
        elif self.in_transaction or self._unsent:
            result = self._begun([_COMMIT])
            if result.command_status == b"ROLLBACK":
                raise InFailedSqlTransaction("a statement failed, so all of them are undone")

    def forget(self) -> None:
        """Has all statements prepared anew: psycopg drops them when tables are changed."""
        self._prepared.clear()

    def _statement(self, sql: str, values: Sequence[Any], told: Told = _as_it_is) -> _Statement:
        dumped = self._types.dump_sequence(values, [PyFormat.TEXT] * len(values))
        types = self._types.types or ()
        if _INT2 in types:  # one statement for small and greater numbers
            types = tuple(_INT4 if each == _INT2 else each for each in types)
        return _Statement(sql, dumped, types, told)

    def _taken(self) -> list[_Statement]:
        taken, self._unsent = self._unsent, []
        return taken

    def _begun(self, statements: list[_Statement]) -> "PGresult":
        """What the last statement gives, after those kept for later, in a transaction."""
        return self._together([_BEGIN] * self._begins + self._taken() + statements)

    def _together(self, statements: Sequence[_Statement]) -> "PGresult":
        """What the last of statements gives that go out together."""
        whole = not self.in_transaction
        try:
            return self._run(statements)
        except InvalidSqlStatementName:
            self.forget()
            if not whole:
                raise
            if self.in_transaction:
                _require(self._pg.exec_(b"ROLLBACK"))
            return self._run(statements)

    def _run(self, statements: Sequence[_Statement]) -> "PGresult":
        alone = len(statements) == 1 and not self._is_new(statements[0])
        if not alone:
            self._pg.enter_pipeline_mode()
        new: list[_Statement] = []
        told: list[Told] = []
        for one in statements:
            if self._is_new(one):
                self._prepare(one)
                new.append(one)
                told.append(one.told)
            self._send(one, alone=alone)
            told.append(one.told)
        try:
            return self._answered(told, alone=alone)
        except Exception:
            for one in new:
                del self._prepared[one.key]
            raise

    def _is_new(self, one: _Statement) -> bool:
        return (
            one.values is not None
            and one.key not in self._prepared
            and len(self._prepared) < PREPARED_MAX
        )

    def _prepare(self, one: _Statement) -> None:
        self._names += 1
        name = self._prepared[one.key] = f"cf_{self._names}".encode()
        self._pg.send_prepare(name, one.sql.encode(), one.types)

    def _send(self, one: _Statement, *, alone: bool) -> None:
        if name := self._prepared.get(one.key):
            self._pg.send_query_prepared(name, one.values)
        elif alone and one.values is None:
            self._pg.send_query(one.sql.encode())
        else:
            self._pg.send_query_params(one.sql.encode(), one.values, one.types)

    def _answered(self, told: Sequence[Told], *, alone: bool) -> "PGresult":
        """What the last gives of all that was sent."""
        if not alone:
            self._pg.pipeline_sync()
        results = [self._result() for _ in told]
        if not alone:
            _require(self._next())
            self._pg.exit_pipeline_mode()
        for each, result in zip(told, results, strict=True):
            last = _require(result, each)
        return last

    def _result(self) -> "PGresult | None":
        """What a statement that was sent gives, with its end."""
        result = self._next()
        while self._next() is not None:
            pass
        return result

    def _next(self) -> "PGresult | None":
        """What the server answers next; other threads run meanwhile."""
        while self._pg.flush():
            self._room.poll()
            self._pg.consume_input()
        while self._pg.is_busy():
            self._answers.poll()
            self._pg.consume_input()
        return self._pg.get_result()


def _require(result: "PGresult | None", told: Told = _as_it_is) -> "PGresult":
    """A result that went well."""
    if result is None:
        raise OperationalError("the connection is lost")
    if result.status not in _WENT_WELL:
        error = error_from_result(result)
        if told is _as_it_is or isinstance(error, InvalidSqlStatementName):
            raise error
        raise told(error) from error
    return result
