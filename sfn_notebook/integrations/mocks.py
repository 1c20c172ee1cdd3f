"""Answers from a table in place of a task: one per call of the state, retries included, the last one repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from sfn_notebook.values import JSON, NotJSON, copy, normalise

from .contract import Answer, Call, Failed, Succeeded
from .functions import lambda_error, shape

Responses: TypeAlias = Sequence[Mapping[str, Any]] | Callable[..., Any]
"""A list of `{"return": value}` or `{"error": …, "cause": …}`, or a function of the task's input that gives one of
these.
"""


class MockError(ValueError):
    """A mock that cannot be used; the message says which, and how it is written."""


def response(state: str, given: object, where: str) -> Answer:
    """One response, checked. Raises: MockError."""
    if isinstance(given, Mapping) and set(given) == {"return"}:
        try:
            return Succeeded(normalise(given["return"]))
        except NotJSON as error:
            raise MockError(f"mocks[{state!r}]{where}: what it returns is no JSON: {error}") from None
    if isinstance(given, Mapping) and "error" in given and set(given) <= {"error", "cause"}:
        name, cause = given["error"], given.get("cause")
        if all(part is None or isinstance(part, str) for part in (name, cause)):
            return Failed(name, cause)
    raise MockError(
        f'mocks[{state!r}]{where} is {given!r}: write {{"return": value}} or {{"error": name, "cause": text}}.'
    )


def mock_handler(state: str, responses: object) -> MockList | MockFunction:
    """The handler that stands for a state's task. Raises: MockError, TypeError for a function of the wrong shape."""
    if callable(responses):
        return MockFunction(state, responses)
    if isinstance(responses, str | bytes | Mapping) or not isinstance(responses, Sequence) or not responses:
        raise MockError(f"mocks[{state!r}] is {responses!r}: give a list with one response per call, or a function.")
    return MockList([response(state, given, f"[{index}]") for index, given in enumerate(responses)])


def _submitted(answer: Answer, call: Call) -> Answer:
    # A mock is the final result; the history still shows that a job or callback was accepted before it.
    if isinstance(answer, Succeeded) and call.resource.is_submitted and call.resource.kind == "service":
        return Succeeded(answer.output, {})
    return answer


class MockList:
    """Implements `contract.Handler` with a list. Calls are counted in the order in which the execution makes them."""

    instant = True
    asynchronous = False

    def __init__(self, responses: Sequence[Answer]) -> None:
        self._responses = responses
        self._calls = 0

    def call(self, call: Call) -> Answer:
        chosen = self._responses[min(self._calls, len(self._responses) - 1)]
        self._calls += 1
        return _submitted(Succeeded(copy(chosen.output)) if isinstance(chosen, Succeeded) else chosen, call)

    async def acall(self, call: Call) -> Answer:
        return self.call(call)


class MockFunction:
    """Implements `contract.Handler` with a function of the task's input, which gives a response or raises."""

    instant = False
    asynchronous = False

    def __init__(self, state: str, function: Callable[..., Any]) -> None:
        if shape(function) != (1, False):
            raise TypeError(f"mocks[{state!r}]: write the function as `def mock(event)`.")
        self._state = state
        self._function = function

    def call(self, call: Call) -> Answer:
        try:
            given: JSON = self._function(call.payload)
        except Exception as error:
            return lambda_error(error, call.request_id)
        try:
            return _submitted(response(self._state, given, "(…)"), call)
        except MockError as error:
            return Failed("States.Runtime", str(error))

    async def acall(self, call: Call) -> Answer:
        return self.call(call)
