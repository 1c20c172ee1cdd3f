"""Choice rules of JSONPath mode → closures.  (States Language: Choice State; spec: language, Choice)

Knows operators and values; must not know which state comes next.
A comparison of things of different types is false, never an error; only a missing Variable is one.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from sfn_notebook.values import JSON

from .compare import is_number, utf16
from .jsonpath import compile_path
from .scope import Expression, QueryError, QuerySyntaxError, Scope, Test
from .timestamps import parse_timestamp
from .wildcard import compile_wildcard

_MAX_NESTING: Final = 100


class Operator(NamedTuple):
    """What an operator compares.

    kind: "string", "number", "boolean", "timestamp" or "pattern": the type its value in a definition must
    have; with `is_path`, that value is a path to such a thing.
    """

    kind: str
    is_path: bool


def _comparisons(family: str, kind: str, relations: tuple[str, ...]) -> dict[str, Operator]:
    return {
        f"{family}{relation}{suffix}": Operator(kind, bool(suffix)) for relation in relations for suffix in ("", "Path")
    }


_RELATIONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "GreaterThan": operator.gt,
    "LessThanEquals": operator.le,
    "GreaterThanEquals": operator.ge,
}

_TYPE_TESTS: Final[dict[str, Callable[[JSON], bool]]] = {
    "IsNull": lambda value: value is None,
    "IsNumeric": is_number,
    "IsString": lambda value: isinstance(value, str),
    "IsBoolean": lambda value: type(value) is bool,
    "IsTimestamp": lambda value: isinstance(value, str) and parse_timestamp(value) is not None,
}

OPERATORS: Final[Mapping[str, Operator]] = {
    **_comparisons("String", "string", tuple(_RELATIONS)),
    "StringMatches": Operator("pattern", is_path=False),
    **_comparisons("Numeric", "number", tuple(_RELATIONS)),
    **_comparisons("Boolean", "boolean", ("Equals",)),
    **_comparisons("Timestamp", "timestamp", tuple(_RELATIONS)),
    "IsPresent": Operator("boolean", is_path=False),
    **dict.fromkeys(_TYPE_TESTS, Operator("boolean", is_path=False)),
}
"""All 39 comparison operators."""

_Key: TypeAlias = Callable[[JSON], Any]

_KEYS: Final[dict[str, _Key]] = {
    "string": lambda value: utf16(value) if isinstance(value, str) else None,
    "pattern": lambda value: value if isinstance(value, str) else None,
    "number": lambda value: value if is_number(value) else None,
    "boolean": lambda value: value if type(value) is bool else None,
    "timestamp": lambda value: parse_timestamp(value) if isinstance(value, str) else None,
}
"""kind → what a value of that kind is compared by; None for a value of another kind."""


def compile_rule(rule: Mapping[str, JSON]) -> Test:
    """The test of one choice rule; Next, Assign and Comment are not looked at.

    Raises: QuerySyntaxError now, for a rule that is none; later QueryError when its Variable is missing.
    """
    return _compile(rule, 0)


def _compile(rule: object, depth: int) -> Test:
    if not isinstance(rule, Mapping):
        raise QuerySyntaxError("A choice rule is an object.")
    if depth > _MAX_NESTING:
        raise QuerySyntaxError(f"Choice rules nest deeper than {_MAX_NESTING} levels.")
    given = [name for name in rule if name in ("And", "Or", "Not") or name in OPERATORS]
    if len(given) != 1:
        _refuse(rule, given)
    [name] = given
    match name:
        case "And" | "Or":
            return _all_or_any(name, rule[name], depth)
        case "Not":
            part = _compile(rule[name], depth + 1)
            return lambda data, scope: not part(data, scope)
    return _comparison(name, rule[name], rule)


def _refuse(rule: Mapping[str, JSON], given: list[str]) -> NoReturn:
    if given:
        raise QuerySyntaxError(f"A choice rule has one operator, this one has {' and '.join(given)}.")
    names = ("And", "Or", "Not", *OPERATORS)
    near = [match for name in rule for match in difflib.get_close_matches(name, names, 1, 0.8)]
    raise QuerySyntaxError("A choice rule needs an operator.", hint=f"Did you mean {near[0]}?" if near else "")


def _all_or_any(name: str, rules: object, depth: int) -> Test:
    if not isinstance(rules, list) or not rules:
        raise QuerySyntaxError(f"{name} holds a non-empty array of rules.")
    parts = tuple(_compile(part, depth + 1) for part in rules)
    combine = all if name == "And" else any
    return lambda data, scope: combine(part(data, scope) for part in parts)


def _comparison(name: str, value: JSON, rule: Mapping[str, JSON]) -> Test:
    variable = rule.get("Variable")
    if not isinstance(variable, str):
        raise QuerySyntaxError(f"A rule with {name} needs a Variable, the path of what it compares.")
    kind, is_path = OPERATORS[name]
    if is_path:
        return _compare_with_path(name, kind, variable, value)
    key = _key(name, kind)
    wanted = key(value)
    if wanted is None:
        what = "an RFC 3339 timestamp" if kind == "timestamp" else f"a {kind}"
        raise QuerySyntaxError(f"The value of {name} must be {what}.")
    if name == "IsPresent":
        return _is_present(variable, wanted)
    found = compile_path(variable, _invalid)
    if name == "StringMatches":
        return _satisfies(found, _matches(value), wanted=True)
    if name in _TYPE_TESTS:
        return _satisfies(found, _TYPE_TESTS[name], wanted=wanted)
    return _compare_with(found, key, _relation(name), wanted)


def _relation(name: str) -> Callable[[Any, Any], bool]:
    """`NumericLessThanEqualsPath` → `<=`"""
    for family in ("String", "Numeric", "Boolean", "Timestamp"):
        name = name.removeprefix(family)
    return _RELATIONS[name.removesuffix("Path")]


def _key(name: str, kind: str) -> _Key:
    """Text that need not be put in order is compared as it is."""
    return _KEYS["pattern" if name.startswith("StringEquals") else kind]


def _compare_with(find: Expression, key: _Key, relation: Callable[[Any, Any], bool], wanted: JSON) -> Test:
    def test(data: JSON, scope: Scope) -> bool:
        found = key(find(data, scope))
        return found is not None and relation(found, wanted)

    return test


def _compare_with_path(name: str, kind: str, variable: str, value: JSON) -> Test:
    if not isinstance(value, str):
        raise QuerySyntaxError(f"The value of {name} must be a path.")
    find, find_wanted = compile_path(variable, _invalid), compile_path(value, _invalid)
    key, relation = _key(name, kind), _relation(name)

    def test(data: JSON, scope: Scope) -> bool:
        found, wanted = key(find(data, scope)), key(find_wanted(data, scope))
        return found is not None and wanted is not None and relation(found, wanted)

    return test


def _satisfies(find: Expression, holds: Callable[[JSON], bool], *, wanted: bool) -> Test:
    return lambda data, scope: holds(find(data, scope)) is wanted


def _matches(pattern: str) -> Callable[[JSON], bool]:
    matches = compile_wildcard(pattern)
    return lambda value: isinstance(value, str) and matches(value)


class _Missing(QueryError):
    """A Variable that is not there."""


def _invalid(text: str, detail: str, data: JSON) -> QueryError:
    del detail, data
    cause = f"Invalid path '{text}': The choice state's condition path references an invalid value."
    return _Missing("States.Runtime", cause)


def _is_present(variable: str, wanted: bool) -> Test:  # noqa: FBT001 - the operand is a boolean
    find = compile_path(variable, _invalid)

    def test(data: JSON, scope: Scope) -> bool:
        try:
            find(data, scope)
        except _Missing:
            return not wanted
        return wanted

    return test
