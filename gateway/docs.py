"""The docs for partners: guides, the reference, errors and events, served without any outside."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from gateway.docs_snippets import raw_request, raw_response
from gateway.docs_tables import rows_of
from gateway.markdown import Page, coloured, read, styles

FOLDER = Path(__file__).parents[1] / "docs"
GUIDES = (
    ("Start", ("quickstart-merchant", "for-platforms", "for-funders", "quickstart-others")),
    (
        "How it works",
        (
            *("signing", "encrypted-fields", "idempotency", "errors-and-retries", "webhooks"),
            *("statements", "credit-lines", "commissions", "oauth"),
        ),
    ),
    ("Try it", ("testing", "sandbox", "command-line")),
    ("Go live", ("going-live", "keys", "reverse-proxy", "changes")),
)
"""The guides in the order in which they are read, each a file of `docs/`."""
SHEETS = {"errors": "Errors", "events": "Events"}
"""What is told of the whole API on a page of its own."""
CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One call as its page shows it."""

    method: str
    path: str
    about: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name, and its anchor."""
        return str(self.about["operationId"])

    @property
    def success(self) -> tuple[str, Mapping[str, Any]]:
        """Status and answer when all goes well."""
        return next((s, a) for s, a in self.about["responses"].items() if s < "3")

    @property
    def refusals(self) -> Iterator[tuple[str, str]]:
        """Status and code of each refusal."""
        for status, answer in self.about["responses"].items():
            for code in answer["content"].get("application/problem+json", {}).get("examples", ()):
                yield status, code


class Docs:
    """All pages of one description; what they are made of is read once."""

    def __init__(self, description: Mapping[str, Any], server: str) -> None:
        self.api = description
        self.server = server

    @cached_property
    def guides(self) -> dict[str, Page]:
        """The guides by name."""
        return {name: read(FOLDER / f"{name}.md") for _, names in GUIDES for name in names}

    @cached_property
    def home(self) -> Page:
        """The first page."""
        return read(FOLDER / "README.md")

    @cached_property
    def operations(self) -> dict[str, list[Operation]]:
        """The calls by function."""
        found: dict[str, list[Operation]] = {tag["name"]: [] for tag in self.api["tags"]}
        for path, item in self.api["paths"].items():
            for method, about in item.items():
                found[about["tags"][0]].append(Operation(method.upper(), path, about))
        return found

    @cached_property
    def tags(self) -> dict[str, str]:
        """What each function is for."""
        return {tag["name"]: tag["description"] for tag in self.api["tags"]}

    def href(self, operation_id: str) -> str:
        """Where a call is described, from any page of the docs."""
        for tag, operations in self.operations.items():
            if any(each.id == operation_id for each in operations):
                return f"{url_for('gateway.docs_page', name=f'api-{tag}')}#{operation_id}"
        raise KeyError(operation_id)

    def parameters(self, operation: Operation) -> list[Mapping[str, Any]]:
        """Path and query parameters, and the headers that are this call's own."""
        return [each for each in operation.about["parameters"] if "$ref" not in each]

    def snippet(self, operation: Operation) -> Markup:
        """How the SDK makes the call; nothing where no snippet is written."""
        path = FOLDER / "snippets" / f"{operation.id}.py"
        return coloured(path.read_text("utf-8"), "python") if path.exists() else Markup("")

    def http(self, operation: Operation) -> Markup:
        """The call as it goes over the wire."""
        sent = raw_request(operation.method, operation.path, operation.about, self.api, self.server)
        return coloured(sent, "http")

    def answer(self, operation: Operation) -> Markup:
        """The body of the answer."""
        body = raw_response(operation.about, self.api)
        return coloured(body, "json") if body else Markup("")

    def json(self, value: Any) -> Markup:
        """A value laid out for reading."""
        return coloured(json.dumps(value, ensure_ascii=False, indent=2), "json")

    def index(self) -> Iterator[dict[str, str]]:
        """What can be searched: every section of every page."""
        for name, page in {"": self.home, **self.guides}.items():
            for section in page.sections:
                anchor = f"#{section.anchor}" if section.anchor else ""
                yield {
                    "title": section.title,
                    "page": page.title,
                    "url": (name or ".") + anchor,
                    "text": section.text,
                }
        for tag, operations in self.operations.items():
            for each in operations:
                yield {
                    "title": each.about["summary"],
                    "page": f"{each.method} {each.path}",
                    "url": f"api-{tag}#{each.id}",
                    "text": f"{each.id} {each.about['description']}",
                }
        for problem in self.api["x-problems"]:
            yield {
                "title": problem["code"],
                "page": f"Error {problem['status']}",
                "url": f"errors#{problem['code']}",
                "text": f"{problem['title']}. {problem['meaning']} {problem['mend']}",
            }
        for kind, about in self.api["webhooks"].items():
            yield {
                "title": kind,
                "page": "Event",
                "url": f"events#{kind}",
                "text": about["post"]["description"],
            }


def code(text: str) -> Markup:
    """A sentence with `words` between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704


def add(blueprint: Blueprint, description: Mapping[str, Any], server: str) -> None:
    """Adds the pages under `/docs`."""
    docs = Docs(description, server)

    def page(template: str, here: str, title: str, **what: Any) -> str:
        what |= {"docs": docs, "guides": GUIDES, "here": here, "title": title}
        return render_template(f"gateway/{template}.html", rows_of=rows_of, **what)

    blueprint.add_app_template_filter(code, "code")

    @blueprint.get("/docs", endpoint="docs")
    def begin() -> ResponseReturnValue:
        return redirect(url_for("gateway.docs_home"))  # so that the guides' links begin there

    @blueprint.get("/docs/", endpoint="docs_home")
    def home() -> ResponseReturnValue:
        return page("docs_guide", "", docs.home.title, page=docs.home)

    @blueprint.get("/docs/<name>", endpoint="docs_page")
    def guide(name: str) -> ResponseReturnValue:
        if name in docs.guides:
            return page("docs_guide", name, docs.guides[name].title, page=docs.guides[name])
        if name in SHEETS:
            return page(f"docs_{name}", name, SHEETS[name])
        tag = re.sub("^api-", "", name)
        if tag != name and tag in docs.operations:
            return page("docs_api", name, f"API: {tag}", operations=docs.operations[tag])
        return abort(404)

    @blueprint.get("/docs/search.json", endpoint="docs_search")
    def search() -> ResponseReturnValue:
        return jsonify(list(docs.index()))

    @blueprint.get("/docs/code.css", endpoint="docs_code_css")
    def code_css() -> ResponseReturnValue:
        return Response(styles(), content_type="text/css; charset=utf-8")
