"""Intrinsic functions → closures.  (spec: intrinsics)

What the functions are is in the table FUNCTIONS of `intrinsic_functions`. Names, numbers of arguments and
literals are checked when compiling, the rest when running.
"""

from __future__ import annotations

import difflib
import math
from itertools import count, islice
from typing import TYPE_CHECKING

from sfn_notebook.values import JSON, dumps, size

from . import jsonpath
from .intrinsic_functions import FUNCTIONS, Fault, Function, Kind, fill, split_template
from .intrinsic_syntax import Argument, Call, Literal, PathArgument, parse_call, paths_in
from .scope import Expression, Growth, QueryError, QuerySyntaxError, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .jsonpath import Miss

__all__ = ["FUNCTIONS", "Call", "compile_intrinsic", "growth", "parse_intrinsic", "paths_in"]


def parse_intrinsic(text: str) -> Call:
    """The call that `text` holds, with names, numbers of arguments and literals checked.

    Raises: QuerySyntaxError, and nothing else.
    """
    call = parse_call(text)
    _check(call)
    return call


def compile_intrinsic(text: str, site: str, miss: Miss) -> Expression:
    """The closure of the intrinsic call `text`; `site#0`, `site#1`, … are the keys of its draws of chance.

    Raises: QuerySyntaxError now; later QueryError: States.IntrinsicFailure, or what `miss` makes.
    """
    return _Compiler(site, miss).call(parse_intrinsic(text))


def growth(call: Call) -> Growth | None:
    """An upper bound of the result's size in that of the data; None if there is none."""
    constant, factor = FUNCTIONS[call.name].growth
    if factor == 0:
        return Growth(constant, 0)
    parts = [_growth_of_argument(argument) for argument in call.arguments]
    bounds = [part for part in parts if part is not None]
    if len(bounds) < len(parts):
        return None
    return Growth(
        constant + factor * sum(part.constant for part in bounds),
        factor * sum(part.factor for part in bounds),
    )


def _growth_of_argument(argument: Argument) -> Growth | None:
    match argument:
        case Literal(value):
            return Growth(size(value), 0)
        case PathArgument(path):
            return jsonpath.growth(path)
        case Call():
            return growth(argument)


# ---------------------------------------------------------------- checks


def _check(call: Call) -> None:
    function = FUNCTIONS.get(call.name)
    if function is None:
        raise _unknown(call)
    given, most = len(call.arguments), math.inf if function.variadic else len(function.kinds)
    if not function.least <= given <= most:
        message = f"{call.name} takes {_how_many(function)}, not {given}."
        raise QuerySyntaxError(message, call.offset, _example(function))
    for argument, kind in zip(call.arguments, _kinds(function), strict=False):
        if isinstance(argument, Literal) and not kind.takes_literal(argument.value):
            message = f"This argument of {call.name} must be {kind.name}."
            raise QuerySyntaxError(message, argument.offset, _example(function))
        if isinstance(argument, Call):
            _check(argument)
    if call.name == "States.Format":
        _check_format(call)


def _unknown(call: Call) -> QuerySyntaxError:
    names = {name.lower(): name for name in FUNCTIONS}
    wanted = f"states.{call.name.lower().removeprefix('states.')}"
    near = difflib.get_close_matches(wanted, names, 1)
    hint = f"Did you mean {names[near[0]]}?" if near else "Intrinsic functions start with 'States.'."
    return QuerySyntaxError(f"There is no intrinsic function {call.name}.", call.offset, hint)


def _example(function: Function) -> str:
    return f"For example {function.usage}."


def _how_many(function: Function) -> str:
    least, most = function.least, len(function.kinds)
    if function.variadic:
        return f"at least {least} argument{'s' * (least != 1)}"
    return f"{f'{least} to ' * (least != most)}{most or 'no'} argument{'s' * (most != 1)}"


def _kinds(function: Function) -> Iterator[Kind]:
    """The kinds of the arguments; the last one goes on where a function takes any number."""
    yield from function.kinds
    while function.variadic:
        yield function.kinds[-1]


def _check_format(call: Call) -> None:
    template, *values = call.arguments
    if isinstance(template, Literal) and (places := len(split_template(template.source)) - 1) != len(values):
        message = f"The template has {places} {{}} for {len(values)} argument{'s' * (len(values) != 1)}."
        raise QuerySyntaxError(message, template.offset, "Escape braces that are meant as text: \\{ and \\}.")


# ---------------------------------------------------------------- closures


class _Compiler:
    """Compiles one call with all that is in it, numbering the draws of chance from left to right."""

    def __init__(self, site: str, miss: Miss) -> None:
        self.site, self.miss = site, miss
        self.numbers = count()

    def call(self, call: Call) -> Expression:
        function = FUNCTIONS[call.name]
        template = call.arguments[0] if call.arguments else None
        if call.name == "States.Format" and isinstance(template, Literal):
            return self._format(call, template)
        values = [self._argument(argument) for argument in call.arguments]
        if function.draws and len(values) == function.least:
            values.append(self._chance())
        return _apply(call.name, function, values)

    def _argument(self, argument: Argument) -> Expression:
        match argument:
            case Literal(value):
                return lambda _data, _scope: value
            case PathArgument(path):
                return jsonpath.follow(path, self.miss)
            case Call():
                return self.call(argument)

    def _chance(self) -> Expression:
        site = f"{self.site}#{next(self.numbers)}"
        return lambda _data, scope: scope.draw(site)

    def _format(self, call: Call, template: Literal) -> Expression:
        """Format with a literal template, which is taken apart once."""
        pieces = split_template(template.source)
        values = [self._argument(argument) for argument in call.arguments[1:]]
        return lambda data, scope: fill(pieces, [value(data, scope) for value in values])


def _apply(name: str, function: Function, values: list[Expression]) -> Expression:
    run, kinds = function.run, tuple(islice(_kinds(function), len(values)))

    def call(data: JSON, scope: Scope) -> JSON:
        arguments = [value(data, scope) for value in values]
        try:
            _require(kinds, arguments)
            return run(*arguments)
        except Fault as fault:
            raise QueryError("States.IntrinsicFailure", f"Invalid arguments in {name}: {fault}") from None

    return call


def _require(kinds: tuple[Kind, ...], arguments: list[JSON]) -> None:
    for kind, argument in zip(kinds, arguments, strict=False):
        if not kind.accepts(argument):
            raise Fault(f"expected {kind.name}, but found {dumps(argument)[:100]}")
