"""What a partner's program pays before its first call: the import, and each client.

CPU seconds of fresh interpreters that take turns, the least of some rounds, so that the ratio holds
on a busy machine.
"""

import os
import subprocess
import sys
import time

from cf_partner_sdk import Client, PrivateKey

ROUNDS = 5


def main() -> None:
    """Print the ratio of the imports, and what a client costs."""
    print(f"import cf_partner_sdk / import requests  {import_ratio():.2f} (at most 1.5)")
    ready = import_ratio("from cf_partner_sdk import Client")
    print(f"the same, ready to make a Client         {ready:.2f}")
    print(f"one Client                               {seconds_per_client() * 1e6:.0f} us")


def import_ratio(ours: str = "import cf_partner_sdk") -> float:
    """Return how much longer `ours` takes than `import requests`."""
    taken: dict[str, list[float]] = {"import requests": [], ours: []}
    for _ in range(ROUNDS):
        for code, seconds in taken.items():
            seconds.append(_cpu_s(code))
    return min(taken[ours]) / min(taken["import requests"])


def seconds_per_client(*, count: int = 200) -> float:
    """Return the time of making a client, the least of some rounds."""
    key = PrivateKey.generate()
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(count):
            Client(app_id="a", key=key, base_url="https://api.example", root_keyid=key.keyid)
        best = min(best, time.perf_counter() - began)
    return best / count


def _cpu_s(code: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


if __name__ == "__main__":
    main()
