"""The checkout of one mall order."""

from collections.abc import Callable
from typing import Any

from hosted.contracting import Contracting
from hosted.journey import Act, Visit
from hosted.steps import Step, step
from lending.channels import service as channels
from lending.foundation.crypto import mask_mobile
from lending.foundation.database import Tx
from lending.foundation.errors import NotFound
from lending.funding import service as funding
from lending.loans import rules
from lending.loans.contract_pdf import ContractFacts, Good
from scenarios.mall_installment import checkout as mall
from scenarios.mall_installment.errors import CheckoutEnded

COOKIE = "cf_checkout"


class Checkout(Contracting):
    """The pages and actions of the checkout."""

    name, path, cookie = "checkout", "/checkout", COOKIE
    layout, channel = "hosted/checkout.html", "hosted_checkout"
    signed_pages = (Step.PAYING, Step.DONE)

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        return {
            "start": (Step.OFFERS, self._start),
            **self.person_forms(),
            **self.contract_forms(),
        }

    def visit(self, token: str) -> Visit:
        """Who visits which order.

        Raises NotFound.
        """
        with self._context.database.unit_of_work() as tx:
            try:
                seen = mall.open_order(tx, token)
            except CheckoutEnded as unknown:
                raise NotFound(unknown.detail, mend=unknown.mend) from None
            session = self.session(tx, seen.order.id)
        order = seen.order
        return Visit(token, order.id, order.application_id, seen.state, session, seen)

    def due(self, visit: Visit) -> str:
        """The page that is due."""
        return step(visit.state, visit.session).value

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due has to show."""
        shown: dict[str, Callable[[], dict[str, Any]]] = {
            Step.OFFERS: lambda: {"offers": mall.offers(tx, visit.subject)},
            Step.CHOOSE: lambda: {"offers": mall.offers(tx, visit.subject)},
            Step.DECLINED: lambda: {"decision": mall.decision(tx, visit.subject)},
            Step.COST: lambda: self.cost_facts(tx, visit),
            Step.CONTRACT: lambda: {"facts": self.draft(tx, visit)},
            Step.SIGN: lambda: {"mobile": mask_mobile(visit.session.mobile or "")},
            Step.DONE: lambda: {"return_url": mall.return_url(visit.seen)},
        }
        found = shown[due]() if due in shown else self.person_facts(tx, visit, due)
        return {"order": visit.seen.order, **found}

    def hand_in(self, tx: Tx, visit: Visit, card_id: str, device: dict[str, str]) -> None:
        """Hands the application in."""
        assert visit.session.customer_id
        mall.submit(
            tx,
            visit.subject,
            customer_id=visit.session.customer_id,
            bank_card_id=card_id,
            device=device,
        )

    def cost_table(self, tx: Tx, visit: Visit, periods: int) -> dict[str, Any]:
        """The cost table of the order in so many instalments."""
        return mall.cost_table(tx, visit.subject, periods)

    def _start(self, visit: Visit) -> None:
        visit.session.state["started"] = True
        self.keep(visit, Step.OFFERS, {})

    def loan_id(self, visit: Visit) -> str | None:
        """The loan that was signed for; None before."""
        return visit.seen.order.loan_id  # type: ignore[no-any-return]

    def sign(self, tx: Tx, visit: Visit) -> None:
        """Signs with the periods that were chosen."""
        mall.sign(
            tx,
            self._context.keys,
            self._context.files,
            order_id=visit.subject,
            periods=visit.session.state["periods"],
            signature=self.signature(visit),
        )

    def draft(self, tx: Tx, visit: Visit) -> ContractFacts:
        """The contract as it would be signed now."""
        order = visit.seen.order
        payee = channels.settlement_accounts(tx, order.partner_id)[0]
        return self.drafted(
            tx,
            visit,
            merchant=visit.seen.merchant,
            goods=tuple(Good(item.name, item.quantity, item.amount_fen) for item in order.items),
            payee=f"{payee.holder} {payee.bank_name} 尾号 {payee.last4}",
            lenders=rules.lenders_shown(funding.agreed(tx, visit.application_id)),
        )
