"""What claims have done later."""

from collections.abc import Callable
from typing import Any

from lending.claims import arrivals, service
from lending.foundation.context import Context


def handlers(context: Context) -> dict[str, Callable[..., Any]]:
    """The jobs of this module by name; each is safe to run twice."""

    def collect(claim_id: str) -> None:
        with context.database.unit_of_work() as tx:
            service.collect(tx, claim_id)

    def arrived(reference: str, named: str) -> None:
        with context.database.unit_of_work() as tx:
            arrivals.take(tx, context.keys, reference, named)

    def remitted(remittance_id: str) -> None:
        """The books and the daily statement say it; a guarantor is told by its statement."""

    return {
        "claims.arrived": arrived,
        "claims.collect": collect,
        "recourse.remitted": remitted,
    }
