"""The lender's events in Flask."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from .receiver import BODY_BYTES_MAX, WebhookReceiver


def blueprint(receiver: WebhookReceiver[Any], *, path: str = "/cf/webhooks") -> Blueprint:
    """Return a blueprint that hands each POST to `path` to `receiver`.

    The receiver's URL is the address as the lender knows it; it is not taken from the request,
    which may have come through a proxy. See `WebhookReceiver.receive` for what is answered.
    """
    routes = Blueprint("cf_webhooks", __name__)

    @routes.post(path)
    def take_event() -> Response:
        request.max_content_length = BODY_BYTES_MAX
        try:
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            body = None
        receipt = receiver.receive(request.headers, body)
        answer = Response() if receipt.body is None else jsonify(receipt.body)
        answer.status_code = receipt.status
        return answer

    return routes
