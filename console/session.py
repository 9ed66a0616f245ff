"""Who sits at the console: a session in the database, a cookie, a token in each form."""

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from console import problems, rights
from lending.foundation import ids
from lending.foundation.context import Context
from lending.foundation.errors import Problem
from lending.system import service
from lending.system.model import Operator, Session

COOKIE = "cf_console"


def protect(console: Blueprint, context: Context) -> None:
    """Lets only signed-in operators in, and only forms with their token through."""

    @console.before_request
    def require_session() -> ResponseReturnValue | None:
        _require_own_text()
        if request.endpoint in rights.OPEN:
            return None
        with context.database.unit_of_work() as tx:
            found = service.session(tx, cookie())
        if found is None:
            return redirect(url_for("console.sign_in"))
        g.console_session = found
        if request.method == "POST" and not ids.same(request.form.get("csrf", ""), found.csrf):
            abort(400, "表单已过期,请刷新页面后重试")
        if request.endpoint not in rights.ROUTES:
            abort(403, "此页面未登记权限")
        right = rights.ROUTES[request.endpoint]
        if right is not None:
            service.require(found.operator, right)
        return None

    @console.errorhandler(Problem)
    def tell(problem: Problem) -> ResponseReturnValue:
        return render_template("console/problem.html", problem=problem), problem.status

    @console.context_processor
    def for_every_page() -> dict[str, object]:
        found = g.get("console_session")
        return {
            "operator": found.operator if found else None,
            "csrf": found.csrf if found else "",
            "told": problems.told,
        }


def _require_own_text() -> None:
    """Refuses forms that another site sends, the sign-in's too (T16), and text with a NUL."""
    sender = request.headers.get("Sec-Fetch-Site", "same-origin")
    if request.method == "POST" and sender not in {"same-origin", "none"}:
        abort(400, "请从本站页面提交")
    if any("\0" in text for text in (request.path, *request.values.values())):
        abort(400, "填写的内容不正确")


def operator() -> Operator:
    """The operator whose request this is."""
    found: Session = g.console_session
    return found.operator


def cookie() -> str:
    """The session's id that the browser gives, or nothing."""
    return request.cookies.get(_named(), "")


def _named() -> str:
    """A test tenant's cookie is its own, by path and by name."""
    return COOKIE + request.script_root.replace("/", "-")


def _path() -> str:
    return f"{request.script_root}/console"


def remember(response: Response, session_id: str, *, secure: bool) -> Response:
    """Puts the session's id into the browser, out of reach of scripts and other sites."""
    response.set_cookie(
        _named(), session_id, httponly=True, samesite="Strict", secure=secure, path=_path()
    )
    return response


def forget(response: Response) -> Response:
    """Takes the session's id out of the browser."""
    response.delete_cookie(_named(), path=_path())
    return response
