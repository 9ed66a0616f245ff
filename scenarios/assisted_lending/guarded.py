"""What needs two persons with platforms (T18), as kinds of proposals.

The subject of each is a partner's id. What only protects us, such as stopping a platform, one does
alone.
"""

from typing import Any

from lending.channels import listings
from lending.channels.model import NewListing
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.errors import PayloadWrong
from lending.system.model import Right
from lending.system.payloads import day
from scenarios.assisted_lending import platforms
from scenarios.assisted_lending.model import NewPlatform


def kinds() -> dict[str, Kind]:
    """All kinds of this module."""
    rights = (Right.PROPOSE_PARTNERS, Right.APPROVE_PARTNERS)
    return register(
        Kind("platform.agree", "平台入名单", *rights, _agree),
        Kind("platform.resume", "恢复平台", *rights, _resume),
    )


def _agree(tx: Tx, partner_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    if words(payload, "promises") != "none":
        raise PayloadWrong(
            field="/promises", mend="合同不得承诺通过率或放款量(金规〔2025〕9号),请确认后填写。"
        )
    if words(payload, "charges") != "none":
        raise PayloadWrong(
            field="/charges",
            mend="平台不得向借款人收取任何费用(R-FEE-WHO,金规〔2025〕9号),请确认后填写。",
        )
    listing = NewListing(
        legal_name=words(payload, "legal_name"),
        credit_code=words(payload, "credit_code"),
        service=words(payload, "service", most=200),
        contract_no=words(payload, "contract_no"),
        contract_from=day(payload, "contract_from"),
        contract_to=day(payload, "contract_to"),
    )
    new = NewPlatform(
        tier=words(payload, "tier"),
        sites=tuple(site.strip() for site in words(payload, "sites", most=500).split(",")),
        mandate_no=words(payload, "mandate_no"),
        prechecks_per_day=whole_number(payload, "prechecks_per_day"),
        leads_per_day=whole_number(payload, "leads_per_day"),
    )
    platforms.agree(tx, partner_id, listing, new, actor)
    return _told(tx, partner_id)


def _resume(tx: Tx, partner_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    listings.resume(tx, partner_id, actor)
    return _told(tx, partner_id)


def _told(tx: Tx, partner_id: str) -> dict[str, Any]:
    shown = platforms.own_view(tx, partner_id)
    return {name: shown[name] for name in ("list_state", "contract_to", "tier")}
