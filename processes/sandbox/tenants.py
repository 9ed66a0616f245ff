"""Test tenants: made, found, begun afresh, removed. Each is a whole installation of its own."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.platform_keys import PlatformKeys
from gateway.sandbox import Applicant, ResetNotHere
from lending.foundation.context import Context
from lending.foundation.database import Database
from lending.foundation.errors import Conflict, NotFound
from lending.foundation.settings import Settings
from processes import installation, seed, seed_stores
from processes.migrate import migrate
from processes.sandbox import applicants as magic
from processes.sandbox import databases, store
from processes.sandbox.store import Tenant

NAME = r"[a-z][a-z0-9-]{0,23}"
POOL_SIZE = 3
READ_SECONDS_MIN = 1
"""Nobody lives in a test tenant: a cost table is read in a second."""


class TenantThere(Conflict):
    """There is a tenant of this name."""

    code, title = "tenant.there", "There is a tenant of this name"
    mend = "Use another name, or `cf tenant remove` first."


class NoSuchTenant(NotFound):
    """There is no tenant of this name."""

    code, title = "tenant.unknown", "There is no tenant of this name"
    mend = "See `cf tenant list`."


@dataclass(frozen=True, slots=True)
class MainSandbox:
    """The installation itself, where it is a sandbox."""

    name: str = "main"
    generation: int = 1

    def state(self) -> str:
        """Always `ready`."""
        return "ready"

    def applicants(self) -> list[Applicant]:
        """One for each fate."""
        return magic.applicants()

    def ask_reset(self) -> None:
        """Raises ResetNotHere."""
        raise ResetNotHere


@dataclass(frozen=True, slots=True)
class TenantSandbox:
    """One generation of a tenant."""

    main: Database
    name: str
    generation: int

    def state(self) -> str:
        """`resetting` until the next generation is there."""
        with self.main.unit_of_work() as tx:
            found = store.tenant(tx, self.name)
        return found.state if found else "ready"

    def applicants(self) -> list[Applicant]:
        """One for each fate."""
        return magic.applicants()

    def ask_reset(self) -> None:
        """Has the next generation made, once, however often it is asked."""
        with self.main.unit_of_work() as tx:
            store.ask_reset(tx, self.name, self.generation)


class Tenants:
    """The tenants of one installation."""

    def __init__(self, main: Database, settings: Settings) -> None:
        self.main = main
        self._settings = settings

    def all(self) -> list[Tenant]:
        """Every tenant."""
        with self.main.unit_of_work() as tx:
            return store.tenants(tx)

    def find(self, name: str) -> Tenant | None:
        """A tenant that somebody uses."""
        with self.main.unit_of_work() as tx:
            found = store.tenant(tx, name)
            if found is not None:
                store.touch(tx, name)
        return found

    def get(self, name: str) -> Tenant:
        """A tenant.

        Raises NoSuchTenant.
        """
        found = self.find(name)
        if found is None:
            raise NoSuchTenant(f"There is no tenant {name}.")
        return found

    def migrate(self) -> None:
        """Brings the database of every tenant to the newest schema."""
        for each in self.all():
            migrate(self._url(each))

    def add(self, name: str) -> Path:
        """Makes a tenant with one owner; where its key and addresses are written.

        Raises TenantThere.
        """
        with self.main.unit_of_work() as tx:
            if store.tenant(tx, name) is not None:
                raise TenantThere(f"There is a tenant {name}.")
        owner = seed.tenant_owner(name)
        database_name = databases.name_of(self.main.url, name, 1)
        databases.create(self.main.url, database_name)
        made = Tenant(name, owner.app_id, 1, database_name, "ready", self.main.clock.now())
        context = self.context(made)
        try:
            platform = PlatformKeys.load_or_make(self._settings.keys)
            config = self._settings.var / "tenants" / f"{name}.json"
            seed.seed_rules(context.database)
            seed.seed_merchant(context, platform, owner, config)
            seed_stores.seed(context, config, seed.STORE_PRODUCT.code)
        finally:
            context.database.close()
        with self.main.unit_of_work() as tx:
            store.insert(tx, name, owner.app_id, database_name)
        return config

    def reset(self, tenant: Tenant) -> Tenant:
        """Makes the next generation of a tenant and puts it in the place of this one.

        The old database stays for calls that are under way, until it is dropped.
        """
        following = tenant.generation + 1
        database_name = databases.name_of(self.main.url, tenant.name, following)
        databases.create(self.main.url, database_name)
        made = replace(tenant, generation=following, database_name=database_name, state="ready")
        context = self.context(made)
        try:
            seed.seed_rules(context.database)
        finally:
            context.database.close()
        databases.take_over(self._url(tenant), self._url(made))
        with self.main.unit_of_work() as tx:
            store.set_generation(tx, tenant.name, following, database_name)
        return made

    def drop(self, tenant: Tenant) -> None:
        """Throws a generation away that is no longer used: its database and files."""
        databases.drop(self.main.url, tenant.database_name)
        shutil.rmtree(self._files(tenant), ignore_errors=True)

    def remove(self, name: str) -> None:
        """Removes a tenant with all that it has.

        Raises NoSuchTenant.
        """
        found = self.get(name)
        with self.main.unit_of_work() as tx:
            store.delete(tx, name)
        self.drop(found)
        shutil.rmtree(self._var(name), ignore_errors=True)
        for config in seed_stores.configs(self._settings.var / "tenants" / f"{name}.json"):
            config.unlink(missing_ok=True)

    def context(self, tenant: Tenant, *, pool_size: int = POOL_SIZE) -> Context:
        """What a process hands to use cases and jobs of a tenant."""
        settings = replace(
            self._settings,
            var=self._var(tenant.name),
            front_url=f"{self._settings.public_url}/t/{tenant.name}",
            database_url=self._url(tenant),
            read_seconds_min=READ_SECONDS_MIN,
        )
        return installation.assemble(
            settings,
            installation.open_database(settings, settings.database_url, pool_size),
            outside=self._settings,
            files=self._files(tenant),
            name=tenant.installation,
        )

    def _var(self, name: str) -> Path:
        return self._settings.var / "tenants" / name

    def _files(self, tenant: Tenant) -> Path:
        return self._var(tenant.name) / "files" / str(tenant.generation)

    def _url(self, tenant: Tenant) -> str:
        return databases.url_of(self.main.url, tenant.database_name)
