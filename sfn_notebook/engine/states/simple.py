"""States that need nothing from outside: Pass, Choice, Succeed, Fail.  (spec: language)

Each is one function, its steps in the specification's order. `here` is the id of the state's Entered event.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from sfn_notebook.asl.model import State
from sfn_notebook.engine.dataflow import (
    AssignFlow,
    OutputFlow,
    arguments_flow,
    assign_flow,
    chain,
    input_flow,
    output_flow,
)
from sfn_notebook.engine.events import ENTERED, EXITED
from sfn_notebook.engine.failures import RUNTIME, Failure
from sfn_notebook.engine.jsonata_flow import computed, typed_flow
from sfn_notebook.engine.jsonata_flow import output_flow as jsonata_output_flow
from sfn_notebook.engine.program import END, Step, successor
from sfn_notebook.engine.tap import tapped
from sfn_notebook.query.choice import compile_rule
from sfn_notebook.query.jsonpath import template_miss
from sfn_notebook.query.scope import Expression, QueryError
from sfn_notebook.query.template import compile_payload
from sfn_notebook.values import ABSENT, JSON, size

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution
    from sfn_notebook.engine.frames import Frame

_CHANCE = ("States.UUID", "States.MathRandom")


def is_counted(state: State) -> bool:
    """Must visits of this state be told apart? Chance is keyed by them, and so is where the guard of JSONata fired."""
    return state.is_jsonata or any(name in json.dumps(state.fields) for name in _CHANCE)


def compile_pass(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    fields, name, following = state.fields, state.name, successor(state, steps)
    take = None if state.is_jsonata else chain(input_flow(state), arguments_flow(state))
    give, assign, counted = output_flow(state), assign_flow(state), is_counted(state)
    entered, exited = ENTERED["Pass"], EXITED["Pass"]
    constant = fields.get("Result", ABSENT)
    constant_size = 0 if constant is ABSENT else size(constant)

    def enter_plain(execution: Execution, frame: Frame) -> Step:
        events, value = execution.events, frame.value
        here = (len(events) >> 2) + 1
        events += (entered, frame.previous, name, value, exited, here, name, value)
        frame.previous = here + 1
        return following

    def enter(execution: Execution, frame: Frame) -> Step:
        value = frame.value
        execution.entered(frame, step, entered)
        if counted:
            frame.arrive(step)
        result, bound = value, frame.bound
        if take is not None:
            result, bound = take(value, bound, frame)
        if constant is not ABSENT:
            result, bound = constant, constant_size
        variables = assign(result, frame) if assign is not None else None
        if give is not None:
            result, bound = give(value, frame.bound, result, bound, frame)
        execution.exited(frame, step, result, bound, variables)
        return following

    does_nothing = take is None and give is None and assign is None and constant is ABSENT
    step.enter = enter_plain if does_nothing else enter


def compile_succeed(step: Step, state: State, _steps: Mapping[str, Step]) -> None:
    take, give, counted = input_flow(state), output_flow(state), is_counted(state)
    entered = ENTERED["Succeed"]

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        if counted:
            frame.arrive(step)
        out, bound = frame.value, frame.bound
        if take is not None:
            out, bound = take(out, bound, frame)
        if give is not None:
            out, bound = give(out, bound, out, bound, frame)
        execution.exited(frame, step, out, bound, None)
        return END

    step.enter = enter


class _Way(NamedTuple):
    """One way out of a Choice."""

    target: Step
    assign: AssignFlow | None
    give: OutputFlow | None


def compile_choice(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    counted, take, entered = is_counted(state), input_flow(state), ENTERED["Choice"]
    rules = [_rule(state, rule, f"Choices[{index}]/", steps) for index, rule in enumerate(state.fields["Choices"])]
    default = None
    if "Default" in state.fields:
        default = _Way(steps[state.fields["Default"]], assign_flow(state), output_flow(state))

    def decide(data: JSON, frame: Frame) -> _Way:
        for test, way in rules:
            if test(data, frame):
                return way
        if default is None:
            raise QueryError(
                RUNTIME, "Failed to transition out of the state. The state does not point to a next state."
            )
        return default

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        if counted:
            frame.arrive(step)
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        target, assign, give = decide(data, frame)
        variables = assign(data, frame) if assign is not None else None
        if give is not None:
            data, bound = give(data, bound, data, bound, frame)
        execution.exited(frame, step, data, bound, variables)
        return target

    step.enter = enter


def _rule(
    state: State, rule: Mapping[str, JSON], site: str, steps: Mapping[str, Step]
) -> tuple[Callable[[JSON, Frame], bool], _Way]:
    """A rule's test, and where it leads. In JSONata each rule has its own Output, in JSONPath the state has one."""
    target, assign = steps[rule["Next"]], assign_flow(state, rule, site)
    if state.is_jsonata:
        test = computed(typed_flow(rule["Condition"], f"{site}Condition", "boolean"))
        return test, _Way(target, assign, jsonata_output_flow(state, rule, site))
    return tapped(site.rstrip("/"), compile_rule(rule)), _Way(target, assign, output_flow(state))


def compile_fail(step: Step, state: State, _steps: Mapping[str, Step]) -> None:
    error, cause = (_text(state, name) for name in ("Error", "Cause"))
    entered, counted = ENTERED["Fail"], is_counted(state)

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        if counted:
            frame.arrive(step)
        return execution.fail(frame, Failure(error(frame), cause(frame)))

    step.enter = enter


def _text(state: State, name: str) -> Callable[[Frame], str | None]:
    """Error or Cause, written out, a JSONata expression, or computed by its …Path field."""
    fields, path_name = state.fields, f"{name}Path"
    if state.is_jsonata and name in fields:
        text_of = typed_flow(fields[name], name, "string")
        return lambda frame: text_of(frame, ABSENT, ABSENT)
    if path_name not in fields:
        literal = fields.get(name)
        return lambda _frame: literal
    text = fields[path_name]
    expression: Expression = tapped(path_name, compile_payload(text, path_name, template_miss(path_name)).evaluate)

    def computed(frame: Frame) -> str:
        value = expression(frame.value, frame)
        if isinstance(value, str):
            return value
        raise QueryError(RUNTIME, f"The {path_name} parameter does not reference a string value: {text}")

    return computed
