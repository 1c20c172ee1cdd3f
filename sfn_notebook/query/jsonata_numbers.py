"""Numbers on their way out of JSONata: AWS keeps 64-bit integers exact, writes 1.0 as 1, and names what is not finite.
(spec: data-flow, JSONata pipeline; intrinsics)

Knows values and trees; must not know how expressions are run. jlens computes with doubles: integers over 2^53 that it
only hands on are looked up again where they came from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import orjson

from sfn_notebook.values import ABSENT, JSON, LONG, Absent

from .compare import is_number
from .jsonata_functions import Fault
from .jsonata_references import every
from .jsonata_syntax import Node

_EXACT: Final = 2**53
"""Up to here a double holds every integer."""


Again: TypeAlias = Callable[[JSON], JSON | Absent]
"""Evaluates the same expression over another document; ABSENT where that fails."""


def settled(value: JSON, document: JSON, again: Again) -> JSON:
    """A result of jlens with the numbers AWS would give; changed in place. `document`: what the expression read.

    Which large integers of the document were only handed on is seen by a second evaluation, in which each has a
    stand-in: a number that is nowhere else and that computing changes. So nothing computed is mistaken for one of them.
    """
    if not any(kind is int for kind, _ in _large(value)):
        return value
    originals = sorted({number for kind, number in _large(document) if kind is int and number in LONG})
    if not originals:
        return _settle(value, ABSENT, {})
    stand_ins = {number: _stand_in(number, rank) for rank, number in enumerate(originals)}
    twin = again(_replaced(document, stand_ins))
    return _settle(value, twin, {stand_in: number for number, stand_in in stand_ins.items()})


def _stand_in(number: int, rank: int) -> float:
    """In the order of the originals, and no integer: 2^52 is where halves end."""
    return (4.0e15 + rank + 0.5) if number > 0 else (-4.4e15 + rank + 0.5)


def _replaced(value: JSON, stand_ins: dict[int, float]) -> JSON:
    kind = type(value)
    if kind is dict:
        return {name: _replaced(item, stand_ins) for name, item in value.items()}
    if kind is list:
        return [_replaced(item, stand_ins) for item in value]
    return stand_ins.get(value, value) if kind is int else value


def _settle(value: JSON, twin: Any, originals: dict[float, int]) -> JSON:
    kind = type(value)
    if kind is int and not -_EXACT < value < _EXACT:
        original = originals.get(twin) if type(twin) is float else None
        if original is not None and float(original) == float(value):
            return original
        return value if value in LONG else float(value)
    if kind is dict:
        same = type(twin) is dict and twin.keys() == value.keys()
        for name, item in value.items():
            if type(item) in _CHANGES:
                value[name] = _settle(item, twin[name] if same else ABSENT, originals)
    elif kind is list:
        same = type(twin) is list and len(twin) == len(value)
        for index, item in enumerate(value):
            if type(item) in _CHANGES:
                value[index] = _settle(item, twin[index] if same else ABSENT, originals)
    return value


_CHANGES: Final = frozenset({int, dict, list})


def _large(value: JSON) -> Iterator[tuple[type, int]]:
    """Numbers in `value` beyond those of which a double holds every integer, and their types."""
    pending = [value]
    while pending:
        item = pending.pop()
        kind = type(item)
        if kind is dict:
            pending.extend(item.values())
        elif kind is list:
            pending.extend(item)
        elif (kind is int or kind is float) and not -_EXACT < item < _EXACT:
            yield kind, item


# ---------------------------------------------------------------- values that never went through jlens

# Both begin with a literal, so that they are searched for at the speed of memory.
_INTEGRAL: Final = re.compile(rb"\.0(?=[,\]}])")
_EXPONENT: Final = re.compile(rb"e(?<=\de)[+\d]")


def without_integral_floats(value: JSON) -> JSON:
    """`value` itself, or a copy in which 1.0 is 1 if it holds such numbers."""
    kind = type(value)
    if kind is float:
        return _integer(value)
    if kind is not dict and kind is not list:
        return value
    try:
        text = orjson.dumps(value)
    except TypeError:  # a lone surrogate
        return _copied(value)
    return _copied(value) if _INTEGRAL.search(text) or _EXPONENT.search(text) else value


def _copied(value: JSON) -> JSON:
    kind = type(value)
    if kind is dict:
        return {name: _copied(item) for name, item in value.items()}
    if kind is list:
        return [_copied(item) for item in value]
    return _integer(value) if kind is float else value


def _integer(number: float) -> JSON:
    return int(number) if number.is_integer() and -(2.0**63) <= number < 2.0**63 else number


# ---------------------------------------------------------------- what is not finite

_OPERATORS: Final = ("+", "-", "*", "/", "%")
_MOST_NODES: Final = 500


def divides(tree: Node) -> bool:
    """Whether its result may be NaN, which jlens shows as null."""
    return any(node.kind == "binary" and node.text in ("/", "%") for node in every(tree))


def with_names_for_nonfinite(text: str, tree: Node) -> str | None:
    """The expression with each operator of arithmetic a call of $sfn_arithmetic; None where there is none.

    On AWS `[1/0]` is ["Infinity"]. jlens refuses to carry such a number.
    """
    nodes = list(every(tree))
    if len(nodes) > _MOST_NODES or not any(_is_arithmetic(node) for node in nodes):
        return None
    return _rewritten(text, tree)


def _is_arithmetic(node: Node) -> bool:
    return node.kind == "binary" and node.text in _OPERATORS


def _rewritten(text: str, node: Node) -> str:
    if _is_arithmetic(node):
        left, right = (_rewritten(text, part) for part in node.parts)
        return f"$sfn_arithmetic('{node.text}',({left}),({right}))"
    pieces: list[str] = []
    position = node.start
    for part in node.parts:
        pieces += (text[position : part.start], _rewritten(text, part))
        position = part.end
    return "".join((*pieces, text[position : node.end]))


def arithmetic(operator: str, left: JSON, right: JSON) -> JSON:
    """One operation as in JSONata, with names for Infinity and NaN. Going on from a name is an error, as on AWS."""
    if left is None or right is None:
        return None
    if not is_number(left) or not is_number(right):
        raise Fault("D1001", "Number out of range: null")
    number = _compute(operator, float(left), float(right))
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else ("Infinity" if number > 0 else "-Infinity")


def _compute(operator: str, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    if right == 0:
        return math.nan if operator == "%" or left == 0 else math.copysign(math.inf, left)
    return left / right if operator == "/" else math.fmod(left, right)
