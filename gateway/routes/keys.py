"""A partner's own keys over the wire: a new one in, an old one out, without asking anybody."""

import base64
import binascii
from datetime import datetime
from typing import Any

from cf_partner_sdk.http_signatures import possession_base

from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import ProofRefused, PublicKeyUnusable
from gateway.keys import KeyUnusable, VerifyingKey
from gateway.schemas import keys as schemas
from lending.channels import errors, keys
from lending.channels.model import KEYS_FUNCTION, NewKey, PartnerKey
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339


def register(call: Call) -> Reply:
    """Takes a key in."""
    given = call.body
    key = _proven(call, given["public_jwk"], given["algorithm"], given["proof"])
    new = NewKey(
        partner_id=call.partner_id,
        keyid=key.keyid,
        algorithm=key.algorithm,
        public_jwk=given["public_jwk"],
        description=given["description"],
        functions=given["functions"],
    )
    made = keys.register(call.tx, new, _actor(call), signer=_signer(call))
    return Reply(_view(call, made), 201, f"/v1/keys/{made.keyid}")


def listed(call: Call) -> Reply:
    """All keys."""
    found = [_view(call, key) for key in keys.of_partner(call.tx, call.partner_id)]
    return Reply({"data": found, "next_cursor": None})


def one(call: Call) -> Reply:
    """One key."""
    return Reply(_view(call, keys.one(call.tx, call.partner_id, call.path["keyid"])))


def activate(call: Call) -> Reply:
    """Has a key sign."""
    keyid, actor = call.path["keyid"], _actor(call)
    done = keys.activate(call.tx, call.partner_id, keyid, actor, signer=_signer(call))
    return Reply(_view(call, done))


def retire(call: Call) -> Reply:
    """Has a key end."""
    keyid, actor = call.path["keyid"], _actor(call)
    return Reply(_view(call, keys.retire(call.tx, call.partner_id, keyid, actor, **call.body)))


def revoke(call: Call) -> Reply:
    """Ends a key at once."""
    done = keys.revoke(call.tx, call.partner_id, call.path["keyid"], _actor(call))
    return Reply(_view(call, done))


def _proven(call: Call, jwk: dict[str, Any], algorithm: str, proof: str) -> VerifyingKey:
    try:
        key = VerifyingKey(jwk, algorithm)
    except KeyUnusable as problem:
        raise PublicKeyUnusable(str(problem)) from None
    try:
        signature = base64.urlsafe_b64decode(proof + "=" * (-len(proof) % 4))
    except binascii.Error:
        raise ProofRefused from None
    if not key.verify(possession_base(call.caller.partner.app_id, key.keyid), signature):
        raise ProofRefused
    return key


def _signer(call: Call) -> PartnerKey:
    return keys.one(call.tx, call.partner_id, call.caller.keyid)


def _actor(call: Call) -> Actor:
    return Actor("partner_key", call.caller.keyid)


def _view(call: Call, key: PartnerKey) -> dict[str, Any]:
    state = key.state_at(call.tx.machine_now)
    return {
        "keyid": key.keyid,
        "algorithm": key.algorithm,
        "public_jwk": {m: v for m, v in key.public_jwk.items() if m in schemas.JwkSchema().fields},
        "state": state.value,
        "description": key.description,
        "functions": None if key.functions is None else list(key.functions),
        "registered_at": rfc3339(key.registered_at),
        "registered_by": key.registered_by,
        "valid_from": _instant(key.valid_from),
        "valid_to": _instant(key.valid_to),
        "revoked_at": _instant(key.revoked_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)


def _mine(  # noqa: PLR0917  a row of the table below
    method: str, path: str, name: str, summary: str, act: Any, response: Any, **more: Any
) -> Endpoint:
    how = {"function": KEYS_FUNCTION, "owner": "partner", "response": response, **more}
    return Endpoint(method, path, name, summary, act, **how)


_ONE = "/v1/keys/<keyid>"

ENDPOINTS = (
    _mine(
        "POST",
        "/v1/keys",
        "register_key",
        "Register a new public key; it signs once you activate it",
        register,
        schemas.KeySchema,
        request=schemas.RegisterRequest(),
        status=201,
        writes=True,
        refusals=(
            PublicKeyUnusable,
            ProofRefused,
            errors.KeyTaken,
            errors.TooManyKeys,
            errors.SignerRetiring,
            errors.FunctionsNotYours,
        ),
    ),
    _mine("GET", "/v1/keys", "keys", "Your keys, oldest first", listed, schemas.KeyList),
    _mine(
        "GET",
        _ONE,
        "key",
        "One of your keys",
        one,
        schemas.KeySchema,
        refusals=(errors.NoSuchKey,),
    ),
    _mine(
        "POST",
        f"{_ONE}/activate",
        "activate_key",
        "Have a pending key sign from now on, beside those that do",
        activate,
        schemas.KeySchema,
        writes=True,
        refusals=(errors.NoSuchKey, errors.KeyStateWrong, errors.SignerRetiring),
    ),
    _mine(
        "POST",
        f"{_ONE}/retire",
        "retire_key",
        "Have a key verify until an instant and no longer",
        retire,
        schemas.KeySchema,
        request=schemas.RetireRequest(),
        writes=True,
        refusals=(errors.NoSuchKey, errors.KeyStateWrong, errors.LastKey, errors.EndRefused),
    ),
    _mine(
        "POST",
        f"{_ONE}/revoke",
        "revoke_key",
        "End a key at once, everywhere within five seconds",
        revoke,
        schemas.KeySchema,
        writes=True,
        refusals=(errors.NoSuchKey,),
    ),
)
