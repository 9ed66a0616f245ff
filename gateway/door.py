"""Every call goes through here: read, verify, spend the nonce, parse, act once, answer, sign."""

import json
import logging
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from typing import Any

from cf_partner_sdk.http_signatures import Message, request_nonce, sign_response
from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from gateway import metrics, store, strict_json
from gateway.caller import Caller, Callers, message_of, spend, spend_at_once
from gateway.context import GatewayContext
from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import (
    BodyTooLarge,
    EncodingRefused,
    FieldNotEncrypted,
    FieldsRefused,
    HeadersTooLarge,
    KeyMissing,
    KeyReused,
    KeyRunning,
    NotHere,
    NotSignedRight,
    RangeRefused,
)
from gateway.fields import faults
from gateway.keys import SigningKey
from gateway.oauth_errors import TokenRefused
from gateway.oauth_tokens import check_read, refuse_on_write
from gateway.observing import request_id
from gateway.rate_limits import STRANGER_QUOTA, STRANGER_WINDOW_S, Addresses, Limiter
from gateway.rate_model import RateLimited, headers
from gateway.sealed import SealedMessage
from gateway.sealed_fields import NOT_SEALED
from gateway.versions import Version
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row
from lending.foundation.errors import OutsideFault, Problem
from lending.foundation.files import Content

BODY_MAX = 1024 * 1024
HEADERS_MAX, HEADER_BYTES_MAX = 64, 32 * 1024
FAULTS_TOLD_MAX = 5
"""Of those behind the first: where they are."""
VALUE_SHOWN_MAX = 64
"""Characters of a component's value that a 401 repeats."""
PATH = re.compile(r"/[A-Za-z0-9\-._~/]*")
"""Our paths are unreserved ASCII, so that the decoded path equals the raw one."""
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")

log = logging.getLogger(__name__)


class Unforeseen(Problem):
    """A defect on our side; the trace is in our log under the request id."""

    code, status, title = "internal", 500, "Something went wrong on our side"
    mend = "Send the same request again later, with the same Idempotency-Key."
    retry_after_s = 5


class DatabaseAway(OutsideFault):
    """The database does not take this at the moment."""

    code, title = "unavailable", "The service is not available at the moment"
    retry_after_s = 5


@dataclass(frozen=True, slots=True)
class _Granted:
    """What a caller may do asks, read."""

    query: dict[str, str]
    body: Any = None
    opened_mac: bytes | None = None
    """Digest of the body as it reads opened, where something in it is sealed."""


