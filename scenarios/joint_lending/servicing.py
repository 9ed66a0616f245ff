"""What a funder may do with its shares afterwards: list them, say that its money is sent."""

from typing import Any

from lending.foundation.database import Tx
from lending.foundation.places import Place
from lending.funding import answers, money_in, store
from scenarios.joint_lending import views


def page(
    tx: Tx,
    funder_id: str,
    *,
    account_no: str,
    wanted: dict[str, str | None],
    before: Place | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Place | None]:
    """A funder's shares, the newest first, and where the next page begins."""
    found = store.shares_page(
        tx,
        funder_id,
        state=wanted["state"],
        before=before,
        limit=limit + 1,
    )
    shown = found[:limit]
    following = (shown[-1].invited_at, shown[-1].id) if len(found) > limit else None
    return [views.share(tx, each, account_no=account_no) for each in shown], following


def confirm_funding(
    tx: Tx, funder_id: str, share_id: str, reference: str, *, account_no: str
) -> dict[str, Any]:
    """A funder says that it has sent its money. Only our account is believed; it is asked at once.

    Raises NoSuchShare, NotCalled.
    """
    _, share = answers.locked(tx, funder_id, share_id)
    money_in.told_sent(tx, share, reference)
    return views.share(tx, answers.found(tx, share_id), account_no=account_no)
