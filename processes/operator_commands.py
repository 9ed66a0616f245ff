"""`cf operator`: who may use the console. There is no operator by default."""

import argparse
import getpass
import os

from lending.foundation.audit import Actor
from lending.system import service
from lending.system.model import Role


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf operator add | unlock`."""
    operator = commands.add_parser("operator", help="operators of the console")
    actions = operator.add_subparsers(metavar="ACTION", required=True)
    add = actions.add_parser("add", help="make an operator; the password is asked for")
    add.add_argument("login")
    add.add_argument("--name", required=True, help="as colleagues know them")
    add.add_argument(
        "--staff-no",
        default="",
        help="who it is; without it, logins of one name are one person where two are needed",
    )
    add.add_argument("--role", required=True, choices=[role.value for role in Role])
    add.add_argument(
        "--password-from-environment",
        metavar="NAME",
        help="read the password from this environment variable instead of asking",
    )
    add.set_defaults(func=_add)
    unlock = actions.add_parser("unlock", help="let an operator try again who was locked")
    unlock.add_argument("login")
    unlock.set_defaults(func=_unlock)


def _add(args: argparse.Namespace) -> int:
    variable = args.password_from_environment
    password = os.environ.get(variable, "") if variable else getpass.getpass("password: ")
    with args.context().database.unit_of_work() as tx:
        service.add_operator(
            tx,
            login=args.login,
            name=args.name,
            role=Role(args.role),
            password=password,
            actor=_who(),
            staff_no=args.staff_no,
        )
    print(f"operator {args.login} may sign in at /console")
    return 0


def _unlock(args: argparse.Namespace) -> int:
    with args.context().database.unit_of_work() as tx:
        service.unlock(tx, args.login, _who())
    return 0


def _who() -> Actor:
    return Actor("shell", getpass.getuser())
