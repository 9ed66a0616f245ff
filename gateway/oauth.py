"""The authorization server for a partner's read-only tools: client credentials, by Authlib.

A tool proves itself by an assertion that is signed with a registered key (`private_key_jwt`, RFC
7523) and gets a token that only this key can use. Tokens are opaque: each read asks the database
anyway whether the token was revoked, so a JWT would save nothing and tell its reader more.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import (
    ClientMixin,
    InvalidClientError,
    OAuth2Payload,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from flask import Response, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from gateway import oauth_store, strict_json
from gateway.context import GatewayContext
from gateway.errors import JsonRefused
from gateway.keys import KeyUnusable, VerifyingKey
from gateway.oauth_tokens import SCOPES, Token
from lending.channels import service as channels
from lending.channels.errors import NoSuchPartner
from lending.channels.model import Partner, PartnerKey
from lending.foundation import ids

TOKEN_PATH, REVOKE_PATH = "/oauth/token", "/oauth/revoke"
METADATA_PATH = "/.well-known/oauth-authorization-server"
METHOD = "private_key_jwt"
GRANT = "client_credentials"
TOKEN_GOOD_FOR_S = 900
ASSERTION_GOOD_FOR_S_MAX = 300
AHEAD_S_MAX = 30
"""How far a tool's clock may be ahead of ours in `iat` and `nbf`."""
JOSE_NAMES = {
    "ed25519": ("Ed25519", "EdDSA"),
    "ecdsa-p256-sha256": ("ES256",),
    "rsa-pss-sha512": ("PS512",),
    "rsa-v1_5-sha256": ("RS256",),
}
"""What an assertion may name as `alg`, by the algorithm in the key's record."""
ALGORITHMS = [name for names in JOSE_NAMES.values() for name in names]
_APP_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}")
_JTI = re.compile(r"[!-~]{16,128}")
_PART = re.compile(r"[A-Za-z0-9_\-]+")
_KEY_MEMBERS = ("kty", "crv", "x", "y", "n", "e")


