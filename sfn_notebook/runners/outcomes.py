"""What became of the states inside a Distributed Map, over all children of a Map Run."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from sfn_notebook.asl.model import Machine
from sfn_notebook.engine.events import WIDTH
from sfn_notebook.engine.execution import Execution
from sfn_notebook.graph.status import Tally

_MOST_EVENTS: Final = 20_000

Outline: TypeAlias = list[dict[str, Any]]


class Outcomes:
    """Children that went the same way are counted together, and their events read when somebody asks.

    One thread adds; any may ask.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._ways: dict[Any, tuple[int, Outline]] = {}
        self._events = 0
        self._read = Tally(machine)
        self._lock = threading.Lock()

    def add(self, execution: Execution) -> None:
        """Count a child that has ended."""
        events = execution.events
        names = tuple(about if type(about) is str else None for about in events[2::WIDTH])
        way = tuple(map(id, events[::WIDTH])), tuple(events[1::WIDTH]), names
        with self._lock:
            known = self._ways.get(way)
            if known is None:
                known = 0, list(outline(execution))
                self._events += len(known[1])
            self._ways[way] = known[0] + 1, known[1]
            if self._events > _MOST_EVENTS:  # they all go other ways
                self._read, self._ways, self._events = self._all(), {}, 0

    def tally(self) -> Tally:
        """What became of the states, so far."""
        with self._lock:
            return self._all()

    def _all(self) -> Tally:
        tally = self._read.copy()
        for times, outline in self._ways.values():
            tally.add(outline, times)
        return tally


def outline(execution: Execution) -> Iterator[dict[str, Any]]:
    """The events without what they carry: enough to tell which states came to what end. It may still run."""
    slots = iter(execution.events)
    for id_, (kind, previous, about, value) in enumerate(zip(slots, slots, slots, slots, strict=True), 1):
        index = value if type(value) is int else None
        details = {"name": about, "state": about, "index": index} if isinstance(about, str) else {}
        yield {"id": id_, "previousEventId": previous, "type": kind.type, "EventDetails": details}
