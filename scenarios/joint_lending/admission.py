"""Who may take a share: a funder on our list, licensed on the day and for the borrower's region."""

from lending.foundation.database import Tx
from lending.funding import funders
from lending.funding.model import Facts, Funder


def admit(tx: Tx, funder_id: str, facts: Facts) -> Funder:
    """The funder, when it may lend to this borrower today (R-JOINT-LICENSE, R-LIST-PARTNER).

    Raises NoSuchFunder, FunderNotLicensed.
    """
    return funders.require_licensed(tx, funder_id, facts.region)
