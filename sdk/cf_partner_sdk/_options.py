"""How to reach the lender."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional
from urllib.parse import urlsplit

import certifi

from ._errors import ArgumentInvalid


@dataclass(frozen=True)
class HttpOptions:
    """How to reach the lender; durations in seconds. Nothing is taken from the environment.

    `deadline_s` bounds a whole call: its tries, the pauses between them, and waiting for one of at
    most `connections_max` connections. `proxies` are by scheme, as `{"https": "http://proxy:3128"}`.
    `ca_file` is a bundle to trust instead of the usual one. `client_certificate_file` and
    `client_key_file`, with `client_key_password` if it is encrypted, are for mutual TLS.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    deadline_s: float = 60.0
    attempts_max: int = 4
    connections_max: int = 20
    proxies: Mapping[str, str] = field(default_factory=dict)
    ca_file: Optional[str] = None
    client_certificate_file: Optional[str] = None
    client_key_file: Optional[str] = None
    client_key_password: Optional[str] = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("connect_timeout_s", "read_timeout_s", "deadline_s"):
            if not getattr(self, name) > 0:
                raise ArgumentInvalid(f"{name} is a positive number of seconds", field=name)
        for name in ("attempts_max", "connections_max"):
            if getattr(self, name) < 1:
                raise ArgumentInvalid(f"{name} is at least 1", field=name)
        for name in ("ca_file", "client_certificate_file", "client_key_file"):
            path = getattr(self, name)
            if path is not None and not Path(path).exists():
                raise ArgumentInvalid(f"{name} names no file: {path}", field=name)

    def tls_context(self) -> ssl.SSLContext:
        """Return what proves the server to us and us to it. Raises ArgumentInvalid."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file or certifi.where())
        except (OSError, ValueError):
            raise ArgumentInvalid("ca_file has no certificates in PEM", field="ca_file") from None
        if self.client_certificate_file is not None:
            try:
                context.load_cert_chain(
                    self.client_certificate_file, self.client_key_file, self.client_key_password
                )
            except (OSError, ValueError):
                raise ArgumentInvalid(
                    "the client certificate and its key cannot be read or do not belong together",
                    field="client_certificate_file",
                ) from None
        return context

    def proxy_to(self, url: str) -> Optional[str]:
        """Return the proxy on the way to `url`."""
        scheme = urlsplit(url).scheme
        return self.proxies.get(scheme, self.proxies.get("all"))
