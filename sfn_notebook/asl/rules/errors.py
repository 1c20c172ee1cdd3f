"""Errors: what Retry and Catch name, and the times around them.  (spec: errors-and-retries)"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from sfn_notebook.asl.fields import Many
from sfn_notebook.asl.slips import show

from .registry import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .tree import Definition, Place

ERROR_NAMES: Final = tuple(
    f"States.{name}"
    for name in (
        "ALL",
        "BranchFailed",
        "DataLimitExceeded",
        "ExceedToleratedFailureThreshold",
        "HeartbeatTimeout",
        "Http.Socket",
        "IntrinsicFailure",
        "ItemReaderFailed",
        "NoChoiceMatched",
        "ParameterPathFailure",
        "Permissions",
        "QueryEvaluationError",
        "ResultPathMatchFailure",
        "ResultWriterFailed",
        "Runtime",
        "TaskFailed",
        "Timeout",
    )
)
"""Every error name that begins with States., except States.Http.StatusCode.<n>."""

_ALL: Final = "States.ALL"
_RESERVED: Final = re.compile(r"states?\.", re.IGNORECASE)
_HTTP_STATUS: Final = re.compile(r"States\.Http\.StatusCode\.[0-9]{3}")


@rule("ASL501")
def all_stands_alone(definition: Definition) -> Iterator[Finding]:
    """States.ALL is the only name in its ErrorEquals."""
    for _, place, names in _error_lists(definition):
        if _ALL in names and len(names) > 1:
            message = f"{_ALL} catches every error and must stand alone in ErrorEquals."
            yield Finding(place / names.index(_ALL), message, "Give it a retrier or catcher of its own, as the last.")


@rule("ASL502")
def all_comes_last(definition: Definition) -> Iterator[Finding]:
    """Nothing follows the retrier or catcher of States.ALL."""
    for is_last, place, names in _error_lists(definition):
        if _ALL in names and not is_last:
            message = f"{_ALL} matches every error: what follows it is never looked at."
            yield Finding(place / names.index(_ALL), message, "Move it to the end.")


@rule("ASL503")
def reserved_names_exist(definition: Definition) -> Iterator[Finding]:
    """A name that begins with States. is one of the errors of the language."""
    for _, place, names in _error_lists(definition):
        for index, name in enumerate(names):
            if not isinstance(name, str) or name in ERROR_NAMES or _HTTP_STATUS.fullmatch(name):
                continue
            if _RESERVED.match(name):
                hint = definition.speller.hint(name, ERROR_NAMES) or "Names of your own begin with another word."
                yield Finding(place / index, f"the language has no error {show(name)}.", hint)


@rule("ASL504")
def heartbeat_before_timeout(definition: Definition) -> Iterator[Finding]:
    """A heartbeat is due before the task times out."""
    for place, heartbeat, timeout in _heartbeats(definition):
        if heartbeat > timeout:
            message = f"HeartbeatSeconds ({heartbeat}) must be smaller than TimeoutSeconds ({timeout})."
            yield Finding(place, message)


@rule("ASL507")
def heartbeat_at_timeout(definition: Definition) -> Iterator[Finding]:
    """Nor at the same time, which the language forbids and deployed machines do."""
    for place, heartbeat, timeout in _heartbeats(definition):
        if heartbeat == timeout:
            message = f"HeartbeatSeconds ({heartbeat}) should be smaller than TimeoutSeconds."
            yield Finding(place, message, "A heartbeat that is due at the end has no effect.")


@rule("ASL505")
def longest_delay_exceeds_the_first(definition: Definition) -> Iterator[Finding]:
    """MaxDelaySeconds is greater than IntervalSeconds."""
    for site in definition.shaped("retrier"):
        longest, first = site.fields.get("MaxDelaySeconds"), site.fields.get("IntervalSeconds", 1)
        if _is_number(longest) and _is_number(first) and 1 <= longest <= first:
            message = f"MaxDelaySeconds ({longest}) should be greater than IntervalSeconds ({first})."
            yield Finding(site.place / "MaxDelaySeconds", message)


@rule("ASL506")
def runtime_is_not_retried(definition: Definition) -> Iterator[Finding]:
    """No retrier waits for States.Runtime."""
    for _, place, names in _error_lists(definition, "Retry"):
        if "States.Runtime" in names:
            hint = "It stands for a fault of the definition or its data."
            yield Finding(place / names.index("States.Runtime"), "States.Runtime is never retried.", hint)


def _heartbeats(definition: Definition) -> Iterator[tuple[Place, float, float]]:
    for state in definition.in_state("Task"):
        heartbeat, timeout = state.fields.get("HeartbeatSeconds"), state.fields.get("TimeoutSeconds")
        if _is_number(heartbeat) and _is_number(timeout):
            yield state.place / "HeartbeatSeconds", heartbeat, timeout


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float)


def _error_lists(definition: Definition, *fields: str) -> Iterator[tuple[bool, Place, list[Any]]]:
    """Every ErrorEquals: does it belong to the last retrier or catcher, its place, its names."""
    for site in definition.of(Many):
        if site.place.step in (fields or ("Retry", "Catch")) and isinstance(site.value, list):
            for index, item in enumerate(site.value):
                names = item.get("ErrorEquals") if isinstance(item, dict) else None
                if isinstance(names, list):
                    yield index == len(site.value) - 1, site.place / index / "ErrorEquals", names
