"""The pure part of a decision: features in, verdict out. Nothing here fetches or stores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lending.risk import decision_tables
from lending.risk.decision_tables import SPECS, DecisionTable, Hit
from lending.risk.features import feature, values_of
from lending.risk.model import Feature, Outcome, Reason, RiskRequest
from lending.risk.reasons import reason
from lending.risk.score_card import card as score_card
from lending.risk.score_card.card import Card

TABLES = Path(__file__).with_name("tables")
CODE_VERSION = "rules 1"
"""Changes when this file or the features come to mean something else."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The card and the tables that decide together."""

    card: Card
    tables: Mapping[str, DecisionTable]

    @property
    def versions(self) -> dict[str, str]:
        """What a decision stores to be worked out again."""
        return {
            "code": CODE_VERSION,
            "card": self.card.version,
            **{name: table.version for name, table in self.tables.items()},
        }


@lru_cache(maxsize=4)
def load(folder: Path = TABLES, card_file: Path = score_card.FILE) -> RuleBook:
    """Reads and checks card and tables; once in a process.

    Raises RuleTableBroken, CardBroken.
    """
    tables = {s.name: decision_tables.load(folder / f"{s.name}.json", s) for s in SPECS}
    return RuleBook(score_card.load(card_file), tables)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say, and on what."""

    outcome: Outcome
    score: int | None
    limit_fen: int
    periods_max: int
    reasons: tuple[Reason, ...]
    features: Mapping[str, Feature]


def filter_own(book: RuleBook, features: Mapping[str, Feature]) -> list[Hit]:
    """What our own records hold against the application: blacklist, velocity, contradictions."""
    return book.tables["own_filters"].ask(values_of(features))


def declines(hits: Iterable[Hit]) -> bool:
    """Whether a filter declines, so that no bureau need be asked."""
    return any(hit.says["outcome"] == Outcome.DECLINE.value for hit in hits)


def declined_early(hits: list[Hit], features: Mapping[str, Feature]) -> Verdict:
    """The verdict when our own records decline: the bureaus were not asked."""
    return Verdict(Outcome.DECLINE, None, 0, 0, _reasons(hits, Outcome.DECLINE), features)


def without_bureaus(hits: list[Hit], features: Mapping[str, Feature]) -> Verdict:
    """The verdict when no bureau answered: a person decides, and proposes the limit."""
    reasons = (reason("BUREAUS_ABSENT"), *_reasons(hits, Outcome.REFER))
    return Verdict(Outcome.REFER, None, 0, 0, reasons, features)


def decide(
    book: RuleBook,
    request: RiskRequest,
    own: list[Hit],
    features: Mapping[str, Feature],
    *,
    bureaus_asked: int,
) -> Verdict:
    """The verdict on all features (M7): filters, then card, then grade, then offer.

    Any declining filter declines; else any referring one refers, with the limit the offer would
    have had. An approval whose limit is below the amount is declined where goods have one price.

    Raises RuleInputMissing.
    """
    values = values_of(features)
    filtered = [*own, *book.tables["bureau_filters"].ask(values)]
    scored = book.card.score(values)
    all_features = {**features, "score": feature("score", scored.score)}
    all_features |= {
        f"points.{name}": Feature(points, "card") for name, points in scored.points.items()
    }
    (grade,) = book.tables["grade"].ask(values_of(all_features))
    all_features["grade"] = feature("grade", grade.says["grade"])
    (offer,) = book.tables["offer"].ask(values_of(all_features))
    limit_fen = min(int(offer.says["limit_fen"]), request.amount_max_fen)
    less_is_of_use = request.less_is_of_use and limit_fen > 0
    periods_max = min(int(offer.says["periods_max"]), request.periods_max)
    outcome, hits = Outcome(str(offer.says["outcome"])), [*filtered, offer]
    extra: list[Reason] = []
    if declines(filtered):
        outcome = Outcome.DECLINE
    elif filtered and outcome is Outcome.APPROVE:
        outcome = Outcome.REFER
    elif outcome is Outcome.APPROVE and limit_fen < request.amount_fen and not less_is_of_use:
        outcome, extra = Outcome.DECLINE, [reason("AMOUNT_ABOVE_LIMIT")]
    if int(features["bureaus_answered"].value or 0) < bureaus_asked:
        extra.append(reason("BUREAU_ABSENT"))
    if outcome is Outcome.DECLINE:
        limit_fen = periods_max = 0
    reasons = (*_reasons(hits, outcome), *extra)
    return Verdict(outcome, scored.score, limit_fen, periods_max, reasons, all_features)


def _reasons(hits: Iterable[Hit], outcome: Outcome) -> tuple[Reason, ...]:
    """Each reason for this outcome once, in the order of the rows; what spoke for another is left.

    It stays in the features: whoever works the decision out again finds it.
    """
    codes = (str(hit.says["reason"]) for hit in hits if hit.says["outcome"] == outcome.value)
    return tuple(reason(code) for code in dict.fromkeys(codes))
