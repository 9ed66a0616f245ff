"""The lender's events in FastAPI and Starlette; only Starlette is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Optional

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cf_partner_sdk import (
    AnswerNotTrusted,
    Event,
    TransportError,
    WebhookRefused,
    WebhookVerifier,
)

from .receiver import BODY_BYTES_MAX, WebhookReceiver


def route(receiver: WebhookReceiver[Any], *, path: str = "/cf/webhooks") -> Route:
    """Return a route that hands each POST to `path` to `receiver`, in a thread of the pool.

    `app.router.routes.append(route(receiver))`, in FastAPI as in Starlette. The receiver's URL is
    the address as the lender knows it; it is not taken from the request. See
    `WebhookReceiver.receive` for what is answered.
    """

    async def take_event(request: Request) -> Response:
        receipt = await run_in_threadpool(
            receiver.receive, request.headers.items(), await raw_body(request)
        )
        if receipt.body is None:
            return Response(status_code=receipt.status)
        return JSONResponse(dict(receipt.body), status_code=receipt.status)

    return Route(path, take_event, methods=["POST"])


def verified(verifier: WebhookVerifier) -> Callable[[Request], Awaitable[Event]]:
    """Return a dependency that gives a route the verified event, for an async handler of your own.

    `async def hook(event: Annotated[Event, Depends(verified(verifier))])`. Duplicates are yours to
    tell apart: write `event.id` into a unique column in the transaction of your work. Raises
    HTTPException with 401, 413 or 503, as `WebhookReceiver.receive` would answer.
    """

    async def event(request: Request) -> Event:
        body = await raw_body(request)
        if body is None:
            raise HTTPException(413, "the body is longer than an event")
        try:
            return await run_in_threadpool(verifier.event, request.headers.items(), body)
        except WebhookRefused as refused:
            raise HTTPException(401, f"{refused.step}: {refused.detail}") from None
        except (TransportError, AnswerNotTrusted):
            raise HTTPException(503, "key: the lender's keys could not be had") from None

    return event


async def raw_body(request: Request) -> Optional[bytes]:
    """Return the body's bytes as they arrived, or None once there are over `BODY_BYTES_MAX`."""
    parts: list[bytes] = []
    length = 0
    async for part in request.stream():
        length += len(part)
        if length > BODY_BYTES_MAX:
            return None
        parts.append(part)
    return b"".join(parts)
