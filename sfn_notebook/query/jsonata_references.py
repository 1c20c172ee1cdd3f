"""What a JSONata expression refers to: variables, fields of $states, and what AWS has no place for.
(spec: language, JSONata static checks; data-flow, Variables)

Knows the tree of an expression; must not know values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from .jsonata_syntax import Node

BUILT_IN: Final = frozenset(
    """
    abs append assert average base64decode base64encode boolean ceil contains count decodeUrl decodeUrlComponent
    distinct each encodeUrl encodeUrlComponent error exists filter floor formatBase formatInteger formatNumber
    fromMillis hash join keys length lookup lowercase map match max merge millis min not now number pad parse
    parseInteger partition power random range reduce replace reverse round shuffle sift single sort split spread
    sqrt string substring substringAfter substringBefore sum toMillis trim type uppercase uuid zip
    """.split()  # noqa: SIM905 - seventy names read better as text
)
"""The functions there are on AWS, its own included."""

_NEWER: Final = {"??": "?", "?:": ":"}
"""Operators of later JSONata, and what of them JSONata 2.0.6 stumbles over."""


class Problem(NamedTuple):
    """What is wrong with an expression, from one character to before another.

    code: AWS's: INVALID_JSONATA_EXPRESSION or UNSUPPORTED_JSONATA_EXPRESSION refuse a definition; "" is ours, for what
    is only found out when it runs there.
    """

    message: str
    start: int
    end: int
    code: str = "INVALID_JSONATA_EXPRESSION"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class References:
    """What an expression reads.

    variables: names (without `$`) whose values it uses, `$states` and what it binds itself aside.
    functions: names that it calls without defining them, and built-in functions that it hands on.
    states: the fields of $states; "" for $states as a whole.
    """

    variables: frozenset[str]
    functions: frozenset[str]
    states: frozenset[str]


def references(tree: Node) -> References:
    """The names that come from outside the expression."""
    walk = _Walk()
    walk.visit(tree, set())
    return References(frozenset(walk.variables), frozenset(walk.functions), frozenset(walk.states))


def problems(tree: Node) -> Iterator[Problem]:
    """What AWS refuses although later JSONata, or another context, would take it."""
    for node in every(tree):
        if node.kind == "binary" and node.text in _NEWER:
            yield _newer(node)
        elif node.kind == "variable" and node.text == "eval":
            yield _eval(node)
    yield from map(_unsupported, _at_top_level(tree))


def every(tree: Node) -> Iterator[Node]:
    """All nodes, in no particular order."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(node.parts)


def _newer(node: Node) -> Problem:
    left, right = node.parts
    hint = "Use $exists(…) ? … : …" if node.text == "??" else "Use … ? … : …"
    message = f'The symbol "{_NEWER[node.text]}" cannot be used as a unary operator'
    return Problem(message, left.end, right.start, hint=f"{hint}: AWS runs JSONata 2.0.6, which has no {node.text}.")


def _eval(node: Node) -> Problem:
    return Problem("AWS has no function $eval.", node.start, node.end, "", "Use $parse(…) to read JSON text.")


# ---------------------------------------------------------------- the top level

_ONLY_FIRST: Final = frozenset({"step", "filter", "group", "sort", "focus"})
"""Their later parts are evaluated in the context of what their first part found."""
_ALL: Final = frozenset({"negate", "binary", "call", "condition", "block", "array", "object"})
_LAST: Final = frozenset({"bind", "lambda"})


def _at_top_level(tree: Node) -> Iterator[Node]:
    """The nodes that read the context of the whole expression, of which there is none on AWS."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if node.kind in _ONLY_FIRST:
            first = node.parts[0]
            # A string that begins a path is a name.
            pending.append(_as_name(first) if node.kind == "step" and first.kind == "string" else first)
        elif node.kind in _ALL:
            pending.extend(reversed(node.parts))
        elif node.kind in _LAST:
            pending.append(node.parts[-1])
        elif node.kind in ("name", "wildcard") or (node.kind == "variable" and node.text in ("", "$")):
            yield node


def _as_name(node: Node) -> Node:
    return Node("name", node.text, node.start, node.end)


def _unsupported(node: Node) -> Problem:
    name = f"${node.text}" if node.kind == "variable" else node.text
    where = "" if name == "$$" else " at the top level"
    hint = "Use $states.input."
    if node.kind == "name":
        hint = f"Did you mean $states.input.{name}, or the variable ${name}?"
    message = f"Reference to '{name}'{where} is not supported."
    return Problem(message, node.start, node.end, "UNSUPPORTED_JSONATA_EXPRESSION", hint)


# ---------------------------------------------------------------- names from outside

_CHAIN: Final = _ONLY_FIRST | {"binary", "call"}


class _Walk:
    """Collects free names. Walks down chains such as `a.b.c` and `1 + 2 + 3` without recursion."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.functions: set[str] = set()
        self.states: set[str] = set()

    def visit(self, node: Node, bound: set[str]) -> None:
        chain: list[Node] = []
        while node.kind in _CHAIN:
            chain.append(node)
            node = node.parts[0]
        self._leaf(node, bound, chain[-1] if chain else None)
        for link in reversed(chain):
            if link.kind == "focus":
                bound = bound | {link.text}
            for part in link.parts[1:]:
                self.visit(part, bound)

    def _leaf(self, node: Node, bound: set[str], link: Node | None) -> None:
        match node.kind:
            case "variable":
                self._variable(node.text, bound, link)
            case "lambda":
                *parameters, body = node.parts
                self.visit(body, bound | {parameter.text for parameter in parameters})
            case "bind":
                self._bind(node, bound)
            case "block":
                inside = set(bound)
                for part in node.parts:
                    self.visit(part, inside)
            case _:
                for part in node.parts:
                    self.visit(part, bound)

    def _bind(self, node: Node, bound: set[str]) -> None:
        variable, value = node.parts
        if value.kind == "lambda":  # which may call itself
            bound.add(variable.text)
        self.visit(value, bound)
        bound.add(variable.text)

    def _variable(self, name: str, bound: set[str], link: Node | None) -> None:
        if name in bound or name in ("", "$"):
            return
        if name == "states":
            field = link.parts[1] if link is not None and link.kind == "step" else None
            self.states.add(field.text if field is not None and field.kind in ("name", "string") else "")
        elif (link is not None and link.kind == "call") or name in BUILT_IN:
            self.functions.add(name)
        else:
            self.variables.add(name)


# ---------------------------------------------------------------- paths


def pure_path(tree: Node) -> tuple[str, tuple[str, ...]] | None:
    """The variable and the field names of an expression that is nothing but `$variable.a.b`."""
    names: list[str] = []
    while tree.kind == "step" and tree.parts[1].kind in ("name", "string"):
        names.append(tree.parts[1].text)
        tree = tree.parts[0]
    if tree.kind != "variable" or tree.text in ("", "$"):
        return None
    return tree.text, tuple(reversed(names))
