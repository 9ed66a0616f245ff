"""What commissions have done later."""

from collections.abc import Callable
from typing import Any

from lending.commissions import service
from lending.foundation.context import Context


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this module by name; each is safe to run twice."""

    def remitted(remittance_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.remitted(tx, remittance_id)

    return {"commission.remitted": remitted}
