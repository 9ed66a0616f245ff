"""What runs by itself: the sealing of the journal."""

from collections.abc import Callable

from lending.foundation.database import Database
from lending.ledger import proof


def sealing(database: Database) -> Callable[[], bool]:
    """One round of sealing, for a process to repeat; it says whether more entries wait."""

    def step() -> bool:
        with database.unit_of_work() as tx:
            return proof.seal(tx) == proof.SEAL_AT_ONCE

    return step
