"""What an operator would have to read in English on a page."""

import re
from html.parser import HTMLParser

_SPOKEN = re.compile(r"[A-Za-z][A-Za-z'-]*(?:[,;:]? +[A-Za-z][A-Za-z'-]*){2,}")
_NAMED = re.compile(r"[a-z]{3,}(?:_[a-z]+)*")
_SAID_BY = ("placeholder", "title", "aria-label", "alt")
_ID = re.compile(r"[a-z]{3,5}_[a-z2-7]{26}|app_\w+")
_NAMES = {"app_id", "keyid"}
"""What people call by the name that programs give it."""


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.texts += [value for name, value in attrs if name in _SAID_BY and value]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not {"code", "script", "style"} & set(self._open):
            self.texts.append(data.strip())


def english_in(page: str) -> list[str]:
    """Sentences in English, and the names that programs give to states and fields.

    What is marked as code, such as an id, is read as it is.
    """
    words = _Words()
    words.feed(page)
    spoken = [found[0] for text in words.texts for found in _SPOKEN.finditer(text)]
    named = [text for text in words.texts if _NAMED.fullmatch(text) and text not in _NAMES]
    return spoken + [text for text in named if not _ID.fullmatch(text)]
