"""The one object that a partner's program holds."""

from __future__ import annotations

from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Optional, TypeVar

from requests.adapters import BaseAdapter

from ._clock import Clock
from ._options import HttpOptions
from ._sync import Http, Runner
from ._wire import Hook, Wire
from .directory import KeyDirectory
from .http_signatures import Signer

if TYPE_CHECKING:
    from ._commissions import Claims, Commissions
    from ._credit_lines import CreditLines
    from ._events import Events, EventTypes, WebhookEndpoints
    from ._leads import Leads, Platform
    from ._mall import Mall
    from ._partner_keys import Keys
    from ._payments import Payments
    from ._sandbox import Sandbox
    from ._share_files import ShareFiles
    from ._shares import Shares
    from ._statements import Reconciliation, Statements
    from ._stores import Stores
    from .webhooks import Webhooks

R = TypeVar("R")


class Services(Generic[R]):
    """What a client offers, by scenario; the same for `Client` and `AsyncClient`.

    A scenario's models are much code, so each is imported when it is first used.
    """

    _runner: R

    @cached_property
    def mall(self) -> Mall[R]:
        """Instalments in a mall: quotes, orders, refunds."""
        from ._mall import Mall  # noqa: PLC0415

        return Mall(self._runner)

    @cached_property
    def stores(self) -> Stores[R]:
        """Stores with their tills and staff: for the back office."""
        from ._stores import Stores  # noqa: PLC0415

        return Stores(self._runner)

    @cached_property
    def payments(self) -> Payments[R]:
        """Payments in stores and their refunds: for tills."""
        from ._payments import Payments  # noqa: PLC0415

        return Payments(self._runner)

    @cached_property
    def leads(self) -> Leads[R]:
        """People whom a platform sends: pre-checks, leads and their states."""
        from ._leads import Leads  # noqa: PLC0415

        return Leads(self._runner)

    @cached_property
    def platform(self) -> Platform[R]:
        """What the lender has agreed with a platform."""
        from ._leads import Platform  # noqa: PLC0415

        return Platform(self._runner)

    @cached_property
    def shares(self) -> Shares[R]:
        """Shares of joint loans: for funders."""
        from ._shares import Shares  # noqa: PLC0415

        return Shares(self._runner)

    @cached_property
    def credit_lines(self) -> CreditLines[R]:
        """Lines that were applied for in stores: whether they can be used."""
        from ._credit_lines import CreditLines  # noqa: PLC0415

        return CreditLines(self._runner)

    @cached_property
    def share_files(self) -> ShareFiles[R]:
        """A funder's daily files."""
        from ._share_files import ShareFiles  # noqa: PLC0415

        return ShareFiles(self._runner)

    @cached_property
    def webhook_endpoints(self) -> WebhookEndpoints[R]:
        """Where the lender sends events to."""
        from ._events import WebhookEndpoints  # noqa: PLC0415

        return WebhookEndpoints(self._runner)

    @cached_property
    def events(self) -> Events[R]:
        """What happened, also what no endpoint took."""
        from ._events import Events  # noqa: PLC0415

        return Events(self._runner)

    @cached_property
    def event_types(self) -> EventTypes[R]:
        """What the lender tells of."""
        from ._events import EventTypes  # noqa: PLC0415

        return EventTypes(self._runner)

    @cached_property
    def keys(self) -> Keys[R]:
        """Your public keys at the lender."""
        from ._partner_keys import Keys  # noqa: PLC0415

        return Keys(self._runner)

    @cached_property
    def sandbox(self) -> Sandbox[R]:
        """What only a sandbox has: its clock, applicants and buyers, a fresh start."""
        from ._sandbox import Sandbox  # noqa: PLC0415

        return Sandbox(self._runner)

    @cached_property
    def statements(self) -> Statements[R]:
        """What was paid, by day and by month."""
        from ._statements import Statements  # noqa: PLC0415

        return Statements(self._runner)

    @cached_property
    def commissions(self) -> Commissions[R]:
        """What a platform earns: monthly bills, recomputed, confirmed or disputed."""
        from ._commissions import Commissions  # noqa: PLC0415

        return Commissions(self._runner)

    @cached_property
    def claims(self) -> Claims[R]:
        """What a guarantor is asked to pay."""
        from ._commissions import Claims  # noqa: PLC0415

        return Claims(self._runner)

    @cached_property
    def reconciliation(self) -> Reconciliation[R]:
        """Where the lender's bank and books did not agree about payouts to you."""
        from ._statements import Reconciliation  # noqa: PLC0415

        return Reconciliation(self._runner)

    @cached_property
    def webhooks(self) -> Webhooks[R]:
        """Proves that events came from the lender."""
        from .webhooks import Webhooks  # noqa: PLC0415

        return Webhooks(self._runner)


class Client(Services[Runner]):
    """Calls the lender as one partner; a context manager, safe to share between threads.

    `key` signs: a `PrivateKey`, or anything with `keyid`, `algorithm` and `sign`, such as an HSM's.
    `base_url` is scheme and host of the lender's interface, for a test tenant with its path
    `/t/name`. `root_keyid` is the thumbprint of the lender's root key, agreed beside the wire; with
    it the lender's answers are proved. `api_version` pins a dated version. `hook` is told of every
    try. `transport` replaces the network, for tests. The constructor does not touch the network.
    Raises ArgumentInvalid.
    """

    def __init__(
        self,
        *,
        app_id: str,
        key: Signer,
        base_url: str,
        root_keyid: str,
        api_version: Optional[str] = None,
        options: Optional[HttpOptions] = None,
        hook: Optional[Hook] = None,
        clock: Optional[Clock] = None,
        transport: Optional[BaseAdapter] = None,
    ) -> None:
        self.app_id = app_id
        self._http = Http(
            options or HttpOptions(), clock or Clock(), app_id=app_id, transport=transport
        )
        self.directory = KeyDirectory(
            base_url=base_url, root_keyid=root_keyid, http=self._http, signer=key
        )
        wire = Wire(
            app_id=app_id,
            signer=key,
            keyring=self.directory.keyring,
            options=self._http.options,
            api_version=api_version,
            hook=hook,
        )
        self._runner = Runner(self._http, wire)

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        fault: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()
