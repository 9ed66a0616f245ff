"""What mall orders have done later."""

from collections.abc import Callable
from typing import Any

from lending.foundation.context import Context
from lending.loans import service as loans


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this scenario by name; each is safe to run twice."""

    def expire(application_id: str) -> None:
        with context.database.unit_of_work() as tx:
            loans.expire(tx, application_id)

    return {"mall.expire": expire}
