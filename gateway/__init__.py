"""The partners' door."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, Response

from gateway import docs, openapi, public
from gateway.context import GatewayContext
from gateway.door import Door
from gateway.routes import (
    claims,
    commissions,
    credit_lines,
    events,
    keys,
    leads,
    listening,
    mall,
    payments,
    shares,
    statements,
    stores,
    webhooks,
)
from gateway.routes import oauth as oauth_routes
from gateway.routes.sandbox import ENDPOINTS as SANDBOX_ENDPOINTS
from gateway.versions import Versions

ENDPOINTS = (
    *mall.ENDPOINTS,
    *stores.ENDPOINTS,
    *shares.ENDPOINTS,
    *payments.ENDPOINTS,
    *leads.ENDPOINTS,
    *commissions.ENDPOINTS,
    *claims.ENDPOINTS,
    *credit_lines.ENDPOINTS,
    *statements.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *events.ENDPOINTS,
    *listening.ENDPOINTS,
    *keys.ENDPOINTS,
)


def create_blueprint(context: GatewayContext) -> Blueprint:
    """The API, its description and the embed script, for one process's context."""
    blueprint = Blueprint(
        "gateway",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/gateway/static",
    )

    @blueprint.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = docs.CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    served = ENDPOINTS + (SANDBOX_ENDPOINTS if context.sandbox else ())
    Door(context).add(blueprint, served)
    server = context.lending.settings.public_url
    description = _description(server, context.versions, sandbox=context.sandbox is not None)
    public.add(blueprint, context, description)
    docs.add(blueprint, description, server)
    oauth_routes.add(blueprint, context)
    return blueprint


@lru_cache(maxsize=16)
def _description(server: str, versions: Versions, *, sandbox: bool) -> dict[str, Any]:
    """Made once for a server, however many fronts a process has: it takes a quarter of a second."""
    served = ENDPOINTS + (SANDBOX_ENDPOINTS if sandbox else ())
    return openapi.describe(served, server, versions)
