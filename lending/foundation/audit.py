"""Who did what, when: a log that only grows."""

from dataclasses import dataclass
from typing import Any

from lending.foundation.database import Tx, json


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a partner's key, a borrower, an operator, or the system itself."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


SYSTEM = Actor("system", "cf")


def record(
    tx: Tx, actor: Actor, action: str, subject: str, detail: dict[str, Any] | None = None
) -> None:
    """Writes one line in the caller's unit of work. `detail` holds no personal data."""
    tx.run(
        "INSERT INTO audit_log (at, actor, action, subject, detail)"
        " VALUES (:at, :actor, :action, :subject, :detail)",
        at=tx.now,
        actor=str(actor),
        action=action,
        subject=subject,
        detail=json(detail or {}),
    )
