"""What finance has done later."""

from collections.abc import Callable
from typing import Any

from lending.finance import clearings
from lending.foundation.context import Context


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this module by name; each is safe to run twice."""

    def send_clearing(clearing_id: str, queries: int) -> None:
        clearings.send(context, clearing_id, queries=queries)

    return {"finance.send_clearing": send_clearing}
