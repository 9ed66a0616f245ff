"""`cf-partner webhooks`: where events go, and whether what receives them there is safe."""

from __future__ import annotations

import argparse
from typing import Any

from .session import Session

CHECK_S_MAX = 180.0


def add(commands: Any) -> None:
    """Add the commands of this group."""
    group = commands.add_parser("webhooks", help="your endpoints, and a check of them")
    actions = group.add_subparsers(metavar="COMMAND", required=True)
    actions.add_parser("list", help="your endpoints").set_defaults(run=list_endpoints)
    create = actions.add_parser("create", help="have events sent to a URL")
    create.add_argument("url")
    create.add_argument("--type", action="append", metavar="TYPE", help="else every type")
    create.set_defaults(run=create_endpoint)
    check = actions.add_parser("check", help="send good and bad events there; report what it took")
    check.add_argument("endpoint", help="an endpoint's id or URL")
    check.set_defaults(run=check_endpoint)
    test = actions.add_parser("test", help="send an example of an event there")
    test.add_argument("endpoint", help="an endpoint's id or URL")
    test.add_argument("--type", help="else endpoint.test")
    test.set_defaults(run=test_endpoint)
    delete = actions.add_parser("delete", help="send nothing there any more")
    delete.add_argument("endpoint", help="an endpoint's id or URL")
    delete.set_defaults(run=delete_endpoint)


def list_endpoints(session: Session, given: argparse.Namespace) -> None:
    """List the endpoints."""
    del given
    with session.client() as cf:
        rows = [vars(one) for one in cf.webhook_endpoints.list()]
    session.out.table(rows, ("id", "state", "url", "disabled_reason"))


def create_endpoint(session: Session, given: argparse.Namespace) -> None:
    """Register a URL."""
    with session.client() as cf:
        made = cf.webhook_endpoints.create(url=given.url, event_types=given.type or ["*"])
    session.out.tell(made, f"{made.id} is {made.state}.")


def check_endpoint(session: Session, given: argparse.Namespace) -> int:
    """Check a receiver; 0 if it is safe."""
    with session.client(deadline_s=CHECK_S_MAX) as cf:
        endpoint_id = _id_of(cf, given.endpoint)
        session.out.note("sending good, bad, stale, replayed and altered events …")
        report = cf.webhook_endpoints.check(endpoint_id, timeout_s=CHECK_S_MAX)
    lines = [f"{one.verdict.value:<10} {one.name}: {one.says}" for one in report.results]
    verdict = {True: "The receiver is safe.", False: "The receiver is NOT safe."}
    lines.append(verdict.get(bool(report.safe), "") if report.safe is not None else "Not finished.")
    session.out.tell(report, "\n".join(lines))
    return 0 if report.safe else 1


def test_endpoint(session: Session, given: argparse.Namespace) -> None:
    """Send an example event."""
    with session.client() as cf:
        event = cf.webhook_endpoints.test(_id_of(cf, given.endpoint), type=given.type)
    session.out.tell(event, f"{event.type}  {event.id}  is on its way")


def delete_endpoint(session: Session, given: argparse.Namespace) -> None:
    """Remove an endpoint."""
    with session.client() as cf:
        endpoint_id = _id_of(cf, given.endpoint)
        cf.webhook_endpoints.delete(endpoint_id)
    session.out.tell({"id": endpoint_id, "deleted": True}, f"{endpoint_id} is removed.")


def _id_of(cf: Any, named: str) -> str:
    if "://" not in named:
        return named
    for one in cf.webhook_endpoints.list():
        if one.url == named:
            return str(one.id)
    raise ValueError(f"no endpoint of yours has the URL {named}")
