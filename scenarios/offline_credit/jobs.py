"""What payments in stores have done later."""

from collections.abc import Callable
from typing import Any

from lending.foundation.context import Context
from scenarios.offline_credit import lines


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this scenario by name; each is safe to run twice."""

    def line_told(line_id: str, kind: str) -> None:
        with context.database.unit_of_work() as tx:
            lines.tell(tx, line_id, kind)

    return {"credit_line.told": line_told}
