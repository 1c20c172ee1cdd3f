"""What happened to the data on its way through the state, as the API shows it.  (spec: test-state, inspectionData)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from sfn_notebook.asl.model import State
from sfn_notebook.engine.commands import RunMap, RunTask
from sfn_notebook.engine.trial import Trial, Verdict
from sfn_notebook.values import ABSENT, JSON, Absent, dumps

from .items import Iterations

_FILTERED: Final = ("Task", "Pass", "Map", "Choice", "Succeed", "Fail", "Wait")
"""States whose input is shown after InputPath: all but Parallel, as recorded."""


class Texts:
    """JSON texts of values. What has come as text and was not touched keeps that text, blanks included."""

    def __init__(self, *known: tuple[JSON | Absent, str]) -> None:
        self._known = known

    def __call__(self, value: JSON) -> str:
        if isinstance(value, dict | list):
            for known, text in self._known:
                if value is known:
                    return text
        return dumps(value)


def listed(values: Iterable[JSON]) -> str:
    """An array of values, each as its text, as AWS writes lists of items."""
    return f"[{', '.join(map(dumps, values))}]"


def inspect(
    state: State, trial: Trial, verdict: Verdict, iterations: Iterations | None, texts: Texts
) -> dict[str, Any]:
    """InspectionData. On failure it ends with the step that failed."""
    data = _Data(state, trial, texts)
    shown: dict[str, Any] = {"input": texts(trial.input)}
    shown.update(data.jsonata() if state.is_jsonata else data.jsonpath())
    if state.type == "Map":
        shown.update(_map_members(state, trial, iterations))
    if trial.frame.variables:
        shown["variables"] = dumps(dict(trial.frame.variables))
    details = dict(_error_details(verdict))
    return shown | ({"errorDetails": details} if details else {})


def _error_details(verdict: Verdict) -> Iterator[tuple[str, int]]:
    if verdict.catch_index is not None:
        yield "catchIndex", verdict.catch_index
    elif verdict.retry_index is not None:
        yield "retryIndex", verdict.retry_index
    if verdict.delay is not None:
        yield "retryBackoffIntervalSeconds", int(verdict.delay)


class _Data:
    """The members that follow the data."""

    def __init__(self, state: State, trial: Trial, texts: Texts) -> None:
        self._state, self._trial, self._texts = state, trial, texts

    def jsonata(self) -> Iterator[tuple[str, str]]:
        if self._state.type == "Task":
            yield from self._member("afterArguments", self._last("Arguments", self._payload))
            yield from self._member("result", self._trial.result)

    def jsonpath(self) -> Iterator[tuple[str, str]]:
        state, trial = self._state, self._trial
        result = trial.result
        if state.type == "Pass" and "Result" in state.fields:
            result = state.fields["Result"]
            yield from self._member("result", result)
        elif state.type in _FILTERED:
            effective = self._after("InputPath", trial.input)
            yield from self._member("afterInputPath", effective)
            if state.type == "Pass":
                result = self._after("Parameters", effective)
                yield from self._member("afterParameters", result)
            elif state.type == "Map" and "ItemReader" not in state.fields:
                yield from self._items(self._after("ItemsPath", effective))
            elif state.type == "Task":
                yield from self._member("afterParameters", self._last("Parameters", self._payload))
                yield from self._member("result", result)
        if state.type in ("Task", "Pass", "Map", "Parallel"):
            selected = self._after("ResultSelector", result)
            yield from self._member("afterResultSelector", selected)
            yield from self._member("afterResultPath", self._after("ResultPath", selected))

    def _items(self, items: JSON | Absent) -> Iterator[tuple[str, str]]:
        if isinstance(items, dict):
            yield from self._member("afterItemsPath", items)
        elif isinstance(items, list):
            yield "afterItemsPath", listed(items)

    @property
    def _payload(self) -> JSON | Absent:
        """What the task was given, once it was scheduled."""
        return self._trial.command.payload if isinstance(self._trial.command, RunTask) else ABSENT

    def _last(self, field: str, otherwise: JSON | Absent) -> JSON | Absent:
        heard = self._trial.heard.get(field)
        return heard[-1] if heard else otherwise

    def _after(self, field: str, before: JSON | Absent) -> JSON | Absent:
        """What the field has made of the value before it; ABSENT if it was not come to, or failed."""
        changes_nothing = self._state.fields.get(field, "$") == "$"
        return before if before is ABSENT or changes_nothing else self._last(field, ABSENT)

    def _member(self, name: str, value: JSON | Absent) -> Iterator[tuple[str, str]]:
        if value is not ABSENT:
            yield name, self._texts(value)


# ---------------------------------------------------------------- Map


def _map_members(state: State, trial: Trial, iterations: Iterations | None) -> Iterator[tuple[str, Any]]:
    if iterations is not None:
        yield from _item_members(state, iterations)
    limit = _number(state, trial, "MaxConcurrency", 0)
    if limit is not None:
        yield "maxConcurrency", int(limit)
    if isinstance(trial.command, RunMap):
        work = trial.command.work
        if work.tolerated_failure_count is not None:
            yield "toleratedFailureCount", work.tolerated_failure_count
        if work.tolerated_failure_percentage is not None:
            yield "toleratedFailurePercentage", float(work.tolerated_failure_percentage)


def _item_members(state: State, iterations: Iterations) -> Iterator[tuple[str, str]]:
    fields = state.fields
    reader: Mapping[str, Any] = fields.get("ItemReader", {})
    if "ItemsPointer" in reader.get("ReaderConfig", {}) and iterations.items is not None:
        yield "afterItemsPointer", listed(iterations.items)
    if ("ItemSelector" in fields or "Parameters" in fields) and iterations.selected is not None:
        yield "afterItemSelector", listed(iterations.selected)
    if iterations.batched is not None:
        yield "afterItemBatcher", listed(iterations.batched)


def _number(state: State, trial: Trial, name: str, default: int) -> Any:
    """A number that is written out, or was computed or found at a path; None if that failed."""
    fields = state.fields
    for field in (name, f"{name}Path"):
        if heard := trial.heard.get(field):
            return heard[-1]
    written = fields.get(name, default)
    return written if f"{name}Path" not in fields and not isinstance(written, str) else None
