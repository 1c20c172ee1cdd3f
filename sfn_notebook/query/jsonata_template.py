"""JSON in which strings may be JSONata expressions: Output, Arguments, Assign, Items and the like.
(spec: data-flow, JSONata pipeline)

A string is an expression if it starts exactly with `{%` and ends exactly with `%}`; keys never are. Whatever holds no
expression is computed once and shared by all results. Undefined, anywhere, is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sfn_notebook.values import JSON, dumps

from .compare import is_number
from .jsonata import EvaluationError, JsonataExpression, States, compile_expression, failure
from .scope import QuerySyntaxError, Scope
from .template import Place, TemplateSyntaxError
from .timestamps import parse_timestamp

OPENING: Final = "{%"
CLOSING: Final = "%}"

Expected: TypeAlias = Literal["array", "boolean", "integer", "number", "object", "string", "timestamp"]
"""What a field's value has to be."""


@dataclass(frozen=True, slots=True)
class CompiledValue:
    """A compiled value. constant: it gives the same, `value`, whatever the data."""

    evaluate: JsonataExpression
    constant: bool
    value: JSON = None


def expression_in(value: JSON) -> str | None:
    """The text between the delimiters, None if `value` is no expression."""
    if isinstance(value, str) and len(value) >= 4 and value.startswith(OPENING) and value.endswith(CLOSING):
        return value[len(OPENING) : -len(CLOSING)]
    return None


def compile_value(value: JSON, field: str) -> CompiledValue:
    """The closure of the value of `field`, say "Output" or "Choices[1]/Assign".

    Raises: TemplateSyntaxError, whose offset counts from the opening delimiter.
    """
    return _compile(value, field, ())


def compile_typed(value: JSON, field: str, expected: Expected) -> CompiledValue:
    """`compile_value` for a field that takes one type only. Literals have been checked by the linter.

    Raises: TemplateSyntaxError now; EvaluationError when an expression gives something else.
    """
    compiled = compile_value(value, field)
    text = expression_in(value)
    if text is None:
        return compiled
    evaluate, check = compiled.evaluate, _check(text, field, expected)
    return CompiledValue(lambda states, scope: check(evaluate(states, scope)), constant=False)


def expressions_in(value: JSON, place: Place = ()) -> list[tuple[Place, str]]:
    """All expressions in a value, with their places, for linters."""
    text = expression_in(value)
    if text is not None:
        return [(place, text)]
    return [found for key, item in _items(value) for found in expressions_in(item, (*place, key))]


def _items(value: JSON) -> list[tuple[str | int, JSON]]:
    if type(value) is dict:
        return list(value.items())
    return list(enumerate(value)) if type(value) is list else []


def _compile(value: JSON, field: str, place: Place) -> CompiledValue:
    text = expression_in(value)
    if text is not None:
        return CompiledValue(_expression(text, field, place), constant=False)
    parts = {key: _compile(item, _below(field, key), (*place, key)) for key, item in _items(value)}
    dynamic = tuple((key, part.evaluate) for key, part in parts.items() if not part.constant)
    if not dynamic:
        return CompiledValue(lambda _states, _scope: value, constant=True, value=value)

    def evaluate(states: States, scope: Scope) -> JSON:
        result = value.copy()
        for key, expression in dynamic:
            result[key] = expression(states, scope)
        return result

    return CompiledValue(evaluate, constant=False)


def _expression(text: str, field: str, place: Place) -> JsonataExpression:
    try:
        return compile_expression(text, field)
    except QuerySyntaxError as error:
        raise TemplateSyntaxError(error.message, place, error.offset + len(OPENING), error.hint) from None


def _below(field: str, key: str | int) -> str:
    return f"{field}[{key}]" if isinstance(key, int) else f"{field}/{key}"


# ---------------------------------------------------------------- types

_ACCEPTS: Final[dict[str, Callable[[JSON], bool]]] = {
    "array": lambda value: type(value) is list,
    "boolean": lambda value: type(value) is bool,
    "number": is_number,
    "object": lambda value: type(value) is dict,
    "string": lambda value: isinstance(value, str),
}
_NAMES: Final = {"integer": "number", "timestamp": "string"}
"""What AWS calls the type of a field that takes only some values of it."""


def type_name(value: JSON) -> str:
    """JSONata's name of a JSON value's type."""
    return "null" if value is None else next(name for name, accepts in _ACCEPTS.items() if accepts(value))


def unexpected(text: str, field: str, expected: str, value: JSON) -> EvaluationError:
    """The expression `text` gave something of another type than `expected`."""
    found = f"'{type_name(value)}' for value: {dumps(value)}"
    return failure(text, field, f"returned an unexpected result type. Expected '{expected}', but was {found}")


def _check(text: str, field: str, expected: Expected) -> Callable[[JSON], JSON]:
    name = _NAMES.get(expected, expected)
    accepts = _ACCEPTS[name]

    def check(value: JSON) -> JSON:
        if not accepts(value):
            raise unexpected(text, field, name, value)
        if expected == "integer" and type(value) is not int:
            raise EvaluationError(field, f"The {field} field cannot be parsed as an integer: {dumps(value)}")
        if expected == "timestamp" and parse_timestamp(value) is None:
            form = "an ISO-8601 extended offset date-time format string"
            raise EvaluationError(field, f"The {field} field cannot be parsed as {form}: {value}")
        return value

    return check
