"""Conditions of JSONPath filters → closures.  (the dialect is Jayway's)

Knows values; must not know how the paths inside a condition are followed: a `Follow` is handed in.
What a condition needs of the document (`$…`) is looked up once per use of the filter, not once per item.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Final, Protocol, TypeAlias

from sfn_notebook.values import ABSENT, JSON, dumps

from .compare import equal, identity_key, is_number, utf16
from .path_syntax import All, Any, Comparison, Condition, Constant, Exists, Not, Operand, Path, Regex
from .regex import compile_regex


class Walk:
    """One evaluation of an indefinite path: its document, and how many nodes it may still visit."""

    __slots__ = ("left", "root")

    def __init__(self, root: JSON, left: int) -> None:
        self.root, self.left = root, left


class Follow(Protocol):
    """Compiles a path of a filter: what it finds from a node, ABSENT if nothing."""

    def __call__(self, path: Path) -> Callable[[JSON, Walk], JSON]: ...


Check: TypeAlias = Callable[[JSON], bool]
"""Whether a condition holds for an item."""

Bind: TypeAlias = Callable[[Walk], Check]
"""A compiled condition, still to be told which document it is used in."""

_Relation: TypeAlias = Callable[[JSON], Callable[[JSON], bool]]
"""The right operand's value → a test of the left one's: in two steps, as the right one seldom changes."""


def compile_condition(condition: Condition, follow: Follow) -> Bind:
    """The closure of a filter's condition."""
    match condition:
        case All(parts):
            return _combine(all, [compile_condition(part, follow) for part in parts])
        case Any(parts):
            return _combine(any, [compile_condition(part, follow) for part in parts])
        case Not(part):
            return _negate(compile_condition(part, follow))
        case Exists(path):
            return _exists(path, follow)
        case Comparison():
            return _compare(condition, follow)


def _combine(combination: Callable[[Iterable[bool]], bool], parts: list[Bind]) -> Bind:
    def bind(walk: Walk) -> Check:
        checks = [part(walk) for part in parts]
        return lambda item: combination(check(item) for check in checks)

    return bind


def _negate(part: Bind) -> Bind:
    def bind(walk: Walk) -> Check:
        check = part(walk)
        return lambda item: not check(item)

    return bind


def _exists(path: Path, follow: Follow) -> Bind:
    find = follow(path)
    nothing: tuple[JSON, ...] = (ABSENT,) if path.definite else (ABSENT, [])

    def bind(walk: Walk) -> Check:
        if path.root == "$":
            found = find(walk.root, walk) not in nothing
            return lambda _: found
        return lambda item: find(item, walk) not in nothing

    return bind


def _compare(comparison: Comparison, follow: Follow) -> Bind:
    relation = _RELATIONS[comparison.operator]
    left, right = _operand(comparison.left, follow), _operand(comparison.right, follow)

    def bind(walk: Walk) -> Check:
        if _is_fixed(comparison.right):
            test = relation(right(None, walk))
            return lambda item: test(left(item, walk))
        return lambda item: relation(right(item, walk))(left(item, walk))

    return bind


def _is_fixed(operand: Operand) -> bool:
    return not (isinstance(operand, Path) and operand.root == "@")


def _operand(operand: Operand, follow: Follow) -> Callable[[JSON, Walk], JSON]:
    match operand:
        case Constant(value):
            return lambda _item, _walk: value
        case Regex(pattern, flags):
            matches = compile_regex(pattern, flags)
            return lambda _item, _walk: matches
        case Path(root="$"):
            find = follow(operand)
            return lambda _item, walk: find(walk.root, walk)
        case Path():
            return follow(operand)


# ---------------------------------------------------------------- relations


def _equals(right: JSON) -> Check:
    return lambda left: left is not ABSENT and right is not ABSENT and _same(left, right)


def _same(left: JSON, right: JSON) -> bool:
    """Equality with Jayway's one conversion: a number equals the text of that number."""
    if is_number(left) and isinstance(right, str):
        return right.strip() == dumps(left)
    if isinstance(left, str) and is_number(right):
        return left.strip() == dumps(right)
    return equal(left, right)


def _differs(right: JSON) -> Check:
    same = _equals(right)
    return lambda left: not same(left)


def _ordered(holds: Callable[[JSON, JSON], bool]) -> _Relation:
    def relation(right: JSON) -> Check:
        if is_number(right):
            return lambda left: is_number(left) and holds(left, right)
        if isinstance(right, str):
            key = utf16(right)
            return lambda left: isinstance(left, str) and holds(utf16(left), key)
        return lambda _: False

    return relation


def _matches(right: JSON) -> Check:
    def check(left: JSON) -> bool:
        text = left if isinstance(left, str) else dumps(left) if is_number(left) or type(left) is bool else None
        return text is not None and right(text) is True

    return check


def _keys(value: JSON) -> frozenset[Hashable]:
    return frozenset(map(identity_key, value)) if type(value) is list else frozenset()


def _in(right: JSON) -> Check:
    members = _keys(right)
    return lambda left: left is not ABSENT and identity_key(left) in members


def _not_in(right: JSON) -> Check:
    check = _in(right)
    return lambda left: not check(left)


def _of_arrays(holds: Callable[[frozenset[Hashable], frozenset[Hashable]], bool]) -> _Relation:
    def relation(right: JSON) -> Check:
        members = _keys(right)
        return lambda left: type(left) is list and type(right) is list and holds(_keys(left), members)

    return relation


def _contains(right: JSON) -> Check:
    def check(left: JSON) -> bool:
        if isinstance(left, str):
            return isinstance(right, str) and right in left
        return right is not ABSENT and identity_key(right) in _keys(left)

    return check


def _size(right: JSON) -> Check:
    return lambda left: isinstance(left, list | str) and is_number(right) and len(left) == right


def _empty(right: JSON) -> Check:
    return lambda left: isinstance(left, list | dict | str) and (not left) is right


_RELATIONS: Final[dict[str, _Relation]] = {
    "==": _equals,
    "===": _equals,
    "!=": _differs,
    "!==": _differs,
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "=~": _matches,
    "in": _in,
    "nin": _not_in,
    "subsetof": _of_arrays(frozenset.issubset),
    "anyof": _of_arrays(lambda left, right: not left.isdisjoint(right)),
    "noneof": _of_arrays(frozenset.isdisjoint),
    "contains": _contains,
    "size": _size,
    "empty": _empty,
}
