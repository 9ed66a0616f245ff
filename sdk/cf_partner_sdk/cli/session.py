"""What a command works with: settings, key, client."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Optional

from cf_partner_sdk import Client, Clock, HttpOptions, PrivateKey

from .config import Settings
from .output import Output, Stopped

PASSPHRASE = "CF_PARTNER_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable


class Session:
    """One run of the command."""

    def __init__(self, settings: Settings, out: Output) -> None:
        self.settings = settings
        self.out = out

    def key(self, file: Optional[Path] = None) -> PrivateKey:
        """Read the private key. Raises SettingsWrong, Stopped, KeyNotUsable."""
        if file is None:
            self.settings.need("key_file")
            file = self.settings.key_file
        assert file is not None
        try:
            pem = file.read_text("ascii", "replace")
        except OSError as fault:
            why = f"{file} cannot be read: {fault.strerror}"
            raise Stopped("key", why, "Make one by `cf-partner keys new`.", exit_code=2) from None
        encrypted = "ENCRYPTED" in pem
        return PrivateKey.from_pem(pem, passphrase=passphrase() if encrypted else None)

    def client(
        self,
        *,
        key: Optional[PrivateKey] = None,
        clock: Optional[Clock] = None,
        deadline_s: float = 30.0,
    ) -> Client:
        """Return a client; use it as a context. Raises as `key` does, and SettingsWrong."""
        self.settings.need("app_id", "base_url", "root_keyid", "key_file")
        return Client(
            app_id=str(self.settings.app_id),
            key=key or self.key(),
            base_url=str(self.settings.base_url),
            root_keyid=str(self.settings.root_keyid),
            options=self.options(deadline_s=deadline_s),
            clock=clock,
        )

    def options(self, *, deadline_s: float = 30.0) -> HttpOptions:
        """Return how to reach the lender."""
        proxy, ca_file = self.settings.proxy, self.settings.ca_file
        return HttpOptions(
            deadline_s=deadline_s,
            proxies={"http": proxy, "https": proxy} if proxy else {},
            ca_file=str(ca_file) if ca_file else None,
        )


def passphrase() -> Optional[str]:
    """Return the passphrase of the key: from the environment, or asked for at a terminal."""
    given = os.environ.get(PASSPHRASE)
    if given is None and sys.stdin.isatty():
        return getpass.getpass("Passphrase of the key: ")
    return given
