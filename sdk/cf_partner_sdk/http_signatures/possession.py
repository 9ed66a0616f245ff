"""What a new key signs to show that its holder wants it registered."""

from __future__ import annotations

_PURPOSE = "cf-partner-1-key-proof"


def possession_base(app_id: str, keyid: str) -> bytes:
    """Return the bytes that the new key `keyid` signs for the partner `app_id`.

    No signature base begins like this one, so that neither passes for the other. It names no time:
    whoever sends it again can only register the same key for the same partner, and signs as that
    partner. Raises ValueError for names that are not one line of ASCII each.
    """
    if not all(name and name.isascii() and name.isprintable() for name in (app_id, keyid)):
        raise ValueError("an app_id and a keyid are printable ASCII")
    return f"{_PURPOSE}\n{app_id}\n{keyid}".encode("ascii")
