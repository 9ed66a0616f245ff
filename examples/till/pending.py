"""Payments that were asked for and not answered yet, kept on disk before each call."""

import json
from pathlib import Path
from typing import Any


class Pending:
    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> dict[str, dict[str, Any]]:
        """What was asked, by payment_no."""
        if not self._path.exists():
            return {}
        found: dict[str, dict[str, Any]] = json.loads(self._path.read_text("utf-8"))
        return found

    def keep(self, asked: dict[str, Any]) -> None:
        self._write({**self.all(), asked["payment_no"]: asked})

    def drop(self, payment_no: str) -> None:
        self._write({no: asked for no, asked in self.all().items() if no != payment_no})

    def _write(self, waiting: dict[str, dict[str, Any]]) -> None:
        """All or nothing, so that a power cut leaves the old file or the new one."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(waiting, ensure_ascii=False), "utf-8")
        fresh.replace(self._path)
