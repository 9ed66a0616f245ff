"""By when a complaint has to be answered (R-COMPLAINT, 消费投诉处理管理办法)."""

from datetime import date

from lending.compliance import parameters
from lending.foundation.clock import shanghai_date
from lending.foundation.database import Tx
from lending.operations import rules, service
from lending.operations.errors import TimeNotLonger


def answer_by(tx: Tx) -> date:
    """The last day on which an answer to what is opened now is in time."""
    days = parameters.today(tx).whole("complaint.answer_days")
    return rules.answer_by(shanghai_date(tx.now), days)


def longest(tx: Tx, ticket_id: str) -> tuple[date, date]:
    """The last days that a ticket may be given: once it is involved, and at the very most.

    Raises NoSuchTicket.
    """
    day = parameters.today(tx)
    opened = shanghai_date(service.get(tx, ticket_id).created_at)
    more, most = (day.whole(f"complaint.{each}_days") for each in ("longer", "longest"))
    return rules.answer_by(opened, more), rules.answer_by(opened, most)


def next_limit(tx: Tx, ticket_id: str) -> date:
    """What the time of a ticket is made longer to: 30 days at first, then 60.

    Raises NoSuchTicket, TimeNotLonger when it has the longest already.
    """
    current = service.get(tx, ticket_id).answer_by
    for each in longest(tx, ticket_id):
        if each > current:
            return each
    raise TimeNotLonger
