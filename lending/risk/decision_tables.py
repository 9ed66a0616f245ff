"""Decision tables that an analyst edits: JDM files in `tables/`, run by zen-engine.

zen-engine skips a row whose cell it cannot read, compares a word with a number as "no", and takes a
missing input as "no": each without a word. So a table is used only after `load` has read every
cell with the small grammar below, held it against the kind of its column, and had the engine
itself find each row by an example and miss it by a counter-example; and every input is
checked at each use.

    whole number   `5`  `> 5`  `>= 5`  `< 5`  `<= 5`  `[5..9]`  `[5..9)`  `(5..9]`  `(5..9)`
    truth          `true`  `false`
    word           `"a"`  or  `"a", "b"`
    any            the empty cell
"""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import zen

from lending.risk.errors import RuleInputMissing, RuleTableBroken
from lending.risk.features import CATALOGUE, Kind
from lending.risk.model import Value
from lending.risk.reasons import CODES

COMPARE = re.compile(r"(>=|<=|>|<)\s*(-?\d+)", re.ASCII)
BETWEEN = re.compile(r"([\[(])\s*(-?\d+)\s*\.\.\s*(-?\d+)\s*([\])])", re.ASCII)
WORDS = re.compile(r'"[^"\\,]*"(\s*,\s*"[^"\\,]*")*')
ROW = "row"
"""The hidden output that tells which row it was."""

