"""The platform's pages: a wish, the consents, one hop to the lender, and what it earns."""

import json
import secrets
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from cf_partner_sdk import (
    CfError,
    Client,
    Event,
    KeyDirectory,
    LeadConsent,
    MemorySeenStore,
    PrecheckKey,
    PrivateKey,
    WebhookVerifier,
)
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.integrations.flask import blueprint as webhooks
from flask import Flask, redirect, render_template, request
from flask.typing import ResponseReturnValue

from examples.platform import bills

PURPOSES = {"renovation": "家居装修", "travel": "旅游", "electronics": "数码产品"}
PRODUCTS = {"cash-standard": "个人消费贷", "cash-with-guarantee": "个人消费贷(担保)"}
CONSENTS = {
    "identity": "同意将我的姓名、身份证号码和手机号提供给安心消费金融,用于本次借款申请。",
    "profile": "同意将我填写的收入提供给安心消费金融,用于评估本次借款申请。",
}
"""Each is asked for by itself, and nothing is ticked beforehand."""
TEXT_VERSION = "2026-11"


def create_app(config_file: Path, url: str, client: Client | None = None) -> Flask:
    """A platform with the key and addresses that it was given; it is reached under `url`.

    A test may hand in its own client.
    """
    config = json.loads(config_file.read_text())
    cf = client or Client(
        app_id=config["app_id"],
        key=PrivateKey.from_pem(Path(config["private_key"]).read_text()),
        base_url=config["base_url"],
        root_keyid=config["root_keyid"],
    )
    precheck_key = _precheck_key(cf, config_file.with_suffix(".precheck.json"))
    sent: dict[str, dict[str, Any]] = {}
    app = Flask(__name__)

    def on_event(event: Event, _opened: None) -> None:
        lead_no = event.object.get("lead_no")
        if event.type.startswith("lead.") and lead_no in sent:
            sent[lead_no]["heard"].append(event.type)

    verifier = WebhookVerifier(
        url=f"{url}/cf/webhooks",
        directory=KeyDirectory(base_url=config["base_url"], root_keyid=config["root_keyid"]),
    )
    app.register_blueprint(webhooks(WebhookReceiver(verifier, on_event, seen=MemorySeenStore())))

    app.register_blueprint(bills.pages(cf))

    @app.get("/")
    def home() -> ResponseReturnValue:
        return render_template("wish.html", purposes=PURPOSES, consents=CONSENTS, products=PRODUCTS)

    @app.post("/apply")
    def apply() -> ResponseReturnValue:
        form = request.form
        if any(form.get(scope) != "yes" for scope in CONSENTS):
            return render_template("told.html", text="请逐项阅读并勾选授权"), 422
        identity_no, mobile = form["identity_no"].strip(), form["mobile"].strip()
        lead_no = f"YX{secrets.token_hex(6).upper()}"
        try:
            if not cf.leads.precheck(key=precheck_key, identity_no=identity_no, mobile=mobile):
                return render_template("told.html", text="暂时没有适合您的产品")
            lead = cf.leads.submit(
                lead_no=lead_no,
                amount_fen=int(form["amount"]) * 100,
                purpose=form["purpose"],
                product_code=form["product"],
                name=form["name"].strip(),
                identity_no=identity_no,
                mobile=mobile,
                profile={"income_monthly_fen": int(form["income"]) * 100},
                consents=[_consent(scope) for scope in CONSENTS],
                return_url=f"{url}/return",
                idempotency_key=lead_no,
            )
        except CfError as problem:
            return render_template("told.html", text=str(problem)), 502
        sent[lead_no] = {"lead_id": lead.id, "heard": []}
        return redirect(lead.handover_url or "", 303)

    @app.get("/return")
    def back() -> ResponseReturnValue:
        """The person is back: what the address says is no proof, the lender is asked."""
        known = sent.get(request.args.get("lead_no", ""))
        if known is None:
            return render_template("told.html", text="没有这笔申请"), 404
        return render_template("state.html", lead=cf.leads.get(known["lead_id"]), **known)

    _hear(cf, verifier.url)
    return app


def _precheck_key(cf: Client, kept: Path) -> PrecheckKey:
    """The key for pre-checks: handed out once, so it is kept."""
    if not kept.exists():
        made = cf.platform.new_precheck_key()
        kept.touch(mode=0o600)
        kept.write_text(json.dumps({"key": made.key, "secret": made.secret}))
    return PrecheckKey(**json.loads(kept.read_text()))


def _consent(scope: str) -> LeadConsent:
    text = sha256(CONSENTS[scope].encode()).hexdigest()
    return LeadConsent(scope, TEXT_VERSION, text, "web", datetime.now(UTC))


def _hear(cf: Client, url: str) -> None:
    if url not in [endpoint.url for endpoint in cf.webhook_endpoints.list()]:
        cf.webhook_endpoints.create(url=url, event_types=["*"], idempotency_key=url)
