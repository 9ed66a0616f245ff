"""What the end of day tells other funders of how late their loans are, by set (JOINT-7)."""

from datetime import date

from lending.foundation.database import Tx
from lending.foundation.spans import Span
from lending.loans import share_store
from lending.loans.shares import SCENARIO


def warn(tx: Tx, span: Span, following: date) -> int:
    """News for each funder of each joint loan whose bucket or grade has changed; how many loans."""
    return share_store.tell_lateness(tx, span, following, scenario=SCENARIO)
