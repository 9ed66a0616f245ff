"""An SMS company whose outbox can be read: that is where one-time codes are in the sandbox."""

from simulators.book import Book

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, mobile TEXT NOT NULL, text TEXT NOT NULL,
    sent_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')));
CREATE INDEX IF NOT EXISTS message_by_mobile ON message (mobile, id);
"""


class Outbox:
    """Every message that was sent."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def send(self, mobile: str, text: str) -> int:
        """Keeps a message; its number."""
        with self._book.change() as change:
            done = change.execute(
                "INSERT INTO message (mobile, text) VALUES (?, ?)", (mobile, text)
            )
        return int(done.lastrowid or 0)

    def newest(self, mobile: str | None, limit: int = 50) -> list[dict[str, object]]:
        """The newest messages, of one mobile or of all."""
        rows = self._book.rows(
            "SELECT id, mobile, text, sent_at FROM message WHERE ? IS NULL OR mobile = ?"
            " ORDER BY id DESC LIMIT ?",
            mobile,
            mobile,
            limit,
        )
        return [dict(row) for row in rows]
