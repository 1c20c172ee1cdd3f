"""JSONPath: text → compiled function.  (spec: data-flow, JSONPath dialect)

A definite path finds one value or fails; an indefinite one (`*`, `..`, slice, filter, several indexes) finds
a list, possibly empty, also when what stands before its first indefinite step is missing.
Nearly all paths of real machines are `$`, `$.a.b`, `$$.a`, `$x.a` or end in an index: those get closures of
their own, which try the plain lookups and find out what was missing only once something was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias

from sfn_notebook.values import ABSENT, JSON, dumps

from .filters import Bind, Walk, compile_condition
from .path_syntax import (
    Descent,
    Filter,
    Index,
    Indexes,
    Name,
    Names,
    Path,
    Slice,
    Step,
    Wildcard,
    parse,
)
from .scope import Expression, Growth, QueryError, Scope

__all__ = [
    "Miss",
    "Path",
    "compile_path",
    "default_miss",
    "follow",
    "growth",
    "identity",
    "parse",
    "template_miss",
]

Miss: TypeAlias = Callable[[str, str, JSON], QueryError]
"""(path text, detail, data) → the error of a definite path that found nothing."""

MAX_NODES: Final = 10_000_000
"""How many nodes one evaluation may visit: `$..*..*..*` on deep data visits more than anybody waits for."""

_Walker: TypeAlias = Callable[[JSON], JSON]
"""Follows definite steps from a root; LookupError or TypeError if it finds nothing."""

_Stage: TypeAlias = Callable[[list[JSON], Walk], Iterator[JSON]]
"""One step of an indefinite path, over all nodes found so far."""


def default_miss(text: str, detail: str, data: JSON) -> QueryError:
    """What InputPath, OutputPath and most other fields say."""
    del data
    return QueryError("States.Runtime", f"Invalid path '{text}' : {detail}")


def template_miss(field: str) -> Miss:
    """What the key `field` of a payload template says, also ErrorPath and CausePath."""

    def miss(text: str, detail: str, data: JSON) -> QueryError:
        del detail
        sought = f"The JSONPath '{text}' specified for the field '{field}'"
        return QueryError("States.Runtime", f"{sought} could not be found in the input '{dumps(data)}'")

    return miss


def compile_path(text: str, miss: Miss = default_miss) -> Expression:
    """The closure of the path `text`; for plain `$` it is `identity` itself.

    Raises: QuerySyntaxError now; later QueryError, made by `miss` when a definite path finds nothing.
    """
    return follow(parse(text), miss)


def follow(path: Path, miss: Miss = default_miss) -> Expression:
    """`compile_path` for a path that has been parsed."""
    if path.definite:
        return _definite(path, miss)
    return _indefinite(path, miss)


def identity(data: JSON, scope: Scope) -> JSON:
    """The path `$`."""
    del scope
    return data


def growth(path: Path) -> Growth | None:
    """An upper bound of the found value's size in that of the data; None if there is none."""
    if path.root != "$" or any(isinstance(step, Descent) for step in path.steps):
        return None
    factor = 1
    for step in path.steps:
        if isinstance(step, Indexes):
            factor *= len(step.indexes)  # an item may be named more than once: [0,-1]
    return Growth(0 if path.reference else 2, factor)


# ---------------------------------------------------------------- definite paths


def _definite(path: Path, miss: Miss) -> Expression:
    if path.root == "$$":
        return _in_context(path, miss)
    if path.root == "variable":
        return _in_variable(path, miss)
    if not path.steps:
        return identity
    fail = _failure(path, miss)
    match path.steps:
        case (Name(name),):
            return _member(name, fail)
        case (Name(first), Name(second)):
            return _member_of_member(first, second, fail)
    walk = _walker(path.steps)

    def found(data: JSON, scope: Scope) -> JSON:
        del scope
        try:
            return walk(data)
        except (LookupError, TypeError):
            raise fail(data, data) from None

    return found


_Fail: TypeAlias = Callable[[JSON, JSON], QueryError]
"""(root, data) → the error: finds out what was missing."""


def _failure(path: Path, miss: Miss) -> _Fail:
    def fail(root: JSON, data: JSON) -> QueryError:
        return miss(path.text, _explain(path.steps, root), data)

    return fail


# A text as key finds something in an object only, so the plain lookup needs no test of the type.


def _member(name: str, fail: _Fail) -> Expression:
    def member(data: JSON, scope: Scope) -> JSON:
        del scope
        try:
            return data[name]
        except (LookupError, TypeError):
            raise fail(data, data) from None

    return member


