"""What payments in stores have done later."""

from collections.abc import Callable
from typing import Any

from lending.foundation.context import Context
from scenarios.offline_credit import news


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this scenario by name; each is safe to run twice."""

    def line_opened(line_id: str) -> None:
        with context.database.unit_of_work() as tx:
            news.line_opened(tx, line_id)

    return {"credit_line.opened": line_opened}
