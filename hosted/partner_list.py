"""The list of partners that we work with, for everybody to read (名单制, 金规〔2025〕9号)."""

from typing import Any

from flask import Blueprint, jsonify, render_template
from flask.typing import ResponseReturnValue

from lending.channels import listings
from lending.foundation import business_day
from lending.foundation.context import Context


class PartnerList:
    """The list as a page, and for machines."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, blueprint: Blueprint) -> None:
        """Adds both to a blueprint."""
        blueprint.add_url_rule("/partners", "partner_list", self.page)
        blueprint.add_url_rule("/partners.json", "partner_list_json", self.data)

    def page(self) -> ResponseReturnValue:
        """The list as a page."""
        return render_template("hosted/partner_list.html", **self._facts())

    def data(self) -> ResponseReturnValue:
        """The list for machines."""
        return jsonify(self._facts())

    def _facts(self) -> dict[str, Any]:
        with self._context.database.unit_of_work() as tx:
            published = listings.published(tx)
            today = business_day.today(tx)
        return {
            "today": today.isoformat(),
            "partners": [
                {
                    "kind": each.kind.value,
                    "legal_name": each.legal_name,
                    "credit_code": each.credit_code,
                    "service": each.service,
                    "contract_from": each.contract_from.isoformat(),
                    "contract_to": each.contract_to.isoformat(),
                    "list_state": state.value,
                }
                for each, state in published
            ],
        }
