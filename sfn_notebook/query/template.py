"""Payload templates: JSON in which keys ending `.$` are looked up.  (spec: data-flow, Payload templates)

Used for Parameters, ResultSelector, ItemSelector, JSONPath Assign, BatchInput and the like.
Whatever a template holds that never changes is computed once and shared by all results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from sfn_notebook.values import JSON, size

from . import intrinsics, jsonpath
from .jsonpath import Miss, template_miss
from .path_syntax import Path, parse
from .scope import Expression, Growth, QuerySyntaxError, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

SUFFIX: Final = ".$"
"""Ends the keys whose values are looked up."""

Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled template.

    constant: it gives the same value whatever the data.
    growth: an upper bound of the value's compact JSON size in that of the data, None where there is none.
    """

    evaluate: Expression
    constant: bool
    growth: Growth | None


class TemplateSyntaxError(QuerySyntaxError):
    """A template is wrong at `place`, keys and indexes from its root; `offset` counts in the text there."""

    def __init__(self, message: str, place: Place, offset: int = 0, hint: str = "") -> None:
        super().__init__(message, offset, hint)
        self.place = place


def compile_template(template: JSON, field: str) -> Compiled:
    """The closure of a payload template; `field`, say "Parameters", keys its draws of chance.

    Raises: TemplateSyntaxError.
    """
    return _compile(template, field, ())


def compile_payload(value_text: str, site: str, miss: Miss) -> Compiled:
    """The closure of one `.$` value: a path, context path, variable path or intrinsic call.

    Raises: QuerySyntaxError.
    """
    if value_text.lstrip().startswith("$"):
        path = parse(value_text)
        return Compiled(jsonpath.follow(path, miss), constant=False, growth=jsonpath.growth(path))
    expression = intrinsics.compile_intrinsic(value_text, site, miss)
    return Compiled(expression, constant=False, growth=intrinsics.growth(intrinsics.parse_intrinsic(value_text)))


def paths_in_payload(value_text: str) -> list[Path]:
    """All paths in one `.$` value, for linters and for the list of variables a state refers to.

    Raises: QuerySyntaxError.
    """
    if value_text.lstrip().startswith("$"):
        return [parse(value_text)]
    return list(intrinsics.paths_in(intrinsics.parse_intrinsic(value_text)))


def _compile(template: JSON, field: str, place: Place) -> Compiled:
    if not _is_dynamic(template):
        return _constant(template)
    return _object(template, field, place) if type(template) is dict else _array(template, field, place)


def _is_dynamic(template: JSON) -> bool:
    if type(template) is dict:
        return any(key.endswith(SUFFIX) or _is_dynamic(value) for key, value in template.items())
    return type(template) is list and any(map(_is_dynamic, template))


def _constant(value: JSON) -> Compiled:
    return Compiled(lambda _data, _scope: value, constant=True, growth=Growth(size(value), 0))


def _object(template: dict[str, JSON], field: str, place: Place) -> Compiled:
    parts: dict[str, Compiled] = {}
    prototype: dict[str, JSON] = {}
    for key, value in template.items():
        name = key.removesuffix(SUFFIX)
        if name in parts:
            raise TemplateSyntaxError(f"The template gives {name!r} twice: with and without '.$'.", (*place, key))
        parts[name] = _member(key, value, field, (*place, key))
        prototype[name] = value if parts[name].constant else None  # holds the key's place in the order
    around = sum(size(name) + 2 for name in parts)
    return _container(prototype, parts.items(), around)


def _array(template: list[JSON], field: str, place: Place) -> Compiled:
    parts = [_compile(item, field, (*place, index)) for index, item in enumerate(template)]
    return _container(template, enumerate(parts), len(parts))


def _container(prototype: JSON, parts: Iterable[tuple[str | int, Compiled]], around: int) -> Compiled:
    """Copies the prototype and puts in what is not constant; `around` is the size of keys and punctuation."""
    every = list(parts)
    dynamic = tuple((key, part.evaluate) for key, part in every if not part.constant)

    def evaluate(data: JSON, scope: Scope) -> JSON:
        value = prototype.copy()
        for key, expression in dynamic:
            value[key] = expression(data, scope)
        return value

    return Compiled(evaluate, constant=False, growth=_total([part.growth for _, part in every], around + 2))


def _total(growths: list[Growth | None], constant: int) -> Growth | None:
    factor = 0
    for growth in growths:
        if growth is None:
            return None
        constant += growth.constant
        factor += growth.factor
    return Growth(constant, factor)


def _member(key: str, value: JSON, field: str, place: Place) -> Compiled:
    if not key.endswith(SUFFIX):
        return _compile(value, field, place)
    if not isinstance(value, str):
        message = f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
        raise TemplateSyntaxError(message, place, hint=f"Leave out the '.$' of {key!r} for a constant.")
    try:
        return compile_payload(value, "/".join(map(str, (field, *place))), template_miss(key))
    except QuerySyntaxError as error:
        raise TemplateSyntaxError(error.message, place, error.offset, error.hint) from None
