"""Parallel and the inline Map: states that run containers and wait for all of them.  (spec: language;
history-events)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sfn_notebook.asl.model import State
from sfn_notebook.engine.dataflow import Flow, assign_flow, chain, output_flow, path_flow, template_flow
from sfn_notebook.engine.events import ENTERED, FANOUT_STARTED, FANOUT_SUCCEEDED, ITERATION_STARTED
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.frames import Frame, Join
from sfn_notebook.engine.program import PARK, Step, successor
from sfn_notebook.query.jsonpath import compile_path
from sfn_notebook.query.scope import QueryError
from sfn_notebook.values import JSON, dumps

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution

_SCALAR_SIZE = 32


def compile_parallel(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    take = chain(path_flow(state.fields, "InputPath"), template_flow(state.fields, "Parameters"))
    branches = step.start_steps
    started = FANOUT_STARTED["Parallel"]

    def attempt(execution: Execution, frame: Frame) -> Step:
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        if bound > execution.max_bytes:
            bound = execution.measure(data, step.name)
        frame.previous = execution.record(started, frame.previous, step.name, None)
        join = frame.join = Join(frame, step, len(branches), data, None)
        for index, branch in enumerate(branches):
            child = join.live[index] = Frame(execution, data, bound, frame.previous, join, index)
            execution.ready.append((branch, child))
        join.started = len(branches)
        return PARK

    _fan_out(step, state, steps, attempt)


def compile_map(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    fields = state.fields
    take, items_of, limit_of = path_flow(fields, "InputPath"), _items(fields), _max_concurrency(fields)
    started = FANOUT_STARTED["Map"]

    def attempt(execution: Execution, frame: Frame) -> Step:
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        limit = limit_of(data, frame)
        items, items_bound = items_of(data, bound, frame)
        frame.previous = execution.record(started, frame.previous, step.name, len(items))
        join = frame.join = Join(frame, step, len(items), data, items)
        join.limit = limit or len(items)
        join.data_bound, join.items_bound = bound, items_bound
        if not items:
            return execution.joined(join)
        while join.started < min(join.limit, len(items)):
            begin_iteration(execution, join, frame.previous)
        return PARK

    step.begin_iteration = begin_iteration = _begin_iteration(step, _item_selector(fields))
    _fan_out(step, state, steps, attempt)


def _fan_out(step: Step, state: State, steps: Mapping[str, Step], attempt: Callable[[Execution, Frame], Step]) -> None:
    """What Parallel and Map have in common: entering, and making the children's outputs the state's output."""
    following, entered, succeeded = successor(state, steps), ENTERED[state.type], FANOUT_SUCCEEDED[state.type]
    give, assign = output_flow(state), assign_flow(state.fields)

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        frame.arrive(step)
        return attempt(execution, frame)

    def complete(execution: Execution, frame: Frame, result: JSON, bound: int) -> Step:
        execution.record(succeeded, frame.previous, step.name, None)  # Exited points at the same event
        variables = assign(result, frame) if assign is not None else None
        if give is not None:
            result, bound = give(frame.value, frame.bound, result, bound, frame)
        execution.exited(frame, step, result, bound, variables)
        return following

    step.enter, step.attempt, step.complete = enter, attempt, complete


def _begin_iteration(step: Step, select: Flow | None) -> Callable[[Execution, Join, int], None]:
    first = step.start_steps[0]

    def begin(execution: Execution, join: Join, previous: int) -> None:
        """Start the next iteration; `previous` is the event that made room for it."""
        index, owner = join.started, join.frame
        join.started = index + 1
        value = join.items[index]
        bound = join.items_bound if isinstance(value, dict | list | str) else _SCALAR_SIZE
        if select is not None:
            owner.item = {"Index": index, "Value": value}
            try:
                value, bound = select(join.data, join.data_bound, owner)
            finally:
                owner.item = None
        here = execution.record(ITERATION_STARTED, previous, step.name, index)
        child = join.live[index] = Frame(execution, value, bound, here, join, index)
        execution.ready.append((first, child))

    return begin


def _item_selector(fields: Mapping[str, JSON]) -> Flow | None:
    return template_flow(fields, "ItemSelector") or template_flow(fields, "Parameters")


def _items(fields: Mapping[str, JSON]) -> Callable[[JSON, int, Frame], tuple[list[JSON], int]]:
    text = fields.get("ItemsPath", "$")
    find = path_flow({"ItemsPath": text}, "ItemsPath")

    def items(data: JSON, bound: int, frame: Frame) -> tuple[list[JSON], int]:
        found, bound = (data, bound) if find is None else find(data, bound, frame)
        if isinstance(found, list):
            return found, bound
        raise QueryError(RUNTIME, f'Reference path "{text}" must point to array.')

    return items


def _max_concurrency(fields: Mapping[str, JSON]) -> Callable[[JSON, Frame], int]:
    if "MaxConcurrencyPath" not in fields:
        literal = fields.get("MaxConcurrency", 0)
        return lambda _data, _frame: literal
    text = fields["MaxConcurrencyPath"]
    find = compile_path(text)

    def computed(data: JSON, frame: Frame) -> int:
        value = find(data, frame)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            shown = value if isinstance(value, str) else dumps(value)
            raise QueryError(
                RUNTIME,
                f'The MaxConcurrencyPath field refers to value "{shown}" which is not a valid integer: {text}',
            )
        return value

    return computed
