"""`python -m examples.funder careful|generous`: serves one; `cf seed` wrote its configuration."""

import json
import os
import sys
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

TEMPERS = ("careful", "generous")
TEMPER = "CF_FUNDER_TEMPER"
"""Tells the server's own process which of them it is."""


def config_of(temper: str) -> Path:
    """Where the configuration of one is."""
    return Path(os.environ.get("CF_VAR", "var")) / f"funder_{temper}.json"


if __name__ == "__main__":
    chosen = sys.argv[1] if sys.argv[1:] else TEMPERS[0]
    if chosen not in TEMPERS:
        sys.exit(f"there is no funder {chosen}: choose {' or '.join(TEMPERS)}")
    os.environ[TEMPER] = chosen
    Granian(
        "examples.funder.app:application",
        address="127.0.0.1",
        port=json.loads(config_of(chosen).read_text())["port"],
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=4,
        factory=True,
        websockets=False,
        log_access=False,
    ).serve()
