"""`make bench`: every benchmark in turn, with the machine and versions it ran on."""

import platform
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

BENCHMARKS = (
    "plans",
    "signing",
    "sdk_start",
    "postings",
    "gateway_quotes",
    "bad_neighbour",
    "orders",
    "end_of_day",
    "commission_run",
    "invitations",
    "joint_year",
    "share_files",
    "prechecks",
    "leads",
    "store_fraud",
    "store_payments",
)


def main() -> None:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    print(f"{platform.platform()}, Python {platform.python_version()}, commit {commit}")
    print(", ".join(f"{name} {version(name)}" for name in ("flask", "granian", "psycopg")))
    for name in sys.argv[1:] or BENCHMARKS:
        print(f"\n== {name}")
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
