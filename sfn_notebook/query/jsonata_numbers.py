"""Numbers on their way out of JSONata: AWS keeps 64-bit integers exact, writes 1.0 as 1, and names what is not finite.
(spec: data-flow, JSONata pipeline; intrinsics)

Knows values and trees; must not know how expressions are run. jlens computes with doubles: integers over 2^53 that it
only hands on are looked up again where they came from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Final

import orjson

from sfn_notebook.values import JSON, LONG

from .compare import is_number
from .jsonata_functions import Fault
from .jsonata_references import every
from .jsonata_syntax import Node

_EXACT: Final = 2**53
"""Up to here a double holds every integer."""


def settled(value: JSON, *sources: JSON) -> JSON:
    """A result of jlens with the numbers AWS would give; changed in place. `sources` are what the expression read."""
    return _settle(value, _Originals(sources)) if type(value) in _CHANGES else value


def _settle(value: JSON, originals: _Originals) -> JSON:
    kind = type(value)
    if kind is int:
        return value if -_EXACT < value < _EXACT else originals.of(value)
    if kind is dict:
        for name, item in value.items():
            if type(item) in _CHANGES:
                value[name] = _settle(item, originals)
    elif kind is list:
        for index, item in enumerate(value):
            if type(item) in _CHANGES:
                value[index] = _settle(item, originals)
    return value


_CHANGES: Final = frozenset({int, dict, list})


class _Originals:
    """The large numbers an expression may have handed on, found by their doubles; looked for only when needed."""

    def __init__(self, sources: tuple[JSON, ...]) -> None:
        self._sources = sources
        self._known: dict[float, JSON] | None = None

    def of(self, number: int) -> JSON:
        if self._known is None:
            self._known = {}
            for original in _large_numbers(list(self._sources)):
                # Two numbers of one double cannot be told apart: the double stays.
                double = float(original)
                same = self._known.setdefault(double, original) == original
                if not same or type(original) is float:
                    self._known[double] = double
        whole = int(self._known.get(float(number), number))  # a range looks for a float one by one
        return whole if whole in LONG else float(whole)


def _large_numbers(value: JSON) -> Iterator[float]:
    """Numbers in `value` beyond those of which a double holds every integer."""
    pending = [value]
    while pending:
        item = pending.pop()
        kind = type(item)
        if kind is dict:
            pending.extend(item.values())
        elif kind is list:
            pending.extend(item)
        elif (kind is int or kind is float) and not -_EXACT < item < _EXACT:
            yield item


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
