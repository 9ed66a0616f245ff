"""What processes have used of the CPU: it tells more than the clock where a machine is shared."""

from contextlib import suppress
from pathlib import Path

import psutil


def of(process: psutil.Process) -> float:
    """Seconds of a process up to now; 0 when it is gone."""
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def of_postgres(folder: Path) -> float:
    """Seconds of a PostgreSQL server up to now: all its processes, those that ended too."""
    master = psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))
    times = master.cpu_times()
    ended = float(times.children_user + times.children_system)
    return ended + of(master) + sum(of(each) for each in master.children())
