"""Orders end to end per second: from the signed order to the merchant's money, all on two cores.

Each order is some forty HTTP requests (shop, buyer's pages, bank, bureaus, identity, SMS) and the
reading time of the cost table, which many buyers spend at once.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from benchmarks import bare
from benchmarks.system import Running, free_port, running
from processes.phone import Buyer

BUYERS, ORDERS = 16, 96
ITEM = {
    "sku": "PHONE-1",
    "name": "手机",
    "quantity": 1,
    "unit_price_fen": 599_900,
    "category": "electronics",
}


def one(system: Running, number: int) -> tuple[float, dict[str, object]]:
    """One order; how long it took without the reading time, and the order as it ended."""
    begun = time.perf_counter()
    order_no = f"bench-{number}"
    with system.client() as cf:
        order = cf.mall.orders.create(
            order_no=order_no,
            amount_fen=599_900,
            items=[ITEM],
            return_url="http://127.0.0.1/return",
            idempotency_key=order_no,
        )
        for _, act in Buyer(system.settings, order.checkout_url or "").journey():
            act()
        ended = cf.mall.orders.get(order.id)
    assert ended.state.value == "paid", ended
    return time.perf_counter() - begun - 1.2, {"id": ended.id, "state": ended.state.value}


def placed(system: Running, seconds: float) -> float:
    """Orders placed per second through signed HTTP, without the buyer."""

    def caller(number: int) -> Callable[[], object]:
        cf = system.client()
        order_nos = (f"placed-{number}-{n}" for n in count())

        def place() -> object:
            order_no = next(order_nos)
            return cf.mall.orders.create(
                order_no=order_no,
                amount_fen=599_900,
                items=[ITEM],
                return_url="http://127.0.0.1/return",
                idempotency_key=order_no,
            )

        return place

    return bare.calls_per_second(caller, seconds)


def main() -> None:
    """Prints the figures."""
    with running() as system:
        one(system, -1)
        begun = time.perf_counter()
        with ThreadPoolExecutor(BUYERS) as buyers:
            done = list(buyers.map(lambda number: one(system, number), range(ORDERS)))
        took = time.perf_counter() - begun
        rate = placed(system, 6)
    times = sorted(each[0] for each in done)
    yardstick = bare.answers_per_second(done[0][1], ITEM, port=free_port(), seconds=4)
    whole = ORDERS / took
    print(
        f"orders end to end  {whole:8.2f}/s   {whole / yardstick:.4f} x a bare route"
        f" ({yardstick:,.0f}/s, same callers); without the reading time"
        f" median {times[len(times) // 2]:.2f} s, slowest {times[-1]:.2f} s"
    )
    print(f"orders placed      {rate:8.2f}/s   {rate / yardstick:.4f} x a bare route")


if __name__ == "__main__":
    main()
