"""Test tenants under `/t/<name>` of one front, each an application of its own, made when needed."""

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cf_partner_sdk.keys import PublicKey
from flask import Flask

from gateway.platform_keys import PlatformKeys
from lending.foundation.context import Context
from processes.front import create_app, gateway_context
from processes.sandbox.tenants import NAME, Tenants, TenantSandbox

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

IDLE_S = 600.0
"""An application that nobody has used for so long is dropped, with its connections."""
_PATH = re.compile(f"/t/({NAME})(/.*)?", re.DOTALL)


@dataclass(slots=True)
class _Running:
    generation: int
    context: Context
    app: Flask
    used_at: float = field(default_factory=time.monotonic)


class Mounted:
    """Serves the installation, and under `/t/<name>` its test tenants."""

    def __init__(
        self, main: "WSGIApplication", tenants: Tenants, keys: PlatformKeys, bank_key: PublicKey
    ) -> None:
        self._main = main
        self._tenants = tenants
        self._keys = keys
        self._bank_key = bank_key
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """One request, handed to whom its path names; the prefix becomes SCRIPT_NAME."""
        found = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        app = self._app(found[1]) if found else None
        if found is None or app is None:
            return self._main(environ, start_response)
        environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/t/{found[1]}"
        environ["PATH_INFO"] = found[2] or "/"
        return app(environ, start_response)

    def _app(self, name: str) -> Flask | None:
        """The application of a tenant's present generation; None where there is no tenant.

        The register is asked each time: after a reset nothing may reach the old generation.
        """
        tenant = self._tenants.find(name)
        with self._lock:
            running = self._running.get(name)
            if running and (tenant is None or running.generation != tenant.generation):
                self._drop(name)
                running = None
            if tenant is None:
                return None
            if running is None:
                context = self._tenants.context(tenant)
                sandbox = TenantSandbox(self._tenants.main, tenant.name, tenant.generation)
                made = gateway_context(context, self._bank_key, keys=self._keys, sandbox=sandbox)
                running = _Running(tenant.generation, context, create_app(context, made))
                self._running[name] = running
            running.used_at = time.monotonic()
            self._drop_idle()
            return running.app

    def _drop_idle(self) -> None:
        before = time.monotonic() - IDLE_S
        for name in [name for name, each in self._running.items() if each.used_at < before]:
            self._drop(name)

    def _drop(self, name: str) -> None:
        self._running.pop(name).context.database.close()
