"""What a state makes of its input and of its result, in the order of the specification.  (spec: data-flow)

    raw input ─InputPath→ ─Parameters→ effective input ─(work)→ result
    result ─ResultSelector→ ─ResultPath (into the raw input)→ ─OutputPath→ output

A flow answers with (value, bound), bound being an upper limit of the value's size in bytes. Values are never copied.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from sfn_notebook.asl.model import State
from sfn_notebook.query.jsonpath import compile_path, identity, parse
from sfn_notebook.query.reference_path import compile_result_path
from sfn_notebook.query.scope import Expression, Growth
from sfn_notebook.query.template import compile_template
from sfn_notebook.values import JSON, size

from . import jsonata_flow
from .failures import Failure
from .tap import tapped, tapped_flow

if TYPE_CHECKING:
    from .frames import Frame

Flow: TypeAlias = Callable[[JSON, int, "Frame"], tuple[JSON, int]]
"""(value, bound, frame) → (value, bound)."""

OutputFlow: TypeAlias = Callable[[JSON, int, JSON, int, "Frame"], tuple[JSON, int]]
"""(raw input, its bound, result, its bound, frame) → (output, bound)."""

AssignFlow: TypeAlias = Callable[[JSON, "Frame"], JSON]
"""(data, frame) → the variables, by name."""


def _empty(_value: JSON, _bound: int, _frame: Frame) -> tuple[JSON, int]:
    return {}, 2


def _flow(expression: Expression, growth: Growth | None) -> Flow:
    if growth is None:

        def measured(value: JSON, _bound: int, frame: Frame) -> tuple[JSON, int]:
            out = expression(value, frame)
            return out, size(out)

        return measured
    constant, factor = growth

    def bounded(value: JSON, bound: int, frame: Frame) -> tuple[JSON, int]:
        return expression(value, frame), constant + factor * bound

    return bounded


def path_flow(fields: Mapping[str, JSON], name: str) -> Flow | None:
    """InputPath, OutputPath or ItemsPath of a JSONPath state; None where it changes nothing."""
    text = fields.get(name, "$")
    if text is None:
        return tapped_flow(name, _empty)
    path, expression = parse(text), compile_path(text)
    if expression is identity:
        return None
    return tapped_flow(name, _flow(expression, Growth(0, 1) if path.definite and path.root == "$" else None))


def template_flow(fields: Mapping[str, JSON], name: str) -> Flow | None:
    """Parameters, ItemSelector or ResultSelector of a JSONPath state; None where there is none."""
    if name not in fields:
        return None
    template = compile_template(fields[name], name)
    return tapped_flow(name, _flow(template.evaluate, template.growth))


def input_flow(state: State) -> Flow | None:
    """InputPath; None where the state's input is taken as it is."""
    return None if state.is_jsonata else path_flow(state.fields, "InputPath")


def arguments_flow(state: State) -> Flow | None:
    """Parameters or Arguments: what the work is given of the effective input; None for all of it."""
    if state.is_jsonata:
        return jsonata_flow.arguments_flow(state.fields)
    return template_flow(state.fields, "Parameters")


def chain(first: Flow | None, second: Flow | None) -> Flow | None:
    """One flow after the other."""
    if first is None or second is None:
        return first or second

    def both(value: JSON, bound: int, frame: Frame) -> tuple[JSON, int]:
        value, bound = first(value, bound, frame)
        return second(value, bound, frame)

    return both


def output_flow(state: State) -> OutputFlow | None:
    """ResultSelector, ResultPath, OutputPath, or Output; None where the result itself is the output."""
    fields = state.fields
    if state.is_jsonata:
        return jsonata_flow.output_flow(state, fields, "")
    select = template_flow(fields, "ResultSelector")
    merge = _merge(fields.get("ResultPath", "$"), "ResultPath")
    output = path_flow(fields, "OutputPath")
    if select is None and merge is None and output is None:
        return None

    def finish(raw: JSON, raw_bound: int, result: JSON, bound: int, frame: Frame) -> tuple[JSON, int]:
        if select is not None:
            result, bound = select(result, bound, frame)
        if merge is not None:
            result, bound = merge(raw, raw_bound, result, bound, frame)
        if output is not None:
            result, bound = output(result, bound, frame)
        return result, bound

    return finish


def _merge(result_path: str | None, field: str) -> OutputFlow | None:
    if result_path == "$":
        return None
    if result_path is None:
        return tapped_flow(field, lambda raw, raw_bound, _result, _bound, _frame: (raw, raw_bound))
    put = compile_result_path(result_path)
    added = 4 * len(result_path) + 8  # the keys on the way, quotes and braces; 4: escapes of a character

    def merge(raw: JSON, raw_bound: int, result: JSON, bound: int, _frame: Frame) -> tuple[JSON, int]:
        return put(raw, result), raw_bound + bound + added

    return tapped_flow(field, merge)


def assign_flow(state: State, fields: Mapping[str, JSON] | None = None, site: str = "") -> AssignFlow | None:
    """Assign: the variables that the next state will see; None where nothing is assigned.

    fields, site: of a choice rule ("Choices[0]/") or catcher; the state's own without them.
    """
    given = state.fields if fields is None else fields
    if state.is_jsonata:
        return jsonata_flow.assign_flow(state, given, site)
    if not given.get("Assign"):
        return None
    return tapped(f"{site}Assign", compile_template(given["Assign"], "Assign").evaluate)


class CatchFlow:
    """What a catcher makes of the error output: ResultPath or Output, and Assign."""

    __slots__ = ("_assign", "_output")

    def __init__(self, state: State, fields: Mapping[str, JSON], site: str) -> None:
        if state.is_jsonata:
            self._output, self._assign = jsonata_flow.caught_flow(fields, site)
        else:
            merge = _merge(fields.get("ResultPath", "$"), f"{site}ResultPath")
            self._output, self._assign = _into_input(merge), assign_flow(state, fields, site)

    def __call__(self, failure: Failure, frame: Frame) -> tuple[JSON, int, Mapping[str, JSON] | None]:
        error_output = failure.output()
        variables = None if self._assign is None else self._assign(error_output, frame)
        return *self._output(error_output, frame), variables


def _into_input(merge: OutputFlow | None) -> Callable[[JSON, Frame], tuple[JSON, int]]:
    def out(error_output: JSON, frame: Frame) -> tuple[JSON, int]:
        bound = size(error_output)
        if merge is None:
            return error_output, bound
        return merge(frame.value, frame.bound, error_output, bound, frame)

    return out
