"""One execution that is driven: what stands behind its tasks, and what it is waiting for just now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.stimuli import Target, TimerKind
from sfn_notebook.integrations.binding import Bindings
from sfn_notebook.integrations.contract import Call
from sfn_notebook.store.contract import Journal

from .executors import Inline, TaskExecutor
from .timeline import Timeline, Timer

if TYPE_CHECKING:
    from .map_run import MapRun

_AT_ONCE: Final = 0.5
"""Seconds after which a waiting thread looks up: a Ctrl-C that comes at a bad moment is seen then."""


_lock: Final = threading.Lock()
"""Held for moments only, so that one will do for all runs: thousands of them are remembered."""


class Run:
    """What the driver keeps of one execution. Only the driver's thread changes it; `ended` may be waited for anywhere.

    owner, index, items: of a child, its Map Run, which child it is and how many items it has; map_runs: those that run;
    all_map_runs: of a top-level run, every one that it or its children have begun.
    flights: tasks at work elsewhere; timers: those that run; printed: what tasks printed, in the order of their
    answers, not shown yet.
    """

    def __init__(
        self,
        execution: Execution,
        timeline: Timeline,
        bindings: Bindings,
        executor: TaskExecutor | Inline,
        journal: Journal,
    ) -> None:
        self.execution = execution
        self.timeline = timeline
        self.bindings = bindings
        self.executor = executor
        self.journal = journal
        self.owner: MapRun | None = None
        self.index = self.items = 0
        self.map_runs: dict[Target, MapRun] = {}
        self.all_map_runs: tuple[MapRun, ...] = ()
        self.flights: dict[Target, Call] = {}
        self.timers: dict[tuple[Target, TimerKind], Timer] = {}
        self.printed: list[str] | None = None
        self.done = False
        self.queued = False
        self.broken: Exception | None = None
        self._callbacks: tuple[Callable[[], None], ...] = ()
        self._ended: threading.Event | None = None

    def keep_printed(self, text: str) -> None:
        """Keep what an attempt printed until somebody who waits is shown it."""
        if text and self.printed is None:
            self.printed = [text]
        elif text and self.printed is not None:
            self.printed.append(text)

    def take_printed(self) -> Iterator[str]:
        """What is kept so far, and will not be given again."""
        while self.printed:
            yield self.printed.pop(0)

    def end(self, broken: Exception | None = None) -> None:
        """Everything is over and kept, or has broken down."""
        with _lock:
            self.broken, self.done = broken, True  # whoever sees the end must see what it was
            callbacks, self._callbacks = self._callbacks, ()
            if self._ended is not None:
                self._ended.set()
        del self.timeline, self.bindings, self.executor, self.journal  # of a run that has ended only the story is kept
        for callback in callbacks:
            with suppress(Exception):  # whoever wanted to know is gone: an event loop may be closed
                callback()

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Have `callback` called at the end, from the driver's thread: it must return at once."""
        with _lock:
            if not self.done:
                self._callbacks += (callback,)
                return
        callback()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end, at most `timeout` seconds. Has it come? Raises what has broken the run down."""
        if self.done and self.broken is None:
            return True
        with _lock:
            if self._ended is None and not self.done:
                self._ended = threading.Event()
        last = float("inf") if timeout is None else time.monotonic() + timeout
        while not self.done and self._ended is not None and (left := last - time.monotonic()) > 0:
            self._ended.wait(min(left, _AT_ONCE))
        if self.broken is not None:
            raise self.broken
        return self.done
