"""What anybody may ask unsigned: keys, docs, health, the embed script, price messages."""

import re
import time
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from gateway import health
from gateway.caller import message_of
from gateway.context import CallbackNotBelieved, GatewayContext
from gateway.door import dumps, read_body, signed, told
from gateway.errors import FieldsRefused
from gateway.observing import request_id
from gateway.rate_limits import Addresses
from gateway.rate_model import RateLimited
from lending.channels import service as channels
from lending.foundation.errors import Problem
from scenarios.mall_installment import intake

DIRECTORY = "/.well-known/http-message-signatures-directory"
DIRECTORY_TYPE = "application/http-message-signatures-directory+json"
UNPROVED = ("oauth_token", "oauth_revoke")
"""Who calls these proves it in the body, by work that is ours."""
OPEN = ("directory", "price_message", "openapi", "docs", "docs_home", "docs_page", "docs_search")
VISITOR_QUOTA, VISITOR_WINDOW_S = 3000, 60
"""Open pages of one address: that of an office or of a mobile network has many people."""
MESSAGE_GOOD_FOR_S = 60
MESSAGES_KEPT_MAX = 5_000


def add(blueprint: Blueprint, context: GatewayContext, description: dict[str, Any]) -> None:
    """Adds the public pages."""
    messages = PriceMessages(context)
    visitors = Addresses("visitors", VISITOR_QUOTA, VISITOR_WINDOW_S)

    @blueprint.before_request
    def limit() -> ResponseReturnValue | None:
        """Keeps one address from taking the rest's share, where nobody is known by a signature."""
        name = (request.endpoint or "").removeprefix(f"{blueprint.name}.")
        bucket = {**dict.fromkeys(UNPROVED, context.strangers), **dict.fromkeys(OPEN, visitors)}
        try:
            if name in bucket:
                bucket[name].take(request.remote_addr or "", context.lending.database.clock.now())
        except RateLimited as limited:
            answer = told(limited, context)
            return signed(answer, message_of(request, b""), context, context.keys.response)
        return None

    @blueprint.get(DIRECTORY)
    def directory() -> ResponseReturnValue:
        answer = Response(dumps(context.keys.directory()), content_type=DIRECTORY_TYPE)
        answer.headers["request-id"] = request_id()
        answer.headers["cache-control"] = "no-store"  # it is bound to the nonce of its request
        return signed(answer, message_of(request, b""), context, context.keys.root)

    @blueprint.post("/channel/bank/callbacks")
    def bank_callback() -> ResponseReturnValue:
        try:
            context.heard_from_bank(message_of(request, read_body()))
        except CallbackNotBelieved:
            return "", 401
        except Problem as problem:
            return told(problem, context)
        return "", 204

    @blueprint.get("/openapi.json")
    def openapi() -> ResponseReturnValue:
        return jsonify(description)

    @blueprint.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return "ok"

    @blueprint.get("/readyz")
    def readyz() -> ResponseReturnValue:
        found = health.ready(context.lending.database, context.schemas)
        is_ready = set(found.values()) == {"ok"}
        return {"ready": is_ready, **found}, 200 if is_ready else 503

    @blueprint.get("/embed/v1/cf.js")
    def embed_script() -> ResponseReturnValue:
        answer = blueprint.send_static_file("cf.js")
        answer.headers["cache-control"] = "public, max-age=300"
        return answer

    @blueprint.get("/embed/v1/price-message")
    def price_message() -> ResponseReturnValue:
        try:
            answer = jsonify(messages.get(_app_id(), _amount_fen()))
            answer.headers["cache-control"] = f"public, max-age={MESSAGE_GOOD_FOR_S}"
        except Problem as problem:
            answer = told(problem, context)
        answer.headers["access-control-allow-origin"] = "*"
        return answer


class PriceMessages:
    """Quotes for product pages, kept for a minute: they are public and ask the same again."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._kept: dict[tuple[str, int], tuple[float, dict[str, Any]]] = {}

    def get(self, app_id: str, amount_fen: int) -> dict[str, Any]:
        """The quote of a listed merchant for an amount.

        Raises NoSuchPartner, PartnerNotListed, NoAgreement, AmountOutsideProduct.
        """
        known = self._kept.get((app_id, amount_fen))
        if known and time.monotonic() - known[0] < MESSAGE_GOOD_FOR_S:
            return known[1]
        with self._context.lending.database.unit_of_work() as tx:
            partner = channels.partner_by_app_id(tx, app_id)
            quote = intake.quote(tx, partner.id, amount_fen=amount_fen)
        if len(self._kept) >= MESSAGES_KEPT_MAX:
            self._kept.clear()
        self._kept[app_id, amount_fen] = (time.monotonic(), quote)
        return quote


def _app_id() -> str:
    raw = request.args.get("app_id", "")
    if not re.fullmatch(r"[A-Za-z0-9_\-]{1,64}", raw):
        raise FieldsRefused(
            "app_id cannot be read", field="/app_id", mend="Send the app_id that you were given."
        )
    return raw


def _amount_fen() -> int:
    raw = request.args.get("amount_fen", "")
    if not raw.isascii() or not raw.isdigit() or len(raw) > 12:
        raise FieldsRefused(
            "amount_fen cannot be read", field="/amount_fen", mend="Send a whole number of fen."
        )
    return int(raw)
