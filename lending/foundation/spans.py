"""A run of numbered rows: what one unit of batch work is about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Rows numbered from `first` to `last`, both counted in."""

    first: int
    last: int
