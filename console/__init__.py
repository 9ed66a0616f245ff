"""The operators' pages: one folder per module of `lending`, under the same name."""

from flask import Blueprint, Response, render_template
from werkzeug.exceptions import HTTPException

from console import session
from console.batch import pages as batch
from console.channels import pages as channels
from console.channels import partners
from console.claims import pages as claims
from console.commissions import pages as commissions
from console.credit_lines import pages as credit_lines
from console.finance import pages as finance
from console.funding import pages as funding
from console.leads import pages as leads
from console.ledger import pages as ledger
from console.loans import pages as loans
from console.operations import pages as operations
from console.problems import told_http
from console.products import pages as products
from console.repayments import pages as repayments
from console.risk import pages as risk
from console.statistics import pages as statistics
from console.system import approvals
from console.system import pages as system
from lending.foundation.context import Context
from lending.system.approvals import Kinds

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_blueprint(context: Context, kinds: Kinds) -> Blueprint:
    """The console at `/console`, for one process's context and what needs two people there."""
    console = Blueprint(
        "console",
        __name__,
        url_prefix="/console",
        template_folder="templates",
        static_folder="static",
    )
    session.protect(console, context)
    for pages in (system, loans, leads, ledger, batch, finance, risk, statistics):
        pages.add(console, context)
    for guarded in (
        repayments,
        credit_lines,
        operations,
        approvals,
        channels,
        partners,
        products,
        funding,
        commissions,
        claims,
    ):
        guarded.add(console, context, kinds)

    console.register_error_handler(HTTPException, not_done)
    console.after_request(_harden)
    return console


def not_done(problem: HTTPException) -> Response:
    """The page of what the web server refuses, such as a path where nothing is."""
    page = render_template("console/not_done.html", text=told_http(problem))
    return _harden(problem.response or Response(page, problem.code))


def _harden(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
