"""What a test gives instead of the work's own answer, and what can be said against it.  (spec: test-state, mock)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sfn_notebook.asl.model import State
from sfn_notebook.service.faults import validation
from sfn_notebook.values import ABSENT, JSON, Absent, NotJSON, loads

from .schemas import check_result
from .subject import Subject

MOCKED = ("Task", "Map", "Parallel")


class Mock(NamedTuple):
    """A result, with its text as it came, or else an error."""

    result: JSON | Absent
    text: str
    error: str | None = None
    cause: str | None = None


def read_mock(given: Mapping[str, Any], subject: Subject) -> Mock:
    """The mock of the request; it has one of `result` and `errorOutput`.  Raises: ServiceError ValidationException."""
    if subject.state.type not in MOCKED:
        raise validation(f"State type '{subject.state.type}' is not supported when a mock is specified")
    if "errorOutput" in given:
        error = given["errorOutput"]
        if "error" not in error:
            raise validation("A test mock's errorOutput must specify an error.")
        return Mock(ABSENT, "", error["error"], error.get("cause"))
    text = given["result"]
    try:
        result = loads(text)
    except NotJSON:
        raise validation("Mocked result must be valid JSON") from None
    _check_kind(result, subject)
    resource = subject.resource
    if resource is not None:
        check_result(result, resource, given.get("fieldValidationMode", "STRICT"))
    return Mock(result, text)


def _check_kind(result: JSON, subject: Subject) -> None:
    state, resource = subject.state, subject.resource
    if state.type == "Task":
        answers_freely = resource is None or resource.kind != "service" or resource.waits_for_token
        if not answers_freely and not isinstance(result, dict):
            raise validation("Mocked result must be a JSON object.")
    elif _writes_results(state):
        if not isinstance(result, dict):
            raise validation("Mocked result must be a JSON object.")
    elif not isinstance(result, list):
        raise validation("Mocked result must be an array.")
    elif state.type == "Parallel" and len(result) != len(state.containers):
        raise validation("Mocked result must contain the same number of items as number of Parallel branches.")


def _writes_results(state: State) -> bool:
    """Does a Map leave its results in a bucket, so that its own result says where?"""
    return state.type == "Map" and "Resource" in state.fields.get("ResultWriter", {})
