"""How every call comes in: verified, made to suffer its fault, carried out, answered signed."""

from collections.abc import Callable

from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from simulators import installations
from simulators.faults import Fault, Faults
from simulators.fields import BadCall
from simulators.signing import Institution, NotSigned

Act = Callable[..., ResponseReturnValue]


class Door:
    """The signed routes of all institutions."""

    def __init__(self, app: Flask, institution: Institution, faults: Faults) -> None:
        self._app, self._institution, self._faults = app, institution, faults

    def add(self, rule: str, operation: str, act: Act) -> None:
        """Adds a call; `rule` is its method and path, whose first part names the institution."""
        method, _, path = rule.partition(" ")
        name = path.split("/")[1]

        def call(**arguments: str) -> Response:
            return self._call(name, operation, act, arguments)

        self._app.add_url_rule(path, f"{name}:{operation}", call, methods=[method])

    def _call(self, name: str, operation: str, act: Act, arguments: dict[str, str]) -> Response:
        try:
            nonce = self._institution.verify(request)
        except NotSigned as problem:
            refusal = self._app.make_response((jsonify(error=str(problem)), 401))
            self._institution.sign_answer(request, None, refusal)
            return refusal
        fault = g.fault = self._faults.take(name, operation)
        kind = fault.fault if fault else ""
        if kind in ("unavailable", "error_before"):
            return Response("out of order", 503 if kind == "unavailable" else 500)
        if fault and kind == "slow":
            fault.wait()
        answer = self._carry_out(act, arguments)
        if fault and kind == "timeout_after":
            fault.wait()
        if kind == "error_after":
            return Response("out of order", 500)
        if kind != "unsigned":
            self._institution.sign_answer(request, nonce, answer)
        return answer

    def _carry_out(self, act: Act, arguments: dict[str, str]) -> Response:
        try:
            g.installation = installations.read()
            return self._app.make_response(act(**arguments))
        except (BadCall, installations.NotReadable) as problem:
            return self._app.make_response((jsonify(error=str(problem)), 400))


def suffers(kind: str) -> Fault | None:
    """The present call's fault, if it is of this kind."""
    fault: Fault | None = g.fault
    return fault if fault and fault.fault == kind else None
