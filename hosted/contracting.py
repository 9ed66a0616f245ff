"""Journeys that end with a loan's contract: costs and contract read, signed, and had as a file."""

from typing import Any, ClassVar

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from hosted.journey import Act, Identifying, Signing, Visit, require_agreed
from lending.customers import service as customers
from lending.engine.plans import make_plan
from lending.foundation import business_day
from lending.foundation.crypto import mask_identity_no, mask_mobile
from lending.foundation.database import Tx
from lending.loans import contract_pdf, rules
from lending.loans import service as loans
from lending.loans.contract_pdf import ContractFacts
from lending.products import rules as product_rules


class Contracting(Identifying, Signing):
    """A journey of somebody who is identified, applies, and signs a contract."""

    signed_pages: ClassVar[tuple[str, ...]]
    """On which the contract is signed already."""

    def loan_id(self, visit: Visit) -> str | None:
        """The loan that was signed for; None before."""
        raise NotImplementedError

    def draft(self, tx: Tx, visit: Visit) -> ContractFacts:
        """The contract as it would be signed now."""
        raise NotImplementedError

    def sign(self, tx: Tx, visit: Visit) -> None:
        """Signs with the periods that were chosen."""
        raise NotImplementedError

    def contract_forms(self) -> dict[str, tuple[str, Act]]:
        """The actions from the choice of periods to the signature."""
        return {
            **self.cost_forms(),
            "read": ("contract", self._read),
            "send-sign-code": ("sign", self.send_sign_code),
            "sign": ("sign", self._sign),
        }

    def add(self, blueprint: Blueprint) -> None:
        """Adds the journey, and the contract's address."""
        super().add(blueprint)
        blueprint.add_url_rule(
            f"{self.path}/<token>/contract.pdf", f"{self.name}_contract", self.contract
        )

    def contract(self, token: str) -> ResponseReturnValue:
        """The contract as a PDF: the signed one, or before that the draft."""
        visit = self.visit(token)
        due, loan_id = self.due(visit), self.loan_id(visit)
        with self._context.database.unit_of_work() as tx:
            if due in self.signed_pages and loan_id:
                content = loans.contract_file(tx, self._context.files, loan_id)
            elif due in ("contract", "sign"):
                content = contract_pdf.render(self.draft(tx, visit))
            else:
                return "", 404
        return Response(content, mimetype="application/pdf")

    def drafted(self, tx: Tx, visit: Visit, **special: Any) -> ContractFacts:
        """A draft, with what is special about the loan."""
        application = loans.application(tx, visit.application_id)
        assert application.customer_id
        assert application.bank_card_id
        periods, today = visit.session.state["periods"], business_day.today(tx)
        product = loans.priced_product(tx, application)
        person = customers.profile(tx, self._context.keys, application.customer_id)
        card = customers.card(tx, application.bank_card_id)
        return ContractFacts(
            number="(签署后生成)",
            signed_on=today,
            lender=rules.LENDER_ZH,
            borrower_name=person.name,
            borrower_identity_no=mask_identity_no(person.identity_no),
            borrower_mobile=mask_mobile(person.mobile),
            principal_fen=application.amount_fen,
            plan=make_plan(
                product_rules.plan_input(product, application.amount_fen, periods, today)
            ),
            cost_table=self.cost_table(tx, visit, periods),
            card=f"{card.bank_name} 尾号 {card.last4}",
            evidence={},
            **special,
        )

    def _read(self, visit: Visit) -> None:
        require_agreed()
        visit.session.state["contract_read"] = True
        self.keep(visit, "contract", {"agreed": True})

    def _sign(self, visit: Visit) -> None:
        self.require_sign_code(visit)
        with self._context.database.unit_of_work() as tx:
            self.sign(tx, visit)
        self.keep(visit, "sign", {"signed": True})
