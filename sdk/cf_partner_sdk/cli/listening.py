"""`cf-partner listen`: events for a program on this machine, which the lender cannot reach.

The lender signs each event for the local address, so the program verifies it as it will in live;
only a sandbox does that, and only for this machine's own addresses. Each event is proved here
before it is handed on.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Optional
from urllib.parse import urlsplit

import requests

from cf_partner_sdk import Client, Event, TransportError, WebhookRefused, WebhookVerifier

from .output import Stopped
from .session import Session

LOCAL = ("127.0.0.1", "localhost")
OVERLAP = timedelta(seconds=60)
"""An event that was told late is still found so far back."""
ANSWER_S_MAX = 30


def add(commands: Any) -> None:
    """Add the commands of this group."""
    listen = commands.add_parser("listen", help="forward events of the sandbox to a local server")
    listen.add_argument("url", help="such as http://localhost:5000/cf/webhooks")
    listen.add_argument("--type", action="append", metavar="TYPE", help="else every type")
    listen.add_argument("--event", metavar="ID", help="forward this one event and end")
    listen.add_argument("--count", type=int, metavar="N", help="end after so many events")
    listen.add_argument("--poll-seconds", type=float, default=1.0)
    listen.set_defaults(run=forward)
    events = commands.add_parser("events", help="what happened, newest first")
    events.add_argument("--type", help="only events of this type")
    events.add_argument("--limit", type=int, default=20)
    events.set_defaults(run=list_events)


def list_events(session: Session, given: argparse.Namespace) -> None:
    """List the newest events."""
    with session.client() as cf:
        found = cf.events.list(type=given.type, limit=min(200, given.limit))
        rows = [vars(event) for event, _ in zip(found, range(given.limit))]
    session.out.table(rows, ("created_at", "type", "subject", "id"))


def forward(session: Session, given: argparse.Namespace) -> int:
    """Forward what happens from now on, in its order, until the command is stopped."""
    parts = urlsplit(given.url)
    if parts.scheme != "http" or parts.hostname not in LOCAL:
        mend = f"Forward to http://localhost or http://127.0.0.1, not {given.url}."
        raise Stopped("url", "events are forwarded to this machine only", mend, exit_code=2)
    with session.client() as cf, requests.Session() as http:
        http.trust_env = False
        line = _Line(session, cf, http, given.url)
        if given.event is not None:
            return 0 if line.hand_on(cf.events.get(given.event)) else 1
        session.out.note(f"waiting for events for {given.url}; end with Ctrl-C")
        line.run(_News(cf, given.type), given.count, given.poll_seconds)
    return 0


class _News:
    """What happened since the command was started, each event once, oldest first."""

    def __init__(self, cf: Client, types: Optional[list[str]]) -> None:
        self._cf = cf
        self._types = types
        newest = next(cf.events.list(limit=1), None)
        self._since = None if newest is None else newest.created_at
        self._seen = {event.id for event in self._recent()}

    def fresh(self) -> list[Event]:
        """Return the events that were not returned before."""
        found = [event for event in self._recent() if event.id not in self._seen]
        self._seen.update(event.id for event in found)
        if found:
            self._since = max(event.created_at for event in found)
        return [each for each in reversed(found) if not self._types or each.type in self._types]

    def _recent(self) -> Iterator[Event]:
        start = None if self._since is None else self._since - OVERLAP
        for event in self._cf.events.list(since=start, limit=200):
            if start is not None and event.created_at < start:
                return
            yield event


class _Line:
    """Hands events on to the local server; one that is not there is waited for."""

    def __init__(self, session: Session, cf: Client, http: requests.Session, url: str) -> None:
        self._out = session.out
        self._cf = cf
        self._http = http
        self._url = url
        directory = cf.directory
        self._verifier = WebhookVerifier(url=url, directory=directory)
        self._was_away = False

    def run(self, news: _News, count: Optional[int], poll_s: float) -> None:
        """Hand on what is new, again and again."""
        waiting: deque[Event] = deque()
        done = 0
        while count is None or done < count:
            try:
                waiting.extend(news.fresh())
            except TransportError as away:
                self._out.note(f"the lender cannot be reached: {away}")
            while waiting and (count is None or done < count) and self.hand_on(waiting[0]):
                waiting.popleft()
                done += 1
            if count is None or done < count:
                time.sleep(poll_s)

    def hand_on(self, event: Event) -> bool:
        """Prove an event and post it; False if nobody took it."""
        posted = self._cf.events.signed(event.id, url=self._url)
        body = posted.body.encode("utf-8")
        try:
            self._verifier.event(posted.headers, body)
        except WebhookRefused as refused:
            raise Stopped(refused.step, str(refused), refused.mend) from None
        begun = time.monotonic()
        try:
            answer = self._http.post(
                self._url,
                data=body,
                headers=dict(posted.headers),
                timeout=ANSWER_S_MAX,
                allow_redirects=False,
            )
        except requests.RequestException as fault:
            if not self._was_away:
                self._out.note(f"nobody answers at {self._url} ({type(fault).__name__}); waiting")
            self._was_away = True
            return False
        self._was_away = False
        took_ms = int((time.monotonic() - begun) * 1000)
        told = {"event": event.id, "type": event.type, "subject": event.subject}
        verdict = "" if answer.ok else f"  again: cf-partner listen {self._url} --event {event.id}"
        self._out.tell(
            {**told, "status": answer.status_code, "duration_ms": took_ms},
            f"{answer.status_code}  {event.type:<20} {event.id}  {took_ms} ms{verdict}",
        )
        return True
