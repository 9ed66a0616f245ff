"""The endpoints of OAuth: forms in, JSON out; a refusal speaks RFC 6749 and RFC 9457 at once."""

import json
import re
from collections.abc import Callable

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from gateway import oauth
from gateway.caller import message_of
from gateway.context import GatewayContext
from gateway.door import answered, dumps, read_body, signed, told, unforeseen
from gateway.endpoints import Reply
from gateway.oauth_errors import REFUSALS, InvalidRequest, OAuthRefusal
from lending.foundation.errors import Problem

FORM_BYTES_MAX = 16 * 1024
_NOT_SAID = re.compile(r"[^ !#-\[\]-~]")
"""Characters that RFC 6749 keeps out of `error_description`."""
_BY_ERROR = {each.error: each for each in REFUSALS}


def add(blueprint: Blueprint, context: GatewayContext) -> None:
    """Adds the token and revocation endpoints and their description."""
    server = oauth.Server(context)
    described = oauth.metadata(context.lending.settings.public_url)

    @blueprint.post(oauth.TOKEN_PATH, endpoint="oauth_token")
    def token() -> ResponseReturnValue:
        return _answer(context, server.create_token_response, needed="grant_type")

    @blueprint.post(oauth.REVOKE_PATH, endpoint="oauth_revoke")
    def revoke() -> ResponseReturnValue:
        return _answer(context, lambda: server.create_endpoint_response("revocation"), "token")

    @blueprint.get(oauth.METADATA_PATH)
    def oauth_metadata() -> ResponseReturnValue:
        answer = Response(dumps(described), content_type="application/json")
        answer.headers["cache-control"] = "public, max-age=300"
        return answer


def _answer(
    context: GatewayContext, carry_out: Callable[[], Response], needed: str
) -> ResponseReturnValue:
    """What the server answers, signed as every answer of ours."""
    body = b""
    try:
        body = read_body()
        _check_form(body, needed)
        answer = _ours(carry_out())
    except OAuthRefusal as refusal:
        answer = _refused(refusal, context)
    except Problem as problem:
        answer = told(problem, context)
    except Exception as defect:  # noqa: BLE001  a defect is told as one, and logged
        answer = told(unforeseen(defect), context)
    return signed(answer, message_of(request, body), context, context.keys.response)


def _check_form(body: bytes, needed: str) -> None:
    if request.mimetype != "application/x-www-form-urlencoded":
        raise InvalidRequest("the body is not a form")
    if len(body) > FORM_BYTES_MAX:
        raise InvalidRequest("the form is longer than 16 KiB")
    if request.args:
        raise InvalidRequest("parameters belong into the body, where no log keeps them")
    for _, values in request.form.lists():
        if len(values) != 1:
            raise InvalidRequest("a parameter is given twice")
    if "authorization" in request.headers or "client_secret" in request.form:
        raise InvalidRequest("the client assertion is the only credential here")
    if not request.form.get(needed):
        raise InvalidRequest(f"{needed} is missing")


def _ours(answer: Response) -> Response:
    """The answer of Authlib with our headers.

    Raises OAuthRefusal for a refusal.
    """
    told_ = json.loads(answer.get_data())
    if "error" in told_:
        said = _NOT_SAID.sub("", told_.get("error_description", ""))
        raise _BY_ERROR[told_["error"]](said)
    return answered(Reply(told_))


def _refused(refusal: OAuthRefusal, context: GatewayContext) -> Response:
    """One body for both kinds of reader: RFC 6749's two members, and problem details."""
    answer = told(refusal, context)
    problem = json.loads(answer.get_data())
    answer.set_data(dumps({"error": refusal.error, "error_description": refusal.detail} | problem))
    answer.content_type = "application/json"
    return answer
