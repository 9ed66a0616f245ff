"""What the search for lenders has done later."""

from collections.abc import Callable
from typing import Any

from lending.foundation.context import Context
from lending.funding import answers, money_back, money_in, service


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this module by name; each is safe to run twice."""

    def expire(share_id: str) -> None:
        with context.database.unit_of_work() as tx:
            answers.expire(tx, share_id)

    def again(request_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.again(tx, request_id)

    def give_up(request_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.give_up(tx, request_id)

    def not_funded(share_id: str) -> None:
        look()
        with context.database.unit_of_work() as tx:
            money_in.not_funded(tx, share_id)

    def send_back(reference: str, queries: int) -> None:
        money_back.send(context, reference, queries)

    def look() -> None:
        while money_in.look(context):
            pass

    return {
        "funding.expire": expire,
        "funding.again": again,
        "funding.give_up": give_up,
        "funding.not_funded": not_funded,
        "funding.send_back": send_back,
        "funding.look": look,
    }
