"""Webhook endpoints in real frameworks: what each answers, and that the work is done once."""

from functools import partial
from typing import Annotated

import pytest
from cf_partner_sdk import (
    Event,
    MemorySeenStore,
    TransportError,
    WebhookVerifier,
)
from cf_partner_sdk.integrations import BODY_BYTES_MAX, WebhookReceiver
from cf_partner_sdk.integrations.django import DjangoSeenStore
from cf_partner_sdk.integrations.fastapi import verified
from django.db import connection, transaction
from fastapi import Depends, FastAPI

from tests.sdk.platform import EVENT, NOW
from tests.sdk.seen_stores import deal_with, fail_after, is_known
from tests.sdk.shops import EACH, PATH, asgi_post, configure_django
from tests.sdk.test_webhooks import BODY, URL, posted


def verifier(key_of=None) -> WebhookVerifier:
    return WebhookVerifier(
        url=URL, key_of=key_of or {EVENT.keyid: EVENT.public}.get, now=lambda: NOW
    )


@pytest.fixture
def handled():
    return []


@pytest.fixture
def receiver(handled):
    return WebhookReceiver(
        verifier(), lambda event, _: handled.append(event.id), seen=MemorySeenStore()
    )


@EACH
class TestAnEndpoint:
    def test_gives_the_event_to_the_handler_once(self, open_shop, platform, receiver, handled):
        post, headers = open_shop(receiver), dict(posted(platform))
        assert post(headers, BODY) == (204, None)
        assert post(headers, BODY) == (200, {"duplicate": True})
        assert handled == ["evt_1"]

    def test_tells_the_step_of_a_refusal_and_no_more(self, open_shop, platform, receiver, handled):
        answer = open_shop(receiver)(dict(posted(platform)), BODY + b" ")
        assert answer == (401, {"step": "digest", "detail": "sha-256 of the body is another"})
        assert handled == []

    def test_takes_the_bytes_as_they_are_whatever_they_hold(self, open_shop, platform, receiver):
        body = b"\xff\x00 no json"
        status, told = open_shop(receiver)(dict(posted(platform, body=body)), body)
        assert (status, told["step"]) == (401, "body")

    def test_has_the_lender_try_again_if_the_handler_fails(self, open_shop, platform):
        tries = []

        def fail_once(event, _):
            tries.append(event.id)
            if len(tries) == 1:
                raise RuntimeError("the database is away")

        post = open_shop(WebhookReceiver(verifier(), fail_once, seen=MemorySeenStore()))
        headers = dict(posted(platform))
        assert [post(headers, BODY)[0] for _ in range(3)] == [500, 204, 200]
        assert tries == ["evt_1", "evt_1"]

    def test_asks_for_another_try_while_the_keys_are_away(self, open_shop, platform):
        def away(_):
            raise TransportError("connect-failed", "down")

        shop = WebhookReceiver(verifier(away), print, seen=MemorySeenStore())
        assert open_shop(shop)(dict(posted(platform)), BODY)[0] == 503

    def test_takes_no_long_body(self, open_shop, platform, receiver, handled):
        long = b"x" * (BODY_BYTES_MAX + 1)
        assert open_shop(receiver)(dict(posted(platform)), long)[0] == 413
        assert handled == []


class TestTheDjangoStore:
    @pytest.fixture
    def store(self):
        configure_django()
        with connection.cursor() as cursor:
            cursor.execute(DjangoSeenStore.schema)
            cursor.execute("CREATE TABLE IF NOT EXISTS parcel (order_no VARCHAR(64))")
            cursor.execute("DELETE FROM cf_event_seen")
            cursor.execute("DELETE FROM parcel")
        yield DjangoSeenStore()
        connection.close()

    @staticmethod
    def ship(opened) -> None:
        with opened.cursor() as cursor:
            cursor.execute("INSERT INTO parcel VALUES ('A-77')")

    @staticmethod
    def parcels() -> int:
        with connection.cursor() as cursor:
            return cursor.execute("SELECT count(*) FROM parcel").fetchone()[0]

    def test_commits_the_id_with_the_work(self, store):
        with store.once("evt_1", until=NOW) as opened:
            self.ship(opened)
        assert is_known(store)
        assert self.parcels() == 1

    def test_keeps_neither_if_the_work_fails(self, store):
        fail_after(store, self.ship)
        assert self.parcels() == 0
        assert not is_known(store)

    def test_leaves_an_outer_transaction_usable_after_a_duplicate(self, store):
        deal_with(store)
        with transaction.atomic():
            assert is_known(store)
            self.ship(connection)
        assert self.parcels() == 1

    def test_forgets_what_need_not_be_kept(self, store):
        deal_with(store)
        store.forget(before=NOW)
        assert is_known(store)
        store.forget(before=NOW + 1)
        assert not is_known(store)


class TestTheFastApiDependency:
    @pytest.fixture
    def post(self, platform):
        app = FastAPI()

        @app.post(PATH)
        async def hook(event: Annotated[Event, Depends(verified(verifier()))]) -> dict:
            return {"order_no": event.order.order_no}

        return partial(asgi_post, app, dict(posted(platform)))

    def test_gives_an_async_route_the_event(self, post):
        assert post(BODY) == (200, {"order_no": "A-77"})

    def test_refuses_before_the_route_is_entered(self, post):
        assert post(BODY + b" ") == (401, {"detail": "digest: sha-256 of the body is another"})
        assert post(b"x" * (BODY_BYTES_MAX + 1))[0] == 413
