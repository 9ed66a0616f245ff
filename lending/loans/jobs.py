"""What loans have done later."""

from collections.abc import Callable
from typing import Any

from lending.foundation.context import Context
from lending.loans import payouts, service


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this module by name; each is safe to run twice."""

    def decide(application_id: str) -> None:
        service.decide(context, application_id)

    def pay_out(loan_id: str) -> None:
        payouts.pay_out(context, loan_id)

    def send(payout_id: str, queries: int) -> None:
        payouts.send(context, payout_id, queries=queries)

    def seek_funds(application_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.seek_funds(tx, context.keys, application_id)

    def funds_found(application_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.funds_found(tx, application_id)

    def no_funds(application_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.no_funds(tx, application_id)

    def stop(application_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.stop(tx, application_id)

    return {
        "loans.decide": decide,
        "loans.pay_out": pay_out,
        "loans.send": send,
        "loans.seek_funds": seek_funds,
        "loans.funds_found": funds_found,
        "loans.no_funds": no_funds,
        "loans.stop": stop,
    }
