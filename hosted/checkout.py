"""The checkout of one mall order."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from hosted.journey import Act, Identifying, Signing, Visit, require_agreed
from hosted.steps import Step, step
from lending.channels import service as channels
from lending.customers import service as customers
from lending.engine.plans import make_plan
from lending.foundation import business_day
from lending.foundation.crypto import mask_identity_no, mask_mobile
from lending.foundation.database import Tx
from lending.foundation.errors import NotFound
from lending.foundation.lender import LENDER_ZH
from lending.funding import service as funding
from lending.loans import contract_pdf, rules
from lending.loans import service as loans
from lending.loans.contract_pdf import ContractFacts, Good
from lending.products import rules as product_rules
from lending.products import service as products
from scenarios.mall_installment import checkout as mall
from scenarios.mall_installment.errors import CheckoutEnded

COOKIE = "cf_checkout"


class Checkout(Identifying, Signing):
    """The pages and actions of the checkout."""

    name, path, cookie = "checkout", "/checkout", COOKIE
    layout, channel = "hosted/checkout.html", "hosted_checkout"

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        return {
            "start": (Step.OFFERS, self._start),
            **self.person_forms(),
            **self.cost_forms(),
            "read": (Step.CONTRACT, self._read),
            "send-sign-code": (Step.SIGN, self.send_sign_code),
            "sign": (Step.SIGN, self._sign),
        }

    def add(self, blueprint: Blueprint) -> None:
        """Adds the checkout to a blueprint."""
        super().add(blueprint)
        blueprint.add_url_rule("/checkout/<token>/contract.pdf", "checkout_contract", self.draft)

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

    def draft(self, token: str) -> ResponseReturnValue:
        """The contract as a PDF: the signed one, or before that the draft."""
        visit = self.visit(token)
        due = self.due(visit)
        with self._context.database.unit_of_work() as tx:
            if due in (Step.PAYING, Step.DONE) and visit.seen.order.loan_id:
                content = loans.contract_file(tx, self._context.files, visit.seen.order.loan_id)
            elif due in (Step.CONTRACT, Step.SIGN):
                content = contract_pdf.render(self._draft_facts(tx, visit))
            else:
                return "", 404
        return Response(content, mimetype="application/pdf")

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due has to show."""
        shown: dict[str, Callable[[], dict[str, Any]]] = {
            Step.OFFERS: lambda: {"offers": mall.offers(tx, visit.subject)},
            Step.CHOOSE: lambda: {"offers": mall.offers(tx, visit.subject)},
            Step.DECLINED: lambda: {"decision": mall.decision(tx, visit.subject)},
            Step.COST: lambda: self.cost_facts(tx, visit),
            Step.CONTRACT: lambda: {"facts": self._draft_facts(tx, visit)},
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

    def _read(self, visit: Visit) -> None:
        require_agreed()
        visit.session.state["contract_read"] = True
        self.keep(visit, Step.CONTRACT, {"agreed": True})

    def _sign(self, visit: Visit) -> None:
        self.require_sign_code(visit)
        with self._context.database.unit_of_work() as tx:
            mall.sign(
                tx,
                self._context.keys,
                self._context.files,
                order_id=visit.subject,
                periods=visit.session.state["periods"],
                signature=self.signature(visit),
            )
        self.keep(visit, Step.SIGN, {"signed": True})

    def _draft_facts(self, tx: Tx, visit: Visit) -> ContractFacts:
        order = visit.seen.order
        periods = visit.session.state["periods"]
        product = products.version(tx, order.product_code, order.product_version)
        today: date = business_day.today(tx)
        application = loans.application(tx, visit.application_id)
        assert application.customer_id
        assert application.bank_card_id
        person = customers.profile(tx, self._context.keys, application.customer_id)
        card = customers.card(tx, application.bank_card_id)
        payee = channels.settlement_accounts(tx, order.partner_id)[0]
        return ContractFacts(
            number="(签署后生成)",
            signed_on=today,
            lender=LENDER_ZH,
            borrower_name=person.name,
            borrower_identity_no=mask_identity_no(person.identity_no),
            borrower_mobile=mask_mobile(person.mobile),
            merchant=visit.seen.merchant,
            goods=tuple(Good(item.name, item.quantity, item.amount_fen) for item in order.items),
            principal_fen=order.amount_fen,
            plan=make_plan(product_rules.plan_input(product, order.amount_fen, periods, today)),
            cost_table=mall.cost_table(tx, visit.subject, periods),
            payee=f"{payee.holder} {payee.bank_name} 尾号 {payee.last4}",
            card=f"{card.bank_name} 尾号 {card.last4}",
            evidence={},
            lenders=rules.lenders_shown(funding.agreed(tx, visit.application_id)),
        )