def _member_of_member(first: str, second: str, fail: _Fail) -> Expression:
    def member(data: JSON, scope: Scope) -> JSON:
        del scope
        try:
            return data[first][second]
        except (LookupError, TypeError):
            raise fail(data, data) from None

    return member


def _in_context(path: Path, miss: Miss) -> Expression:
    if not path.steps:
        return lambda _data, scope: scope.context()
    walk, fail = _walker(path.steps), _failure(path, miss)

    def found(data: JSON, scope: Scope) -> JSON:
        context = scope.context()
        try:
            return walk(context)
        except (LookupError, TypeError):
            raise fail(context, data) from None

    return found


def _in_variable(path: Path, miss: Miss) -> Expression:
    read, fail = _variable(path, miss), _failure(path, miss)
    if not path.steps:
        return read
    walk = _walker(path.steps)

    def found(data: JSON, scope: Scope) -> JSON:
        value = read(data, scope)
        try:
            return walk(value)
        except (LookupError, TypeError):
            raise fail(value, data) from None

    return found


def _variable(path: Path, miss: Miss) -> Expression:
    name = path.variable

    def variable(data: JSON, scope: Scope) -> JSON:
        try:
            return scope.variables[name]
        except KeyError:
            raise miss(path.text, f"The variable ${name} has no value", data) from None

    return variable


def _walker(steps: Sequence[Step]) -> _Walker:
    match steps:
        case (*names, Index(index)) if all(isinstance(step, Name) for step in names):
            return _item(_walker(names), index)
        case _ if all(isinstance(step, Name) for step in steps):
            return _members(tuple(step.name for step in steps if isinstance(step, Name)))
    return _mixed(steps)


def _members(names: tuple[str, ...]) -> _Walker:
    match names:
        case ():
            return lambda value: value
        case (first,):
            return lambda value: value[first]
        case first, second:
            return lambda value: value[first][second]
        case first, second, third:
            return lambda value: value[first][second][third]

    def members(value: JSON) -> JSON:
        for name in names:
            value = value[name]
        return value

    return members


def _item(array: _Walker, index: int) -> _Walker:
    def item(value: JSON) -> JSON:
        items = array(value)
        if type(items) is not list:  # text has an item 0 too, but not in JSON
            raise TypeError
        return items[index]

    return item


def _mixed(steps: Sequence[Step]) -> _Walker:
    def walk(value: JSON) -> JSON:
        for step in steps:
            match step:
                case Name(name):
                    value = value[name]
                case Index(index) if type(value) is list:
                    value = value[index]
                case Names(names) if type(value) is dict:
                    value = _pick(value, names)
                case _:
                    raise TypeError
        return value

    return walk


def _pick(value: dict[str, JSON], names: tuple[str, ...]) -> dict[str, JSON]:
    return {name: value[name] for name in names if name in value}


# ---------------------------------------------------------------- what was missing


def _explain(steps: tuple[Step, ...], value: JSON) -> str:
    """Why definite `steps` find nothing in `value`, as Jayway says it."""
    for done, step in enumerate(steps):
        match step:
            case Name(name) if type(value) is dict:
                if name not in value:
                    return _missing(steps, done)
                value = value[name]
            case Index(index) if type(value) is list:
                if not -len(value) <= index < len(value):
                    return f"No results for path: {_show(steps)}"
                value = value[index]
            case Index() if value is None:
                return f"The path {_show(steps[:done])} is null"
            case Index():
                found = f"Current context is: {dumps(value)}"
                return f"Filter: {_show_step(step)} can only be applied to arrays. {found}"
            case _:
                sought = f"{_show_step(step)} in path {_show(steps[:done])} but found '{_kind(value)}'"
                return f"Expected to find an object with property {sought}"
    raise AssertionError("all steps were found")


def _missing(steps: tuple[Step, ...], done: int) -> str:
    if done == len(steps) - 1:
        return f"No results for path: {_show(steps)}"
    return f"Missing property in path {_show(steps[: done + 1])}"


def _show(steps: Sequence[Step]) -> str:
    return "$" + "".join(map(_show_step, steps))


def _show_step(step: Step) -> str:
    match step:
        case Name(name):
            return f"['{name}']"
        case Names(names):
            return "[" + ",".join(f"'{name}'" for name in names) + "]"
        case Index(index):
            return f"[{index}]"
    raise AssertionError(step)


_KINDS: Final = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
}


def _kind(value: JSON) -> str:
    return _KINDS.get(type(value), "null")


# ---------------------------------------------------------------- indefinite paths


