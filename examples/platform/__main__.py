"""`python -m examples.platform [port]`: serves the platform; `cf seed` wrote its configuration."""

import os
import sys
from pathlib import Path

from werkzeug.serving import run_simple

from examples.platform.app import create_app

if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8120
    config = Path(os.environ.get("CF_VAR", "var")) / "demo_platform.json"
    run_simple("127.0.0.1", port, create_app(config, f"http://127.0.0.1:{port}"), threaded=True)
