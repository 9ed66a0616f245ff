"""The lender's events in Django."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, connections, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cf_partner_sdk import WebhookDuplicate

from .receiver import WebhookReceiver

View = Callable[[HttpRequest], HttpResponse]


def view(receiver: WebhookReceiver[Any]) -> View:
    """Return a view that hands each POST to `receiver`; it needs no CSRF token.

    `path("cf/webhooks", view(receiver))` in your `urlpatterns`. The receiver's URL is the address
    as the lender knows it; it is not taken from the request. See `WebhookReceiver.receive` for what
    is answered. A body over Django's `DATA_UPLOAD_MAX_MEMORY_SIZE` is answered 413.
    """

    def take_event(request: HttpRequest) -> HttpResponse:
        try:
            body = request.body
        except RequestDataTooBig:
            body = None
        receipt = receiver.receive(request.headers, body)
        if receipt.body is None:
            return HttpResponse(status=receipt.status)
        return JsonResponse(dict(receipt.body), status=receipt.status)

    return cast("View", csrf_exempt(require_POST(take_event)))


class DjangoSeenStore:
    """A `SeenStore` in a database of Django: what the handler does by the ORM commits with the id.

    Put `DjangoSeenStore.schema` into a migration, as `migrations.RunSQL(DjangoSeenStore.schema)`.
    """

    schema = (
        "CREATE TABLE IF NOT EXISTS cf_event_seen"
        " (webhook_id VARCHAR(255) PRIMARY KEY, keep_until BIGINT NOT NULL)"
    )

    def __init__(self, *, using: str = "default") -> None:
        self._using = using

    @contextmanager
    def once(self, webhook_id: str, *, until: int) -> Iterator[Any]:
        """Open `atomic()` with the id in it; give the database connection."""
        connection = connections[self._using]
        with transaction.atomic(using=self._using):
            try:
                with transaction.atomic(using=self._using), connection.cursor() as cursor:
                    cursor.execute("INSERT INTO cf_event_seen VALUES (%s, %s)", [webhook_id, until])
            except IntegrityError:
                raise WebhookDuplicate(webhook_id) from None
            yield connection

    def forget(self, *, before: int) -> None:
        """Delete the ids that had to be kept until `before`, in seconds since 1970."""
        with connections[self._using].cursor() as cursor:
            cursor.execute("DELETE FROM cf_event_seen WHERE keep_until < %s", [before])
