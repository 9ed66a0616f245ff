"""What assisted lending has done later."""

from collections.abc import Callable
from typing import Any

from lending.foundation.context import Context
from scenarios.assisted_lending import applying, by_api, precheck


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this scenario by name; each is safe to run twice."""

    def expire(lead_id: str) -> None:
        with context.database.unit_of_work() as tx:
            applying.expire(tx, lead_id)

    def index_key(key_number: int) -> None:
        precheck.index_key(context, key_number)

    def hand_in(lead_id: str, consents: list[list[str]]) -> None:
        by_api.carry_out(context, lead_id, consents)

    return {"assisted.hand_in": hand_in, "assisted.expire": expire, "assisted.index_key": index_key}
