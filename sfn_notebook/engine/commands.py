"""What an execution wants done. Commands are values; runners carry them out and answer with stimuli."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from sfn_notebook.asl.resources import Resource
from sfn_notebook.values import JSON

from .stimuli import GuardFired, Target, TimerKind


class RunTask(NamedTuple):
    """Do the work of a Task state. `payload` is shared with the execution: copy it before anybody may change it."""

    target: Target
    resource: Resource
    payload: JSON
    timeout_seconds: int | None


class CancelTask(NamedTuple):
    """The task's result is no longer wanted."""

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


Command: TypeAlias = RunTask | CancelTask | StartTimer | CancelTimer | KeepGuard | Continue
