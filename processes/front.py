"""The front: the partners' API, the borrower's pages and the console, as one web application."""

from collections.abc import Callable

from cf_partner_sdk.http_signatures import Message
from cf_partner_sdk.keys import PublicKey
from flask import Flask, Response, request
from flask_bootstrap import Bootstrap5
from werkzeug.exceptions import HTTPException

import console
import gateway
import hosted
from connectors import callbacks
from connectors.callbacks import CallbackRefused
from gateway import observing
from gateway.context import CallbackNotBelieved, GatewayContext
from gateway.door import told
from gateway.errors import NotHere
from gateway.platform_keys import PlatformKeys
from gateway.sandbox import Sandbox
from lending.channels import guarded as channel_guarded
from lending.claims import guarded as claim_guarded
from lending.commissions import guarded as commission_guarded
from lending.credit_lines import guarded as line_guarded
from lending.finance import clearings
from lending.foundation.context import Context
from lending.foundation.settings import Settings
from lending.funding import guarded as funding_guarded
from lending.loans import payouts
from lending.products import guarded as product_guarded
from lending.remittances import service as remittances
from lending.repayments import guarded
from lending.repayments import service as repayments
from lending.risk.decision_tables import GRADES
from processes.migrate import revisions
from scenarios.assisted_lending import guarded as platform_guarded
from scenarios.offline_credit import guarded as ticket_guarded


def create_app(context: Context, gateway_: GatewayContext) -> Flask:
    """One front for a process."""
    app = Flask("front", static_folder=None)
    app.config.update(BOOTSTRAP_SERVE_LOCAL=True, MAX_CONTENT_LENGTH=10 * 1024 * 1024)
    app.url_map.strict_slashes = False
    observing.watch(app)
    app.url_map.merge_slashes = False
    Bootstrap5(app)
    app.register_blueprint(gateway.create_blueprint(gateway_))
    app.register_blueprint(hosted.create_blueprint(context))
    kinds = {
        **guarded.kinds(),
        **line_guarded.kinds(),
        **product_guarded.kinds(GRADES),
        **channel_guarded.kinds(context.keys, context.settings.environment),
        **platform_guarded.kinds(),
        **funding_guarded.kinds(),
        **claim_guarded.kinds(),
        **commission_guarded.kinds(context.files),
        **ticket_guarded.kinds(),
    }
    app.register_blueprint(console.create_blueprint(context, kinds))
    hosts = allowed_hosts(context.settings)

    @app.before_request
    def check_host() -> Response | None:
        if request.host.lower() not in hosts:
            return Response("this host is not served here", 421)
        return None

    @app.errorhandler(HTTPException)
    def not_here(problem: HTTPException) -> Response:
        if request.path.startswith("/v1/") and problem.code in (404, 405):
            return gateway.Door(gateway_).sign(told(NotHere(), gateway_))
        if request.path.startswith("/console/"):
            return console.not_done(problem)
        response = problem.get_response()
        return Response(response.get_data(), problem.code, content_type=response.content_type)

    return app


def gateway_context(
    context: Context,
    bank_key: PublicKey,
    *,
    keys: PlatformKeys | None = None,
    sandbox: Sandbox | None = None,
) -> GatewayContext:
    """The gateway's context: our keys, and what to do when the bank calls back."""
    return GatewayContext(
        lending=context,
        keys=keys or PlatformKeys.load_or_make(context.settings.keys),
        heard_from_bank=hear(context, bank_key),
        schemas=revisions(),
        sandbox=sandbox,
    )


def hear(context: Context, bank_key: PublicKey) -> Callable[[Message], None]:
    """What a callback does: verified, it has us ask; money moves on the answer alone (T13)."""

    def heard(message: Message) -> None:
        try:
            callback = callbacks.read(message, bank_key)
        except CallbackRefused as refused:
            raise CallbackNotBelieved from refused
        with context.database.unit_of_work() as tx:
            number = callback.channel_order_no
            hearers = (payouts, remittances, repayments, clearings)
            any(each.heard(tx, number) for each in hearers)

    return heard


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The names that we are asked under."""
    named = settings.public_url.partition("://")[2].partition("/")[0]
    port = settings.front_port
    return frozenset({named, f"127.0.0.1:{port}", f"localhost:{port}"})
