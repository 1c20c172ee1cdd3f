"""What an execution wants done. Commands are values; runners carry them out and answer with stimuli."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from sfn_notebook.asl.resources import Resource
from sfn_notebook.values import JSON, Absent

from .stimuli import GuardFired, Target, TimerKind

if TYPE_CHECKING:
    from .program import Program


class RunTask(NamedTuple):
    """Do the work of a Task state. `payload` is shared with the execution: copy it before anybody may change it."""

    target: Target
    resource: Resource
    payload: JSON
    timeout_seconds: int | None
    heartbeat_seconds: int | None = None


class MapWork(NamedTuple):
    """What a Map Run consists of, everything resolved.  (spec: distributed-map)

    items: an array or object of the state; where there are none, reader says where they come from (ItemReader with its
    Parameters, and MaxItems in its ReaderConfig). select: makes a child's input of (index, item, key, source); None
    where the item itself is it; raises failures.ItemFailed. batcher, writer: ItemBatcher and ResultWriter, resolved, or
    None. max_concurrency: 0 is no limit. tolerated_…: None where not given.
    """

    map_run_arn: str
    label: str
    program: Program
    execution_type: Literal["STANDARD", "EXPRESS"]
    items: JSON | None
    select: Callable[[int, JSON, str | Absent, str], JSON] | None
    reader: dict[str, Any] | None
    batcher: dict[str, Any] | None
    writer: dict[str, Any] | None
    max_concurrency: int
    tolerated_failure_count: int | None
    tolerated_failure_percentage: float | None


class RunMap(NamedTuple):
    """Run the children of a Distributed Map; answer as for a task, once, when all is over."""

    target: Target
    work: MapWork


class CancelTask(NamedTuple):
    """The result of the task or Map Run is no longer wanted."""

    target: Target


class StartTimer(NamedTuple):
    """Answer with TimerFired at `due`, milliseconds since the epoch."""

    target: Target
    timer: TimerKind
    due: int


class CancelTimer(NamedTuple):
    """The timer is no longer wanted."""

    target: Target
    timer: TimerKind


class KeepGuard(NamedTuple):
    """Write a stimulus down that the execution has felt by itself."""

    stimulus: GuardFired


class Continue(NamedTuple):
    """The budget is used up: call `advance` again."""


if TYPE_CHECKING:
    from .program import Program

Command: TypeAlias = RunTask | RunMap | CancelTask | StartTimer | CancelTimer | KeepGuard | Continue
