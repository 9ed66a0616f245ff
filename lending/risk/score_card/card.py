"""Scores an applicant with the trained card: a sum of integer points, nothing else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from lending.risk.errors import CardBroken, RuleInputMissing
from lending.risk.model import Value

FILE = Path(__file__).with_name("card.json")


@dataclass(frozen=True, slots=True)
class CardBin:
    """Values that get the same points: words, or numbers up to a bound (None: no bound)."""

    words: tuple[str, ...]
    up_to: int | None
    points: int


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One question of the card."""

    name: str
    kind: str
    bins: tuple[CardBin, ...]

    def points(self, value: Value | None) -> int:
        """The points for a value.

        Raises RuleInputMissing when there is no value, one of another type, or an unknown word.
        """
        if self.kind == "number" and type(value) is int:
            return next(b.points for b in self.bins if b.up_to is None or value <= b.up_to)
        if self.kind == "word":
            for each in self.bins:
                if value in each.words:
                    return each.points
        raise RuleInputMissing(f"the card asks for {self.name}, it was given {value!r}")


@dataclass(frozen=True, slots=True)
class Scored:
    """A score and what each characteristic added to it."""

    score: int
    points: dict[str, int]


@dataclass(frozen=True, slots=True)
class Card:
    """A card as trained; `version` names it by number and digest."""

    version: str
    base_points: int
    characteristics: tuple[Characteristic, ...]
    content: dict[str, Any]

    def score(self, values: Mapping[str, Value | None]) -> Scored:
        """The score of an applicant.

        Raises RuleInputMissing when a characteristic has no value.
        """
        points = {c.name: c.points(values.get(c.name)) for c in self.characteristics}
        return Scored(self.base_points + sum(points.values()), points)


@lru_cache(maxsize=4)
def load(file: Path = FILE) -> Card:
    """Reads and checks a card.

    Raises CardBroken.
    """
    raw = file.read_bytes()
    try:
        content = json.loads(raw)
        card = Card(
            version=f"{content['name']} {content['version']} sha256:{sha256(raw).hexdigest()}",
            base_points=_whole(content["base_points"]),
            characteristics=tuple(_characteristic(c) for c in content["characteristics"]),
            content=content,
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise CardBroken(f"{file.name}: {problem}") from None
    if not card.characteristics:
        raise CardBroken(f"{file.name}: no characteristics")
    return card


def _characteristic(row: dict[str, Any]) -> Characteristic:
    kind = row["kind"]
    bins = tuple(
        CardBin(tuple(b.get("words", ())), b.get("up_to"), _whole(b["points"])) for b in row["bins"]
    )
    if kind == "number":
        bounds = [b.up_to for b in bins]
        if bounds[-1] is not None or bounds[:-1] != sorted(_whole(b) for b in bounds[:-1]):
            raise ValueError(f"the bounds of {row['name']} do not rise to an open end")
    elif kind != "word" or not all(b.words for b in bins):
        raise ValueError(f"the bins of {row['name']} are not of its kind {kind}")
    return Characteristic(row["name"], kind, bins)


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is not a whole number")
    return value
