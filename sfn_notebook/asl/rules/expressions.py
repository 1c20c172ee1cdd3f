"""The paths and intrinsic calls of a definition, each parsed once, for all rules that look at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfn_notebook.asl.fields import Path, Template
from sfn_notebook.query import jsonpath
from sfn_notebook.query.intrinsics import Call, parse_intrinsic, paths_in
from sfn_notebook.query.scope import QuerySyntaxError
from sfn_notebook.query.template import SUFFIX

from .tree import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfn_notebook.values import JSON

    from .tree import Definition, Place, StateSite, ValueSite


@dataclass(frozen=True, slots=True)
class Expression:
    """A text that should be a path or an intrinsic call. One of path, call and fault is not None.

    kind: of the field it is the value of; None for a value in a payload template, where both are allowed.
    """

    place: Place
    text: str
    kind: Path | None
    state: StateSite | None
    path: jsonpath.Path | None = None
    call: Call | None = None
    fault: QuerySyntaxError | None = None

    @property
    def allows_calls(self) -> bool:
        """May it be an intrinsic call?"""
        return self.kind is None or bool(self.kind.intrinsics)

    def variables(self) -> Iterator[str]:
        """The variables that it reads."""
        paths = paths_in(self.call) if self.call else [self.path] if self.path else ()
        return (path.variable for path in paths if path.variable)


def entries(place: Place, value: JSON) -> Iterator[tuple[Place, str | int, JSON]]:
    """Everything inside `value` at any depth, as (place, key or index, item), in the order of the text."""
    first: tuple[Place, str | int, JSON] = (place, "", value)
    pending: list[Iterator[tuple[Place, str | int, JSON]]] = [iter([first])]
    while pending:
        entry = next(pending[-1], None)
        if entry is None:
            pending.pop()
            continue
        at, key, item = entry
        if at is not place:
            yield at, key, item
        if isinstance(item, dict | list):
            pending.append(_members(at, item))


def _members(place: Place, value: Any) -> Iterator[tuple[Place, str | int, JSON]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    return ((place / key, key, item) for key, item in members)


def is_dynamic(key: str | int) -> bool:
    """Does a key of a payload template say that its value is looked up?"""
    return isinstance(key, str) and key.endswith(SUFFIX)


@once
def template_entries(definition: Definition) -> list[tuple[Place, str | int, JSON, ValueSite]]:
    """Everything inside the payload templates, as `entries`, and the template that it is in."""
    return [(*entry, site) for site in definition.of(Template) for entry in entries(site.place, site.value)]


@once
def expressions(definition: Definition) -> tuple[Expression, ...]:
    """Every path and intrinsic call of the JSONPath states."""
    parser = _Parser()
    return tuple(parser.parse(*found) for found in _texts(definition))


def _texts(definition: Definition) -> Iterator[tuple[Place, str, Path | None, ValueSite]]:
    for site in definition.of(Path):
        if isinstance(site.value, str):
            yield site.place, site.value, site.kind, site
    for place, key, item, site in template_entries(definition):
        if is_dynamic(key) and isinstance(item, str):
            yield place, item, None, site


class _Parser:
    """Parses texts, each different one once."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, bool], dict[str, Any]] = {}

    def parse(self, place: Place, text: str, kind: Path | None, site: ValueSite) -> Expression:
        calls = kind is None or bool(kind.intrinsics)
        if (text, calls) not in self.known:
            try:
                self.known[text, calls] = _parsed(text, calls=calls)
            except QuerySyntaxError as fault:
                self.known[text, calls] = {"fault": fault}
        return Expression(place, text, kind, site.state, **self.known[text, calls])


def _parsed(text: str, *, calls: bool) -> dict[str, Any]:
    if text[:1].isspace():
        raise QuerySyntaxError("A path or function starts with no blank.", 0, "Delete the blank.")
    if calls and "(" in text and not text.startswith("$"):
        return {"call": parse_intrinsic(text)}
    if not text.startswith("$"):
        what = "neither a path nor an intrinsic function" if calls else "no path"
        raise QuerySyntaxError(f"this is {what}.", 0, "A path starts with $, as $.name does.")
    return {"path": jsonpath.parse(text)}
