"""Partners: taken on, their agreements, accounts and keys, which two persons put there (M2)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from cf_partner_sdk.keys import KeyNotUsable, PublicKey
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from console import forms, partner_pages, proposing, session
from lending.channels import keys
from lending.channels import service as channels
from lending.channels.guarded import NUMBER_CELL
from lending.channels.model import PartnerKind
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.errors import PayloadWrong
from lending.system.model import Right

DIGITS = range(8, 31)
"""How many digits the number of an account has."""


def carried(field_keys: FieldKeys) -> Mapping[str, Callable[[], dict[str, Any]]]:
    """What the form of each kind carries; the number of an account only sealed."""
    return {
        "partner.take_on": lambda: {
            name: forms.text(name) for name in ("partner_name", "partner_kind")
        },
        "partner.add_account": lambda: _account(field_keys),
        "partner.add_key": _key,
    }


def _account(field_keys: FieldKeys) -> dict[str, Any]:
    typed = forms.text("number").replace(" ", "")
    if not (typed.isascii() and typed.isdigit() and len(typed) in DIGITS):
        raise PayloadWrong(field="/number", mend="请填写 8 至 30 位数字的账号。")
    return {
        **{name: forms.text(name) for name in ("holder", "bank_name")},
        "priority": forms.whole("priority"),
        "number_sealed": field_keys.seal(typed, at=NUMBER_CELL).hex(),
        "last4": typed[-4:],
    }


def _key() -> dict[str, Any]:
    typed = forms.needed("public_key")
    try:
        is_jwk = typed.startswith("{")
        key = PublicKey.from_jwk(json.loads(typed)) if is_jwk else PublicKey.from_pem(typed)
    except (KeyNotUsable, ValueError):
        raise PayloadWrong(
            field="/public_key", mend="请粘贴合作方的公钥(PEM 或 JWK);私钥不可发送给任何人。"
        ) from None
    said = json.dumps(key.jwk, sort_keys=True)
    return {"keyid": key.keyid, "algorithm": key.algorithm, "public_jwk": said}


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""

    @console.get("/partners")
    def partners_page() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            found = channels.partners(tx)
        return render_template("console/partners.html", partners=found, choices=PartnerKind)

    @console.get("/partners/<partner_id>")
    def partner_page(partner_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_LOANS)
        with context.database.unit_of_work() as tx:
            partner = channels.partner(tx, partner_id)
            return render_template(
                "console/partner.html",
                partner=partner,
                agreements=channels.agreements(tx, partner_id),
                accounts=channels.settlement_accounts(tx, partner_id),
                keys=keys.of_partner(tx, partner_id),
                now=tx.machine_now,
                proposals=approvals.newest(tx, subject=partner_id),
                kinds=kinds,
            )

    @console.post("/partners/propose")
    def propose_new_partner() -> ResponseReturnValue:
        return proposing.propose(context, kinds, carried(context.keys), forms.text("app_id"))

    @console.post("/partners/<partner_id>/propose")
    def propose_of_partner(partner_id: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, carried(context.keys), partner_id)

    @console.post("/partners/<partner_id>/unlist")
    def unlist_partner(partner_id: str) -> ResponseReturnValue:
        def act(tx: Tx, actor: Actor) -> None:
            channels.partner(tx, partner_id)
            channels.unlist(tx, partner_id, actor)

        return partner_pages.alone(context, partner_id, act, "console.partner_page")

    @console.post("/partners/<partner_id>/revoke")
    def revoke_key_of_partner(partner_id: str) -> ResponseReturnValue:
        def act(tx: Tx, actor: Actor) -> None:
            channels.partner(tx, partner_id)
            keys.revoke(tx, partner_id, forms.text("keyid"), actor)

        return partner_pages.alone(context, partner_id, act, "console.partner_page")
