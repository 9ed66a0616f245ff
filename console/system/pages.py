"""Sign-in, sign-out and the two logs (M12)."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import session
from lending.foundation.context import Context
from lending.system import service
from lending.system.errors import SignInRefused


def add(console: Blueprint, context: Context) -> None:
    """Adds these pages to the console."""

    @console.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> ResponseReturnValue:
        if request.method == "GET":
            return render_template("console/sign_in.html", refused=None)
        try:
            session_id = service.sign_in(
                context.database,
                login=request.form.get("login", ""),
                password=request.form.get("password", ""),
            )
        except SignInRefused as refused:
            return render_template("console/sign_in.html", refused=refused), refused.status
        with context.database.unit_of_work() as tx:
            service.sign_out(tx, session.cookie())
        secure = context.settings.public_url.startswith("https:")
        answer = redirect(url_for("console.applications"))
        return session.remember(answer, session_id, secure=secure)

    @console.post("/sign-out")
    def sign_out() -> ResponseReturnValue:
        with context.database.unit_of_work() as tx:
            service.sign_out(tx, session.cookie())
        return session.forget(redirect(url_for("console.sign_in")))

    @console.get("/logs")
    def logs() -> ResponseReturnValue:
        with context.database.unit_of_work() as tx:
            operations = service.operation_log(tx, session.operator())
            logins = service.login_log(tx, session.operator())
        return render_template("console/logs.html", operations=operations, logins=logins)
