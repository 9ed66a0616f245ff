"""The store of contracts and statements: a folder; names are made by us, contents by digest."""

import os
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from mmap import mmap
from pathlib import Path
from typing import Self

Content = bytes | mmap
"""A file's bytes; those of a long one lie in a file that is mapped, not in our memory."""


class FileChanged(RuntimeError):
    """A stored file no longer has the digest it was stored under."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where a file is and what its bytes were."""

    name: str
    sha256: str


class FileWriter:
    """A file that is written bit by bit and stored under its digest at the end."""

    def __init__(self, root: Path, kind: str, suffix: str) -> None:
        folder = root / kind
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=folder)
        self._root, self._kind, self._suffix = root, kind, suffix
        self._part = Path(name)
        self._file = os.fdopen(handle, "wb")
        self._digest = sha256()
        self._size = 0

    def write(self, content: bytes) -> None:
        """Adds bytes at the end."""
        self._file.write(content)
        self._digest.update(content)
        self._size += len(content)

    def done(self) -> tuple[StoredFile, int]:
        """Stores the file for ever; where it is, and its length in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        digest = self._digest.hexdigest()
        name = f"{self._kind}/{digest[:2]}/{digest}{self._suffix}"
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part.replace(path)
        return StoredFile(name, digest), self._size

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def drop(self) -> None:
        """Leaves nothing behind of a file that is not done."""
        self._file.close()
        self._part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class FileStore:
    """A folder of files that are written once."""

    root: Path

    def put(self, kind: str, suffix: str, content: bytes) -> StoredFile:
        """Stores a file under its own digest; the same bytes are stored once."""
        digest = sha256(content).hexdigest()
        name = f"{kind}/{digest[:2]}/{digest}{suffix}"
        path = self.root / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_suffix(".part")
            part.write_bytes(content)
            part.replace(path)
        return StoredFile(name, digest)

    def get(self, file: StoredFile) -> bytes:
        """Reads a file back.

        Raises FileChanged when its bytes are not those that were stored.
        """
        content = (self.root / file.name).read_bytes()
        if sha256(content).hexdigest() != file.sha256:
            raise FileChanged(file.name)
        return content

    def writer(self, kind: str, suffix: str) -> FileWriter:
        """Begins a file that is too long to hold."""
        return FileWriter(self.root, kind, suffix)

    def part(self, file: StoredFile, start: int, length: int) -> bytes:
        """Reads some bytes of a file from a place on; whoever has them all compares the digest."""
        with (self.root / file.name).open("rb") as content:
            content.seek(start)
            return content.read(length)
