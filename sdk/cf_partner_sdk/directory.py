"""The lender's public keys, fetched when first needed and proved by one pinned root key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ._clock import Clock
from ._keyring import FETCH_S_MAX, FRESH_S, PATH, REFETCH_S_MIN, STALE_S_MAX, Keyring
from ._options import HttpOptions
from ._sync import Http
from .http_signatures import KeyOf, Signer

__all__ = ["FETCH_S_MAX", "FRESH_S", "PATH", "REFETCH_S_MIN", "STALE_S_MAX", "KeyDirectory"]


class KeyDirectory:
    """The keys that the lender publishes at `base_url`, by purpose: `response` and `event`.

    `root_keyid` is the thumbprint of the root key, agreed with the lender beside the wire: only a
    directory which that key signed is believed. With a `signer` the fetch carries a nonce, and then
    a wrong clock does no harm. Safe to use from several threads; no network until it is asked.
    """

    def __init__(
        self,
        *,
        base_url: str,
        root_keyid: str,
        http: Optional[Http] = None,
        signer: Optional[Signer] = None,
    ) -> None:
        self._http = http or Http(HttpOptions(), Clock())
        self.keyring = Keyring(
            base_url=base_url, root_keyid=root_keyid, clock=self._http.clock, signer=signer
        )

    @property
    def base_url(self) -> str:
        """Where the directory is."""
        return self.keyring.base_url

    @property
    def root_keyid(self) -> str:
        """The thumbprint of the key that proves it."""
        return self.keyring.root_keyid

    def key_of(self, purpose: str, *, deadline: Optional[float] = None) -> KeyOf:
        """Return a look-up of the keys with this purpose.

        It returns None for a keyid that is still unknown after a fetch, and raises TransportError
        or AnswerNotTrusted if there is no directory to look into. `deadline` bounds a fetch, on the
        monotonic clock.
        """
        ring = self.keyring
        return lambda keyid: self._http.run(
            ring.find(purpose, keyid, ring.deadline() if deadline is None else deadline)
        )

    def encryption_key(self) -> Mapping[str, Any]:
        """Return the public JWK to encrypt fields to. Raises LookupError if none is published."""
        return self._http.run(self.keyring.encryption_key(self.keyring.deadline()))