_ANY: dict[Kind, Value] = {Kind.WHOLE: 0, Kind.TRUTH: False, Kind.WORD: ""}
_TYPES: dict[Kind, type] = {Kind.WHOLE: int, Kind.TRUTH: bool, Kind.WORD: str}


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What a table must look like to be used in its place."""

    name: str
    hit_policy: str
    """`first`: the first row that fits decides. `collect`: every row that fits counts."""
    outputs: Mapping[str, Kind]
    words: Mapping[str, frozenset[str]]
    """For a word among the outputs: which words it may be."""


OUTCOMES = frozenset({"approve", "refer", "decline"})
GRADES = frozenset("ABCDET")
"""From the best to the worst; T is a file too thin to tell."""

SPECS = (
    TableSpec(
        "own_filters",
        "collect",
        {"outcome": Kind.WORD, "reason": Kind.WORD},
        {"outcome": OUTCOMES - {"approve"}, "reason": CODES},
    ),
    TableSpec(
        "bureau_filters",
        "collect",
        {"outcome": Kind.WORD, "reason": Kind.WORD},
        {"outcome": OUTCOMES - {"approve"}, "reason": CODES},
    ),
    TableSpec(
        "draw_filters",
        "collect",
        {"outcome": Kind.WORD, "reason": Kind.WORD},
        {"outcome": frozenset({"decline"}), "reason": CODES},
    ),
    TableSpec("grade", "first", {"grade": Kind.WORD}, {"grade": GRADES}),
    TableSpec(
        "offer",
        "first",
        {
            "outcome": Kind.WORD,
            "reason": Kind.WORD,
            "limit_fen": Kind.WHOLE,
            "periods_max": Kind.WHOLE,
        },
        {"outcome": OUTCOMES, "reason": CODES},
    ),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A row that fits: its number in the file, counted from 1, and what it says."""

    row: int
    says: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A table that was checked, compiled once."""

    name: str
    version: str
    inputs: tuple[str, ...]
    rows: tuple[Mapping[str, Value], ...]
    content: dict[str, Any]
    compiled: Any

    def ask(self, values: Mapping[str, Value | None]) -> list[Hit]:
        """The rows that fit, in their order.

        Raises RuleInputMissing when a column's feature is missing or of another type.
        """
        asked: dict[str, Value] = {}
        for name in self.inputs:
            value = values.get(name)
            if not _is(value, CATALOGUE[name][0]):
                raise RuleInputMissing(f"{self.name} asks for {name}, it was given {value!r}")
            asked[name] = value  # type: ignore[assignment]
        found = self.compiled.evaluate(asked)["result"]
        numbers = [int(hit[ROW]) for hit in (found if isinstance(found, list) else [found])]
        return [Hit(number, self.rows[number - 1]) for number in numbers]


@dataclass(frozen=True, slots=True)
class Cell:
    """An input cell that was read: what the engine is given, what fits it, what does not."""

    text: str
    example: Value
    counters: tuple[Value, ...]
    """None at all for the empty cell, which everything fits."""


def _is(value: Any, kind: Kind) -> bool:
    return type(value) is _TYPES[kind]


def load(file: Path, spec: TableSpec) -> DecisionTable:
    """Reads, checks and compiles a table.

    Raises RuleTableBroken, naming file, row and column.
    """
    raw = file.read_bytes()
    try:
        content = json.loads(raw)
        node = _table_node(content)["content"]
        columns = _columns(node, spec)
        rows = node["rules"]
    except (ValueError, KeyError, TypeError, RuleTableBroken) as problem:
        raise RuleTableBroken(f"{file.name}: {problem}") from None
    cells: list[dict[str, Cell]] = []
    says: list[dict[str, Value]] = []
    known = {*columns, *(column["id"] for column in node["outputs"]), "_id", "_description"}
    for number, row in enumerate(rows, start=1):
        where = f"{file.name} row {number}"
        if set(row) - known:
            raise RuleTableBroken(f"{where}: no column is called {min(set(row) - known)}")
        cells.append(_input_cells(row, columns, where))
        says.append(_output_cells(row, node["outputs"], spec, where))
    if not rows:
        raise RuleTableBroken(f"{file.name}: no rows")
    for number, read in enumerate(cells, start=1):
        fits_all = not any(cell.counters for cell in read.values())
        if spec.hit_policy == "first" and fits_all != (number == len(cells)):
            raise RuleTableBroken(f"{file.name}: the last row, and it alone, must fit everything")
        if spec.hit_policy == "collect" and fits_all:
            raise RuleTableBroken(f"{file.name} row {number}: a filter without a condition")
    for number, (row, read) in enumerate(zip(rows, cells, strict=True), start=1):
        _try_row(row, read, columns, where=f"{file.name} row {number}")
    return DecisionTable(
        name=spec.name,
        version=f"{spec.name} sha256:{sha256(raw).hexdigest()}",
        inputs=tuple(columns.values()),
        rows=tuple(says),
        content=content,
        compiled=_compile(spec.hit_policy, columns, rows, cells),
    )


def _table_node(content: dict[str, Any]) -> dict[str, Any]:
    by_type = {node["type"]: node for node in content["nodes"]}
    if len(content["nodes"]) != 3 or set(by_type) != {
        "inputNode",
        "decisionTableNode",
        "outputNode",
    }:
        raise RuleTableBroken("a file holds one input, one table and one output")
    found: dict[str, Any] = by_type["decisionTableNode"]
    return found


def _columns(node: dict[str, Any], spec: TableSpec) -> dict[str, str]:
    """Column id to the feature it looks at."""
    if node["hitPolicy"] != spec.hit_policy:
        raise RuleTableBroken(f"the hit policy must be {spec.hit_policy}")
    columns = {column["id"]: column["field"] for column in node["inputs"]}
    for name in columns.values():
        if name not in CATALOGUE:
            raise RuleTableBroken(f"there is no feature {name!r}")
    outputs = {column["field"] for column in node["outputs"]}
    if outputs != set(spec.outputs) or len(node["outputs"]) != len(spec.outputs):
        raise RuleTableBroken(f"the outputs must be {', '.join(spec.outputs)}")
    if not columns or len(columns) != len(node["inputs"]) or ROW in columns:
        raise RuleTableBroken("each input column needs an id of its own")
    if len(set(columns.values())) != len(columns):
        raise RuleTableBroken("a feature stands in one column only")
    return columns


def _input_cells(row: dict[str, Any], columns: dict[str, str], where: str) -> dict[str, Cell]:
    cells = {}
    for column, name in columns.items():
        text = row.get(column)
        kind = CATALOGUE[name][0]
        cell = _read(text.strip(), kind) if isinstance(text, str) else None
        if cell is None:
            raise RuleTableBroken(f"{where}, {name}: {text!r} is not a cell for a {kind.value}")
        cells[column] = cell
    return cells


def _read(text: str, kind: Kind) -> Cell | None:
    """The cell, or None when it is not one of its kind."""
    readers: dict[Kind, Callable[[str], Cell | None]] = {
        Kind.WHOLE: _read_whole,
        Kind.TRUTH: _read_truth,
        Kind.WORD: _read_word,
    }
    if not text:
        return Cell("", _ANY[kind], ())
    return readers[kind](text)


def _read_whole(text: str) -> Cell | None:
    if found := COMPARE.fullmatch(text):
        sign, bound = found[1], int(found[2])
        inside, outside = {
            ">=": (bound, bound - 1),
            ">": (bound + 1, bound),
            "<=": (bound, bound + 1),
            "<": (bound - 1, bound),
        }[sign]
        return Cell(f"{sign} {bound}", inside, (outside,))
    if found := BETWEEN.fullmatch(text):
        low, high = int(found[2]) + (found[1] == "("), int(found[3]) - (found[4] == ")")
        return Cell(text, low, (low - 1, high + 1)) if low <= high else None
    if re.fullmatch(r"-?\d+", text, re.ASCII):
        return Cell(text, int(text), (int(text) - 1, int(text) + 1))
    return None


def _read_truth(text: str) -> Cell | None:
    return Cell(text, text == "true", (text != "true",)) if text in {"true", "false"} else None


def _read_word(text: str) -> Cell | None:
    if not WORDS.fullmatch(text):
        return None
    words: list[str] = json.loads(f"[{text}]")
    return Cell(json.dumps(words, ensure_ascii=False), words[0], ("", "".join(words) + "?"))


def _output_cells(
    row: dict[str, Any], outputs: list[dict[str, Any]], spec: TableSpec, where: str
) -> dict[str, Value]:
    says: dict[str, Value] = {}
    for column in outputs:
        name, text = column["field"], row.get(column["id"])
        value: Any = None
        with suppress(ValueError, TypeError):
            value = json.loads(text or "")
        if not _is(value, spec.outputs[name]):
            raise RuleTableBroken(f"{where}, {name}: {text!r} is not a {spec.outputs[name].value}")
        if name in spec.words and value not in spec.words[name]:
            raise RuleTableBroken(f"{where}, {name}: {value!r} is not one of the words allowed")
        if type(value) is int and value < 0:
            raise RuleTableBroken(f"{where}, {name}: {value} is below zero")
        says[name] = value
    return says


def _try_row(
    row: dict[str, Any], cells: dict[str, Cell], columns: dict[str, str], *, where: str
) -> None:
    """Has the engine find a row by its examples and miss it by each counter-example."""
    example = {columns[column]: cell.example for column, cell in cells.items()}
    alone = _compile("first", columns, [row], [cells])
    if not alone.evaluate(example)["result"]:
        raise RuleTableBroken(f"{where}: the engine does not find it")
    for column, cell in cells.items():
        for counter in cell.counters:
            if alone.evaluate(example | {columns[column]: counter})["result"]:
                raise RuleTableBroken(
                    f"{where}, {columns[column]}: the engine takes {counter!r} for {cell.text}"
                )


def _compile(
    hit_policy: str,
    columns: dict[str, str],
    rows: list[dict[str, Any]],
    cells: list[dict[str, Cell]],
) -> Any:
    """The table as the engine runs it: our inputs, and the row's number for an output."""
    rules = [
        {"_id": str(number)} | {c: cell.text for c, cell in read.items()} | {ROW: str(number)}
        for number, (_, read) in enumerate(zip(rows, cells, strict=True), start=1)
    ]
    inputs = [{"id": c, "name": name, "field": name} for c, name in columns.items()]
    table = {
        "hitPolicy": hit_policy,
        "inputs": inputs,
        "outputs": [{"id": ROW, "name": ROW, "field": ROW}],
        "rules": rules,
    }
    at = {"x": 0, "y": 0}
    graph = {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", "position": at},
            {
                "id": "table",
                "type": "decisionTableNode",
                "name": "table",
                "position": at,
                "content": table,
            },
            {"id": "out", "type": "outputNode", "name": "out", "position": at},
        ],
        "edges": [
            {"id": "a", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "b", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }
    return zen.ZenEngine().create_decision(json.dumps(graph))
