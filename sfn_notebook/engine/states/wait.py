"""Wait: the four ways to say until when.  (spec: language, Wait)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sfn_notebook.asl.model import State
from sfn_notebook.engine.dataflow import assign_flow, input_flow, output_flow
from sfn_notebook.engine.events import ENTERED
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.jsonata_flow import typed_flow
from sfn_notebook.engine.program import Step, successor
from sfn_notebook.engine.stimuli import LAST_MOMENT
from sfn_notebook.engine.tap import tapped
from sfn_notebook.query.jsonata import EvaluationError
from sfn_notebook.query.jsonpath import Miss, compile_path
from sfn_notebook.query.scope import QueryError
from sfn_notebook.query.timestamps import parse_timestamp
from sfn_notebook.values import ABSENT, JSON, dumps

if TYPE_CHECKING:
    from sfn_notebook.engine.execution import Execution
    from sfn_notebook.engine.frames import Frame

_LONGEST = 99_999_999
_NANOSECONDS = 1_000_000
_NO_TIMESTAMP = (
    "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string"
)

Due = Callable[[JSON, "Frame", int], int]
"""(effective input, frame, now) → when to go on, in milliseconds."""


def compile_wait(step: Step, state: State, steps: Mapping[str, Step]) -> None:
    following, due_time = (
        successor(state, steps),
        _jsonata_due(state.fields) if state.is_jsonata else _due(state.fields),
    )
    take, give, assign = input_flow(state), output_flow(state), assign_flow(state)
    entered = ENTERED["Wait"]

    def effective(frame: Frame) -> tuple[JSON, int]:
        return (frame.value, frame.bound) if take is None else take(frame.value, frame.bound, frame)

    def enter(execution: Execution, frame: Frame) -> Step:
        execution.entered(frame, step, entered)
        frame.arrive(step)
        due = due_time(effective(frame)[0], frame, execution.now)
        if due <= execution.now or execution.now >= LAST_MOMENT:
            return leave(execution, frame)
        return execution.await_timer(frame, "wait", due)

    def leave(execution: Execution, frame: Frame) -> Step:
        data, bound = effective(frame)
        variables = assign(data, frame) if assign is not None else None
        if give is not None:
            data, bound = give(data, bound, data, bound, frame)
        execution.exited(frame, step, data, bound, variables)
        return following

    step.enter = enter
    step.attempt = leave


def _due(fields: Mapping[str, JSON]) -> Due:
    if "Seconds" in fields:
        milliseconds = fields["Seconds"] * 1000
        return lambda _data, _frame, now: now + milliseconds
    if "Timestamp" in fields:
        literal = _milliseconds(parse_timestamp(fields["Timestamp"]) or 0)
        return lambda _data, _frame, _now: literal
    if "SecondsPath" in fields:
        return _seconds_path(fields["SecondsPath"])
    return _timestamp_path(fields["TimestampPath"])


def _jsonata_due(fields: Mapping[str, JSON]) -> Due:
    if "Seconds" in fields:
        seconds_of = typed_flow(fields["Seconds"], "Seconds", "integer")

        def after_seconds(_data: JSON, frame: Frame, now: int) -> int:
            seconds: int = seconds_of(frame, ABSENT, ABSENT)
            if not 0 <= seconds <= _LONGEST:
                wrong = "negative" if seconds < 0 else "too large"
                raise EvaluationError("Seconds", f"The Seconds field has a {wrong} value: {seconds}")
            return now + seconds * 1000

        return after_seconds
    timestamp_of = typed_flow(fields["Timestamp"], "Timestamp", "timestamp")
    return lambda _data, frame, _now: _milliseconds(parse_timestamp(timestamp_of(frame, ABSENT, ABSENT)) or 0)


def _milliseconds(nanoseconds: int) -> int:
    return -(-nanoseconds // _NANOSECONDS)  # never early


def _seconds_path(text: str) -> Due:
    find = tapped("SecondsPath", compile_path(text, _missing("SecondsPath")))

    def due(data: JSON, frame: Frame, now: int) -> int:
        seconds = find(data, frame)
        shown = f"{text} == {dumps(seconds) if not isinstance(seconds, str) else seconds}"
        if isinstance(seconds, bool) or not isinstance(seconds, int):
            raise _wrong(f"The SecondsPath parameter cannot be parsed as a long value: {shown}")
        if seconds < 0:
            raise _wrong(f"The SecondsPath parameter references a negative value: {shown}")
        if seconds > _LONGEST:
            raise _wrong("Wait state delay is too long.")
        return now + seconds * 1000

    return due


def _missing(field: str) -> Miss:
    return lambda path, _detail, _data: _wrong(f"The {field} parameter does not reference an input value: {path}")


def _timestamp_path(text: str) -> Due:
    find = tapped("TimestampPath", compile_path(text, _missing("TimestampPath")))

    def due(data: JSON, frame: Frame, _now: int) -> int:
        value = find(data, frame)
        instant = parse_timestamp(value) if isinstance(value, str) else None
        if instant is None:
            shown = value if isinstance(value, str) else dumps(value)
            raise _wrong(f"{_NO_TIMESTAMP}: {text} == {shown}")
        return _milliseconds(instant)

    return due


def _wrong(detail: str) -> QueryError:
    return QueryError(RUNTIME, detail)