class Tool(ClientMixin):  # type: ignore[misc]  # Authlib is untyped
    """A partner as an OAuth client, in one request; its `client_id` is its app_id."""

    def __init__(self, partner: Partner) -> None:
        self.partner = partner
        self.keyid = ""
        """The key that signed the assertion, once that is verified."""

    def get_client_id(self) -> str:
        """The partner's public id."""
        return self.partner.app_id

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether the way of proving who calls is ours, at any endpoint."""
        return method == METHOD and endpoint in ("token", RevocationEndpoint.ENDPOINT_NAME)

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether the grant is the one we offer."""
        return grant_type == GRANT

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Those scopes asked for whose function the partner has; None when that leaves nothing."""
        asked = scope.split() if scope else list(SCOPES)
        mine = [s for s in SCOPES if s in asked and SCOPES[s] in self.partner.functions]
        return " ".join(mine) or None


class ClientAssertion(JWTBearerClientAssertion):  # type: ignore[misc]  # Authlib is untyped
    """Proves a tool by a JWT of a registered key: read strictly, for us alone, once."""

    CLIENT_AUTH_METHOD = METHOD

    def __init__(self, context: GatewayContext) -> None:
        super().__init__(leeway=0)
        self._context = context

    def __call__(self, query_client: Callable[[str], Tool | None], asked: Any) -> Tool | None:
        """The tool that the assertion proves, None where the form holds no assertion."""
        client: Tool | None = super().__call__(query_client, asked)
        if client and asked.form.get("client_id", client.get_client_id()) != client.get_client_id():
            raise InvalidClientError(description="client_id is not the subject of the assertion")
        return client

    def extract_assertion(self, assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims, before they are believed; without what could be read in two ways."""
        parts = assertion.split(".")
        if len(parts) != 3:
            raise InvalidClientError(description="the assertion is not a compact JWS")
        return _members(parts[0]), _members(parts[1])

    def resolve_client_public_key(self, client: Tool) -> Callable[[Any], Any]:
        """Finds the key by the `kid` of the header; its record says the algorithm."""

        def find(signed: Any) -> Any:
            header = signed.headers()
            found = self._key(client, header.get("kid"))
            if header.get("alg") not in JOSE_NAMES[found.algorithm]:
                raise InvalidClientError(description="alg is not the algorithm of the key")
            client.keyid = found.keyid
            return import_key({m: v for m, v in found.public_jwk.items() if m in _KEY_MEMBERS})

        return find

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> dict[str, Any]:
        """Verifies signature and claims."""
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=ALGORITHMS)
        except JoseError as refused:
            raise InvalidClientError(description=f"the assertion: {refused.error}") from None
        self.verify_claims(token.claims)
        return dict(token.claims)

    def verify_claims(self, claims: dict[str, Any]) -> None:
        """For us alone, at most five minutes long, not used before."""
        now = int(self._context.lending.database.clock.now().timestamp())
        audience = claims.get("aud")
        if audience not in (self.get_audiences()[0], self.get_audiences()):
            raise InvalidClientError(description="aud must be the token endpoint and nothing else")
        if claims.get("iss") != claims["sub"]:
            raise InvalidClientError(description="iss and sub must both be the app_id")
        if type(claims.get("exp")) is not int or claims["exp"] <= now:
            raise InvalidClientError(description="exp is missing or past")
        if claims["exp"] > now + ASSERTION_GOOD_FOR_S_MAX:
            raise InvalidClientError(description="exp is more than 5 minutes ahead")
        for name in ("iat", "nbf"):
            if name in claims and not (
                type(claims[name]) is int and claims[name] <= now + AHEAD_S_MAX
            ):
                raise InvalidClientError(description=f"{name} is ahead of our clock")
        if not self.validate_jti(claims, claims.get("jti")):
            raise InvalidClientError(description="jti was used before")

    def get_audiences(self) -> list[str]:
        """The token endpoint, also for a revocation."""
        return [self._context.lending.settings.public_url + TOKEN_PATH]

    def validate_jti(self, claims: dict[str, Any], jti: Any) -> bool:
        """Uses the id up, in a unit of work of its own: a refusal later leaves it used."""
        if not isinstance(jti, str) or not _JTI.fullmatch(jti):
            raise InvalidClientError(description="jti must be 16 to 128 printable characters")
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        with self._context.lending.database.unit_of_work() as tx:
            partner = channels.partner_by_app_id(tx, claims["sub"])
            return oauth_store.spend_assertion(tx, partner.id, jti, expires_at)

    def _key(self, client: Tool, keyid: Any) -> PartnerKey:
        if not isinstance(keyid, str) or not _PART.fullmatch(keyid):
            raise InvalidClientError(description="kid must be the thumbprint of your key")
        with self._context.lending.database.unit_of_work() as tx:
            found = channels.key(tx, keyid)
            now = tx.machine_now
        if found is None or found[1].id != client.partner.id:
            raise InvalidClientError(description="kid is not a key of this client")
        if not found[0].verifies(now):
            raise InvalidClientError(description="the key is revoked or not active now")
        try:
            VerifyingKey(found[0].public_jwk, found[0].algorithm)
        except KeyUnusable:
            raise InvalidClientError(description="the key cannot be used") from None
        return found[0]


class ToolsGrant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib is untyped
    """Client credentials, proven by an assertion only."""

    TOKEN_ENDPOINT_AUTH_METHODS = (METHOD,)


class BoundTokenGenerator(BearerTokenGenerator):  # type: ignore[misc]  # Authlib is untyped
    """Tokens of 256 random bits that name the key they are bound to (RFC 7800, RFC 9201)."""

    def __init__(self) -> None:
        super().__init__(lambda **_: ids.token(), expires_generator=TOKEN_GOOD_FOR_S)

    def generate(self, grant_type: str, client: Tool, **how: Any) -> dict[str, Any]:
        """The members of the answer."""
        made: dict[str, Any] = super().generate(grant_type, client, **how)
        return {**made, "cnf": {"jkt": client.keyid}}

    def __call__(self, grant_type: str, client: Tool, **how: Any) -> dict[str, Any]:
        """The same: Authlib calls a generator as a function."""
        return self.generate(grant_type, client, **how)


