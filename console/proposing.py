"""The way from a form to a proposal that a second person looks at (T18)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from console import forms, session
from lending.foundation.context import Context
from lending.system import approvals
from lending.system.approvals import Kinds
from lending.system.errors import KindUnknown


def propose(
    context: Context,
    kinds: Kinds,
    carried: Mapping[str, Callable[[], dict[str, Any]]],
    subject: str,
) -> ResponseReturnValue:
    """Proposes what the form names; `carried` reads the fields of each kind that the page has.

    Raises KindUnknown, and what the rehearsal of the action raises.
    """
    kind = forms.text("kind")
    if kind not in carried:
        raise KindUnknown
    with context.database.unit_of_work() as tx:
        made = approvals.propose(
            tx,
            kinds,
            kind=kind,
            subject=subject,
            payload=carried[kind](),
            reason=forms.text("reason"),
            maker=session.operator(),
        )
    return redirect(url_for("console.approval", proposal_id=made.id), 303)
