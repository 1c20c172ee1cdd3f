"""Parallel and the inline Map: states that run containers and wait for all of them.  (spec: language;
history-events)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from sfn_notebook.asl.model import State
from sfn_notebook.engine.dataflow import (
    Flow,
    arguments_flow,
    assign_flow,
    chain,
    input_flow,
    output_flow,
    path_flow,
    template_flow,
)
from sfn_notebook.engine.events import ENTERED, FANOUT_STARTED, FANOUT_SUCCEEDED, ITERATION_STARTED
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.frames import Frame, Join
from sfn_notebook.engine.jsonata_flow import bound_of, typed_flow, value_flow
from sfn_notebook.engine.program import PARK, Step, successor
from sfn_notebook.engine.tap import tapped
from sfn_notebook.query.jsonata import EvaluationError
from sfn_notebook.query.jsonata_template import expression_in, unexpected
from sfn_notebook.query.jsonpath import compile_path
from sfn_notebook.query.scope import QueryError
from sfn_notebook.values import ABSENT, JSON, Absent, dumps

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution

_SCALAR_SIZE = 32


def compile_parallel(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    take = chain(input_flow(state), arguments_flow(state))
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
    take, items_of, limit_of = input_flow(state), items_flow(state), max_concurrency(state)
    started = FANOUT_STARTED["Map"]

    def attempt(execution: Execution, frame: Frame) -> Step:
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        limit = limit_of(data, frame)
        items, items_bound = items_of(data, bound, frame)
        frame.previous = execution.record(started, frame.previous, step.name, len(items))
        keys = list(items) if isinstance(items, dict) else None
        join = frame.join = Join(frame, step, len(items), data, items if keys is None else list(items.values()), keys)
        join.limit = limit or len(items)
        join.data_bound, join.items_bound = bound, items_bound
        if not items:
            return execution.joined(join)
        while join.started < min(join.limit, len(items)):
            begin_iteration(execution, join, frame.previous)
        return PARK

    step.begin_iteration = begin_iteration = _begin_iteration(step, item_selector(state))
    _fan_out(step, state, steps, attempt)


def _fan_out(step: Step, state: State, steps: Mapping[str, Step], attempt: Callable[[Execution, Frame], Step]) -> None:
    """What Parallel and Map have in common: entering, and making the children's outputs the state's output."""
    following, entered, succeeded = successor(state, steps), ENTERED[state.type], FANOUT_SUCCEEDED[state.type]
    give, assign = output_flow(state), assign_flow(state)

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
            value, bound = selected(select, join, index, owner)
        here = execution.record(ITERATION_STARTED, previous, step.name, index)
        child = join.live[index] = Frame(execution, value, bound, here, join, index)
        execution.ready.append((first, child))

    return begin


def selected(select: Flow, join: Join, index: int, owner: Frame) -> tuple[JSON, int]:
    """What an item selector makes of an item: it sees the Map's effective input, and the item in the context."""
    key = ABSENT if join.keys is None else join.keys[index]
    owner.item = item_in_context(index, join.items[index], key, STATE_DATA)
    try:
        return select(join.data, join.data_bound, owner)
    finally:
        owner.item = None


def item_in_context(index: int, value: JSON, key: str | Absent, source: str) -> dict[str, JSON]:
    """Map.Item of the context object.  (spec: language, Context object)"""
    known = {} if key is ABSENT else {"Key": key}
    return {"Index": index, "Value": value, **known, "Source": source}


STATE_DATA: Final = "STATE_DATA"
"""Where the items of a Map without ItemReader come from.  (spec: language, Context object)"""


def item_selector(state: State) -> Flow | None:
    """ItemSelector, or Parameters as it was called before; None where an item is an iteration's input."""
    if state.is_jsonata:
        if "ItemSelector" not in state.fields:
            return None
        select = value_flow(state.fields["ItemSelector"], "ItemSelector")

        def flow(_data: JSON, _bound: int, frame: Frame) -> tuple[JSON, int]:
            out = select(frame, ABSENT, ABSENT)
            return out, bound_of(out, frame)

        return flow
    return template_flow(state.fields, "ItemSelector") or template_flow(state.fields, "Parameters")


