"""How a task is called and how it answers, whatever stands behind its Resource."""

from __future__ import annotations

import threading
from time import monotonic
from typing import NamedTuple, Protocol, TypeAlias

from sfn_notebook.asl.resources import Resource
from sfn_notebook.engine.frames import draw, uuid4_text
from sfn_notebook.engine.stimuli import Start, Target
from sfn_notebook.values import ABSENT, JSON, Absent


class Succeeded(NamedTuple):
    """The result, normalised: before ResultSelector. `submitted`: what the service said when it accepted the job."""

    output: JSON
    submitted: JSON | Absent = ABSENT


class Failed(NamedTuple):
    """The failure; either part may be missing."""

    error: str | None
    cause: str | None


Answer: TypeAlias = Succeeded | Failed


class Call:
    """One attempt at a task. `payload` is the callee's own copy."""

    __slots__ = ("_begun", "_cancelled", "payload", "resource", "start", "target", "timeout_seconds")

    def __init__(
        self, payload: JSON, resource: Resource, start: Start, target: Target, timeout_seconds: int | None
    ) -> None:
        self.payload = payload
        self.resource = resource
        self.start = start
        self.target = target
        self.timeout_seconds = timeout_seconds
        self._begun = monotonic()
        self._cancelled: threading.Event | None = None

    @property
    def request_id(self) -> str:
        """An id of this attempt: the same when the same attempt is made again after a crash."""
        return uuid4_text(draw(self.start.seed, self.target, "request"))

    @property
    def remaining_seconds(self) -> float:
        """Until the task's timeout; Lambda's own maximum of 900 where the state sets none."""
        return max(0.0, self._begun + (self.timeout_seconds or 900) - monotonic())

    @property
    def cancelled(self) -> bool:
        """Has the execution stopped waiting for this attempt?"""
        return self._cancelled is not None and self._cancelled.is_set()

    def cancel(self) -> None:
        """Tell the callee, if it asks, that nobody waits any more."""
        if self._cancelled is None:
            self._cancelled = threading.Event()
        self._cancelled.set()


class Handler(Protocol):
    """What stands behind a Resource.

    instant: it answers at once and runs no code of the user's, so it needs no thread; asynchronous: `call` gives a
    coroutine function's coroutine to be awaited on a loop.
    """

    instant: bool
    asynchronous: bool

    def call(self, call: Call) -> Answer:
        """Do the work. Never raises for what the user's code does."""

    async def acall(self, call: Call) -> Answer:
        """The same, for asynchronous handlers."""
