"""Two units of work that meet: the second finds what the first holds, and waits."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from lending.foundation.database import Database, Tx

T = TypeVar("T")
_IS_WAITED_FOR = (
    "SELECT EXISTS (SELECT FROM pg_locks"
    " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
)


def meets(tx: Tx, database: Database, work: Callable[[Tx], T]) -> "Future[T]":
    """Has a unit of work beside `tx` begin some work; comes back once it waits for `tx` or ends."""

    def run() -> T:
        with database.unit_of_work() as other:
            return work(other)

    hands = ThreadPoolExecutor(1)
    begun = hands.submit(run)
    hands.shutdown(wait=False)
    while not wait([begun], timeout=0.01).done and not tx.scalar(_IS_WAITED_FOR):
        pass
    return begun