def items_flow(state: State) -> Callable[[JSON, int, Frame], tuple[JSON, int]]:
    """ItemsPath or Items: an array or an object, and the bound of its size."""
    if state.is_jsonata:
        return _jsonata_items(state.fields)
    text = state.fields.get("ItemsPath", "$")
    find = path_flow({"ItemsPath": text}, "ItemsPath")

    def items(data: JSON, bound: int, frame: Frame) -> tuple[JSON, int]:
        found, bound = (data, bound) if find is None else find(data, bound, frame)
        if isinstance(found, list | dict):
            return found, bound
        raise QueryError(RUNTIME, f'Reference path "{text}" must point to array.')

    return items


def _jsonata_items(fields: Mapping[str, JSON]) -> Callable[[JSON, int, Frame], tuple[JSON, int]]:
    if "Items" in fields:
        items_of, text = value_flow(fields["Items"], "Items"), expression_in(fields["Items"])

        def items(_data: JSON, _bound: int, frame: Frame) -> tuple[JSON, int]:
            found = items_of(frame, ABSENT, ABSENT)
            if not isinstance(found, list | dict):
                raise unexpected(text or dumps(fields["Items"]), "Items", "array", found)
            return found, bound_of(found, frame)

        return items

    def state_input(data: JSON, bound: int, _frame: Frame) -> tuple[JSON, int]:
        if isinstance(data, list | dict):
            return data, bound
        raise EvaluationError("", f"Map state input must be an array but was: {dumps(data)}")

    return state_input


def max_concurrency(state: State) -> Callable[[JSON, Frame], int]:
    """MaxConcurrency, however it is given; 0 is no limit."""
    fields = state.fields
    if state.is_jsonata and expression_in(fields.get("MaxConcurrency")) is not None:
        limit_of = typed_flow(fields["MaxConcurrency"], "MaxConcurrency", "integer")

        def evaluated(_data: JSON, frame: Frame) -> int:
            limit: int = limit_of(frame, ABSENT, ABSENT)
            if limit < 0:
                raise EvaluationError("MaxConcurrency", f"The MaxConcurrency field cannot be negative: {limit}")
            return limit

        return evaluated
    if "MaxConcurrencyPath" not in fields:
        literal = fields.get("MaxConcurrency", 0)
        return lambda _data, _frame: literal
    return whole_at(fields["MaxConcurrencyPath"], "MaxConcurrencyPath")


def whole_at(text: str, field: str) -> Callable[[JSON, Frame], int]:
    """The whole number, not negative, to which the path `text` of `field` leads."""
    find = integer_at(text, field)

    def computed(data: JSON, frame: Frame) -> int:
        value = find(data, frame)
        if value < 0:
            raise _no_number(field, value, "integer", text)
        return value

    return computed


def integer_at(text: str, field: str) -> Callable[[JSON, Frame], int]:
    """The integer to which the path `text` of `field` leads; text that holds one will do, as recorded."""
    find = tapped(field, compile_path(text))

    def computed(data: JSON, frame: Frame) -> int:
        value = find(data, frame)
        if type(value) is int:
            return value
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        raise _no_number(field, value, "integer", text)

    return computed


def float_at(text: str, field: str) -> Callable[[JSON, Frame], float]:
    """The number to which the path `text` of `field` leads; text that holds one will do."""
    find = tapped(field, compile_path(text))

    def computed(data: JSON, frame: Frame) -> float:
        value = find(data, frame)
        if type(value) in (int, float):
            return float(value)
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            return float(value)
        raise _no_number(field, value, "float", text)

    return computed


_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?")


def _no_number(field: str, value: JSON, what: str, text: str) -> QueryError:
    shown = value if isinstance(value, str) else dumps(value)
    return QueryError(RUNTIME, f'The {field} field refers to value "{shown}" which is not a valid {what}: {text}')
