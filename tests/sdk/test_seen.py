"""Duplicates: an event's id is kept together with the work, in memory or in the shop's database."""

import sqlite3
import threading
from functools import partial

import psycopg
import pytest
from cf_partner_sdk import MemorySeenStore, SqlSeenStore, WebhookDuplicate
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.seen import REMEMBER_S

from tests.sdk.platform import NOW, STRANGER
from tests.sdk.seen_stores import deal_with, fail_after, is_known
from tests.sdk.test_integrations import verifier
from tests.sdk.test_webhooks import BODY, posted


@pytest.fixture(params=["sqlite", "postgresql"])
def connect(request, tmp_path):
    """Connections to a shop's database with a table of parcels."""
    if request.param == "sqlite":
        opened = partial(sqlite3.connect, tmp_path / "shop.db", timeout=5)
    else:
        opened = partial(psycopg.connect, request.getfixturevalue("database_url"))
    opened.paramstyle = {"sqlite": "qmark", "postgresql": "pyformat"}[request.param]
    store = SqlSeenStore(opened, paramstyle=opened.paramstyle)
    connection = opened()
    connection.execute(store.schema)
    connection.execute("CREATE TABLE parcel (order_no VARCHAR(64))")
    connection.commit()
    connection.close()
    return opened


@pytest.fixture
def store(connect):
    return SqlSeenStore(connect, paramstyle=connect.paramstyle)


def ship(connection) -> None:
    connection.execute("INSERT INTO parcel VALUES ('A-77')")


def parcels(connect) -> int:
    connection = connect()
    (count,) = connection.execute("SELECT count(*) FROM parcel").fetchone()
    connection.close()
    return count


class TestAStoreInADatabase:
    def test_commits_the_id_with_the_work(self, store, connect):
        with store.once("evt_1", until=NOW) as connection:
            ship(connection)
        assert is_known(store)
        assert parcels(connect) == 1

    def test_keeps_neither_if_the_work_fails(self, store, connect):
        fail_after(store, ship)
        assert parcels(connect) == 0
        assert not is_known(store)

    def test_lets_one_of_two_deliveries_at_once_do_the_work(self, store, connect):
        inside, go_on, refused = threading.Event(), threading.Event(), []

        def first():
            with store.once("evt_1", until=NOW) as connection:
                inside.set()
                assert go_on.wait(5)
                ship(connection)

        def second():
            try:
                with store.once("evt_1", until=NOW) as connection:
                    ship(connection)
            except WebhookDuplicate as duplicate:
                refused.append(duplicate.webhook_id)

        threads = [threading.Thread(target=first), threading.Thread(target=second)]
        threads[0].start()
        assert inside.wait(5)
        threads[1].start()
        threads[1].join(0.1)
        assert threads[1].is_alive(), "the second has to wait for how the first ends"
        go_on.set()
        for thread in threads:
            thread.join(5)
        assert refused == ["evt_1"]
        assert parcels(connect) == 1

    def test_forgets_what_need_not_be_kept(self, store):
        deal_with(store)
        store.forget(before=NOW)
        assert is_known(store)
        store.forget(before=NOW + 1)
        assert not is_known(store)

    def test_refuses_a_connection_that_commits_by_itself(self, connect):
        style = connect.paramstyle
        by_itself = {"autocommit": True} if style == "pyformat" else {"isolation_level": None}
        store = SqlSeenStore(partial(connect, **by_itself), paramstyle=style)
        with pytest.raises(ValueError, match="autocommit"), store.once("evt_1", until=NOW):
            raise AssertionError

    @pytest.mark.parametrize("options", [{"table": "x; drop"}, {"paramstyle": "named"}])
    def test_takes_plain_names_and_known_styles_only(self, options):
        with pytest.raises(ValueError, match=r"plain name|paramstyle"):
            SqlSeenStore(sqlite3.connect, **{"paramstyle": "qmark", **options})


class TestAStoreInMemory:
    def test_tells_a_duplicate_once_the_work_is_done(self):
        store = MemorySeenStore()
        fail_after(store, lambda _: None)
        assert deal_with(store) is None
        with pytest.raises(WebhookDuplicate) as refused:
            deal_with(store)
        assert (refused.value.step, refused.value.webhook_id) == ("duplicate", "evt_1")

    def test_is_bounded(self):
        store = MemorySeenStore(size_max=2)
        for name in ("a", "b", "c"):
            deal_with(store, name)
        assert [is_known(store, name) for name in ("a", "b", "c")] == [False, True, True]


class Noting:
    """A store that notes what it is asked."""

    def __init__(self):
        self.asked = []

    def once(self, webhook_id, *, until):
        self.asked.append((webhook_id, until))
        return MemorySeenStore().once(webhook_id, until=until)


class TestAReceiver:
    def test_remembers_longer_than_the_lender_tries(self, platform):
        noting = Noting()
        WebhookReceiver(verifier(), lambda *_: None, seen=noting).receive(posted(platform), BODY)
        assert noting.asked == [("evt_1", NOW + REMEMBER_S)]
        assert REMEMBER_S > 3 * 24 * 3600

    def test_does_not_even_look_up_what_is_forged(self, platform):
        noting = Noting()
        receiver = WebhookReceiver(verifier(), lambda *_: None, seen=noting)
        assert receiver.receive(posted(platform, key=STRANGER), BODY).status == 401
        assert noting.asked == []

    def test_logs_what_it_does_not_tell_a_stranger(self, platform, caplog):
        receiver = WebhookReceiver(verifier(), lambda *_: None, seen=MemorySeenStore())
        told = receiver.receive(posted(platform), BODY + b" ").body
        assert set(told) == {"step", "detail"}
        assert "expected sha-256=" in caplog.text
