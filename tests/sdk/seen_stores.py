"""What every store of events that were dealt with is asked."""

import pytest
from cf_partner_sdk import WebhookDuplicate

from tests.sdk.platform import NOW


def deal_with(store, webhook_id="evt_1"):
    with store.once(webhook_id, until=NOW) as opened:
        return opened


def is_known(store, webhook_id="evt_1") -> bool:
    try:
        fail_after(store, lambda _: None, webhook_id)
    except WebhookDuplicate:
        return True
    return False


def fail_after(store, work, webhook_id="evt_1") -> None:
    """Does the work of an event, and then fails."""

    def fail():
        with store.once(webhook_id, until=NOW) as opened:
            work(opened)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
