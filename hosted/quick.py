"""Small payments confirmed beforehand: the cost table of the largest of them, read once."""

from enum import StrEnum
from typing import Any

from hosted import my_line
from hosted import session as sessions
from hosted.journey import Act, Signing, Visit
from lending.compliance import cost_showing
from lending.credit_lines.errors import NoSuchLine
from lending.foundation.database import Tx
from scenarios.offline_credit import paying


class Step(StrEnum):
    """One page of confirming beforehand."""

    CHOOSE = "quick_choose"
    """In how many instalments small payments are to be repaid."""
    COST = "cost"
    DONE = "quick_done"


class QuickPages(Signing):
    """The pages and actions of confirming small payments beforehand."""

    name, path, cookie = "quick", "/me/quick", "cf_quick"
    layout, channel = "hosted/payment.html", "hosted_quick"

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        return {
            **self.cost_forms(),
            "choose": (Step.CHOOSE, self._choose),
            "confirm": (Step.COST, self._confirm_beforehand),
            "withdraw": (Step.DONE, self._withdraw),
        }

    def visit(self, token: str) -> Visit:
        """A customer who is signed in, at their own line.

        Raises NoSuchLine.
        """
        with self._context.database.unit_of_work() as tx:
            me = my_line.signed_in(tx, self._context)
            if me is None:
                raise NoSuchLine("请先登录", mend="请返回“我的借款”登录。")
            line = my_line.line_of(tx, me)
            if line.id != token:
                raise NoSuchLine
            session = self.session(tx, line.id)
            confirmed = bool(me.state.get("quick_showing_id"))
        state = "confirmed" if confirmed else "open"
        return Visit(token, line.id, paying.quick_subject(line), state, session, line)

    def due(self, visit: Visit) -> str:
        """The page that is due."""
        if visit.state == "confirmed":
            return Step.DONE.value
        return (Step.COST if visit.session.state.get("periods") else Step.CHOOSE).value

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due has to show."""
        if due == Step.COST:
            return self.cost_facts(tx, visit)
        return {
            "offers": paying.quick_offers(tx, visit.seen),
            "most_fen": paying.quick_most_fen(tx),
        }

    def cost_table(self, tx: Tx, visit: Visit, periods: int) -> dict[str, Any]:
        """The cost table of the largest payment that is confirmed beforehand."""
        return paying.quick_table(tx, visit.seen, periods)

    def _confirm_beforehand(self, visit: Visit) -> None:
        self._confirm(visit)
        self._remember(visit.session.state["showing_id"])

    def _withdraw(self, visit: Visit) -> None:
        """From now on every payment is confirmed again."""
        self._remember(None)
        for name in ("periods", "showing_id", "cost_confirmed"):
            visit.session.state.pop(name, None)
        self.keep(visit, Step.DONE, {"withdrawn": True})

    def _remember(self, showing_id: str | None) -> None:
        """In the session of the own page, from which codes are shown."""
        with self._context.database.unit_of_work() as tx:
            me = my_line.signed_in(tx, self._context)
            assert me is not None
            if showing_id is None:
                me.state.pop("quick_showing_id", None)
            else:
                assert cost_showing.get(tx, showing_id).confirmed_at is not None
                me.state["quick_showing_id"] = showing_id
            sessions.save(tx, self._context.keys, me)
