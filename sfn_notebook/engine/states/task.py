"""Task: work that something outside does.  (spec: language, Task; history-events)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sfn_notebook.asl.model import State
from sfn_notebook.asl.resources import Resource, parse_resource
from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.dataflow import assign_flow, output_flow, path_flow, template_flow
from sfn_notebook.engine.events import ACTIVITY, ENTERED, LAMBDA_FUNCTION, SERVICE, Scheduled, TaskKinds
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.program import PARK, Step, successor
from sfn_notebook.query.jsonpath import compile_path, template_miss
from sfn_notebook.query.scope import QueryError
from sfn_notebook.query.template import compile_payload
from sfn_notebook.values import JSON, dumps

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution
    from sfn_notebook.engine.frames import Frame

Setting = Callable[[JSON, "Frame"], "int | None"]


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
    timeout, heartbeat = _seconds(fields, "TimeoutSeconds"), _seconds(fields, "HeartbeatSeconds")
    role = _role(fields.get("Credentials", {}))
    entered, scheduled, started = ENTERED["Task"], kinds.scheduled, kinds.started

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        frame.arrive(step)
        return attempt(execution, frame)

    def attempt(execution: Execution, frame: Frame) -> Step:
        data, bound = frame.value, frame.bound
        if take is not None:
            data, bound = take(data, bound, frame)
        seconds, beat, role_arn = timeout(data, frame), heartbeat(data, frame), role(data, frame)
        if select is not None:
            data, bound = select(data, bound, frame)
        if bound > execution.max_bytes:
            execution.measure(data, step.name)
        events = execution.events
        before = len(events) >> 2
        events += (
            scheduled,
            frame.previous,
            resource,
            Scheduled(data, seconds, beat, role_arn),
            started,
            before + 1,
            resource,
            None,
        )
        frame.previous = before + 2
        target = execution.await_outside(frame)
        execution.commands.append(RunTask(target, resource, data, seconds, execution.time_of(frame.entered)))
        if seconds is not None:
            execution.start_timer(target, "timeout", execution.now + seconds * 1000)
        if beat is not None and resource.has_token:
            execution.start_timer(target, "heartbeat", execution.now + beat * 1000)
        return PARK

    def complete(execution: Execution, frame: Frame, result: JSON, bound: int) -> Step:
        variables = assign(result, frame) if assign is not None else None
        if give is not None:
            result, bound = give(frame.value, frame.bound, result, bound, frame)
        execution.exited(frame, step, result, bound, variables)
        return following

    step.enter, step.attempt, step.complete = enter, attempt, complete


def _seconds(fields: Mapping[str, JSON], name: str) -> Setting:
    """TimeoutSeconds or HeartbeatSeconds, written out or at a path of the effective input before Parameters."""
    path_name = f"{name}Path"
    if path_name not in fields:
        literal = fields.get(name)
        return lambda _data, _frame: literal
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


def _role(credentials: Mapping[str, JSON]) -> Callable[[JSON, Frame], str | None]:
    if "RoleArn.$" not in credentials:
        literal = credentials.get("RoleArn")
        return lambda _data, _frame: literal
    expression = compile_payload(credentials["RoleArn.$"], "Credentials/RoleArn", template_miss("RoleArn.$")).evaluate

    def computed(data: JSON, frame: Frame) -> str:
        value = expression(data, frame)
        return value if isinstance(value, str) else dumps(value)

    return computed
