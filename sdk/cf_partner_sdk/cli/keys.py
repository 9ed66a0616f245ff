"""`cf-partner keys`: make a key, register it, rotate it."""

from __future__ import annotations

import argparse
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from cf_partner_sdk import PrivateKey
from cf_partner_sdk.http_signatures import ALGORITHMS

from .output import Stopped
from .session import PASSPHRASE, Session

COLUMNS = ("keyid", "algorithm", "state", "valid_from", "valid_to", "description")


def add(commands: Any) -> None:
    """Add the commands of this group."""
    group = commands.add_parser("keys", help="make, register, rotate and revoke your keys")
    keys = group.add_subparsers(metavar="COMMAND", required=True)
    _new(keys)
    _register(keys)
    listing = keys.add_parser("list", help="your keys as the lender knows them")
    listing.set_defaults(run=list_keys)
    _rotate(keys)
    revoking = keys.add_parser("revoke", help="end a key at once, everywhere")
    revoking.add_argument("keyid")
    revoking.set_defaults(run=revoke)


def _new(keys: Any) -> None:
    parser = keys.add_parser("new", help="make a private key and show its public half")
    parser.add_argument("file", type=Path, help="where to keep the private key")
    parser.add_argument("--algorithm", choices=sorted(ALGORITHMS), default="ed25519")
    parser.set_defaults(run=new)


def _register(keys: Any) -> None:
    parser = keys.add_parser("register", help="register a new key, signed by the present one")
    parser.add_argument("file", type=Path, help="the new private key")
    parser.add_argument("--description", default="", help="where it is used")
    parser.add_argument("--activate", action="store_true", help="have it sign from now on")
    parser.set_defaults(run=register)


def _rotate(keys: Any) -> None:
    parser = keys.add_parser(
        "rotate", help="replace the present key: register, activate, prove, retire the old one"
    )
    parser.add_argument("file", type=Path, help="the new private key; made if it is not there")
    parser.add_argument("--description", default="", help="where it is used")
    parser.add_argument(
        "--overlap-hours", type=int, default=24, help="how long the old key goes on verifying"
    )
    parser.set_defaults(run=rotate)


def new(session: Session, given: argparse.Namespace) -> None:
    """Make a key; the file is readable by its owner only and never overwritten."""
    key = make(given.file, given.algorithm)
    session.out.tell(
        {"file": str(given.file), "keyid": key.keyid, "public_jwk": key.public.jwk},
        f"The private key is in {given.file}: keep it secret.\n"
        f"keyid       {key.keyid}\n"
        f"algorithm   {key.algorithm}\n"
        f"Give this public key to the lender:\n{key.public.to_pem()}",
    )


def make(file: Path, algorithm: str = "ed25519") -> PrivateKey:
    """Make a key in a file, encrypted if the environment has a passphrase. Raises Stopped."""
    key = PrivateKey.generate(algorithm)
    pem = key.to_pem(passphrase=os.environ.get(PASSPHRASE))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        mend = "Name another file; a key is never overwritten."
        raise Stopped("key", f"{file} is there already", mend, exit_code=2) from None
    with os.fdopen(descriptor, "w") as opened:
        opened.write(pem)
    return key


def register(session: Session, given: argparse.Namespace) -> None:
    """Register the public half of a key."""
    key = session.key(given.file)
    with session.client() as cf:
        made = cf.keys.register(key=key, description=given.description)
        if given.activate:
            made = cf.keys.activate(made.keyid)
    session.out.tell(made, f"{made.keyid} is {made.state}.")


def list_keys(session: Session, given: argparse.Namespace) -> None:
    """List the keys."""
    del given
    with session.client() as cf:
        session.out.table([vars(key) for key in cf.keys.list()], COLUMNS)


def rotate(session: Session, given: argparse.Namespace) -> None:
    """Replace the present key, so that at each step one of the two verifies.

    It may be run again after any interruption: what is done is not done twice.
    """
    old = session.key()
    key = session.key(given.file) if given.file.exists() else make(given.file, old.algorithm)
    if key.keyid == old.keyid:
        raise Stopped("key", "the new key is the present one", "Name another file.", exit_code=2)
    until = datetime.now(timezone.utc) + timedelta(hours=given.overlap_hours)
    with session.client() as cf:
        known = {one.keyid: one.state.value for one in cf.keys.list()}
        if key.keyid not in known:
            cf.keys.register(key=key, description=given.description)
            session.out.note(f"registered  {key.keyid}")
        if known.get(key.keyid, "pending") == "pending":
            cf.keys.activate(key.keyid)
            session.out.note(f"activated   {key.keyid}")
    with session.client(key=key) as cf:
        state = cf.keys.get(old.keyid).state.value
        session.out.note("proved      the new key signs")
        if state == "active":
            cf.keys.retire(old.keyid, verifies_until=until)
        retired = cf.keys.get(old.keyid)
    session.out.tell(
        {"new": key.keyid, "old": retired},
        f"retired     {old.keyid}, verifies until {retired.valid_to}\n"
        f"Now set key_file to {given.file} wherever you sign.",
    )


def revoke(session: Session, given: argparse.Namespace) -> None:
    """End a key at once."""
    with session.client() as cf:
        done = cf.keys.revoke(given.keyid)
    session.out.tell(done, f"{done.keyid} is {done.state}.")
