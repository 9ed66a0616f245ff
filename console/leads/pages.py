"""Leads of platforms: found, followed, and the files that came with them opened (ASSIST-2)."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from console import forms, session
from lending.channels import service as channels
from lending.channels.model import PartnerKind
from lending.engine.shares import percent_bp
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.system import service as system
from lending.system.model import Right
from scenarios.assisted_lending import attachments, desk
from scenarios.assisted_lending.desk import ShownLead, Wanted
from scenarios.assisted_lending.model import PURPOSES

FILE_CSP = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""What came from outside runs nothing and asks for nothing, should a browser show it after all."""
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg"}


def add(console: Blueprint, context: Context) -> None:
    """Adds these pages to the console."""

    def shown(found: list[ShownLead]) -> ResponseReturnValue:
        with context.database.unit_of_work() as tx:
            platforms = [
                each for each in channels.partners(tx) if each.kind is PartnerKind.PLATFORM
            ]
        return render_template(
            "console/leads.html", leads=found, platforms=platforms, asked=request.args
        )

    @console.get("/leads")
    def leads() -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_APPLICATIONS)
        number, partner_id, state = (
            request.args.get(name, "").strip() or None for name in ("q", "platform", "state")
        )
        with context.database.unit_of_work() as tx:
            found = desk.find(tx, context.keys, Wanted(number, partner_id, state))
        return shown(found)

    @console.post("/leads/find-person")
    def find_person() -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.SEE_APPLICATIONS)
        with context.database.unit_of_work() as tx:
            actor = Actor("operator", operator.id)
            found = desk.find_person(tx, context.keys, forms.text("person"), actor)
        return shown(found)

    @console.get("/leads/<lead_id>")
    def lead(lead_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_APPLICATIONS)
        with context.database.unit_of_work() as tx:
            case = desk.case(tx, context.keys, lead_id)
            names = {each.id: each.name for each in channels.partners(tx)}
        return render_template(
            "console/lead.html",
            case=case,
            lead=case.shown.lead,
            kinds=attachments.KINDS_ZH,
            purposes=PURPOSES,
            names=names,
            percent_bp=percent_bp,
        )

    @console.get("/leads/<lead_id>/attachments/<attachment_id>")
    def lead_attachment(lead_id: str, attachment_id: str) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.SEE_ATTACHMENTS)
        with context.database.unit_of_work() as tx:
            made, content = attachments.opened(
                tx,
                context.keys,
                context.files,
                attachment_id,
                Actor("operator", operator.id),
                lead_id=lead_id,
            )
        answer = Response(content, mimetype=made.content_type)
        name = f"{made.id}.{ENDINGS[made.content_type]}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Content-Security-Policy"] = FILE_CSP
        return answer