def _indefinite(path: Path, miss: Miss) -> Expression:
    stages = _stages(path.steps)
    match path.root:
        case "$$":
            return lambda _data, scope: _run(stages, scope.context(), path.text)
        case "variable":
            read = _variable(path, miss)
            return lambda data, scope: _run(stages, read(data, scope), path.text)
    return lambda data, _scope: _run(stages, data, path.text)


def _run(stages: list[_Stage], root: JSON, text: str) -> list[JSON]:
    try:
        return _advance(stages, root, Walk(root, MAX_NODES))
    except _TooMany:
        raise QueryError("States.Runtime", f"Invalid path '{text}' : it visits more than {MAX_NODES} nodes") from None


class _TooMany(Exception):
    """A walk has visited all the nodes it may."""


def _advance(stages: list[_Stage], start: JSON, walk: Walk) -> list[JSON]:
    nodes = [start]
    for stage in stages:
        # Stages are lazy, so that a step which multiplies nodes stops here and not when memory is full.
        nodes = list(islice(stage(nodes, walk), walk.left + 1))
        _spend(walk, len(nodes))
    return nodes


def _spend(walk: Walk, visited: int) -> None:
    walk.left -= visited
    if walk.left < 0:
        raise _TooMany


def _stages(steps: tuple[Step, ...]) -> list[_Stage]:
    return [
        _stage(step, after_descent=isinstance(before, Descent), last=number == len(steps) - 1)
        for number, (before, step) in enumerate(zip((None, *steps), steps, strict=False))
    ]


def _stage(step: Step, *, after_descent: bool, last: bool) -> _Stage:
    match step:
        case Name(name):
            return _each_name((name,))
        case Names(names):
            return _picked(names, whole=after_descent) if last else _each_name(names)
        case Index(index):
            return _each_index((index,))
        case Indexes(indexes):
            return _each_index(indexes)
        case Slice(start, stop, stride):
            part = slice(start, stop, stride)
            return lambda nodes, _: (item for node in nodes if type(node) is list for item in node[part])
        case Wildcard():
            return lambda nodes, _: (item for node in nodes for item in _children(node))
        case Descent():
            return _descend
        case Filter(condition):
            bind = compile_condition(condition, _follow_in_filter)
            return _themselves(bind) if after_descent else _filtered(bind)


def _children(node: JSON) -> list[JSON]:
    if type(node) is list:
        return node
    return list(node.values()) if type(node) is dict else []


def _picked(names: tuple[str, ...], *, whole: bool) -> _Stage:
    # After `..` Jayway wants all the names; elsewhere it takes those that are there.
    least = len(names) if whole else 0

    def stage(nodes: list[JSON], _: Walk) -> Iterator[JSON]:
        objects = (_pick(node, names) for node in nodes if type(node) is dict)
        return (found for found in objects if len(found) >= least)

    return stage


def _each_name(names: tuple[str, ...]) -> _Stage:
    return lambda nodes, _: (node[name] for node in nodes if type(node) is dict for name in names if name in node)


def _each_index(indexes: tuple[int, ...]) -> _Stage:
    return lambda nodes, _: (
        node[index] for node in nodes if type(node) is list for index in indexes if -len(node) <= index < len(node)
    )


def _descend(nodes: list[JSON], _: Walk) -> Iterator[JSON]:
    """All arrays and objects in the nodes, each before what is in it."""
    for node in nodes:
        pending = [node]
        while pending:
            value = pending.pop()
            if type(value) in (dict, list):
                yield value
                pending.extend(reversed(_children(value)))


def _filtered(bind: Bind) -> _Stage:
    """The items of arrays that pass; an object is tested itself, as Jayway does."""

    def stage(nodes: list[JSON], walk: Walk) -> Iterator[JSON]:
        check = bind(walk)
        for node in nodes:
            if type(node) is list:
                _spend(walk, len(node))  # those that do not pass count too
                yield from filter(check, node)
            elif type(node) is dict and check(node):
                yield node

    return stage


def _themselves(bind: Bind) -> _Stage:
    # After `..` every array and object comes by itself; its items must not be found a second time.
    return lambda nodes, walk: filter(bind(walk), nodes)


def _follow_in_filter(path: Path) -> Callable[[JSON, Walk], JSON]:
    if not path.definite:
        stages = _stages(path.steps)
        return lambda node, walk: _advance(stages, node, walk)
    find = _walker(path.steps)

    def found(node: JSON, walk: Walk) -> JSON:
        _spend(walk, 1)
        try:
            return find(node)
        except (LookupError, TypeError):
            return ABSENT

    return found
