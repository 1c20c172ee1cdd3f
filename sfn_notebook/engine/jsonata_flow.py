"""What a JSONata state makes of its input and of its result.  (spec: data-flow, JSONata pipeline)

    input ─Arguments→ (work) → $states.result ─┬─ Output → state output
                                               └─ Assign → variables, for the next state

Flows have the shapes of `dataflow`. Output and Assign see the same variables: those at the state's entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from sfn_notebook.asl.model import State
from sfn_notebook.query.jsonata import EvaluationError, States
from sfn_notebook.query.jsonata_template import CompiledValue, Expected, compile_typed, compile_value
from sfn_notebook.values import ABSENT, JSON, Absent, size

from .tap import tapped_value

if TYPE_CHECKING:
    from .frames import Frame

_HAVE_RESULTS: Final = ("Task", "Parallel", "Map")

Value = Callable[["Frame", JSON | Absent, JSON | Absent], JSON]
"""(frame, result, error output) → value. Raises: EvaluationError."""


def value_flow(value: JSON, field: str) -> Value:
    """The value of a field; `field` as AWS names it, say "Choices[1]/Output"."""
    return _flow(compile_value(value, field), field)


def typed_flow(value: JSON, field: str, expected: Expected) -> Value:
    """`value_flow` for a field that takes one type only."""
    return _flow(compile_typed(value, field, expected), field)


def _flow(compiled: CompiledValue, field: str) -> Value:
    if compiled.constant:
        constant = compiled.value
        return tapped_value(field, lambda _frame, _result, _error_output: constant)
    evaluate = compiled.evaluate

    def value(frame: Frame, result: JSON | Absent, error_output: JSON | Absent) -> JSON:
        guards = frame.execution.guards
        if guards:
            _give_up_again(guards.get(frame.target, ()), field)
        return evaluate(States(frame.value, result, error_output), frame)

    return tapped_value(field, value)


def _give_up_again(guarded: Any, field: str) -> None:
    """What the wall clock ended once ends there in each replay.  (DESIGN, law 7)"""
    for location, cause in guarded:
        if location == field or location.startswith((f"{field}/", f"{field}[")):
            raise EvaluationError(location, cause, guard=True)


def computed(value: Value) -> Callable[[JSON, Frame], Any]:
    """A value as a function of (data, frame), the shape of a JSONPath setting; the data is not looked at."""
    return lambda _data, frame: value(frame, ABSENT, ABSENT)


def bound_of(value: JSON, frame: Frame) -> int:
    """The size of a value, where anybody will ask for it."""
    return size(value) if frame.execution.is_limited else 0


def arguments_flow(fields: Mapping[str, JSON]) -> Callable[[JSON, int, Frame], tuple[JSON, int]] | None:
    """Arguments; None where there are none."""
    if "Arguments" not in fields:
        return None
    arguments = value_flow(fields["Arguments"], "Arguments")

    def flow(_value: JSON, _bound: int, frame: Frame) -> tuple[JSON, int]:
        out = arguments(frame, ABSENT, ABSENT)
        return out, bound_of(out, frame)

    return flow


def output_flow(
    state: State, fields: Mapping[str, JSON], site: str
) -> Callable[[JSON, int, JSON, int, Frame], tuple[JSON, int]] | None:
    """Output; None where the result (or, in states without one, the input) is the output."""
    if "Output" not in fields:
        return None
    output, with_result = value_flow(fields["Output"], f"{site}Output"), state.type in _HAVE_RESULTS

    def flow(_raw: JSON, _raw_bound: int, result: JSON, _bound: int, frame: Frame) -> tuple[JSON, int]:
        out = output(frame, result if with_result else ABSENT, ABSENT)
        return out, bound_of(out, frame)

    return flow


def assign_flow(state: State, fields: Mapping[str, JSON], site: str) -> Callable[[JSON, Frame], JSON] | None:
    """Assign; None where nothing is assigned."""
    if not fields.get("Assign"):
        return None
    assign, with_result = value_flow(fields["Assign"], f"{site}Assign"), state.type in _HAVE_RESULTS
    return lambda result, frame: assign(frame, result if with_result else ABSENT, ABSENT)


def caught_flow(
    fields: Mapping[str, JSON], site: str
) -> tuple[Callable[[JSON, Frame], tuple[JSON, int]], Callable[[JSON, Frame], JSON] | None]:
    """Output and Assign of the catcher at `site`, as functions of the error output."""
    output = value_flow(fields["Output"], f"{site}Output") if "Output" in fields else None
    assign = value_flow(fields["Assign"], f"{site}Assign") if fields.get("Assign") else None

    def out(error_output: JSON, frame: Frame) -> tuple[JSON, int]:
        value = error_output if output is None else output(frame, ABSENT, error_output)
        return value, bound_of(value, frame)

    if assign is None:
        return out, None
    return out, lambda error_output, frame: assign(frame, ABSENT, error_output)
