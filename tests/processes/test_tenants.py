"""Who is worked for, and what is made and thrown away, on a real server without processes."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from lending.foundation.context import Context
from lending.foundation.database import Database
from lending.foundation.settings import Settings
from processes import installation
from processes.sandbox import store, worker
from processes.sandbox.tenants import NoSuchTenant, Tenants, TenantThere
from processes.sandbox.worker import SandboxWorker
from tests.outside import OutsideWorld


@pytest.fixture
def main(database_url: str, tmp_path: Path, outside: OutsideWorld) -> Iterator[Context]:
    settings = replace(outside.settings, database_url=database_url)
    opened = installation.open_database(settings, database_url, 2)
    yield installation.assemble(settings, opened, outside=settings, files=tmp_path / "files")
    opened.close()


@pytest.fixture
def tenants(main: Context) -> Iterator[Tenants]:
    made = Tenants(main.database, main.settings)
    made.add("acme")
    yield made
    for each in made.all():
        made.remove(each.name)


def databases(main: Database) -> set[str]:
    """Those of tenants, on the server."""
    with psycopg.connect(main.url) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE datname ~ ('^' || current_database() || '_t_')"
        ).fetchall()
    return {str(row[0]).partition("_t_")[2] for row in rows}


class TestTheRegister:
    def test_makes_a_tenant_once_and_removes_it_whole(self, main: Context, tenants: Tenants):
        var = Settings(var=main.settings.var).var / "tenants"
        assert databases(main.database) == {"acme_1"}
        with pytest.raises(TenantThere):
            tenants.add("acme")
        assert (var / "acme.json").exists()
        tenants.remove("acme")
        assert databases(main.database) == set()
        assert list(var.iterdir()) == []
        with pytest.raises(NoSuchTenant):
            tenants.get("acme")

    def test_makes_the_next_generation_over_one_that_was_left_half_made(
        self, main: Context, tenants: Tenants
    ):
        old = tenants.get("acme")
        tenants.reset(old)
        with main.database.unit_of_work() as tx:
            tx.run(
                "UPDATE sandbox_tenant SET generation = 1, database_name = :name",
                name=old.database_name,
            )
        made = tenants.reset(old)
        assert (made.generation, tenants.get("acme").generation) == (2, 2)
        tenants.drop(old)
        assert databases(main.database) == {"acme_2"}

    def test_takes_one_wish_for_a_reset_from_a_generation(self, main: Context, tenants: Tenants):
        old = tenants.get("acme")
        tenants.reset(old)
        with main.database.unit_of_work() as tx:
            store.ask_reset(tx, "acme", old.generation)
        assert tenants.get("acme").state == "ready"
        tenants.drop(old)


class TestTheWorker:
    def test_works_for_who_is_used_and_lets_others_sleep(self, main: Context, tenants: Tenants):
        tenants.add("beta")

        async def seen() -> list[list[str]]:
            found, working = [], SandboxWorker(main, tenants)
            await working.look()
            found.append(working.awake)
            with main.database.unit_of_work() as tx:
                tx.run(
                    "UPDATE sandbox_tenant SET used_at = used_at - interval '1 hour'"
                    " WHERE name = 'acme'"
                )
            await working.look()
            found.append(working.awake)
            tenants.find("acme")
            await working.look()
            found.append(working.awake)
            await working.end()
            found.append(working.awake)
            return found

        assert asyncio.run(seen()) == [
            ["acme.1", "beta.1"],
            ["beta.1"],
            ["acme.1", "beta.1"],
            [],
        ]

    def test_begins_afresh_who_asks_for_it(
        self, main: Context, tenants: Tenants, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(worker, "DROP_AFTER_S", 0.0)

        async def seen() -> list[list[str]]:
            found, working = [], SandboxWorker(main, tenants)
            await working.look()
            with main.database.unit_of_work() as tx:
                store.ask_reset(tx, "acme", 1)
            for _ in range(2):
                await working.look()
                found.append(working.awake)
            for _ in range(100):
                if databases(main.database) == {"acme_2"}:
                    break
                await asyncio.sleep(0.05)
            await working.end()
            return found

        assert asyncio.run(seen()) == [[], ["acme.2"]]
        assert databases(main.database) == {"acme_2"}
