"""`python -m examples.demo_shop`: serves the shop; its configuration is what `cf seed` wrote."""

import json
import os
from pathlib import Path

from granian import Granian
from granian.constants import Interfaces

CONFIG = Path(os.environ.get("CF_VAR", "var")) / "demo_shop.json"

if __name__ == "__main__":
    Granian(
        "examples.demo_shop.app:application",
        address="127.0.0.1",
        port=json.loads(CONFIG.read_text())["port"],
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
        factory=True,
        websockets=False,
        log_access=False,
    ).serve()
