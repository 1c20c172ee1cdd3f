"""The context object that a test gives, and what may be in it.  (spec: test-state, context)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sfn_notebook.asl.resources import Resource
from sfn_notebook.engine.states.fanout import STATE_DATA
from sfn_notebook.service.faults import ServiceError, validation
from sfn_notebook.values import JSON, NotJSON, loads

from .subject import Subject

_NUMBER: Final = (int, float)

_FIELDS: Final[Mapping[str, Mapping[str, tuple[Any, str]]]] = {
    "Execution": {
        "Id": (str, "a string"),
        "Input": (object, "JSON"),
        "Name": (str, "a string"),
        "RedriveCount": (_NUMBER, "a number"),
        "RedriveTime": (str, "a string"),
        "RoleArn": (str, "a string"),
        "StartTime": (str, "a string"),
    },
    "State": {"EnteredTime": (str, "a string"), "Name": (str, "a string"), "RetryCount": (_NUMBER, "a number")},
    "StateMachine": {"Id": (str, "a string"), "Name": (str, "a string")},
    "Task": {"Token": (str, "a string")},
}
"""Of each part its fields: type, and what the type is called."""


def read_context(text: str, subject: Subject) -> dict[str, JSON]:
    """The context object of the request.  Raises: ServiceError ValidationException."""
    try:
        context = loads(text)
    except NotJSON:
        raise _invalid("it must be valid JSON") from None
    if not isinstance(context, dict):
        raise _invalid("it must be a JSON object")
    for name, part in context.items():
        _check_part(name, part)
    if "Task" in context and not _has_token(subject.resource):
        raise _invalid(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' "
            "service integration pattern"
        )
    return context


def _check_part(name: str, part: JSON) -> None:
    if name == "Map":
        raise _invalid("'Map' field is not supported when mocking a Context object")
    if name not in _FIELDS:
        raise _invalid(f"Field '{name}' is not allowed")
    if not isinstance(part, dict):
        raise _invalid(f"{name} must be an object")
    for field, value in part.items():
        if field not in _FIELDS[name]:
            raise _invalid(f"Field '{field}' is not allowed")
        type_, called = _FIELDS[name][field]
        if not isinstance(value, type_) or (type_ is _NUMBER and isinstance(value, bool)):
            raise _invalid(f"{name}.{field} must be {called}")


def _has_token(resource: Resource | None) -> bool:
    return resource is not None and resource.kind == "service" and resource.has_token


def _invalid(detail: str) -> ServiceError:
    return validation(f"Invalid Context object provided: {detail}")


def first_item(subject: Subject, value: JSON) -> JSON:
    """Map.Item for a state inside a Map: its input is that of the first iteration. None elsewhere."""
    if subject.around is None:
        return None
    item: dict[str, JSON] = {"Index": 0, "Value": value}
    return item if "ItemReader" in subject.around else {**item, "Source": STATE_DATA}
