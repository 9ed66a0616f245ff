"""Who may take a share: a funder on our list, licensed on the day and for the borrower's region."""

from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.funding import funders, rules
from lending.funding.errors import FunderNotLicensed
from lending.funding.model import Facts, Funder


def admit(tx: Tx, funder_id: str, facts: Facts) -> Funder:
    """The funder, when it may lend to this borrower today (R-JOINT-LICENSE, R-LIST-PARTNER).

    Raises NoSuchFunder, FunderNotLicensed.
    """
    found = funders.get(tx, funder_id)
    if not found.is_listed or not rules.licensed(found, facts.region, business_day.today(tx)):
        raise FunderNotLicensed
    return found
