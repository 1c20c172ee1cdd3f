"""The work of a Task that has no mock: whatever stands behind its Resource is asked, once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeAlias

from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.failures import RUNTIME, TIMEOUT
from sfn_notebook.engine.trial import Trial
from sfn_notebook.integrations.contract import Call, Failed, Handler, Outcome, Refused, Succeeded
from sfn_notebook.runners.executors import Inline, TaskExecutor
from sfn_notebook.service.pending import Answer, Pending
from sfn_notebook.values import copy, size

Show: TypeAlias = Callable[[str], object]

_LONGEST: Final = 300
"""Seconds that a test may take.  (spec: test-state)"""


def longest(timeout_seconds: int | None) -> int:
    """How many seconds a state with this timeout may take."""
    return min(_LONGEST, _LONGEST if timeout_seconds is None else timeout_seconds)


class Work:
    """One call. `trial` waits for it, and is told its outcome when the answer is asked for.

    show: is given what the task has printed.
    """

    def __init__(
        self, trial: Trial, command: RunTask, handler: Handler, executor: TaskExecutor | Inline, show: Show | None
    ) -> None:
        """Begin it."""
        self._trial, self._show = trial, show
        self._call = Call(command, copy(command.payload), trial.start)
        self._lock, self._ready = threading.Lock(), threading.Event()
        self._outcome: Outcome | None = None
        self._tell: Callable[[], None] | None = None
        self._executor = executor
        self._timer = threading.Timer(longest(command.timeout_seconds), self._too_late)
        self._timer.daemon = True
        if handler.instant:
            self._ended(handler.call(self._call))
        elif isinstance(executor, Inline):
            self._ended(executor.perform(handler, self._call))
        else:
            self._timer.start()
            executor.submit(handler, self._call, self._ended)

    def pending(self, said: Callable[[], Answer]) -> Pending:
        """The answer; `said`: what it is once the trial has its outcome."""

        def answer() -> Answer:
            self._hand_over()
            return said()

        return Pending(self._when_ready, self._ready.wait, answer, self._give_up)

    def _when_ready(self, tell: Callable[[], None]) -> None:
        with self._lock:
            if not self._ready.is_set():
                self._tell = tell
                return
        tell()

    def _ended(self, outcome: Outcome, printed: str = "") -> None:
        if printed and self._show is not None:
            self._show(printed)
        with self._lock:
            if self._ready.is_set():
                return  # it was too late
            self._outcome = outcome
            self._ready.set()
        self._timer.cancel()
        if self._tell is not None:
            self._tell()

    def _too_late(self) -> None:
        self._ended(Failed(TIMEOUT, None))
        self._give_up()

    def _give_up(self) -> None:
        self._timer.cancel()
        self._call.cancel()
        self._executor.abandon(self._call)

    def _hand_over(self) -> None:
        outcome, trial = self._outcome, self._trial
        if isinstance(outcome, Succeeded):
            trial.answer(outcome.output, size(outcome.output))
        elif isinstance(outcome, Failed):
            trial.fail_with(outcome.error, outcome.cause)
        elif isinstance(outcome, Refused):
            trial.fail_with(RUNTIME, outcome.cause)
