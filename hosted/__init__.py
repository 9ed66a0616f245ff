"""The borrower's pages: checkout, application in a store, payments, and the borrower's own page."""

from decimal import Decimal

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from hosted.checkout import Checkout
from hosted.guarantee import GuaranteePages
from hosted.lead import LeadPages
from hosted.me import Me
from hosted.me_tickets import MyTickets
from hosted.my_line import MyLine
from hosted.partner_list import PartnerList
from hosted.payment import PaymentPages
from hosted.problems import AGAIN, told
from hosted.quick import QuickPages
from hosted.store_visit import StoreVisit
from lending.foundation.context import Context
from lending.foundation.errors import Problem
from lending.foundation.money import percent, yuan

CSP = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; script-src 'self';"
    " object-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_blueprint(context: Context) -> Blueprint:
    """The borrower's pages for one process's context."""
    blueprint = Blueprint(
        "hosted",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/hosted/static",
    )
    Checkout(context).add(blueprint)
    Me(context).add(blueprint)
    MyLine(context).add(blueprint)
    MyTickets(context).add(blueprint)
    PartnerList(context).add(blueprint)
    for journey in (StoreVisit, PaymentPages, QuickPages, GuaranteePages, LeadPages):
        journey(context).add(blueprint)
    blueprint.add_app_template_filter(yuan, "yuan")
    blueprint.add_app_template_filter(_percent, "percent")

    @blueprint.before_request
    def require_text() -> None:
        if any("\0" in text for text in (request.path, *request.values.values())):
            abort(400, "填写的内容不正确")

    @blueprint.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @blueprint.errorhandler(Problem)
    def tell(problem: Problem) -> ResponseReturnValue:
        text, mend = told(problem)
        return render_template("hosted/problem.html", text=text, mend=mend), problem.status

    @blueprint.errorhandler(HTTPException)
    def tell_http(problem: HTTPException) -> ResponseReturnValue:
        given = problem.description or ""
        text = "请求无法完成" if given.isascii() else given
        page = render_template("hosted/problem.html", text=text, mend=AGAIN)
        return page, problem.code or 500

    return blueprint


def _percent(rate: object) -> str:
    return percent(Decimal(str(rate)))
