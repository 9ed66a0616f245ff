"""What the pages of partners have in common, whatever kind of partner they are about."""

from collections.abc import Callable, Collection
from typing import Protocol

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from console import forms, session
from lending.channels import service as channels
from lending.channels.model import Partner, PartnerKind
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.system import service as system
from lending.system.model import Right


class Stop(Protocol):
    """Takes nothing new from a partner any more."""

    def __call__(self, tx: Tx, partner_id: str, /, *, because: str, actor: Actor) -> None:
        """Stops one, for a reason."""


def fresh(tx: Tx, kind: PartnerKind, known: Collection[str]) -> list[Partner]:
    """Partners of a kind that are registered, and not taken on yet."""
    return [one for one in channels.partners(tx) if one.kind is kind and one.id not in known]


def stop(context: Context, partner_id: str, act: Stop, page: str) -> ResponseReturnValue:
    """Stops a partner at once, for the reason that the form gives, and shows its page again."""
    return alone(
        context,
        partner_id,
        lambda tx, actor: act(tx, partner_id, because=forms.needed("because"), actor=actor),
        page,
    )


def alone(
    context: Context, partner_id: str, act: Callable[[Tx, Actor], object], page: str
) -> ResponseReturnValue:
    """Does what only protects us, and so one person may do; shows the partner's page again."""
    operator = session.operator()
    system.require(operator, Right.STOP_PARTNERS)
    with context.database.unit_of_work() as tx:
        act(tx, Actor("operator", operator.id))
    return redirect(url_for(page, partner_id=partner_id), 303)
