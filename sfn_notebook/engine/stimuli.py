"""What an execution is told: how it was started, and everything that came from outside afterwards.

A stimulus carries the time (`now`, milliseconds since the epoch, never decreasing) and, where it answers a command,
the target it is meant for. The list of stimuli, each with the number of transitions made before it, is the journal:
fed to a fresh `Execution` it rebuilds the same history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from sfn_notebook.values import JSON, JSONText

SEMANTICS = 1
"""Rises when the same machine, start record and stimuli would give another history."""

make: Final = tuple.__new__
"""`make(TaskFailed, (…))` costs half of `TaskFailed(…)`: for what is made at every attempt."""

LAST_MOMENT: Final = 253_402_300_799_999
"""9999-12-31T23:59:59.999Z: no timer is due later, for no timestamp can say so."""

TimerKind: TypeAlias = Literal["wait", "retry", "timeout", "heartbeat", "execution"]


class Place(NamedTuple):
    """One container on the way to a target: iteration or branch `child` of a Map's or Parallel's visit and attempt."""

    state: str
    visit: int
    attempt: int
    child: int


class Target(NamedTuple):
    """What a command or stimulus is about: an attempt at a visit of a state, by names, so that edits do not shift
    it.
    """

    path: tuple[Place, ...]
    state: str
    visit: int
    attempt: int

    def __str__(self) -> str:
        return "/".join([*(f"{place.state}[{place.child}]" for place in self.path), self.state])


WHOLE = Target((), "", 0, 0)
"""The execution itself."""


class Start(NamedTuple):
    """The start record: all that an execution knows of how it began.  (DESIGN, law 1)

    is_synchronous: an EXPRESS one whose caller waits for it; its context does not say how often it was redriven.
    """

    now: int
    execution_arn: str
    name: str
    input: JSONText
    state_machine_arn: str
    state_machine_name: str
    role_arn: str
    definition_sha256: str
    seed: int
    type: Literal["STANDARD", "EXPRESS"] = "STANDARD"
    limits: Literal["aws", "none"] = "aws"
    region: str = "us-east-1"
    state_machine_version_arn: str | None = None
    state_machine_alias_arn: str | None = None
    semantics: int = SEMANTICS
    is_synchronous: bool = False


class TaskScheduled(NamedTuple):
    """The task of an activity waits for a worker."""

    now: int
    target: Target


class TaskRefused(NamedTuple):
    """Nothing can be scheduled: there is no such activity."""

    now: int
    target: Target
    cause: str


class TaskStarted(NamedTuple):
    """A worker has taken the task of an activity."""

    now: int
    target: Target
    worker_name: str | None


class TaskSubmitted(NamedTuple):
    """The service accepted the job; its result comes later."""

    now: int
    target: Target
    output: JSON


class TaskSucceeded(NamedTuple):
    """A task's result, as the integration gives it: before ResultSelector. `size`: bytes of its text."""

    now: int
    target: Target
    output: JSON
    size: int


class TaskFailed(NamedTuple):
    """A task's failure; either part may be missing."""

    now: int
    target: Target
    error: str | None
    cause: str | None


class TimerFired(NamedTuple):
    """A timer that was started has run out."""

    now: int
    target: Target
    timer: TimerKind


class Stopped(NamedTuple):
    """Somebody stopped the execution.  (API: StopExecution)"""

    now: int
    error: str | None
    cause: str | None


class GuardFired(NamedTuple):
    """The wall clock has ended the evaluation of a JSONata expression, which fails so in each replay.  (DESIGN, law 7)

    Unlike other stimuli it is written down after it was felt: `replay` tells it in advance.
    """

    now: int
    target: Target
    location: str
    cause: str


class Continued(NamedTuple):
    """Nothing but time has passed: a long run of states was told to go on."""

    now: int


Stimulus: TypeAlias = (
    TaskScheduled
    | TaskRefused
    | TaskStarted
    | TaskSubmitted
    | TaskSucceeded
    | TaskFailed
    | TimerFired
    | Stopped
    | Continued
    | GuardFired
)


TARGETED: Final = frozenset(
    {TaskScheduled, TaskRefused, TaskStarted, TaskSubmitted, TaskSucceeded, TaskFailed, TimerFired, GuardFired}
)
"""The stimuli that are meant for a target, which is their second field."""


KINDS: Final[Mapping[str, Any]] = {kind.__name__: kind for kind in (*TARGETED, Stopped, Continued)}
"""Every kind of stimulus by its name."""


class Entry(NamedTuple):
    """A line of the journal: `stimulus` came when `after` transitions had been made."""

    after: int
    stimulus: Stimulus
