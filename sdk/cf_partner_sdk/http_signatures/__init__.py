"""HTTP Message Signatures (RFC 9421) in the one profile `cf-partner-1`, strictly.

No input or output, no clock, and no cryptography: keys come from outside through the two protocols
`Signer` and `Verifier`. `cf_partner_sdk.keys` has keys that keep them.
"""

from .base import build_base
from .digest import check_content_digest, content_digest
from .errors import CODES, SignatureRefused
from .message import Headers, Message
from .possession import possession_base
from .profile import (
    ALGORITHMS,
    TAG_EVENT,
    TAG_REQUEST,
    TAG_RESPONSE,
    TARGET_PARTS,
    TARGET_URI,
    KeyOf,
    Signer,
    Verifier,
    is_nonce,
    new_nonce,
)
from .signing import request_nonce, sign_request, sign_response
from .structured import parse_signature_input
from .thumbprints import thumbprint
from .verifying import Verified, verify_request, verify_response

__all__ = [
    "ALGORITHMS",
    "CODES",
    "TAG_EVENT",
    "TAG_REQUEST",
    "TAG_RESPONSE",
    "TARGET_PARTS",
    "TARGET_URI",
    "Headers",
    "KeyOf",
    "Message",
    "SignatureRefused",
    "Signer",
    "Verified",
    "Verifier",
    "build_base",
    "check_content_digest",
    "content_digest",
    "is_nonce",
    "new_nonce",
    "parse_signature_input",
    "possession_base",
    "request_nonce",
    "sign_request",
    "sign_response",
    "thumbprint",
    "verify_request",
    "verify_response",
]
