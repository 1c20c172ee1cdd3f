"""When a failed state is tried again, and who catches what it cannot bear.  (spec: errors-and-retries)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfn_notebook.values import JSON

from .failures import DATA_LIMIT, RUNTIME, TIMEOUT, Failure

if TYPE_CHECKING:
    from .dataflow import CatchFlow
    from .frames import Frame
    from .program import Step

_NOT_TASK_FAILED = frozenset({TIMEOUT, RUNTIME, DATA_LIMIT})


def matches(names: frozenset[str], failure: Failure) -> bool:
    """Do these `ErrorEquals` name the failure? States.Runtime is beyond every name."""
    error = failure.error
    if error == RUNTIME or not failure.catchable:
        return False
    if error in names or "States.ALL" in names or (failure.also and failure.also in names):
        return True
    return "States.TaskFailed" in names and error not in _NOT_TASK_FAILED


@dataclass(frozen=True, slots=True)
class Retrier:
    """When a failed state is tried again.  (States Language: Retriers)"""

    error_equals: frozenset[str]
    interval_seconds: float = 1
    max_attempts: int = 3  # 0 is legal: these errors are never retried
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    jitter_strategy: Literal["NONE", "FULL"] = "NONE"

    def delay(self, attempts: int) -> float:
        """Seconds before the next attempt, when this retrier has granted `attempts` already. Without jitter."""
        longest = self.max_delay_seconds if self.max_delay_seconds is not None else 99_999_999
        try:
            seconds = self.interval_seconds * self.backoff_rate**attempts
        except OverflowError:
            return longest
        return min(longest, seconds)


@dataclass(frozen=True, slots=True)
class Catcher:
    """Where a failed state leads instead."""

    error_equals: frozenset[str]
    flow: CatchFlow
    next: Step


def compile_retriers(fields: Iterable[Mapping[str, JSON]]) -> tuple[Retrier, ...]:
    return tuple(
        Retrier(
            frozenset(retrier["ErrorEquals"]),
            retrier.get("IntervalSeconds", 1),
            retrier.get("MaxAttempts", 3),
            retrier.get("BackoffRate", 2.0),
            retrier.get("MaxDelaySeconds"),
            retrier.get("JitterStrategy", "NONE"),
        )
        for retrier in fields
    )


def grant(frame: Frame, failure: Failure) -> int | None:
    """Milliseconds to wait before the next attempt, or None when there is none. Uses up one attempt of the retrier.

    The first retrier that names the error decides: exhausted, later ones are not asked.
    """
    retriers = frame.step.retriers
    for position, retrier in enumerate(retriers):
        if matches(retrier.error_equals, failure):
            if frame.tries is None:
                frame.tries = [0] * len(retriers)
            granted = frame.tries[position]
            if granted >= retrier.max_attempts:
                return None
            frame.tries[position] = granted + 1
            seconds = retrier.delay(granted)
            if retrier.jitter_strategy == "FULL":
                seconds *= frame.draw(f"Retry[{position}]/JitterStrategy") / 2**128
            return round(seconds * 1000)
    return None


def catcher_for(frame: Frame, failure: Failure) -> Catcher | None:
    """The first catcher that names the failure."""
    return next((c for c in frame.step.catchers if matches(c.error_equals, failure)), None)
