"""R-TRACE (银行保险机构消费者权益保护管理办法, 2023-03-01): the sale can be traced back.

Which pages a borrower saw, in which order and version, and what was chosen on each.
"""

from typing import Any

from lending.compliance import store
from lending.compliance.model import JourneyStep
from lending.foundation.database import Tx


def step(
    tx: Tx, application_id: str, *, page: str, page_version: str, choice: dict[str, Any]
) -> None:
    """Records one page and what was chosen on it; `choice` holds no personal data."""
    store.insert_step(
        tx, application_id=application_id, page=page, page_version=page_version, choice=choice
    )


def steps(tx: Tx, application_id: str) -> list[JourneyStep]:
    """The pages of one application in the order in which they were seen."""
    return store.steps(tx, application_id)
