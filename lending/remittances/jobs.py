"""What payments to partners have done later."""

from collections.abc import Callable
from typing import Any

from lending.foundation.context import Context
from lending.remittances import service


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this module by name; each is safe to run twice."""

    def send(remittance_id: str, queries: int) -> None:
        service.send(context, remittance_id, queries=queries)

    return {"remittances.send": send}
