"""What time it is: real, faster than real, or virtual. Times are milliseconds since the epoch."""

from __future__ import annotations

import time
from typing import Protocol


def wall_clock() -> int:
    """The time of day."""
    return time.time_ns() // 1_000_000


class Clock(Protocol):
    """The time of one top-level run; it never goes back.

    is_virtual: time stands still while tasks work, and jumps to the next timer when nothing does.
    """

    is_virtual: bool

    def now(self) -> int:
        """The time on this clock."""


class RunningClock:
    """Starts at `start` and runs `factor` times as fast as time does. Monotonic, anchored once to the wall clock."""

    is_virtual = False

    def __init__(self, start: int, factor: float = 1.0) -> None:
        self._start = start
        self._factor = factor
        self._begun = time.monotonic()

    def now(self) -> int:
        return self._start + int((time.monotonic() - self._begun) * 1000 * self._factor)

    def moment(self, due: int) -> float:
        """The monotonic time at which this clock shows `due`: the same for all that are due together."""
        return self._begun + (due - self._start) / 1000 / self._factor


class VirtualClock:
    """Moves only when it is told to."""

    is_virtual = True

    def __init__(self, start: int) -> None:
        self.time = start

    def now(self) -> int:
        return self.time

    def move_to(self, time: int) -> None:
        """It is `time` now, unless it is later already."""
        self.time = max(self.time, time)


def make_clock(choice: str | float, start: int) -> RunningClock | VirtualClock:
    """The clock for "real", "virtual" or a speed factor. Raises: ValueError."""
    if choice == "virtual":
        return VirtualClock(start)
    if choice == "real":
        return RunningClock(start)
    try:
        factor = 0.0 if isinstance(choice, bool) else float(choice)
    except (TypeError, ValueError):
        factor = 0.0
    if not 0 < factor < float("inf"):
        raise ValueError(
            f"clock={choice!r}: use 'real', 'virtual' or a speed factor such as 60 (a minute takes a second)."
        )
    return RunningClock(start, factor)
