"""Markdown of our own repository as HTML: headings with anchors, coloured code, no raw HTML."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

FORMATTER = HtmlFormatter(cssclass="code", wrapcode=True, style="friendly")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, for the search."""

    anchor: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """One rendered file."""

    title: str
    html: Markup
    sections: tuple[Section, ...]


def coloured(source: str, language: str) -> Markup:
    """Source text in colours, by classes only: no style stands in the page."""
    try:
        lexer = get_lexer_by_name(language, stripall=False)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    return Markup(highlight(source, lexer, FORMATTER))  # noqa: S704  Pygments escapes


def styles() -> str:
    """The style sheet of coloured code."""
    return str(FORMATTER.get_style_defs(".code"))  # type: ignore[no-untyped-call]


def slug(title: str) -> str:
    """The anchor of a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")


@cache
def read(path: Path) -> Page:
    """A file rendered; links to other guides lead to their pages."""
    tokens = _parser().parse(path.read_text("utf-8"))
    sections = _sections(tokens)
    html = _parser().renderer.render(tokens, _parser().options, {})
    return Page(sections[0].title, Markup(html), tuple(sections))  # noqa: S704  our own files


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _fence(_: Any, tokens: list[Token], at: int, *__: Any) -> str:
    return str(coloured(tokens[at].content, tokens[at].info.partition(" ")[0] or "text"))


def _table_open(*_: Any) -> str:
    return '<div class="table-responsive"><table class="table table-sm">'


def _table_close(*_: Any) -> str:
    return "</table></div>"


def _sections(tokens: list[Token]) -> list[Section]:
    """Gives each heading its anchor and each link its page; the sections in order."""
    found: list[Section] = []
    texts: list[str] = []
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            title = _plain(tokens[at + 1])
            if found:
                found[-1] = _with_text(found[-1], texts)
            anchor = slug(title) if found else ""
            token.attrSet("id", slug(title))
            found.append(Section(anchor, title, ""))
            texts = []
        elif token.type == "inline" and tokens[at - 1].type != "heading_open":
            texts.append(_plain(token))
        for child in token.children or ():
            if child.type == "link_open":
                child.attrSet("href", _link(str(child.attrGet("href"))))
    found[-1] = _with_text(found[-1], texts)
    return found


def _with_text(section: Section, texts: list[str]) -> Section:
    return Section(section.anchor, section.title, " ".join(texts))


def _plain(token: Token) -> str:
    return "".join(
        each.content if each.type in ("text", "code_inline") else " "
        for each in token.children or ()
        if each.type in ("text", "code_inline", "softbreak")
    )


def _link(href: str) -> str:
    """`signing.md#base` leads to the page `signing#base`; other addresses stay."""
    found = re.fullmatch(r"([\w-]+)\.md(#.*)?", href)
    if found is None:
        return href
    return ("." if found[1] == "README" else found[1]) + (found[2] or "")
