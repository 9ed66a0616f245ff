"""Whatever is sent, signed or not: no 5xx, nothing that the description does not tell of.

Schemathesis makes the calls from the description. For longer, with other calls each time:
`CF_EXAMPLES=500 .venv/bin/pytest tests/gateway/test_any_call.py`.
"""

import os
import unicodedata
from collections.abc import Callable, Iterable
from copy import deepcopy
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
import schemathesis
from cf_partner_sdk.http_signatures import Message, new_nonce, sign_request
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS
from schemathesis.transport.serialization import Binary, serialize_binary

from tests.gateway.described import document, tight
from tests.gateway.things import MAKERS
from tests.gateway.world import PUBLIC_URL, World

EXAMPLES = int(os.environ.get("CF_EXAMPLES", "3"))
SIGN_ME = "sign-me"
SIGNED_BY_THE_CALLER = {"Signature-Input", "Signature", "Content-Digest"}
LEFT_OUT = {
    "unsupported_method": "a method that is not there is 404, as a path that is not",
    "positive_data_acceptance": "rules refuse much that is in order, and 1.0 is no whole number",
    "use_after_free": "nothing that was removed comes back by chance",
}


def described() -> dict[str, Any]:
    """The description, in which a signature is a header that the caller sets."""
    found = tight(deepcopy(document()))
    for item in found["paths"].values():
        for operation in item.values():
            operation["security"] = [{"signature": []}]
            operation["parameters"] = [
                each
                for each in operation["parameters"]
                if each.get("$ref", "").rpartition("/")[2] not in SIGNED_BY_THE_CALLER
            ]
    schemes = {"signature": {"type": "apiKey", "in": "header", "name": "Signature"}}
    found["components"]["securitySchemes"] = schemes
    del found["webhooks"]
    return found


visible = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn")), min_size=1, max_size=40
).filter(lambda text: all(unicodedata.category(c) != "Cn" for c in text))
schemathesis.openapi.format("visible-text", visible)


@schemathesis.serializer("application/pdf", "image/jpeg", "image/png")
def as_bytes(_: object, value: Any) -> bytes:
    """A file's bytes; whatever else was made up, as text."""
    return serialize_binary(value) if isinstance(value, (bytes, Binary)) else str(value).encode()


class Signing:
    """An application behind a caller that signs each request which asks for it."""

    _world: World

    def stand_before(self, world: World) -> None:
        self._world = world

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self._world.clock.advance(timedelta(milliseconds=100))
        environ["HTTP_HOST"] = PUBLIC_URL.partition("://")[2]
        if environ.get("HTTP_SIGNATURE") == SIGN_ME:
            self._sign(environ)
        return self._world.app(environ, start)

    def _sign(self, environ: dict[str, Any]) -> None:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_") and name != "HTTP_SIGNATURE"
        }
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        elif body:
            headers["content-type"] = environ["CONTENT_TYPE"] = "application/octet-stream"
        path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        try:
            message = Message(
                environ["REQUEST_METHOD"], "http", environ["HTTP_HOST"], path, query, headers, body
            )
            added = sign_request(
                message, self._world.shop.key, created=self._world.now, nonce=new_nonce()
            )
        except ValueError:
            return  # no signature can name such a header or target: it goes out unsigned
        for name, value in added.items():
            environ[f"HTTP_{name.upper().replace('-', '_')}"] = value


APP = Signing()
schema = schemathesis.openapi.from_dict(described())
schema.app = APP


@pytest.fixture(scope="module")
def there(shared_world: World) -> dict[str, str]:
    APP.stand_before(shared_world)
    return {name: make(shared_world, shared_world.shop) for name, make in MAKERS.items()}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CF_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
def test_is_answered_as_it_is_described(case, there):
    positive = case.meta is None or case.meta.generation.mode.is_positive
    if positive and case.path_parameters and len(str(case.path_parameters)) % 2:
        case.path_parameters = {name: there[name] for name in case.path_parameters}
    left_out = set(LEFT_OUT)
    path = unquote("".join(map(str, case.path_parameters.values())))
    if not (path.isascii() and path.isprintable()):
        left_out.add("response_headers_conformance")  # no signature can name such a path
    excluded = [check for check in CHECKS.get_all() if check.__name__ in left_out]
    answer = case.call_and_validate(headers={"Signature": SIGN_ME}, excluded_checks=excluded)
    assert answer.status_code < 500
    if positive and answer.status_code == 400:
        assert answer.json()["code"] != "fields.refused", answer.text
