"""Where a run's chance and start time come from: the world, or a fixed beginning that makes notebooks repeat."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from typing import Final, NamedTuple, Protocol

from sfn_notebook.runners.clock import wall_clock

FIXED_START: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z"""


class Beginning(NamedTuple):
    """What a top-level run begins with: its start time (milliseconds since the epoch) and 128 bits of chance."""

    now: int
    seed: int


class Origin(Protocol):
    """Gives each top-level run its beginning."""

    def begin(self) -> Beginning:
        """The beginning of the next run."""

    def chosen(self) -> Origin:
        """The origin of all runs that start together."""


class World:
    """The time of day and real chance."""

    def chosen(self) -> Origin:
        return self

    def begin(self) -> Beginning:
        return Beginning(wall_clock(), int.from_bytes(os.urandom(16), "big"))


class Repeatable:
    """Always the same start time, and the n-th run always the same seed."""

    def __init__(self) -> None:
        self._runs = count(1)

    def chosen(self) -> Origin:
        return self

    def begin(self) -> Beginning:
        seed = sha256(b"run %d" % next(self._runs)).digest()[:16]
        return Beginning(FIXED_START, int.from_bytes(seed, "big"))


class Switched:
    """The world, or the fixed beginning whenever `is_repeatable()`."""

    def __init__(self, is_repeatable: Callable[[], bool]) -> None:
        self._is_repeatable = is_repeatable
        self._world, self._repeatable = World(), Repeatable()

    def chosen(self) -> Origin:
        return self._repeatable if self._is_repeatable() else self._world

    def begin(self) -> Beginning:
        return self.chosen().begin()
