"""`cf keys`: how our keys for answers, events and encryption are replaced, no call lost."""

import argparse

from gateway import platform_keys
from gateway.platform_keys import ROTATED, NothingToDo
from lending.foundation.settings import Settings

STEPS = {
    "publish": (
        "make the key to come and publish it, or one of encryption have every front open with it",
        "Start every front and postloan anew, one after the other; then `cf keys use`.",
    ),
    "use": (
        "sign with the key to come, or publish one of encryption; keep the present one beside it",
        "Start every front and postloan anew; three days later, `cf keys forget`.",
    ),
    "forget": (
        "take the key before out of the directory; one of encryption opens nothing more",
        "Start every front anew.",
    ),
}


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf keys`."""
    keys = commands.add_parser(
        "keys",
        help="replace the key for answers, events or encryption, in three steps",
        description="Partners' programs find a new key by themselves, as long as every process"
        " knows it before any uses it. So: publish, use, forget; after each step start"
        " the processes anew.",
    )
    steps = keys.add_subparsers(metavar="STEP", required=True)
    for name, (does, _) in STEPS.items():
        step = steps.add_parser(name, help=does)
        step.add_argument("key", choices=ROTATED)
        step.set_defaults(func=_take, step=name)


def _take(args: argparse.Namespace) -> int:
    settings: Settings = args.settings
    acts = {
        "publish": platform_keys.publish_next,
        "use": platform_keys.use_next,
        "forget": platform_keys.forget_old,
    }
    try:
        keyid = acts[args.step](settings.keys, args.key)
    except NothingToDo as nothing:
        print(f"cf: {nothing}")
        return 1
    print(f"{args.key} key {keyid or ''}: done. {STEPS[args.step][1]}")
    return 0