class Door:
    """The signed part of the API."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._callers = Callers(context.lending.database, context.lending.settings.environment)
        self._opening = context.keys.opening()
        self._limiter = Limiter(context.lending.database)
        self._failures = Addresses("failures", STRANGER_QUOTA, STRANGER_WINDOW_S)

    def add(self, blueprint: Blueprint, endpoints: Sequence[Endpoint]) -> None:
        """Adds endpoints to a blueprint."""
        for endpoint in endpoints:
            blueprint.add_url_rule(
                endpoint.path,
                endpoint.name,
                self._view(endpoint),
                methods=[endpoint.method],
                provide_automatic_options=False,
            )

    def _view(self, endpoint: Endpoint) -> Any:
        def view(**path: str) -> ResponseReturnValue:
            try:
                answer = answered(self._carry_out(endpoint, path))
            except Problem as problem:
                answer = told(problem, self._context)
            except HTTPException:
                raise
            except Exception as defect:  # noqa: BLE001  a defect is told as one, and logged
                answer = told(unforeseen(defect), self._context)
            answer.headers.update(g.get("answer_headers", {}))
            return self.sign(answer)

        return view

    def _carry_out(self, endpoint: Endpoint, path: dict[str, str]) -> Reply:
        caller, body = self._identified(endpoint)
        g.caller = caller
        g.answer_headers = self._admitted(endpoint, caller)
        version = self._version(endpoint, caller)
        try:
            if endpoint.writes:
                return self._write(endpoint, caller, path, (body, version))
            return self._look_up(endpoint, caller, path, (body, version))
        except NotSignedRight:
            self._count_replay(endpoint, caller)
            raise

    def _write(
        self,
        endpoint: Endpoint,
        caller: Caller,
        path: dict[str, str],
        given: tuple[Content, Version],
    ) -> Reply:
        """Answers a call that changes something; its nonce stays spent whatever the answer is.

        The commit of what it changes also brings the nonce to the disk. Should the machine lose
        power, only the last nonces of refused calls may be lost: who has recorded one could for
        five minutes ask again for what its signer asked for, under the same key.

        Raises KeyMissing, and what carrying it out does.
        """
        body, version = given
        spend_at_once(self._context.lending.database, caller)
        refuse_on_write(request)
        key = request.headers.get("idempotency-key", "")
        if endpoint.function in caller.functions and not IDEMPOTENCY_KEY.fullmatch(key):
            raise KeyMissing
        granted = self._granted(endpoint, caller, body, version)
        if endpoint.before is not None:
            granted = replace(granted, body=endpoint.before(self._context, granted.body))
        return self._write_once(endpoint, caller, path, (key, body, granted, version))

    def _identified(self, endpoint: Endpoint) -> tuple[Caller, Content]:
        """Who calls, and the body; counted by address before any other work.

        Who names no key that we know is counted as a stranger of that address; who names one, by
        key and address once it failed. So nobody is kept out by what others do elsewhere.

        Raises RateLimited, NotSignedRight, and what `read_body` raises.
        """
        now = self._context.lending.database.clock.now()
        strangers, address = self._context.strangers, request.remote_addr or ""
        named = self._callers.named(request.headers.get("signature-input", ""))
        if named is None:
            strangers.take(address, now)
        else:
            self._failures.check(address, now, named)
        body = read_file(endpoint.file.bytes_max) if endpoint.file else read_body()
        g.signed_message = message_of(request, body)
        try:
            caller = self._callers.identify(g.signed_message, now)
        except NotSignedRight:
            if named is not None:
                self._failures.count(address, now, named)
            raise
        if named is None:
            strangers.give_back(address, now)
        return caller, body

    def _count_replay(self, endpoint: Endpoint, caller: Caller) -> None:
        """Counts it as a failure, not against what the partner may call.

        Must run in no unit of work: whoever leases more calls holds the bucket while it waits for a
        connection.
        """
        now = self._context.lending.database.clock.now()
        self._failures.count(request.remote_addr or "", now, caller.keyid)
        self._limiter.give_back(caller.partner.id, caller.keyid, endpoint.rate_group)

    def _admitted(self, endpoint: Endpoint, caller: Caller) -> dict[str, str]:
        """Counts a call of a known key; the headers that tell where it stands.

        Raises RateLimited.
        """
        try:
            return self._limiter.admit(
                caller.partner.id, caller.keyid, endpoint.rate_group, caller.limits
            )
        except RateLimited as limited:
            metrics.count_limited(caller.partner.id, limited.standing.policy)
            g.answer_headers = headers([limited.standing])
            raise

    def _version(self, endpoint: Endpoint, caller: Caller) -> Version:
        """The version of a call: the one it names, or the one that its partner is pinned to.

        Raises VersionUnknown.
        """
        versions = self._context.versions
        pinned = caller.version or self._callers.pin(caller, versions.newest)
        version = versions.named(request.headers.get("cf-version", pinned))
        g.version = version.day
        docs = f"{self._context.lending.settings.public_url}/docs/changes"
        for ending in (version.ending, endpoint.ending):
            g.answer_headers |= ending.headers(docs) if ending else {}
        g.answer_headers["CF-Version"] = version.day
        return version

    def _look_up(
        self,
        endpoint: Endpoint,
        caller: Caller,
        path: dict[str, str],
        given: tuple[Content, Version],
    ) -> Reply:
        """Answers a call that changes nothing, in one unit of work with its nonce.

        The nonce stays spent whatever the answer is. Should the machine lose power, the last nonces
        may be lost, which lets nobody but the key's holder read an answer again: so no wait for
        the disk.
        """
        body, version = given
        if endpoint.at_hand is not None and "authorization" not in request.headers:
            reply = self._from_memory(endpoint, caller, path, given)
            return replace(reply, body=self._in_version(endpoint, reply, version))
        refusal: Problem | None = None
        with self._context.lending.database.unit_of_work() as tx:
            spend(tx, caller)
            try:
                check_read(tx, request, caller, endpoint.scope)
                asked = self._granted(endpoint, caller, body, version)
                sent = {n: request.headers[n] for n in endpoint.headers if n in request.headers}
                call = Call(tx, self._context, caller, path, asked.query, asked.body, sent)
                reply = endpoint.act(call)
            except Problem as problem:
                refusal = problem
        if refusal is not None:
            raise refusal
        return replace(reply, body=self._in_version(endpoint, reply, version))

    def _from_memory(
        self,
        endpoint: Endpoint,
        caller: Caller,
        path: dict[str, str],
        given: tuple[Content, Version],
    ) -> Reply:
        """Answers from what this process has at hand; the database is asked for what it has not.

        The nonce is spent by itself, before anything else.
        """
        database = self._context.lending.database
        spend_at_once(database, caller)
        asked = self._granted(endpoint, caller, *given)
        assert endpoint.at_hand is not None
        reply = endpoint.at_hand(self._context, caller.partner.id, asked.body)
        if reply is None:
            with database.unit_of_work() as tx:
                call = Call(tx, self._context, caller, path, asked.query, asked.body)
                reply = endpoint.act(call)
        return reply

    def _in_version(self, endpoint: Endpoint, reply: Reply, version: Version) -> Any:
        if isinstance(reply.body, bytes):
            return reply.body
        return self._context.versions.given(version, endpoint.name, reply.body)

    def _granted(
        self, endpoint: Endpoint, caller: Caller, body: Content, version: Version
    ) -> _Granted:
        """Query and body of a call that the caller may make, the body as the newest version has it.

        Raises NotHere for a function that the partner was not given, FieldsRefused, JsonRefused,
        and what opening a sealed field does.
        """
        if endpoint.function not in caller.functions:
            raise NotHere
        query = _query(endpoint)
        if endpoint.file is not None:
            if request.mimetype not in endpoint.file.types:
                raise EncodingRefused(mend=f"Send one of {', '.join(endpoint.file.types)}.")
            if not body:
                raise FieldsRefused("there is no file", mend="Send the file's bytes as the body.")
            return _Granted(query, body)
        given = _read(endpoint, bytes(body))
        if given is None:
            return _Granted(query)
        taken = self._context.versions.taken
        if not endpoint.takes_sealed:
            return _Granted(query, _loaded(endpoint, taken(version, endpoint.name, given)))
        sent = SealedMessage(given, self._opening)
        parsed = _loaded(endpoint, taken(version, endpoint.name, sent.body))
        return _Granted(query, parsed, sent.mac(self._context.lending.keys))

    def _write_once(
        self,
        endpoint: Endpoint,
        caller: Caller,
        path: dict[str, str],
        given: tuple[str, Content, _Granted, Version],
    ) -> Reply:
        """Carries a write out once for its key; the reply is stored with the effect.

        Raises KeyRunning, KeyReused.
        """
        key, body, granted, version = given
        query = request.query_string.decode("latin-1")
        target = f"{request.path}?{query}" if query else request.path
        call = (request.method, target, sha256(body).digest())
        partner_id = caller.partner.id
        with self._context.lending.database.unit_of_work() as tx:
            if not store.lock_key(tx, partner_id, key):
                raise KeyRunning
            there = store.reply(tx, partner_id, key)
            if there is not None:
                if not _is_same(there, call, granted.opened_mac):
                    raise KeyReused
                kept = self._unsealed(there, f"{partner_id}|{key}")
                return Reply(kept, there["status"], there["location"])
            reply = endpoint.act(Call(tx, self._context, caller, path, granted.query, granted.body))
            stored = dumps(self._in_version(endpoint, reply, version))
            store.insert_reply(
                tx,
                partner_id,
                key,
                call,
                status=reply.status,
                location=reply.location,
                body=self._sealed(reply, stored, f"{partner_id}|{key}"),
                is_sealed=reply.is_secret,
                opened_mac=granted.opened_mac,
            )
        return Reply(stored, reply.status, reply.location)

    def _sealed(self, reply: Reply, body: bytes, name: str) -> bytes:
        keys = self._context.lending.keys
        return keys.seal(body.decode(), at=f"stored_reply.body:{name}") if reply.is_secret else body

    def _unsealed(self, there: Row, name: str) -> bytes:
        body = bytes(there["body"])
        if not there["is_sealed"]:
            return body
        return self._context.lending.keys.open(body, at=f"stored_reply.body:{name}").encode()

    def sign(self, answer: Response) -> Response:
        """Signs an answer, bound to the request that it answers."""
        asked: Message = g.get("signed_message") or message_of(request, b"")
        return signed(answer, asked, self._context, self._context.keys.response)


def signed(answer: Response, asked: Message, context: GatewayContext, key: SigningKey) -> Response:
    """Signs an answer, bound to the request that it answers.

    A request whose target no signature can name, such as one with bytes beyond ASCII, cannot have
    been signed either: its answer goes out as it is, and no SDK will believe it.
    """
    response = asked.answered(answer.status_code, list(answer.headers.items()), answer.get_data())
    now = int(context.lending.database.clock.now().timestamp())
    try:
        added = sign_response(response, key, created=now, nonce=request_nonce(asked))
    except ValueError:
        return answer
    answer.headers.update(added)
    return answer


def _is_same(there: Row, call: tuple[str, str, bytes], opened_mac: bytes | None) -> bool:
    """Whether a stored reply is that of this call, or of this one sealed another time."""
    method, path, digest = call
    if (there["method"], there["path"]) != (method, path):
        return False
    if bytes(there["body_sha256"]) == digest:
        return True
    return opened_mac is not None and there["opened_mac"] == opened_mac


def read_body() -> bytes:
    """The body's bytes as they were signed, at most 1 MiB, not encoded.

    Raises HeadersTooLarge, BodyTooLarge, EncodingRefused, NotHere for a path that is not plain.
    """
    _check_form(BODY_MAX)
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise BodyTooLarge from None


def read_file(bytes_max: int) -> Content:
    """A body that is a file, bit by bit into one that has no name and is gone with the request.

    Raises what `read_body` raises; too much of it is noticed while it is read.
    """
    _check_form(bytes_max)
    with TemporaryFile() as kept:
        try:
            shutil.copyfileobj(request.stream, kept)
        except RequestEntityTooLarge:
            raise BodyTooLarge from None
        kept.flush()
        return mmap(kept.fileno(), 0, access=ACCESS_READ) if kept.tell() else b""


def _check_form(bytes_max: int) -> None:
    if not PATH.fullmatch(request.path):
        raise NotHere
    lines = list(request.headers.items())
    if len(lines) > HEADERS_MAX or sum(len(n) + len(v) for n, v in lines) > HEADER_BYTES_MAX:
        raise HeadersTooLarge
    if request.headers.get("content-encoding", "identity") != "identity":
        raise EncodingRefused
    request.max_content_length = bytes_max


def answered(reply: Reply) -> Response:
    """A reply as a response with its request id."""
    body = reply.body if isinstance(reply.body, bytes) else dumps(reply.body)
    response = Response(body, reply.status, content_type=reply.content_type)
    response.headers["request-id"] = request_id()
    response.headers["cache-control"] = "no-store"
    if reply.location:
        response.headers["location"] = request.script_root + reply.location
    response.headers.update(reply.headers)
    return response


def told(problem: Problem, context: GatewayContext) -> Response:
    """A problem as problem details (RFC 9457)."""
    code = problem.refused.code if isinstance(problem, NotSignedRight) else problem.code
    g.problem_code = code
    body: dict[str, Any] = {
        "type": f"{context.lending.settings.public_url}/docs/errors#{code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": code,
        "mend": problem.mend,
        "request_id": request_id(),
        "retryable": problem.retryable,
    }
    if problem.field:
        body["field"] = problem.field
    if isinstance(problem, NotSignedRight):
        body |= {"server_time": rfc3339(context.lending.database.clock.now()), **problem.extras}
        body |= _base(problem)
    wait_s = problem.retry_after_s
    if isinstance(problem, RateLimited):
        body |= problem.extras
        wait_s = problem.wait_s
    response = Response(dumps(body), problem.status, content_type="application/problem+json")
    response.headers["request-id"] = request_id()
    response.headers["cache-control"] = "no-store"
    if wait_s is not None:
        response.headers["retry-after"] = str(wait_s)
    if isinstance(problem, TokenRefused):
        response.headers["www-authenticate"] = problem.challenge
    if isinstance(problem, RangeRefused):
        response.headers["content-range"] = f"bytes */{problem.size}"
    return response


def dumps(body: dict[str, Any] | bytes) -> bytes:
    """JSON as we write it."""
    if isinstance(body, bytes):
        return body
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _base(problem: NotSignedRight) -> dict[str, Any]:
    """What we computed, so that the caller can compare: a digest, and lines cut short."""
    base = problem.refused.base
    if base is None:
        return {}
    lines = base.decode("latin-1").split("\n")
    return {
        "signature_base_sha256": sha256(base).hexdigest(),
        "signature_components": [_cut(line) for line in lines],
    }


def _cut(line: str) -> str:
    name, _, value = line.partition(": ")
    return line if len(value) <= VALUE_SHOWN_MAX else f"{name}: {value[:VALUE_SHOWN_MAX]}…"


def _query(endpoint: Endpoint) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in endpoint.query or len(values) != 1:
            raise FieldsRefused(
                "this query parameter is not known here, or is given twice",
                field=f"/{name}",
                mend=f"Use at most once each: {', '.join(endpoint.query) or 'none'}.",
            )
        try:
            found[name] = endpoint.query[name].deserialize(values[0])
        except ValidationError as error:
            raise FieldsRefused(f"{name} {error.messages[0]}", field=f"/{name}") from None
    for name, field in endpoint.query.items():
        if field.required and name not in found:
            raise FieldsRefused(f"{name} is missing", field=f"/{name}", mend=f"Give {name}.")
    return found


def _read(endpoint: Endpoint, body: bytes) -> dict[str, Any] | None:
    if endpoint.request is None:
        if body:
            raise FieldsRefused("this call has no body", mend="Send no body.")
        return None
    if not body and not endpoint.needs_body:
        return {}
    if request.mimetype != "application/json":
        raise EncodingRefused
    given = strict_json.loads(body)
    if not isinstance(given, dict):
        raise FieldsRefused("the body must be an object", mend="Send a JSON object.")
    return given


def _loaded(endpoint: Endpoint, given: dict[str, Any]) -> Any:
    assert endpoint.request is not None
    try:
        return endpoint.request.load(given)
    except ValidationError as error:
        found = faults(error.messages)
        pointer, sentence = next(found)
        if sentence == NOT_SEALED:
            raise FieldNotEncrypted(field=pointer) from None
        others = ", ".join(at for at, _ in islice(found, FAULTS_TOLD_MAX))
        raise FieldsRefused(
            f"{pointer.lstrip('/') or 'body'}: {sentence.rstrip('.')}"
            + (f"; also wrong: {others}" if others else ""),
            field=pointer or None,
            mend="See the schema of this call in /docs.",
        ) from None


def unforeseen(defect: Exception) -> Problem:
    """What a caller is told of a defect; the rest goes into our log under the request id."""
    if isinstance(defect, OperationalError):
        log.warning("%s: the database is away: %s", request_id(), type(defect.orig).__name__)
        return DatabaseAway()
    if isinstance(defect, PoolTimeout):
        log.warning("%s: no connection to the database is free", request_id())
        return DatabaseAway()
    if isinstance(defect, DBAPIError):
        log.error("%s: %s", request_id(), type(defect.orig).__name__, exc_info=defect)
    else:
        log.error("%s: %s", request_id(), type(defect).__name__, exc_info=defect)
    return Unforeseen()
