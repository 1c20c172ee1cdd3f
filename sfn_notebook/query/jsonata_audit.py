"""What the parts of a JSONata expression gave: how a value came about, or where nothing was found.

For explanations, which take their time: running never comes here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from sfn_notebook.values import ABSENT, JSON, Absent

from .jsonata import Program, States
from .jsonata_functions import Fault
from .jsonata_syntax import parse
from .scope import Scope

Outcome: TypeAlias = Literal["value", "undefined", "error"]


class Part(NamedTuple):
    """A part of an expression: its text, how deep it lies in others (from 0), and what it gave.

    value: ABSENT unless the outcome is "value"; long ones are cut short.
    """

    text: str
    depth: int
    outcome: Outcome
    value: JSON | Absent


_SAY_NOTHING: Final = frozenset({"block", "lambda", "number", "string", "value", "name", "bind"})
"""Kinds of parts whose value is plain, or that of another part."""
_FUNCTION: Final = "<function>"
_OUTCOMES: Final[dict[str, Outcome]] = {"undefined": "undefined", "error": "error"}
_AFTER: Final = len("\n)}")
"""What stands behind the text in the form that is evaluated."""


def audit(text: str, field: str, states: States, scope: Scope) -> tuple[Part, ...]:
    """The parts of the expression `text` of `field`, outer before inner; those that are evaluated many times (for each
    item of an array) are left out. Empty where the expression takes too long to be watched.
    """
    program = Program(text, parse(text), field)
    given = program.given(states, scope)
    form = program.form("value", given.hidden)
    try:
        found = form.evaluate_with_audit(
            given.document, program.bindings(scope), level="full", **program.quick, **given.options
        )
    except Fault:
        return ()
    end = len(form.source) - _AFTER
    seen = list(_inside(found["audit"]["root"], end - len(text), end, 0))
    times = Counter(_span(node) for node, _ in seen)
    once = [_part(node, depth) for node, depth in seen if times[_span(node)] == 1]
    if once and once[0].text == text.strip():
        return tuple(part._replace(depth=part.depth - 1) for part in once[1:])
    return tuple(once)


def _inside(node: dict[str, Any], start: int, end: int, depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    """The telling nodes between two offsets, with their depths."""
    span = node.get("span")
    tells = span is not None and start <= span["start"] and span["end"] <= end and _tells(node)
    if tells:
        yield node, depth
    for child in node.get("children", ()):
        yield from _inside(child, start, end, depth + tells)


def _tells(node: dict[str, Any]) -> bool:
    """Does the node's value say something that its text does not?"""
    if node["kind"] == "variable":
        return node["op"] not in ("$states", "$", "$$") and node.get("output") != _FUNCTION
    return node["kind"] not in _SAY_NOTHING and node.get("op") != ".."


def _span(node: dict[str, Any]) -> tuple[int, int]:
    return node["span"]["start"], node["span"]["end"]


def _part(node: dict[str, Any], depth: int) -> Part:
    outcome = _OUTCOMES.get(node["outcome"], "value")
    return Part(node["source"], depth, outcome, node["output"] if outcome == "value" else ABSENT)
