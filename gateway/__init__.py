"""The partners' door."""

from flask import Blueprint

from gateway import openapi, public
from gateway.context import GatewayContext
from gateway.door import Door
from gateway.routes import mall, webhooks

ENDPOINTS = (*mall.ENDPOINTS, *webhooks.ENDPOINTS)


def create_blueprint(context: GatewayContext) -> Blueprint:
    """The API, its description and the embed script, for one process's context."""
    blueprint = Blueprint(
        "gateway",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/gateway/static",
    )
    Door(context).add(blueprint, ENDPOINTS)
    description = openapi.describe(ENDPOINTS, context.lending.settings.public_url)
    public.add(blueprint, context, description)
    return blueprint
