"""`cf tenant` and `cf sandbox`: test tenants, and the process that works for them."""

import argparse
import re

from lending.foundation.settings import Settings
from processes import installation
from processes.migrate import migrate
from processes.sandbox.tenants import NAME, Tenants


class NoSandbox(RuntimeError):
    """The environment is `live`, where there are no test tenants."""

    mend = "Set CF_ENVIRONMENT=test, in an installation of its own."


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf tenant add | list | remove`, `cf sandbox` and `cf migrate`."""
    commands.add_parser(
        "migrate", help="bring the database, and those of test tenants, to the newest schema"
    ).set_defaults(func=_migrate)
    tenant = commands.add_parser("tenant", help="test tenants of the sandbox")
    actions = tenant.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make a tenant: a whole installation under /t/NAME")
    add.add_argument("name", type=_name)
    add.set_defaults(func=_add)
    actions.add_parser("list", help="all tenants").set_defaults(func=_list)
    remove = actions.add_parser("remove", help="throw a tenant away with all that it has")
    remove.add_argument("name", type=_name)
    remove.set_defaults(func=_remove)
    commands.add_parser("sandbox", help="the work of all test tenants").set_defaults(func=_sandbox)


def tenants(settings: Settings) -> Tenants:
    """The tenants of an installation.

    Raises NoSandbox.
    """
    if settings.environment != "test":
        raise NoSandbox("there are no test tenants in live")
    url = installation.database_url(settings)
    return Tenants(installation.open_database(settings, url, pool_size=2), settings)


def migrate_all(settings: Settings) -> None:
    """Brings the main database, then those of tenants, to the newest schema."""
    migrate(installation.database_url(settings))
    if settings.environment == "test":
        tenants(settings).migrate()


def _migrate(args: argparse.Namespace) -> int:
    migrate_all(args.settings)
    print("the schema is up to date")
    return 0


def _add(args: argparse.Namespace) -> int:
    config = tenants(args.settings).add(args.name)
    print(f"{args.settings.public_url}/t/{args.name}; its owner's key and addresses: {config}")
    return 0


def _list(args: argparse.Namespace) -> int:
    for each in tenants(args.settings).all():
        used = f"{each.used_at:%Y-%m-%d %H:%M}"
        print(f"{each.name:24} {each.app_id:28} generation {each.generation}, used {used}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    tenants(args.settings).remove(args.name)
    print(f"{args.name} is gone")
    return 0


def _sandbox(args: argparse.Namespace) -> int:
    from processes.sandbox.worker import SandboxWorker  # noqa: PLC0415  only this part needs it

    context = args.context()
    SandboxWorker(context, Tenants(context.database, args.settings)).run()
    return 0


def _name(text: str) -> str:
    if not re.fullmatch(NAME, text):
        raise argparse.ArgumentTypeError("use up to 24 of a-z, 0-9 and -, a letter first")
    return text
