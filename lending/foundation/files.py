"""The store of contracts and statements: a folder; names are made by us, contents by digest."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


class FileChanged(RuntimeError):
    """A stored file no longer has the digest it was stored under."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where a file is and what its bytes were."""

    name: str
    sha256: str


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
