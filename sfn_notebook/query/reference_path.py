"""ResultPath: where a result goes.  (spec: data-flow, ResultPath; States Language: Reference Paths)

An update builds new containers along the path and shares all the rest: values are never changed in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sfn_notebook.values import JSON, dumps

from .path_syntax import Index, Name, parse
from .scope import QueryError, QuerySyntaxError

Update: TypeAlias = Callable[[JSON, JSON], JSON]
"""(raw input, result) → the input with the result in its place."""

_Key: TypeAlias = str | int


def compile_result_path(text: str) -> Update:
    """The update that ResultPath `text` makes. Missing objects on the way are made, array items must exist.

    Raises: QuerySyntaxError now, for anything but a reference path into the input; later QueryError
    States.ResultPathMatchFailure when the input has no such place.
    """
    keys = _keys(text)
    if not keys:
        return lambda _raw, result: result
    if len(keys) == 1 and isinstance(keys[0], str):
        return _member(keys[0])
    return lambda raw, result: _put(raw, keys, result)


def _keys(text: str) -> tuple[_Key, ...]:
    path = parse(text)
    start = len(text) - len(text.lstrip())
    if path.root != "$":
        what = "the context object" if path.root == "$$" else "a variable"
        raise QuerySyntaxError(f"A ResultPath cannot name {what}.", start, "It starts with '$.', the state's input.")
    if not path.reference:
        raise QuerySyntaxError(
            "A ResultPath names one place: only names and single indexes may be in it.",
            start,
            "Leave out wildcards, slices, filters and '..'.",
        )
    return tuple(
        step.name if isinstance(step, Name) else step.index for step in path.steps if isinstance(step, Name | Index)
    )


def _member(name: str) -> Update:
    def put(raw: JSON, result: JSON) -> JSON:
        if type(raw) is not dict:
            raise _no_place(name, raw)
        return {**raw, name: result}

    return put


def _put(raw: JSON, keys: Sequence[_Key], result: JSON) -> JSON:
    """Down the path to where nothing exists yet, then up again with copies."""
    containers: list[JSON] = []
    value = raw
    for key in keys:
        containers.append(value)
        if isinstance(key, str) and type(value) is dict:
            value = value.get(key, {})
        elif isinstance(key, int) and type(value) is list and -len(value) <= key < len(value):
            value = value[key]
        else:
            raise _no_place(key, value)
    for key, container in zip(reversed(keys), reversed(containers), strict=True):
        copy = container.copy()
        copy[key] = result
        result = copy
    return result


def _no_place(key: _Key, value: JSON) -> QueryError:
    return QueryError("States.ResultPathMatchFailure", f'Unable to apply step "{key}" to input {dumps(value)}')
