"""What a top-level run shares with everything it starts: one clock, and all that waits for it."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sfn_notebook.engine.stimuli import Target, TimerKind
from sfn_notebook.store.children import ChildrenFile

from .clock import RunningClock, VirtualClock

if TYPE_CHECKING:
    from sfn_notebook.integrations.buckets import Buckets
    from sfn_notebook.integrations.contract import Answer, Refused
    from sfn_notebook.integrations.open_calls import OpenCalls

    from .map_run import MapRun
    from .run import Run


class Timer:
    """A timer of a run; dead when it was cancelled."""

    __slots__ = ("dead", "due", "kind", "run", "target")

    def __init__(self, run: Run, target: Target, kind: TimerKind, due: int) -> None:
        self.run, self.target, self.kind, self.due = run, target, kind, due
        self.dead = False

    def cancel(self) -> None:
        """Nobody waits for it any more; it may lie around until it is due, but shall keep no run alive."""
        self.dead = True
        del self.run


class Timers:
    """Timers by (time, order). Those that are dead are thrown out before they are more than those that are not."""

    __slots__ = ("_heap", "_room")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._room = _FEW

    def push(self, time: float, order: int, timer: Timer) -> None:
        """Add a timer."""
        heapq.heappush(self._heap, (time, order, timer))
        if len(self._heap) > self._room:
            self._heap = [entry for entry in self._heap if not entry[2].dead]
            heapq.heapify(self._heap)
            self._room = max(_FEW, 2 * len(self._heap))

    def next_time(self) -> float | None:
        """When the next timer is due, None if there is none."""
        heap = self._heap
        while heap and heap[0][2].dead:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def pop(self) -> Timer:
        """The next timer, which is in here no more. Ask `next_time` first."""
        return heapq.heappop(self._heap)[2]


_FEW: Final = 1000


class Timeline:
    """The time of one top-level run and of the executions that it starts. Only the driver's thread changes it.

    ready: runs that can go on; timers: of a virtual clock by (due, order); working: tasks at work, for which a
    virtual clock stands still; arrived: answers that wait until all of the same instant are here, as (order of the
    command, run, target, answer, what the task printed); overdue: the machine's TimeoutSeconds have passed in real
    time, so that no task holds the clock any more; feeding: Map Runs that are not over; jobs: numbers of what they
    are reading and writing, for which a virtual clock stands still too; jobs_done: what has been read or written, as
    (number, who takes the result, result); storage: where their objects are; open_calls: tasks that somebody outside
    answers.
    """

    __slots__ = (
        "_children_file", "arrived", "clock", "feeding", "jobs", "jobs_done", "open_calls", "overdue", "queued",
        "ready", "root", "storage", "timers", "virtual", "working",
    )  # fmt: skip

    def __init__(self, clock: RunningClock | VirtualClock, storage: Buckets, open_calls: OpenCalls) -> None:
        self.clock = clock
        self.open_calls = open_calls
        self.storage = storage
        self.feeding: list[MapRun] = []
        self.virtual = clock if isinstance(clock, VirtualClock) else None
        self.root: Run
        self.ready: deque[Run] = deque()
        self.timers = Timers()
        self.arrived: list[tuple[int, Run, Target, Answer | Refused, str]] = []
        self.working = 0
        self.jobs: set[int] = set()
        self.jobs_done: list[tuple[int, Callable[[Any], None], Any]] = []
        self.queued = False
        self.overdue: Timer | None = None
        self._children_file: ChildrenFile | None = None

    def children_file(self) -> ChildrenFile:
        """Where the children of all its Map Runs are kept, of which there may be thousands."""
        if self._children_file is None:
            self._children_file = ChildrenFile()
        return self._children_file
