"""Where tests keep what a busy disk would be slow with."""

import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3


def folder(prefix: str) -> Path:
    """A new folder: in memory where there is room.

    A database is a thousand files, which a busy disk takes seconds to copy. It is not pytest's own
    folder: that is closed to the user the server runs as.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if roomy else None))
