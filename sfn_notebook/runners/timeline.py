"""What a top-level run shares with everything it starts: one clock, and all that waits for it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from sfn_notebook.engine.stimuli import Target, TimerKind

from .clock import RunningClock, VirtualClock

if TYPE_CHECKING:
    from sfn_notebook.integrations.buckets import Buckets
    from sfn_notebook.integrations.contract import Answer

    from .map_run import MapRun
    from .run import Run


class Timer:
    """A timer of a run; dead when it was cancelled."""

    __slots__ = ("dead", "due", "kind", "run", "target")

    def __init__(self, run: Run, target: Target, kind: TimerKind, due: int) -> None:
        self.run, self.target, self.kind, self.due = run, target, kind, due
        self.dead = False


class Timeline:
    """The time of one top-level run and of the executions that it starts. Only the driver's thread changes it.

    ready: runs that can go on; heap: timers of a virtual clock by (due, order); working: tasks at work, for which a
    virtual clock stands still; arrived: answers that wait until all of the same instant are here, as (order of the
    command, run, target, answer, what the task printed); overdue: the machine's TimeoutSeconds have passed in real
    time, so that no task holds the clock any more; feeding: Map Runs that are not over; storage: where their objects
    are.
    """

    __slots__ = (
        "arrived", "clock", "feeding", "heap", "overdue", "queued", "ready", "root", "storage", "virtual", "working",
    )  # fmt: skip

    def __init__(self, clock: RunningClock | VirtualClock, storage: Buckets) -> None:
        self.clock = clock
        self.storage = storage
        self.feeding: list[MapRun] = []
        self.virtual = clock if isinstance(clock, VirtualClock) else None
        self.root: Run
        self.ready: deque[Run] = deque()
        self.heap: list[tuple[int, int, Timer]] = []
        self.arrived: list[tuple[int, Run, Target, Answer, str]] = []
        self.working = 0
        self.queued = False
        self.overdue: Timer | None = None
