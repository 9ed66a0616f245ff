"""From a platform's page to ours in one hop, by a link that is good once (R-REDIRECT)."""

import base64
import hmac
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lending.compliance import gates, parameters
from lending.compliance.model import Act, Place
from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.loans import service as loans
from lending.loans.model import ApplicationState
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending import platforms, rules
from scenarios.assisted_lending.errors import (
    HandoverExpired,
    HandoverForged,
    HandoverNotPossible,
    HandoverReplaced,
    HandoverUsed,
)
from scenarios.assisted_lending.model import OVER, SCENARIO, Lead

MAC_BYTES = 20


def url(public_url: str, keys: FieldKeys, lead: Lead) -> str | None:
    """The link that is good for a lead now; None once it was used."""
    if lead.handover_used_at is not None or lead.state in OVER:
        return None
    token = _token(keys, lead.id, lead.handover_no, lead.handover_expires_at)
    return f"{public_url}/handover/{token}"


def renew(tx: Tx, lead: Lead) -> None:
    """Has a new link be the one that is good, such as when a person comes back later.

    Raises HandoverNotPossible when there is nothing left to do on our page.
    """
    if lead.state in OVER or lead.expires_at <= tx.now:
        raise HandoverNotPossible(f"the lead is {lead.state}")
    expires_at = min(tx.now + rules.HANDOVER_GOOD_FOR, lead.expires_at)
    store.renew_handover(tx, lead.id, expires_at)
    audit.record(tx, Actor("partner", lead.partner_id), "lead.handover", lead.id)


def open_link(tx: Tx, keys: FieldKeys, token: str, *, referrer: str) -> Lead:
    """Somebody follows a link: uses it up, and gives the lead that it is for.

    `referrer` is the page before, if the browser tells: only one of the platform's own sites may
    stand there.

    Raises HandoverForged, HandoverUsed, HandoverReplaced, HandoverExpired, OwnPageRequired,
    PartnerNotListed, PartnerStopped, ContractNotInForce.
    """
    lead_id, number, expires_at = _read(keys, token)
    lead = store.lead_by_id(tx, lead_id, lock=True)
    if lead is None:
        raise HandoverForged
    if lead.handover_no != number:
        raise HandoverReplaced
    if lead.handover_used_at is not None:
        raise HandoverUsed
    if expires_at <= tx.now:
        raise HandoverExpired
    platform = platforms.require(tx, lead.partner_id)
    host = urlsplit(referrer).hostname
    gates.require_own_page(
        Act.SUITABILITY,
        place=Place.OWN_PAGE,
        hops=1 if not host or host in platform.sites else 2,
        rules=parameters.today(tx),
    )
    store.use_handover(tx, lead.id)
    if loans.application(tx, lead.application_id).state is ApplicationState.STARTED:
        loans.tell(tx, SCENARIO, lead.id, "handed_over", {})
    return lead


def _token(keys: FieldKeys, lead_id: str, number: int, expires_at: datetime) -> str:
    facts = f"{lead_id}.{number}.{int(expires_at.timestamp())}"
    return f"{facts}.{_mac(keys, facts)}"


def _read(keys: FieldKeys, token: str) -> tuple[str, int, datetime]:
    facts, _, given = token.rpartition(".")
    if not hmac.compare_digest(given.encode(), _mac(keys, facts).encode()):
        raise HandoverForged
    lead_id, number, until = facts.split(".")
    return lead_id, int(number), datetime.fromtimestamp(int(until), UTC)


def _mac(keys: FieldKeys, facts: str) -> str:
    full = keys.index(facts, of="handover")
    return base64.b32encode(full[:MAC_BYTES]).decode().lower()
