"""Which state was visited when, and inside what: the chain of previousEventId read back.  (spec: history-events)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "CAUGHT", "TIMED_OUT", "ABORTED"]
Event = Mapping[str, Any]

_ENDINGS: Mapping[str, Status] = {"ExecutionAborted": "ABORTED", "ExecutionTimedOut": "TIMED_OUT"}


@dataclass(slots=True, eq=False)
class Line:
    """A line of control: the machine itself, a branch, or an iteration (`index`) of `owner`."""

    owner: Visit | None = None
    index: int | None = None
    open: Visit | None = None
    closed: Visit | None = None

    @property
    def container(self) -> str:
        """The states around, outermost first, each with the iteration or branch: `Outer[3]/Inner[0]`."""
        if self.owner is None:
            return ""
        around = self.owner.line.container
        return (f"{around}/" if around else "") + f"{self.owner.state}[{self.index}]"


@dataclass(slots=True, eq=False)
class Visit:
    """One visit of a state. Times are those of its Entered and Exited events."""

    state: str
    type: str
    line: Line
    entered: datetime
    input: str | None
    exited: datetime | None = None
    output: str | None = None
    status: Status = "RUNNING"
    error: str | None = None
    next: str | None = None
    attempts: int = 0
    branches: int = 0
    lines: list[Line] = field(default_factory=list)

    @property
    def retries(self) -> int:
        """How many times it was tried again."""
        return max(0, self.attempts - 1)


def visits(history: Iterable[Event], branch_of: Mapping[str, int] | None = None) -> list[Visit]:
    """Every visit, in the order of the Entered events.

    branch_of: first states of branches and the branch each begins; without it branches are counted as they begin.
    """
    reader = _Reader(branch_of or {})
    for event in history:
        reader.read(event)
    return reader.visits


class _Reader:
    def __init__(self, branch_of: Mapping[str, int]) -> None:
        self.visits: list[Visit] = []
        self._branch_of = branch_of
        self._root = Line()
        self._line_at: dict[int, Line] = {0: self._root, 1: self._root}
        self._begins: dict[int, Visit] = {}

    def read(self, event: Event) -> None:
        kind, previous = event["type"], event["previousEventId"]
        line = self._line_at.get(previous, self._root)
        if kind.endswith("StateEntered"):
            line = self._enter(event, kind.removesuffix("StateEntered"), line, previous)
        elif kind.endswith("StateExited"):
            line = self._exit(event, line)
        elif kind.startswith("MapIteration"):
            line = self._iteration(event, kind, line, previous)
        elif kind.startswith("Execution"):
            self._end(event, kind)
        else:
            line = self._inside(event, kind, line)
        self._line_at[event["id"]] = line

    def _enter(self, event: Event, type_: str, line: Line, previous: int) -> Line:
        details = event["stateEnteredEventDetails"]
        name = details["name"]
        begun = self._begins.get(previous)
        if begun is not None and begun.type == "Parallel":
            line = Line(begun, self._branch_of.get(name, begun.branches))
            begun.branches += 1
            begun.lines.append(line)
        if line.closed is not None:
            line.closed.next = name
        visit = line.open = Visit(name, type_, line, event["timestamp"], details.get("input"))
        if type_ == "Fail":
            visit.status = "FAILED"
        self.visits.append(visit)
        return line

    def _exit(self, event: Event, line: Line) -> Line:
        details = event["stateExitedEventDetails"]
        line = _outward(line, lambda visit: visit.state == details["name"])
        visit = line.open
        if visit is not None:
            visit.exited, visit.output = event["timestamp"], details.get("output")
            visit.status = "CAUGHT" if visit.status in ("FAILED", "TIMED_OUT") else "SUCCEEDED"
            line.open, line.closed = None, visit
        return line

    def _iteration(self, event: Event, kind: str, line: Line, previous: int) -> Line:
        if kind != "MapIterationStarted":
            return line
        details = event["mapIterationStartedEventDetails"]
        owner = self._begins.get(previous)
        if owner is None:  # the iteration before made room: same Map
            owner = _outward(line, lambda visit: visit.state == details["name"]).open
        if owner is None:
            return line
        line = Line(owner, details["index"])
        owner.lines.append(line)
        return line

    def _inside(self, event: Event, kind: str, line: Line) -> Line:
        """An event of a visit between its Entered and its Exited."""
        if kind.endswith("Aborted"):
            return line  # it names nobody; who was aborted is clear when the state around fails
        if kind.endswith("StateStarted"):  # the first time, or a retry that points at what failed inside
            line = _outward(line, lambda visit: kind.startswith(visit.type))
        elif kind.startswith(("Parallel", "Map")):
            line = _outward(line, lambda visit: kind.startswith(visit.type) and visit.status == "RUNNING")
        visit = line.open
        if visit is not None:
            self._progress(event, kind, visit)
        return line

    def _progress(self, event: Event, kind: str, visit: Visit) -> None:
        if kind.endswith("StateStarted"):
            _abort_inside(visit, self._line_at.get(event["previousEventId"]))
            self._begins[event["id"]] = visit
            visit.branches = 0
            visit.lines.clear()
        if kind.endswith(("Scheduled", "StateStarted")):
            visit.attempts += 1
            visit.status, visit.error = "RUNNING", None
        elif kind.endswith("TimedOut"):
            visit.status, visit.error = "TIMED_OUT", _details(event).get("error")
        elif kind.endswith("Failed"):
            _abort_inside(visit, self._line_at.get(event["previousEventId"]))
            visit.status, visit.error = "FAILED", _details(event).get("error")

    def _end(self, event: Event, kind: str) -> None:
        """Whatever still runs when the execution ends has ended with it."""
        if kind == "ExecutionStarted":
            return
        for visit in filter(_is_open, self.visits):
            if visit.status == "RUNNING":
                visit.status = _ENDINGS.get(kind, "FAILED")
            if visit.status == "FAILED" and visit.error is None:
                visit.error = _details(event).get("error")


def _abort_inside(visit: Visit, culprit: Line | None) -> None:
    """A Parallel or Map has failed, or begins again: the children that still ran are aborted, but for the one that
    failed.
    """
    for line in visit.lines:
        inner = line.open
        if inner is None:
            continue
        _abort_inside(inner, culprit)
        if inner.status == "RUNNING":
            inner.status = "FAILED" if line is culprit else "ABORTED"


def _is_open(visit: Visit) -> bool:
    """Does the execution stand in this visit?"""
    owner = visit.line.owner
    return visit.line.open is visit and (owner is None or (visit.line in owner.lines and _is_open(owner)))


def _outward(line: Line, wanted: Any) -> Line:
    """The nearest line, from here outwards, that stands in a wanted state."""
    here: Line | None = line
    while here is not None:
        if here.open is not None and wanted(here.open):
            return here
        here = here.owner.line if here.owner is not None else None
    return line


def _details(event: Event) -> Mapping[str, Any]:
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})