class Revocation(RevocationEndpoint):  # type: ignore[misc]  # Authlib is untyped
    """Ends a token of the partner, whichever of its keys asks (RFC 7009)."""

    CLIENT_AUTH_METHODS = (METHOD,)
    server: "Server"

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        """The token, if it was ever given out."""
        with self.server.context.lending.database.unit_of_work() as tx:
            row = oauth_store.token(tx, token_string)
            return Token(row, tx.machine_now) if row else None

    def revoke_token(self, token: Token, request: Any) -> None:
        """Ends it in every process at once: each read looks here."""
        with self.server.context.lending.database.unit_of_work() as tx:
            oauth_store.revoke_token(tx, token.digest)


class _Form(OAuth2Payload):  # type: ignore[misc]  # Authlib is untyped
    """Parameters of the body alone: what is in a URL ends up in logs."""

    @property
    def data(self) -> Any:
        return request.form


class _FormRequest(OAuth2Request):  # type: ignore[misc]  # Authlib is untyped
    """The request at hand. TLS ends before it reaches us, so the scheme we see says nothing."""

    def __init__(self) -> None:
        super().__init__(
            request.method, f"https://{request.host}{request.path}", headers=request.headers
        )
        self.payload = _Form()

    @property
    def form(self) -> Any:
        return request.form


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib is untyped
    """Gives out tokens and ends them, for one process."""

    def __init__(self, context: GatewayContext) -> None:
        super().__init__(query_client=self._tool, save_token=self._store)
        self.context = context
        self.scopes_supported = list(SCOPES)
        self.register_token_generator("default", BoundTokenGenerator())
        self.register_client_auth_method(METHOD, ClientAssertion(context))
        self.register_grant(ToolsGrant)
        self.register_endpoint(Revocation)

    def create_oauth2_request(self, request: Any) -> OAuth2Request:
        """The request at hand, unless it is one of ours already."""
        return request if isinstance(request, OAuth2Request) else _FormRequest()

    def handle_response(self, status: int, payload: Any, headers: Any) -> Response:
        """What Authlib answers, before the door makes it ours."""
        return Response(json.dumps(payload), status, content_type="application/json")

    def _tool(self, client_id: str) -> Tool | None:
        if not _APP_ID.fullmatch(client_id):
            return None
        with self.context.lending.database.unit_of_work() as tx:
            try:
                partner = channels.partner_by_app_id(tx, client_id)
            except NoSuchPartner:
                return None
        ours = partner.environment == self.context.lending.settings.environment
        return Tool(partner) if ours else None

    def _store(self, token: dict[str, Any], asked: Any) -> None:
        with self.context.lending.database.unit_of_work() as tx:
            oauth_store.insert_token(
                tx,
                token["access_token"],
                partner_id=asked.client.partner.id,
                keyid=asked.client.keyid,
                scope=token["scope"],
                expires_at=tx.machine_now + timedelta(seconds=TOKEN_GOOD_FOR_S),
            )


def metadata(public_url: str) -> dict[str, Any]:
    """What this server offers, for a tool's library (RFC 8414)."""
    return {
        "issuer": public_url,
        "token_endpoint": public_url + TOKEN_PATH,
        "token_endpoint_auth_methods_supported": [METHOD],
        "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "revocation_endpoint": public_url + REVOKE_PATH,
        "revocation_endpoint_auth_methods_supported": [METHOD],
        "revocation_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
        "grant_types_supported": [GRANT],
        "response_types_supported": [],
        "scopes_supported": list(SCOPES),
        "service_documentation": f"{public_url}/docs/oauth",
    }


def _members(part: str) -> dict[str, Any]:
    unreadable = InvalidClientError(description="the assertion cannot be read without doubt")
    if not _PART.fullmatch(part):
        raise unreadable
    try:
        found = strict_json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, JsonRefused):
        raise unreadable from None
    if not isinstance(found, dict):
        raise InvalidClientError(description="the assertion is not made of JSON objects")
    return found
