"""Quotes per second through the gateway: signed both ways, priced by the engine, over real HTTP.

Callers and server share the machine, and the SDK's signing is part of every call: the bare route
answers the same JSON to the same eight callers, unsigned.
"""

from collections.abc import Callable
from dataclasses import asdict

from benchmarks import bare
from benchmarks.system import free_port, running

AMOUNT_FEN = 599_900
SECONDS = 6.0


def main() -> None:
    """Prints the figures."""
    with running() as system:
        quote = system.client().mall.quotes.create(amount_fen=AMOUNT_FEN)

        def caller(_number: int) -> Callable[[], object]:
            cf = system.client()
            return lambda: cf.mall.quotes.create(amount_fen=AMOUNT_FEN)

        rate = bare.calls_per_second(caller, SECONDS)
    question = {"amount_fen": AMOUNT_FEN}
    answer = {name: str(value) for name, value in asdict(quote).items()}
    yardstick = bare.answers_per_second(answer, question, port=free_port(), seconds=4)
    print(
        f"quotes             {rate:8.1f}/s   {rate / yardstick:.4f} x a bare route"
        f" ({yardstick:,.0f}/s, same callers)"
    )


if __name__ == "__main__":
    main()
