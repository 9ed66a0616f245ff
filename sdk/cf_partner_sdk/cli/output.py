"""What a command says: sentences for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from cf_partner_sdk._json import to_json


class Stopped(Exception):
    """A command cannot go on, or what it checked is not as it should be."""

    def __init__(
        self, code: str, detail: str, mend: Optional[str] = None, *, exit_code: int = 1
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.mend = mend
        self.exit_code = exit_code


class Output:
    """Writes to standard output what was asked for, to standard error what went wrong."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def tell(self, value: Any, text: str) -> None:
        """Tell a result: `value` as one line of JSON, or `text`."""
        line = json.dumps(to_json(value), ensure_ascii=False) if self.as_json else text
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
        """Tell rows: JSON with all they hold, or a table of some columns."""
        if self.as_json:
            self.tell({"data": rows}, "")
            return
        shown = [[str(to_json(row.get(name)) or "") for name in columns] for row in rows]
        titles = [name.replace("_", " ") for name in columns]
        widths = [max(map(len, cells)) for cells in zip(titles, *shown)]
        for cells in [titles, *shown]:
            line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths))
            sys.stdout.write(f"{line.rstrip()}\n")

    def note(self, text: str) -> None:
        """Tell people, not programs, what goes on."""
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def fault(
        self, exit_code: int, code: str, detail: str, mend: Optional[str], **more: Any
    ) -> int:
        """Tell what went wrong; return the exit code."""
        if self.as_json:
            told = {"error": {"code": code, "detail": detail, "mend": mend, **more}}
            sys.stdout.write(f"{json.dumps(told, ensure_ascii=False)}\n")
            return exit_code
        self.note(f"{code}: {detail}")
        if mend:
            self.note(f"  {mend}")
        for name, value in more.items():
            if value:
                self.note(f"  {name}: {value}")
        return exit_code
