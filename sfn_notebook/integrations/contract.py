"""How a task is called and how it answers, whatever stands behind its Resource."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple, Protocol, TypeAlias

from sfn_notebook.asl.resources import Resource
from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.frames import drawn_uuid, task_token
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


class Pending(NamedTuple):
    """Somebody outside will answer, with the task's token.

    submitted: what the service said when it accepted the job; absent for an activity, for which no worker has come yet.
    """

    submitted: JSON | Absent = ABSENT


class Refused(NamedTuple):
    """Nothing can be scheduled, and why: the state fails at once, with States.Runtime."""

    cause: str


Outcome: TypeAlias = Succeeded | Failed | Pending | Refused


class Call:
    """One attempt at a task. `payload` is the callee's own copy; order: when among all commands it was given out;
    is_open: its handler has done its part, and somebody outside will answer; early: what was answered before that.
    """

    __slots__ = ("_begun", "_cancelled", "_stop", "command", "early", "is_open", "order", "payload", "start")

    def __init__(self, command: RunTask, payload: JSON, start: Start, order: int = 0) -> None:
        self.command = command
        self.payload = payload
        self.start = start
        self.order = order
        self._begun = monotonic()
        self._cancelled: threading.Event | None = None
        self._stop: Callable[[], object] | None = None
        self.is_open = False
        self.early: Answer | None = None

    @property
    def resource(self) -> Resource:
        """What is called."""
        return self.command.resource

    @property
    def target(self) -> Target:
        """Which attempt of which visit this is."""
        return self.command.target

    @property
    def token(self) -> str:
        """With what somebody outside answers this attempt."""
        return task_token(self.start.seed, self.command.target)

    @property
    def request_id(self) -> str:
        """An id of this attempt: the same when the same attempt is made again after a crash."""
        return drawn_uuid(self.start.seed, self.command.target, "request")

    @property
    def remaining_seconds(self) -> float:
        """Until the task's timeout; Lambda's own maximum of 900 where the state sets none."""
        return max(0.0, self._begun + (self.command.timeout_seconds or 900) - monotonic())

    @property
    def cancelled(self) -> bool:
        """Has the execution stopped waiting for this attempt?"""
        return self._cancelled is not None and self._cancelled.is_set()

    def cancel(self) -> None:
        """Tell the callee, if it asks, that nobody waits any more."""
        if self._cancelled is None:
            self._cancelled = threading.Event()
        self._cancelled.set()
        if self._stop is not None:
            self._stop()

    def when_cancelled(self, stop: Callable[[], object]) -> None:
        """Have `stop` called when nobody waits any more, by the thread that knows it: it must return at once. It may be
        called twice.
        """
        self._stop = stop
        if self.cancelled:
            stop()


class Handler(Protocol):
    """What stands behind a Resource.

    instant: it answers at once and runs no code of the user's, so it needs no thread; asynchronous: `call` gives a
    coroutine function's coroutine to be awaited on a loop.
    """

    instant: bool
    asynchronous: bool

    def call(self, call: Call) -> Outcome:
        """Do the work. Never raises for what the user's code does."""

    async def acall(self, call: Call) -> Outcome:
        """The same, for asynchronous handlers."""
