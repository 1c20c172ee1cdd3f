"""Which state was visited when, inside what, and what became of it: a history read back.  (spec: history-events)

The history is all there is: whoever made it – this engine, an AWS account, a file – gives the same visits. Events are
mappings as boto3's get_execution_history returns them. Unknown events are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from sfn_notebook.asl.model import Machine, State

Status: TypeAlias = Literal["RUNNING", "SUCCEEDED", "FAILED", "CAUGHT", "TIMED_OUT", "ABORTED"]
Event: TypeAlias = Mapping[str, Any]

_ENDINGS: Final[Mapping[str, Status]] = {
    "ExecutionFailed": "ABORTED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}


@dataclass(slots=True, eq=False)
class Line:
    """A line of control: the machine itself, or the branch or iteration `index` of a visit of a Parallel or Map.

    open: the visit it stands in; closed: the one it has left last.
    """

    owner: Visit | None = None
    index: int | None = None
    open: Visit | None = None
    closed: Visit | None = None

    @property
    def container(self) -> str:
        """The states around, outermost first, each with its iteration or branch: `Outer[3]/Inner[0]`; "" at the top."""
        if self.owner is None:
            return ""
        around = self.owner.line.container
        return (f"{around}/" if around else "") + f"{self.owner.state}[{self.index}]"

    def outward(self) -> Iterator[Line]:
        """The line itself and those around it."""
        line: Line | None = self
        while line is not None:
            yield line
            line = line.owner.line if line.owner is not None else None


@dataclass(slots=True, eq=False)
class Visit:
    """One visit of a state. entered, exited: timestamps of those events; input, output: JSON text as in the events.

    fault: how the latest attempt went wrong, while the state may still be tried again or caught; error: its name;
    given_up: a Map or Parallel that is not tried again; next: the state that followed.
    """

    state: str
    type: str
    line: Line
    entered: Any
    input: str | None
    exited: Any = None
    output: str | None = None
    status: Status = "RUNNING"
    fault: Status | None = None
    given_up: bool = False
    error: str | None = None
    next: str | None = None
    attempts: int = 0
    retries: int = 0
    lines: list[Line] = field(default_factory=list)

    def attempt(self) -> None:
        """A task is scheduled, or a Map or Parallel begins: again, when there was an attempt before."""
        if self.attempts:
            self.retries += 1
        self.attempts += 1
        self.fault = self.error = None
        self.given_up = False

    def go_wrong(self, fault: Status, error: str | None) -> None:
        """The attempt has failed."""
        self.fault, self.error = fault, error

    def close(self, status: Status, error: str | None = None) -> None:
        """The visit has ended without leaving the state."""
        if self.status == "RUNNING":
            self.status = self.fault or status
        if self.status == "FAILED":
            self.error = self.error or error

    def abort_inside(self) -> None:
        """What still runs inside a Map or Parallel that has ended, or begins again, runs no more."""
        for line in self.lines:
            if line.open is not None:
                line.open.abort_inside()
                line.open.close("ABORTED")
        self.lines.clear()


def read_visits(history: Iterable[Event], machine: Machine | None = None) -> list[Visit]:
    """Every visit, in the order of the Entered events.

    The machine numbers branches as the definition does (without it: as they begin), and tells where only a catcher
    leads.
    """
    reader = _Reader(machine)
    for event in sorted(history, key=lambda event: event.get("id", 0)):
        reader.read(event)
    return reader.visits


class _Reader:
    def __init__(self, machine: Machine | None) -> None:
        self.visits: list[Visit] = []
        self._states: Mapping[str, State] = {state.name: state for state in machine.walk()} if machine else {}
        self._branch = _branches(self._states.values())
        self._root = Line()
        self._line_at: dict[int, Line] = {0: self._root}
        self._begun: dict[int, Visit] = {}

    def read(self, event: Event) -> None:
        kind = str(event.get("type", ""))
        line = self._line_at.get(event.get("previousEventId", 0), self._root)
        self._line_at[event.get("id", 0)] = self._place(event, kind, line)

    def _place(self, event: Event, kind: str, line: Line) -> Line:
        """Take the event in; the line to which it belongs."""
        if kind.endswith("StateEntered"):
            return self._enter(event, kind.removesuffix("StateEntered"), line)
        if kind.endswith("StateExited"):
            return self._exit(event, line)
        if kind == "EvaluationFailed":
            return self._evaluation_failed(event, line)
        if kind.startswith("MapIteration"):
            return self._iteration(event, kind, line)
        if kind.startswith("Execution"):
            self._execution(event, kind, line)
            return line
        return self._inside(event, kind, line)

    # ------------------------------------------------------------ lines

    def _enter(self, event: Event, type_: str, line: Line) -> Line:
        details = _details(event)
        name = details.get("name", "")
        owner = self._begun.get(event.get("previousEventId", 0))
        if owner is not None and owner.type == "Parallel":
            line = Line(owner, self._branch.get(name, len(owner.lines)))
            owner.lines.append(line)
        if line.closed is not None:
            self._follow(line.closed, name)
        line.open = Visit(name, type_, line, event.get("timestamp"), details.get("input"))
        self.visits.append(line.open)
        if type_ == "Fail":
            line.open.close("FAILED")
        return line

    def _follow(self, visit: Visit, name: str) -> None:
        visit.next = name
        kinds = {way.kind for way in self._ways(visit) if way.target == name}
        if kinds == {"catch"}:
            visit.status = "CAUGHT"

    def _ways(self, visit: Visit) -> Iterator[Any]:
        state = self._states.get(visit.state)
        return iter(()) if state is None else state.transitions()

    def _exit(self, event: Event, line: Line) -> Line:
        details = _details(event)
        line = self._standing_in(line, details.get("name")) or line
        visit = line.open
        if visit is not None:
            visit.exited, visit.output = event.get("timestamp"), details.get("output")
            visit.status = "CAUGHT" if visit.fault else "SUCCEEDED"
            line.open, line.closed = None, visit
        return line

    def _evaluation_failed(self, event: Event, line: Line) -> Line:
        # It points at what its state's Entered event points at, so the name must tell.
        details = _details(event)
        line = self._standing_in(line, details.get("state")) or line
        if line.open is not None:
            line.open.go_wrong("FAILED", details.get("error"))
        return line

    def _standing_in(self, line: Line, name: str | None) -> Line | None:
        """The nearest line, from here outwards, that stands in the state of this name; else the latest one."""
        for near in line.outward():
            if near.open is not None and near.open.state == name:
                return near
        late = (visit.line for visit in reversed(self.visits) if visit.state == name and visit.line.open is visit)
        return next(late, None)

    def _iteration(self, event: Event, kind: str, line: Line) -> Line:
        details = _details(event)
        if kind == "MapIterationFailed" and line.open is not None:
            line.open.close("FAILED")
        if kind != "MapIterationStarted":
            return line
        owner = self._begun.get(event.get("previousEventId", 0))
        if owner is None:  # the iteration before has made room: it is of the same Map
            place = self._standing_in(line, details.get("name"))
            owner = place.open if place is not None else None
        if owner is None:
            return line
        line = Line(owner, details.get("index", len(owner.lines)))
        owner.lines.append(line)
        return line

    # ------------------------------------------------------------ what happens inside a visit

    def _inside(self, event: Event, kind: str, line: Line) -> Line:
        if kind.endswith("Aborted"):
            return line  # it names nobody; who was aborted is clear when the state around fails
        if kind.startswith(("Map", "Parallel")):
            # A retry or failure points at what failed inside: what was given up is passed over on the way out.
            line = _nearest(line, lambda visit: kind.startswith(visit.type) and not visit.given_up) or line
        visit = line.open
        if visit is not None:
            self._progress(event, kind, visit)
        return line

    def _progress(self, event: Event, kind: str, visit: Visit) -> None:
        if kind in ("MapStateStarted", "ParallelStateStarted"):
            self._blame(event)
            visit.abort_inside()
            self._begun[event.get("id", 0)] = visit
            visit.attempt()
        elif kind.endswith("Scheduled"):
            visit.attempt()
        elif kind.endswith("TimedOut"):
            visit.go_wrong("TIMED_OUT", _details(event).get("error"))
        elif kind in ("MapStateFailed", "ParallelStateFailed"):
            self._blame(event)
            visit.abort_inside()
            visit.go_wrong("FAILED", _details(event).get("error") or visit.error)  # the Map Run's, or an expression's
            visit.given_up = True
        elif kind.endswith("Failed"):
            visit.go_wrong("FAILED", _details(event).get("error"))
        elif kind in ("LambdaFunctionSucceeded", "TaskSucceeded", "ActivitySucceeded", "MapRunSucceeded"):
            visit.fault = visit.error = None

    def _blame(self, event: Event) -> None:
        """The event before is what a child failed with: its visit has failed, the other children are aborted."""
        culprit = self._line_at.get(event.get("previousEventId", 0), self._root).open
        if culprit is not None and culprit.type not in ("Map", "Parallel"):
            culprit.close("FAILED")

    def _execution(self, event: Event, kind: str, line: Line) -> None:
        if kind == "ExecutionFailed":
            error = _details(event).get("error")
            for around in line.outward():
                if around.open is not None:
                    around.open.close("FAILED", error)
        if kind in _ENDINGS:
            for visit in self.visits:
                visit.close(_ENDINGS[kind])
        elif kind == "ExecutionRedriven":
            for visit in self.visits:
                if visit.line.open is visit and visit.exited is None:
                    visit.status, visit.attempts, visit.given_up = "RUNNING", 0, False


def _nearest(line: Line, wanted: Callable[[Visit], bool]) -> Line | None:
    """The nearest line, from here outwards, that stands in a wanted visit."""
    return next((near for near in line.outward() if near.open is not None and wanted(near.open)), None)


def _branches(states: Iterable[State]) -> Mapping[str, int]:
    """The first states of branches, and the branch that each begins."""
    parallels = (state for state in states if state.type == "Parallel")
    return {container.start_at: index for state in parallels for index, container in enumerate(state.containers)}


def _details(event: Event) -> Mapping[str, Any]:
    return next((value for key, value in event.items() if key.endswith("EventDetails")), {})
