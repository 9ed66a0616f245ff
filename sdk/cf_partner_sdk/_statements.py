"""Statements: found, downloaded, proved."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Optional, TypeVar, Union

from ._calls import Call, Page, download, pages, read, segment
from ._errors import StatementRefused
from ._service import Service, call, listing, steps
from ._statement_file import prove, rows_of
from ._statement_models import ReconciliationDifference, Statement, StatementRow
from ._steps import Steps
from .http_signatures import Message

R = TypeVar("R")

PART_BYTES = 4 * 1024 * 1024
"""How much of a file is asked for at once: what a broken connection loses at most."""


Target = Union[str, os.PathLike[str], BinaryIO]


class Download:
    """The file of a statement that is known, fetched part by part within `@steps`."""

    def __init__(self, runner: Any, statement: Statement) -> None:
        self._wire = runner.wire
        self._statement = statement

    def write(self, to: Target) -> Steps[None]:
        """Write it to a path or a binary file, once it is proved. Raises StatementRefused."""
        if isinstance(to, (str, os.PathLike)):
            yield from self._to_path(Path(to))
            return
        with tempfile.TemporaryFile() as kept:
            yield from self._fetch(kept)
            prove(kept, self._statement)
            _copy(kept, to)

    def proved(self) -> Steps[BinaryIO]:
        """Return it, open at its beginning. Raises StatementRefused."""
        kept = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the rows are read
        try:
            yield from self._fetch(kept)
            prove(kept, self._statement)
            kept.seek(0)
        except BaseException:
            kept.close()
            raise
        return kept

    def _to_path(self, path: Path) -> Steps[None]:
        part = path.with_name(f"{path.name}.{self._statement.sha256[:16]}.part")
        resumed = part.exists()
        with part.open("a+b") as kept:
            try:
                yield from self._fetch(kept)
                try:
                    prove(kept, self._statement)
                except StatementRefused:
                    kept.truncate(0)
                    if not resumed:
                        raise
                    yield from self._fetch(kept)
                    prove(kept, self._statement)
            except StatementRefused:
                with suppress(OSError):
                    part.unlink()
                raise
            os.fsync(kept.fileno())
        part.replace(path)

    def _fetch(self, kept: BinaryIO) -> Steps[None]:
        """Fetch what is not there yet, part by part."""
        have = kept.seek(0, os.SEEK_END)
        if have > self._statement.size_bytes:
            kept.truncate(0)
            have = 0
        while have < self._statement.size_bytes:
            part = yield from self._wire.converse(_part(self._statement, have))
            kept.write(part)
            kept.flush()
            have += len(part)


class Statements(Service[R]):
    """What moved on your account with the lender, by day and by month."""

    @listing
    def list(
        self,
        *,
        kind: Optional[str] = None,
        span: Optional[str] = None,
        period: Optional[str] = None,
    ) -> Call[Page[Statement]]:
        """Go through the statements, newest first.

        `span` is `day` or `month`; `period` one date (`2026-11-23`) or month (`2026-11`).
        """
        return pages("/v1/statements", Statement.from_json, kind=kind, span=span, period=period)

    @call
    def get(self, statement_id: str) -> Call[Statement]:
        """Return what the lender says of a statement. Raises NotFound."""
        return one_statement(statement_id)

    @steps
    def download(self, statement_id: str, *, to: Target) -> Steps[Statement]:
        """Write the file of a statement to a path or a binary file, once it is proved.

        Signature, length, SHA-256, number of rows, sums and balances must be as the lender says.
        At a path nothing appears before that. What has arrived of a download that broke stays
        beside it, in `<path>.<digest>.part`, and the next one goes on from there.

        Raises NotFound, StatementRefused.
        """
        statement = yield from self._converse(one_statement(statement_id))
        yield from Download(self.runner, statement).write(to)
        return statement

    @steps
    def rows(self, statement_id: str) -> Steps[Iterator[StatementRow]]:
        """Go through the rows of a statement, which is downloaded and proved first.

        Raises NotFound, StatementRefused.
        """
        statement = yield from self._converse(one_statement(statement_id))
        kept = yield from Download(self.runner, statement).proved()
        return _rows_and_close(kept)


class Reconciliation(Service[R]):
    """What the lender's daily comparison with its bank found about payouts to you."""

    @listing
    def differences(self, *, state: Optional[str] = None) -> Call[Page[ReconciliationDifference]]:
        """Go through the differences, newest first; `state` is `open` or `settled`."""
        path = "/v1/reconciliation/differences"
        return pages(path, ReconciliationDifference.from_json, state=state)


def one_statement(statement_id: str) -> Call[Statement]:
    """Return the call for what the lender says of a statement."""
    return read(f"/v1/statements/{segment(statement_id)}", Statement.from_json)


def _part(statement: Statement, start: int) -> Call[bytes]:
    end = min(start + PART_BYTES, statement.size_bytes) - 1
    whole = base64.b64encode(bytes.fromhex(statement.sha256)).decode()

    def body(answer: Message) -> bytes:
        stop = start + len(answer.body) - 1
        given = answer.headers.get("content-range")
        if (
            answer.status != 206
            or not start <= stop <= end
            or given != f"bytes {start}-{stop}/{statement.size_bytes}"
        ):
            raise StatementRefused("part", f"asked for bytes {start}-{end}, given {given}")
        if answer.headers.get("repr-digest") != f"sha-256=:{whole}:":
            raise StatementRefused("digest", "the part is of another file")
        return answer.body

    asked = download(f"/v1/statements/{segment(statement.id)}/file", "text/csv", body)
    headers = {"Range": f"bytes={start}-{end}", "If-Range": f'"{statement.sha256}"'}
    return replace(asked, headers=headers)


def _copy(kept: BinaryIO, to: BinaryIO) -> None:
    kept.seek(0)
    while part := kept.read(PART_BYTES):
        to.write(part)


def _rows_and_close(kept: BinaryIO) -> Iterator[StatementRow]:
    with kept:
        kept.seek(0)
        yield from rows_of(kept)
