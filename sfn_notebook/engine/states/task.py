"""Task: work that something outside does.  (spec: language, Task; history-events)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sfn_notebook.asl.model import State
from sfn_notebook.asl.resources import Resource, parse_resource
from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.dataflow import assign_flow, output_flow, path_flow, template_flow
from sfn_notebook.engine.events import ACTIVITY, ENTERED, LAMBDA_FUNCTION, SERVICE, Scheduling, TaskKinds
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.program import PARK, Step, successor
from sfn_notebook.engine.stimuli import make
from sfn_notebook.query.jsonpath import compile_path, template_miss
from sfn_notebook.query.scope import QueryError
from sfn_notebook.query.template import compile_payload
from sfn_notebook.values import JSON, dumps

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution
    from sfn_notebook.engine.frames import Frame

Schedule = Callable[[JSON, "Frame"], Scheduling]


def task_kinds(resource: Resource) -> TaskKinds:
    """The family of events of a resource."""
    if resource.kind == "lambda":
        return LAMBDA_FUNCTION
    return ACTIVITY if resource.kind == "activity" else SERVICE


def compile_task(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    fields, following = state.fields, successor(state, steps)
    resource = parse_resource(fields["Resource"])
    kinds = task_kinds(resource)
    step.task = resource, kinds
    take, select = path_flow(fields, "InputPath"), template_flow(fields, "Parameters")
    give, assign = output_flow(state), assign_flow(fields)
    fixed, schedule = _scheduling(fields, resource)
    entered, scheduled, started = ENTERED["Task"], kinds.scheduled, kinds.started

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        frame.arrive(step)
        return attempt(execution, frame)

    def attempt(execution: Execution, frame: Frame) -> Step:
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        about = schedule(data, frame) if fixed is None else fixed
        if select is not None:
            data, bound = select(data, bound, frame)
        if bound > execution.max_bytes:
            execution.measure(data, step.name)
        events = execution.events
        here = (len(events) >> 2) + 1
        events += (scheduled, frame.previous, about, data, started, here, resource, None)
        frame.previous = here + 1
        seconds = about.timeout
        target = execution.await_outside(frame)
        execution.commands.append(make(RunTask, (target, resource, data, seconds)))
        if seconds is not None:
            execution.start_timer(frame, target, "timeout", execution.now + seconds * 1000)
        if about.heartbeat is not None and resource.has_token:
            execution.start_timer(frame, target, "heartbeat", execution.now + about.heartbeat * 1000)
        return PARK

    def complete(execution: Execution, frame: Frame, result: JSON, bound: int) -> Step:
        variables = assign(result, frame) if assign is not None else None
        if give is not None:
            result, bound = give(frame.value, frame.bound, result, bound, frame)
        execution.exited(frame, step, result, bound, variables)
        return following

    step.enter, step.attempt, step.complete = enter, attempt, complete


def _scheduling(fields: Mapping[str, JSON], resource: Resource) -> tuple[Scheduling | None, Schedule]:
    """What the task is scheduled with, where the definition writes it out, and how it is computed otherwise."""
    settings: tuple[Any, ...] = (
        _seconds(fields, "TimeoutSeconds"),
        _seconds(fields, "HeartbeatSeconds"),
        _role(fields.get("Credentials", {})),
    )

    def schedule(data: JSON, frame: Frame) -> Scheduling:
        return Scheduling(resource, *(setting(data, frame) if callable(setting) else setting for setting in settings))

    return None if any(map(callable, settings)) else Scheduling(resource, *settings), schedule


def _seconds(fields: Mapping[str, JSON], name: str) -> int | Callable[[JSON, Frame], int] | None:
    """TimeoutSeconds or HeartbeatSeconds, written out or at a path of the effective input before Parameters."""
    path_name = f"{name}Path"
    if path_name not in fields:
        literal: int | None = fields.get(name)
        return literal
    text = fields[path_name]
    find = compile_path(text)

    def computed(data: JSON, frame: Frame) -> int:
        value = find(data, frame)
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise QueryError(
                RUNTIME,
                f"The {path_name} parameter does not reference a positive integer: {text} == {dumps(value)}",
            )
        return value

    return computed


def _role(credentials: Mapping[str, JSON]) -> str | Callable[[JSON, Frame], str] | None:
    if "RoleArn.$" not in credentials:
        literal: str | None = credentials.get("RoleArn")
        return literal
    expression = compile_payload(credentials["RoleArn.$"], "Credentials/RoleArn", template_miss("RoleArn.$")).evaluate

    def computed(data: JSON, frame: Frame) -> str:
        value = expression(data, frame)
        return value if isinstance(value, str) else dumps(value)

    return computed
