"""Task: work that something outside does.  (spec: language, Task; history-events)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sfn_notebook.asl.lambda_parameters import parameter_problems, unusable
from sfn_notebook.asl.model import State
from sfn_notebook.asl.resources import Resource, parse_resource
from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.dataflow import Flow, arguments_flow, assign_flow, input_flow, output_flow
from sfn_notebook.engine.events import ACTIVITY, ENTERED, LAMBDA_FUNCTION, SERVICE, Scheduling, TaskKinds
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.jsonata_flow import computed, typed_flow, value_flow
from sfn_notebook.engine.program import PARK, Step, successor
from sfn_notebook.engine.stimuli import make
from sfn_notebook.engine.tap import tapped, tapped_flow
from sfn_notebook.query.jsonata import EvaluationError
from sfn_notebook.query.jsonata_template import expression_in
from sfn_notebook.query.jsonpath import compile_path, template_miss
from sfn_notebook.query.scope import QueryError
from sfn_notebook.query.template import compile_payload
from sfn_notebook.values import ABSENT, JSON, dumps

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
    step.task, step.works_outside = (resource, kinds), True
    take, select = input_flow(state), arguments_flow(state) or _no_arguments(state, resource)
    give, assign = output_flow(state), assign_flow(state)
    fixed, schedule = _scheduling(state, resource)
    checked = resource.is_lambda_invoke
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
        if checked:
            _check_parameters(data)
        if bound > execution.max_bytes:
            execution.measure(data, step.name)
        if resource.kind == "activity":  # it is scheduled when somebody has said that there is such an activity
            frame.unscheduled = about, data
            target = execution.await_outside(frame)
            execution.commands.append(RunTask(target, resource, data, about.timeout, about.heartbeat))
            return PARK
        events = execution.events
        here = (len(events) >> 2) + 1
        events += (scheduled, frame.previous, about, data, started, here, resource, None)
        frame.previous = here + 1
        seconds = about.timeout
        target = execution.await_outside(frame)
        execution.commands.append(make(RunTask, (target, resource, data, seconds, about.heartbeat)))
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


def _check_parameters(parameters: JSON) -> None:
    """Raises: QueryError when they cannot be used: then nothing is scheduled.  (spec: errors-and-retries)"""
    problems = list(parameter_problems(parameters))
    if problems:
        raise QueryError(RUNTIME, unusable(parameters, problems))


def _no_arguments(state: State, resource: Resource) -> Flow | None:
    """Functions and activities get the state's input; the API of a service gets no parameters.  (spec: data-flow)"""
    if state.is_jsonata and resource.kind == "service":
        return tapped_flow("Arguments", lambda _value, _bound, _frame: ({}, 2))
    return None


def _scheduling(state: State, resource: Resource) -> tuple[Scheduling | None, Schedule]:
    """What the task is scheduled with, where the definition writes it out, and how it is computed otherwise."""
    settings = _jsonata_settings(state.fields) if state.is_jsonata else _settings(state.fields)

    def schedule(data: JSON, frame: Frame) -> Scheduling:
        return Scheduling(resource, *(setting(data, frame) if callable(setting) else setting for setting in settings))

    return None if any(map(callable, settings)) else Scheduling(resource, *settings), schedule


def _settings(fields: Mapping[str, JSON]) -> tuple[Any, ...]:
    """Timeout, heartbeat and role: values, or functions of (effective input before Parameters, frame)."""
    return (
        _seconds(fields, "TimeoutSeconds"),
        _seconds(fields, "HeartbeatSeconds"),
        _role(fields.get("Credentials", {})),
    )


def _jsonata_settings(fields: Mapping[str, JSON]) -> tuple[Any, ...]:
    return _positive(fields, "TimeoutSeconds"), _positive(fields, "HeartbeatSeconds"), _jsonata_role(fields)


def _jsonata_role(fields: Mapping[str, JSON]) -> Any:
    if "Credentials" not in fields:
        return None
    credentials = computed(value_flow(fields["Credentials"], "Credentials"))

    def role(data: JSON, frame: Frame) -> str:
        value = credentials(data, frame)
        arn = value.get("RoleArn") if isinstance(value, dict) else None
        if not isinstance(arn, str):
            raise EvaluationError("Credentials", f"The Credentials field must give a RoleArn: {dumps(value)}")
        return arn

    return role


def _positive(fields: Mapping[str, JSON], name: str) -> Any:
    if expression_in(fields.get(name)) is None:
        return fields.get(name)
    seconds_of = typed_flow(fields[name], name, "integer")

    def seconds(_data: JSON, frame: Frame) -> int:
        value: int = seconds_of(frame, ABSENT, ABSENT)
        if value <= 0:
            raise EvaluationError(name, f"The {name} field must be a positive integer: {value}")
        return value

    return seconds


def _seconds(fields: Mapping[str, JSON], name: str) -> int | Callable[[JSON, Frame], int] | None:
    """TimeoutSeconds or HeartbeatSeconds, written out or at a path of the effective input before Parameters."""
    path_name = f"{name}Path"
    if path_name not in fields:
        literal: int | None = fields.get(name)
        return literal
    text = fields[path_name]
    find = tapped(path_name, compile_path(text))

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
    site = "Credentials/RoleArn"
    expression = tapped(site, compile_payload(credentials["RoleArn.$"], site, template_miss("RoleArn.$")).evaluate)

    def computed(data: JSON, frame: Frame) -> str:
        value = expression(data, frame)
        return value if isinstance(value, str) else dumps(value)

    return computed
