"""What a bureau or the identity service keeps of each question: who was asked about, and why."""

import hashlib

from simulators.book import Book

SCHEMA = """
CREATE TABLE IF NOT EXISTS visit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, operation TEXT NOT NULL, person TEXT NOT NULL,
    consent_id TEXT NOT NULL, purpose TEXT NOT NULL,
    asked_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
"""


class Visits:
    """Every question that was answered; the person is kept as a digest of the identity number."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def note(
        self, operation: str, identity_no: str, *, consent_id: str = "", purpose: str = ""
    ) -> int:
        """Keeps one; its number."""
        person = hashlib.sha256(identity_no.encode()).hexdigest()
        with self._book.change() as change:
            done = change.execute(
                "INSERT INTO visit (operation, person, consent_id, purpose) VALUES (?, ?, ?, ?)",
                (operation, person, consent_id, purpose),
            )
        return int(done.lastrowid or 0)

    def all(self) -> list[dict[str, object]]:
        """All of them, the oldest first."""
        return [dict(row) for row in self._book.rows("SELECT * FROM visit ORDER BY id")]
