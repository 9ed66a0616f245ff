"""What Prometheus reads: the counts of all workers of a front, on this machine only."""

import subprocess
import sys
from pathlib import Path

from tests.ports import free_port

STORY = """
import os, sys
from pathlib import Path
from urllib.request import urlopen
from lending.foundation.settings import Settings
from processes import metrics_page

var, port = Path(sys.argv[1]), int(sys.argv[2])
metrics_page.serve(Settings(var=var, metrics_port=port))
from prometheus_client import Counter

orders = Counter("orders", "Taken.", ["route"])
for number in (2, 3):
    worker = os.fork()
    if worker == 0:
        orders.labels("/v1/mall/orders").inc(number)
        os._exit(0)
    os.waitpid(worker, 0)
print(urlopen(f"http://127.0.0.1:{port}/metrics").read().decode())
"""


class TestTheMetricsPage:
    def test_adds_up_what_workers_counted_and_forgets_an_earlier_run(self, tmp_path: Path):
        left = tmp_path / "metrics" / "front" / "counter_1.db"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"of an earlier run")
        told = subprocess.run(
            [sys.executable, "-c", STORY, str(tmp_path), str(free_port())],
            capture_output=True,
            text=True,
            check=False,
        )
        assert told.returncode == 0, told.stderr
        assert 'orders_total{route="/v1/mall/orders"} 5.0' in told.stdout
        assert not left.exists()
