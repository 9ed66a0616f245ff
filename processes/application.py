"""What `cf front` serves: the installation and, in a sandbox, its test tenants."""

from typing import TYPE_CHECKING

from connectors import plug
from gateway import observing
from gateway.platform_keys import PlatformKeys
from lending.foundation.settings import from_environment
from processes import edge, installation
from processes.front import create_app, gateway_context
from processes.sandbox.mounting import Mounted
from processes.sandbox.tenants import MainSandbox, Tenants

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def application() -> "WSGIApplication":
    """The WSGI application of one process."""
    observing.log_as_json()
    settings = from_environment()
    is_sandbox = settings.environment == "test"
    context = installation.context(settings, pool_size=settings.front_connections)
    keys = PlatformKeys.load_or_make(settings.keys)
    bank_key = plug.outside(settings).institution_key
    sandbox = MainSandbox() if is_sandbox else None
    main: WSGIApplication = create_app(
        context, gateway_context(context, bank_key, keys=keys, sandbox=sandbox)
    )
    if is_sandbox:
        main = Mounted(main, Tenants(context.database, settings), keys, bank_key)
    return edge.guarded(main, settings)
