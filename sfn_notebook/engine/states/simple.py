"""States that need nothing from outside: Pass, Choice, Succeed, Fail.  (spec: language)

Each is one function, its steps in the specification's order. `here` is the id of the state's Entered event.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sfn_notebook.asl.model import State
from sfn_notebook.engine.dataflow import AssignFlow, assign_flow, chain, output_flow, path_flow, template_flow
from sfn_notebook.engine.events import ENTERED, EXITED
from sfn_notebook.engine.failures import RUNTIME, Failure
from sfn_notebook.engine.program import END, Step, successor
from sfn_notebook.query.choice import compile_rule
from sfn_notebook.query.jsonpath import template_miss
from sfn_notebook.query.scope import Expression, QueryError
from sfn_notebook.query.template import compile_payload
from sfn_notebook.values import ABSENT, JSON, size

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution
    from sfn_notebook.engine.frames import Frame

_CHANCE = ("States.UUID", "States.MathRandom")


def draws_chance(state: State) -> bool:
    """May an expression of this state draw chance? Then its visits are counted, for chance is keyed by them."""
    return any(name in json.dumps(state.fields) for name in _CHANCE)


def compile_pass(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    fields, name, following = state.fields, state.name, successor(state, steps)
    take = chain(path_flow(fields, "InputPath"), template_flow(fields, "Parameters"))
    give, assign, counted = output_flow(state), assign_flow(fields), draws_chance(state)
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
    flow = chain(path_flow(state.fields, "InputPath"), path_flow(state.fields, "OutputPath"))
    entered = ENTERED["Succeed"]

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        out, bound = frame.value, frame.bound
        if flow is not None:
            out, bound = flow(out, bound, frame)
        execution.exited(frame, step, out, bound, None)
        return END

    step.enter = enter


def compile_choice(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    fields, counted = state.fields, draws_chance(state)
    take, give = path_flow(fields, "InputPath"), path_flow(fields, "OutputPath")
    rules = [(compile_rule(rule), steps[rule["Next"]], assign_flow(rule)) for rule in fields["Choices"]]
    default, default_assign = steps.get(fields.get("Default", "")), assign_flow(fields)
    entered = ENTERED["Choice"]

    def decide(data: JSON, frame: Frame) -> tuple[Step, AssignFlow | None]:
        for test, target, assign in rules:
            if test(data, frame):
                return target, assign
        if default is None:
            raise QueryError(
                RUNTIME, "Failed to transition out of the state. The state does not point to a next state."
            )
        return default, default_assign

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        if counted:
            frame.arrive(step)
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        target, assign = decide(data, frame)
        variables = assign(data, frame) if assign is not None else None
        if give is not None:
            data, bound = give(data, bound, frame)
        execution.exited(frame, step, data, bound, variables)
        return target

    step.enter = enter


def compile_fail(step: Step, state: State, _steps: Mapping[str, Step]) -> None:
    error, cause = (_text(state.fields, name) for name in ("Error", "Cause"))
    entered, counted = ENTERED["Fail"], draws_chance(state)

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        if counted:
            frame.arrive(step)
        return execution.fail(frame, Failure(error(frame), cause(frame)))

    step.enter = enter


def _text(fields: Mapping[str, JSON], name: str) -> Callable[[Frame], str | None]:
    """Error or Cause, written out or computed by its …Path field."""
    path_name = f"{name}Path"
    if path_name not in fields:
        literal = fields.get(name)
        return lambda _frame: literal
    text = fields[path_name]
    expression: Expression = compile_payload(text, path_name, template_miss(path_name)).evaluate

    def computed(frame: Frame) -> str:
        value = expression(frame.value, frame)
        if isinstance(value, str):
            return value
        raise QueryError(RUNTIME, f"The {path_name} parameter does not reference a string value: {text}")

    return computed
