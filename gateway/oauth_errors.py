"""What can go wrong with a read-only tool: at the token endpoint, and with a token."""

from typing import ClassVar

from lending.foundation.errors import Problem


class TokenRefused(Problem):
    """The token is unknown, past, revoked, not a Bearer token, or of another key (RFC 6750)."""

    code, status, title = "token.invalid", 401, "The access token was refused"
    mend = "Ask the token endpoint for a new token, and sign with the key that asked for it."
    error: ClassVar[str] = "invalid_token"
    scope: str | None = None

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate header that tells a tool's library the same."""
        wanted = f', scope="{self.scope}"' if self.scope else ""
        return f'Bearer realm="cf-partner-1", error="{self.error}"{wanted}'


class ScopeMissing(TokenRefused):
    """The token was given for other reads."""

    code, status, title = "token.scope_missing", 403, "The access token is not for this read"
    mend = "Ask for a token with the scope that WWW-Authenticate names."
    error = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"this read needs the scope {scope}")
        self.scope = scope


class NotForTools(TokenRefused):
    """No scope opens this call: it writes, or gives out what a tool has no need of."""

    code, status, title = "token.not_for_tools", 403, "No access token opens this call"
    mend = "Send the call without Authorization, from the system that holds the partner's key."
    error = "insufficient_scope"


class OAuthRefusal(Problem):
    """A refusal of the token or revocation endpoint, with RFC 6749's `error` in the body."""

    status: ClassVar[int] = 400
    error: ClassVar[str]


class InvalidRequest(OAuthRefusal):
    """A parameter is missing, given twice, or says who calls in a second way."""

    code, title, error = "oauth.invalid_request", "The form is not in order", "invalid_request"
    mend = "Send each parameter once in a form body, and no credential but the assertion."


class InvalidClient(OAuthRefusal):
    """The assertion does not prove which partner calls."""

    code, title = "oauth.invalid_client", "The client assertion was refused"
    error = "invalid_client"
    mend = "Sign a new assertion as /docs says, with a key that is active."


class InvalidGrant(OAuthRefusal):
    """The token to be revoked is another partner's."""

    code, title, error = "oauth.invalid_grant", "The token is not yours", "invalid_grant"
    mend = "Revoke your own tokens only."


class InvalidScope(OAuthRefusal):
    """A scope is unknown, or none of those asked for is open to the partner."""

    code, title = "oauth.invalid_scope", "No such scope is open to you"
    error = "invalid_scope"
    mend = "Ask for scopes of functions that you were given, or for none to get all of them."


class UnsupportedGrantType(OAuthRefusal):
    """Another grant than client credentials."""

    code, title = "oauth.unsupported_grant_type", "This grant type is not offered"
    error = "unsupported_grant_type"
    mend = "Use grant_type=client_credentials."


class UnsupportedTokenType(OAuthRefusal):
    """A hint that names no token type."""

    code, title = "oauth.unsupported_token_type", "There is no such token type"
    error = "unsupported_token_type"
    mend = "Leave token_type_hint out."


REFUSALS: tuple[type[OAuthRefusal], ...] = (
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    UnsupportedGrantType,
    UnsupportedTokenType,
)
TOLD: tuple[type[Problem], ...] = (TokenRefused, ScopeMissing, NotForTools, *REFUSALS)
