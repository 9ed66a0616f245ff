"""`/metrics` for Prometheus: the counts of all workers of a front, on a port of its own.

Never on the front's own port: whoever may call the API need not see who calls how often.
"""

import os
import shutil

from lending.foundation.settings import Settings

ADDRESS = "127.0.0.1"


def serve(settings: Settings) -> None:
    """Begins to answer, in a thread of the process that starts the workers.

    Must come before they start: each writes its counts into files of its own in the folder that
    the environment names.
    """
    folder = settings.var.resolve() / "metrics" / "front"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    from prometheus_client import CollectorRegistry, multiprocess, start_http_server  # noqa: PLC0415  reads the environment as it loads

    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    start_http_server(settings.metrics_port, addr=ADDRESS, registry=registry)
