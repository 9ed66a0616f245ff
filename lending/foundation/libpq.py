"""A connection without psycopg's cursors: the ends of a transaction, and its hottest statements.

psycopg waits for a `BEGIN` before it sends a unit of work's first statement, and after a rollback
forgets all that it has prepared. Here both go out together, and what is prepared stays so.
"""

import select
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.pq import ExecStatus, TransactionStatus

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

_WENT_WELL = {ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.PIPELINE_SYNC}


class Libpq:
    """The connection under a psycopg connection. One thread at a time."""

    def __init__(self, driver: Connection[Any]) -> None:
        self._pg, self._autocommit = driver.pgconn, driver.autocommit
        self._types = Transformer(driver)
        self._prepared: dict[str, bytes] = {}
        self._names = 0
        self._answers, self._room = select.poll(), select.poll()
        self._answers.register(self._pg.socket, select.POLLIN)
        self._room.register(self._pg.socket, select.POLLIN | select.POLLOUT)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction was begun, or is not known to have ended."""
        return self._pg.transaction_status != TransactionStatus.IDLE

    def command(self, sql: str) -> None:
        """Runs a command that has neither parameters nor rows.

        Raises psycopg.Error.
        """
        _require(self._pg.exec_(sql.encode()))

    def row(self, sql: str, values: Sequence[Any]) -> tuple[Any, ...]:
        """The single row of a statement with `$1`, `$2` for parameters, prepared from now on.

        It begins the transaction if none is open, unless the connection is in autocommit.

        Raises psycopg.Error.
        """
        begins = not self._autocommit and not self.in_transaction
        try:
            result = self._run(sql, values, begins=begins)
        except InvalidSqlStatementName:
            self.forget()
            if not begins:
                raise
            self.command("ROLLBACK")
            result = self._run(sql, values, begins=True)
        assert result.ntuples == 1, sql
        self._types.set_pgresult(result)
        return self._types.load_row(0, tuple)

    def forget(self) -> None:
        """Has all statements prepared anew: psycopg drops them when tables are changed."""
        self._prepared.clear()

    def _run(self, sql: str, values: Sequence[Any], *, begins: bool) -> "PGresult":
        name = self._prepared.get(sql) or self._prepare(sql)
        dumped = self._types.dump_sequence(values, [PyFormat.TEXT] * len(values))
        if begins:
            return _require(self._first(name, dumped))
        self._pg.send_query_prepared(name, dumped)
        return _require(self._result())

    def _prepare(self, sql: str) -> bytes:
        self._names += 1
        name = f"cf_{self._names}".encode()
        _require(self._pg.prepare(name, sql.encode()))
        self._prepared[sql] = name
        return name

    def _first(self, name: bytes, dumped: Sequence[Any]) -> "PGresult | None":
        """What a statement gives that goes out together with the `BEGIN` before it."""
        self._pg.enter_pipeline_mode()
        self._pg.send_query_params(b"BEGIN", None)
        self._pg.send_query_prepared(name, dumped)
        self._pg.pipeline_sync()
        begun, result, ended = self._result(), self._result(), self._next()
        _require(ended)
        self._pg.exit_pipeline_mode()
        _require(begun)
        return result

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


def _require(result: "PGresult | None") -> "PGresult":
    """A result that went well."""
    if result is None:
        raise OperationalError("the connection is lost")
    if result.status not in _WENT_WELL:
        raise error_from_result(result)
    return result
