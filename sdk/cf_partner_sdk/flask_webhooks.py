"""A Flask route that takes the lender's events. Flask is not installed with this package."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from ._errors import AnswerNotTrusted, TransportError, WebhookDuplicate, WebhookRefused
from ._models import Event
from .webhooks import WebhookVerifier

BODY_BYTES_MAX = 1024 * 1024


def blueprint(
    verifier: WebhookVerifier, handle: Callable[[Event], None], *, path: str = "/cf/webhooks"
) -> Blueprint:
    """Return a blueprint that verifies each POST to `path` and gives the event to `handle`.

    `verifier.url` is the address as the lender knows it; it is not taken from the request, which
    may have come through a proxy. Answers: 204 done; 200 a duplicate; 401 refused, with the step;
    413 too long; 503 if the lender's keys could not be had. If `handle` raises, the lender tries
    again; only after it returned is the event remembered.
    """
    routes = Blueprint("cf_webhooks", __name__)

    @routes.post(path)
    def take_event() -> tuple[Response, int]:
        if request.content_length is None or request.content_length > BODY_BYTES_MAX:
            return jsonify(step="request", detail="no length, or too long"), 413
        try:
            event = verifier.event(request.headers, request.get_data(cache=False))
        except WebhookDuplicate:
            return jsonify(duplicate=True), 200
        except WebhookRefused as refused:
            return jsonify(step=refused.step, detail=refused.detail), 401
        except (TransportError, AnswerNotTrusted):
            return jsonify(step="key", detail="the lender's keys could not be had"), 503
        handle(event)
        verifier.done(event)
        return Response(status=204), 204

    return routes
