"""Instants as RFC 3339 writes them; Python reads all of those only from 3.11 on."""

from __future__ import annotations

import re
from datetime import datetime

_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def instant(text: str) -> datetime:
    """Read an RFC 3339 instant to the microsecond. Raises ValueError for anything else."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise ValueError("an instant is written as RFC 3339 says")
    day, time, fraction, offset = found.groups()
    offset = "+00:00" if offset in "Zz" else offset
    return datetime.fromisoformat(f"{day}T{time}.{(fraction or '')[:6]:0<6}{offset}")
