"""One top-level run: an execution, its clock, what stands behind its tasks, and what it is waiting for just now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.stimuli import Stimulus, Target, TimerKind
from sfn_notebook.integrations.binding import Bindings
from sfn_notebook.integrations.contract import Call
from sfn_notebook.store.contract import Store

from .clock import RunningClock, VirtualClock
from .executors import Inline, TaskExecutor

_AT_ONCE: Final = 0.5
"""Seconds after which a waiting thread looks up: a Ctrl-C that comes at a bad moment is seen then."""


class Timer:
    """A timer in a heap; dead when it was cancelled."""

    __slots__ = ("dead", "due", "kind", "order", "target")

    def __init__(self, due: int, order: int, target: Target, kind: TimerKind) -> None:
        self.due, self.order, self.target, self.kind = due, order, target, kind
        self.dead = False

    def __lt__(self, other: Timer) -> bool:
        return (self.due, self.order) < (other.due, other.order)


class Flight:
    """A task that works: its call, and when in the order of commands it was given out."""

    __slots__ = ("call", "order")

    def __init__(self, call: Call, order: int) -> None:
        self.call, self.order = call, order


class Run:
    """What the driver keeps of one run. Only the driver's thread changes it; `ended` may be waited for anywhere.

    arrived: answers under a virtual clock that wait until all of the same instant are here (order of the command,
    stimuli, what the task printed); printed: what tasks printed, in the order of their answers, not shown yet; overdue:
    under a virtual clock, the machine's TimeoutSeconds have passed in real time, so that no task holds the clock.
    """

    def __init__(
        self,
        execution: Execution,
        clock: RunningClock | VirtualClock,
        bindings: Bindings,
        executor: TaskExecutor | Inline,
        store: Store,
    ) -> None:
        self.execution = execution
        self.clock = clock
        self.bindings = bindings
        self.executor = executor
        self.store = store
        self.flights: dict[Target, Flight] = {}
        self.timers: dict[tuple[Target, TimerKind], Timer] = {}
        self.heap: list[Timer] = []
        self.arrived: list[tuple[int, tuple[Stimulus, ...], str]] = []
        self.printed: list[str] = []
        self.done = False
        self.queued = False
        self.overdue = False
        self.broken: Exception | None = None
        self._callbacks: list[Callable[[], None]] = []
        self._ended: threading.Event | None = None
        self._lock = threading.Lock()

    def keep_printed(self, text: str) -> None:
        """Keep what an attempt printed until somebody who waits is shown it."""
        if text:
            self.printed.append(text)

    def end(self, broken: Exception | None = None) -> None:
        """Everything is over and kept, or has broken down."""
        with self._lock:
            self.broken, self.done = broken, True  # whoever sees the end must see what it was
            callbacks, self._callbacks = self._callbacks, []
            if self._ended is not None:
                self._ended.set()
        for callback in callbacks:
            with suppress(Exception):  # whoever wanted to know is gone: an event loop may be closed
                callback()

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Have `callback` called at the end, from the driver's thread: it must return at once."""
        with self._lock:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds. Has it come? Raises what has broken the run down."""
        with self._lock:
            if self._ended is None and not self.done:
                self._ended = threading.Event()
        last = float("inf") if timeout is None else time.monotonic() + timeout
        while not self.done and self._ended is not None and (left := last - time.monotonic()) > 0:
            self._ended.wait(min(left, _AT_ONCE))
        if self.broken is not None:
            raise self.broken
        return self.done
