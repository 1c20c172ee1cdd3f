"""History events: four list slots while an execution runs, AWS's shapes when somebody reads them.

The slots of event n (counted from 1) are events[4n-4 : 4n] = kind, previous event's id, about, value. `about` is what
the program knows (a state's name, a resource); `value` is data, shared with the execution. Shapes: botocore's
stepfunctions model, HistoryEvent. Which event points at which: spec, history-events.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sfn_notebook.asl.model import STATE_TYPES
from sfn_notebook.values import JSON, dumps

from .stimuli import Start

WIDTH: Final = 4
_WHOLE_TEXT: Final = {"truncated": False}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Details = dict[str, Any]


class Kind(NamedTuple):
    """A type of event and how its details are rendered: None for types without details."""

    type: str
    key: str
    details: Callable[[Start, Any, Any], Details] | None = None


def _named(name: str) -> str:
    return name[0].lower() + name[1:] + "EventDetails"


def _kind(type_: str, details: Callable[[Start, Any, Any], Details] | None = None) -> Kind:
    return Kind(type_, _named(type_), details)


def _input(value: JSON) -> Details:
    return {"input": dumps(value), "inputDetails": dict(_WHOLE_TEXT)}


def _output(value: JSON) -> Details:
    return {"output": dumps(value), "outputDetails": dict(_WHOLE_TEXT)}


def _started(start: Start, _about: object, _value: object) -> Details:
    details = {"input": str(start.input), "inputDetails": dict(_WHOLE_TEXT), "roleArn": start.role_arn}
    if start.state_machine_version_arn is not None:
        details["stateMachineVersionArn"] = start.state_machine_version_arn
    if start.state_machine_alias_arn is not None:
        details["stateMachineAliasArn"] = start.state_machine_alias_arn
    return details


def _succeeded(_start: Start, _about: object, value: JSON) -> Details:
    return _output(value)


def _failure(_start: Start, _about: object, failure: tuple[str | None, str | None]) -> Details:
    parts = zip(("error", "cause"), failure, strict=True)
    return {key: text for key, text in parts if text is not None}


def _entered(_start: Start, name: str, value: JSON) -> Details:
    return {"name": name, **_input(value)}


def _exited(_start: Start, name: str, value: JSON) -> Details:
    return {"name": name, **_output(value)}


def _exited_assigning(_start: Start, name: str, value: Any) -> Details:
    output, variables = value
    texts = {variable: dumps(item) for variable, item in variables.items()}
    assigned = {"assignedVariables": texts, "assignedVariablesDetails": dict(_WHOLE_TEXT)}
    return {"name": name, **_output(output), **assigned}


def _evaluation_failed(_start: Start, name: str, value: tuple[str, str, str]) -> Details:
    error, cause, location = value
    return {"state": name, "error": error, "cause": cause, **({"location": location} if location else {})}


def _length(_start: Start, _name: object, length: int) -> Details:
    return {"length": length}


def _map_run(_start: Start, _name: object, arn: str) -> Details:
    return {"mapRunArn": arn}


def _iteration(_start: Start, name: str, index: int) -> Details:
    return {"name": name, "index": index}


class Scheduling(NamedTuple):
    """What a task is scheduled with, but for its payload: what a definition writes out is made once."""

    resource: Any
    timeout: int | None
    heartbeat: int | None
    role_arn: str | None

    def settings(self) -> Details:
        out: Details = {}
        if self.timeout is not None:
            out["timeoutInSeconds"] = self.timeout
        if self.heartbeat is not None:
            out["heartbeatInSeconds"] = self.heartbeat
        if self.role_arn is not None:
            out["taskCredentials"] = {"roleArn": self.role_arn}
        return out


def _scheduled_by_arn(_start: Start, about: Scheduling, payload: JSON) -> Details:
    return {"resource": about.resource.text, **_input(payload), **about.settings()}


def _worker(_start: Start, _resource: object, name: str | None) -> Details:
    return {} if name is None else {"workerName": name}


def _service(resource: Any) -> Details:
    return {"resourceType": resource.service, "resource": resource.action + resource.pattern}


def _scheduled_service(start: Start, about: Scheduling, payload: JSON) -> Details:
    return {
        **_service(about.resource),
        "region": start.region,
        "parameters": dumps(payload),
        **about.settings(),
    }


def _started_service(_start: Start, resource: Any, _value: object) -> Details:
    return _service(resource)


def _output_of_service(_start: Start, resource: Any, value: JSON) -> Details:
    return {**_service(resource), **_output(value)}


def _failure_of_service(start: Start, resource: Any, failure: tuple[str | None, str | None]) -> Details:
    return {**_service(resource), **_failure(start, resource, failure)}


class TaskKinds(NamedTuple):
    """The events of one family of tasks."""

    scheduled: Kind
    started: Kind
    submitted: Kind
    succeeded: Kind
    failed: Kind
    timed_out: Kind


def _by_arn(family: str) -> TaskKinds:
    return TaskKinds(
        _kind(f"{family}Scheduled", _scheduled_by_arn),
        _kind(f"{family}Started"),
        _kind(f"{family}Submitted"),
        _kind(f"{family}Succeeded", _succeeded),
        _kind(f"{family}Failed", _failure),
        _kind(f"{family}TimedOut", _failure),
    )


LAMBDA_FUNCTION: Final = _by_arn("LambdaFunction")
ACTIVITY: Final = _by_arn("Activity")._replace(started=_kind("ActivityStarted", _worker))
SERVICE: Final = TaskKinds(
    _kind("TaskScheduled", _scheduled_service),
    _kind("TaskStarted", _started_service),
    _kind("TaskSubmitted", _output_of_service),
    _kind("TaskSucceeded", _output_of_service),
    _kind("TaskFailed", _failure_of_service),
    _kind("TaskTimedOut", _failure_of_service),
)

MAP_RUN_STARTED: Final = _kind("MapRunStarted", _map_run)
MAP_RUN: Final = TaskKinds(
    scheduled=_kind("MapStateStarted", _length),
    started=MAP_RUN_STARTED,
    submitted=MAP_RUN_STARTED,
    succeeded=_kind("MapRunSucceeded"),
    failed=_kind("MapRunFailed", _failure),
    timed_out=_kind("MapRunFailed", _failure),
)
"""A Map Run is work outside, as a task is; it is never submitted, nor does it time out."""

EXECUTION_STARTED: Final = _kind("ExecutionStarted", _started)
EXECUTION_SUCCEEDED: Final = _kind("ExecutionSucceeded", _succeeded)
EXECUTION_FAILED: Final = _kind("ExecutionFailed", _failure)
EXECUTION_ABORTED: Final = _kind("ExecutionAborted", _failure)
EXECUTION_TIMED_OUT: Final = _kind("ExecutionTimedOut", _failure)

ENTERED: Final = {t: Kind(f"{t}StateEntered", "stateEnteredEventDetails", _entered) for t in STATE_TYPES}
EXITED: Final = {t: Kind(f"{t}StateExited", "stateExitedEventDetails", _exited) for t in STATE_TYPES}
EXITED_ASSIGNING: Final = {
    t: Kind(f"{t}StateExited", "stateExitedEventDetails", _exited_assigning) for t in STATE_TYPES
}
ABORTED: Final = {t: _kind(f"{t}StateAborted") for t in ("Task", "Wait", "Parallel", "Map")}

EVALUATION_FAILED: Final = _kind("EvaluationFailed", _evaluation_failed)

FANOUT_STARTED: Final = {"Parallel": _kind("ParallelStateStarted"), "Map": _kind("MapStateStarted", _length)}
FANOUT_SUCCEEDED: Final = {t: _kind(f"{t}StateSucceeded") for t in ("Parallel", "Map")}
FANOUT_FAILED: Final = {t: _kind(f"{t}StateFailed") for t in ("Parallel", "Map")}

ITERATION_STARTED: Final = _kind("MapIterationStarted", _iteration)
ITERATION_SUCCEEDED: Final = _kind("MapIterationSucceeded", _iteration)
ITERATION_FAILED: Final = _kind("MapIterationFailed", _iteration)
ITERATION_ABORTED: Final = _kind("MapIterationAborted", _iteration)


def timestamp(milliseconds: int) -> datetime:
    """Milliseconds since the epoch as the timezone-aware datetime that boto3 returns."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def render(start: Start, slots: Sequence[Any], marks: Sequence[tuple[int, int]], count: int) -> Iterator[Details]:
    """The first `count` events in the shape of boto3's get_execution_history. `marks`: (slot index, time),
    ascending.
    """
    offsets = [offset for offset, _ in marks]
    for index in range(count):
        offset = index * WIDTH
        kind, previous, about, value = slots[offset : offset + WIDTH]
        time = marks[bisect_right(offsets, offset) - 1][1]
        event: Details = {
            "timestamp": timestamp(time),
            "type": kind.type,
            "id": index + 1,
            "previousEventId": previous,
        }
        if kind.details is not None:
            event[kind.key] = kind.details(start, about, value)
            if index == 1 and "input" in event[kind.key]:
                # The first state's input is the execution's, kept as it came, blanks included.
                event[kind.key]["input"] = str(start.input)
        yield event
