"""How far an execution has come, state by state, read from its history events.

The history is all there is: whoever made it – this engine, an AWS account, a file – gets the same picture.
Events are mappings as boto3's `get_execution_history` returns them. Unknown events and names are passed over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from sfn_notebook.asl.model import Container, Machine, State

Status: TypeAlias = Literal["not_run", "running", "succeeded", "caught", "failed", "timed_out", "aborted"]
Event: TypeAlias = Mapping[str, Any]

# Iterations of a Map run beside one another: the state shows the first of these that one of them has.
_GRAVITY: Final[tuple[Status, ...]] = (
    "failed",
    "timed_out",
    "running",
    "aborted",
    "caught",
    "succeeded",
    "not_run",
)

_FAILED_ATTEMPTS: Final = frozenset(
    family + ending
    for family in ("LambdaFunction", "Task", "Activity")
    for ending in ("Failed", "ScheduleFailed", "StartFailed", "SubmitFailed")
) | {"MapRunFailed"}
_TIMED_OUT_ATTEMPTS: Final = frozenset(("LambdaFunctionTimedOut", "TaskTimedOut", "ActivityTimedOut"))
_SUCCEEDED_ATTEMPTS: Final = frozenset(("LambdaFunctionSucceeded", "TaskSucceeded", "ActivitySucceeded"))
_ATTEMPTS: Final = frozenset(("LambdaFunctionScheduled", "TaskScheduled", "ActivityScheduled"))
_FANOUT: Final = ("MapState", "MapIteration", "MapRun", "ParallelState")


@dataclass(frozen=True, slots=True)
class StateStatus:
    """What became of a state. status: of its latest visit, the gravest among iterations."""

    status: Status = "not_run"
    visits: int = 0
    retries: int = 0


class TakenEdge(NamedTuple):
    """A transition that was taken: from a state, by a kind of transition, to a state."""

    source: str
    kind: Literal["next", "choice", "default", "catch"]
    target: str


def status_of(history: Iterable[Event], machine: Machine) -> Mapping[str, StateStatus]:
    """For each state of the machine what became of it, as far as the history goes."""
    return _Reader(machine).read(history).statuses()


def taken_edges(history: Iterable[Event], machine: Machine) -> Mapping[TakenEdge, int]:
    """The transitions taken, and how often each."""
    return dict(_Reader(machine).read(history).edges)


@dataclass(slots=True, eq=False)
class _Visit:
    """One stay in a state. lane: the iterations around it; fault: how its latest attempt went wrong."""

    state: State
    around: _Visit | None
    lane: tuple[int, ...]
    status: Status = "running"
    fault: Status | None = None
    attempts: int = 0
    retries: int = 0
    inside: list[_Visit] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.status == "running"

    def close(self, status: Status) -> None:
        if self.is_open:
            self.status = self.fault if status == "aborted" and self.fault else status

    def close_inside(self) -> None:
        """What still runs inside a Map or Parallel that has ended, or begins again, runs no more."""
        for visit in self.inside:
            visit.close("aborted")
            visit.close_inside()
        self.inside.clear()

    def attempt(self) -> None:
        """A task is scheduled, or a Map or Parallel begins: again, when an attempt has failed before."""
        if self.attempts:
            self.retries += 1
        self.attempts += 1
        self.status, self.fault = "running", None

    def outer(self) -> Iterator[_Visit]:
        """The visit itself and those around it, from the inside out."""
        visit: _Visit | None = self
        while visit:
            yield visit
            visit = visit.around


class _Place(NamedTuple):
    """Where an event belongs: to a visit, in a lane of it."""

    visit: _Visit
    lane: tuple[int, ...]


class _Reader:
    def __init__(self, machine: Machine) -> None:
        self.states = {state.name: state for state in machine.walk()}
        self.around = dict(_around(machine.root, None))
        self.visits: list[_Visit] = []
        self.places: dict[int, _Place] = {}
        self.exited: dict[int, _Visit] = {}
        self.edges: Counter[TakenEdge] = Counter()

    def read(self, history: Iterable[Event]) -> _Reader:
        for event in sorted(history, key=lambda event: event.get("id", 0)):
            kind, before = str(event.get("type", "")), event.get("previousEventId", 0)
            place = self._place(event, kind, before)
            if place:
                self.places[event.get("id", 0)] = place
            self._tell(event, kind, place)
        return self

    def statuses(self) -> dict[str, StateStatus]:
        latest: dict[str, dict[tuple[int, ...], Status]] = {name: {} for name in self.states}
        visits: Counter[str] = Counter()
        retries: Counter[str] = Counter()
        for visit in self.visits:
            name = visit.state.name
            latest[name][visit.lane] = visit.status
            visits[name] += 1
            retries[name] += visit.retries
        return {
            name: StateStatus(min(lanes.values(), key=_GRAVITY.index, default="not_run"), visits[name], retries[name])
            for name, lanes in latest.items()
        }

    # ---------------------------------------------------------------- which visit an event belongs to

    def _place(self, event: Event, kind: str, before: int) -> _Place | None:
        place = self.places.get(before)
        if kind.endswith("StateEntered"):
            return self._enter(event, place, before)
        if kind.endswith("StateExited"):
            name = event.get("stateExitedEventDetails", {}).get("name")
            visit = self._nearest(place, lambda visit: visit.state.name == name) or self._latest_open(name)
            return _Place(visit, visit.lane) if visit else place
        if kind == "EvaluationFailed":
            visit = self._latest_open(event.get("evaluationFailedEventDetails", {}).get("state"))
            return _Place(visit, visit.lane) if visit else place
        if kind.startswith(_FANOUT):
            return self._fanout_place(event, kind, place)
        return place

    def _enter(self, event: Event, place: _Place | None, before: int) -> _Place | None:
        name = event.get("stateEnteredEventDetails", {}).get("name")
        state = self.states.get(name)
        if state is None:
            return place
        outer = self.around[state.name]
        around = self._nearest(place, lambda visit: visit.state.name == outer) if outer else None
        source = self.exited.get(before)
        inside = place.lane if place and place.visit is around else source.lane if source else ()
        visit = _Visit(state, around, inside)
        self.visits.append(visit)
        if around:
            around.inside.append(visit)
        if source:
            self._take(source, state.name)
        return _Place(visit, visit.lane)

    def _fanout_place(self, event: Event, kind: str, place: _Place | None) -> _Place | None:
        wanted = "Parallel" if kind.startswith("Parallel") else "Map"
        visit = self._nearest(place, lambda visit: visit.state.type == wanted and visit.is_open)
        if visit is None:
            return place
        if kind != "MapIterationStarted":
            return _Place(visit, visit.lane)
        index = event.get("mapIterationStartedEventDetails", {}).get("index", event.get("id", 0))
        return _Place(visit, (*visit.lane, index))

    @staticmethod
    def _nearest(place: _Place | None, wanted: Any) -> _Visit | None:
        return next(filter(wanted, place.visit.outer()), None) if place else None

    def _latest_open(self, name: str | None) -> _Visit | None:
        return next((v for v in reversed(self.visits) if v.is_open and name in (None, v.state.name)), None)

    # ---------------------------------------------------------------- what an event tells of it

    def _tell(self, event: Event, kind: str, place: _Place | None) -> None:
        if kind.startswith("Execution"):
            self._tell_execution(kind, place)
            return
        visit = place.visit if place else self._latest_open(None)
        if visit is None:
            return
        if kind == "FailStateEntered":
            visit.close("failed")
        elif kind.endswith("StateExited"):
            self._exit(event, visit)
        elif kind in _ATTEMPTS or kind in ("MapStateStarted", "ParallelStateStarted"):
            visit.close_inside()
            visit.attempt()
        elif kind in _TIMED_OUT_ATTEMPTS:
            visit.fault = "timed_out"
        elif kind in _FAILED_ATTEMPTS or kind == "EvaluationFailed":
            visit.fault = "failed"
        elif kind in _SUCCEEDED_ATTEMPTS:
            visit.fault = None
        elif kind in ("MapStateFailed", "ParallelStateFailed"):
            visit.close_inside()
            visit.fault = "failed"
        elif kind == "MapIterationFailed":
            self._fail_iteration(event)
        elif kind.endswith("StateAborted") and kind == f"{visit.state.type}StateAborted":
            visit.close("aborted")

    def _exit(self, event: Event, visit: _Visit) -> None:
        visit.status = "caught" if visit.fault else "succeeded"
        self.exited[event.get("id", 0)] = visit

    def _fail_iteration(self, event: Event) -> None:
        culprit = self.places.get(event.get("previousEventId", 0))
        if culprit and culprit.visit.state.type not in ("Map", "Parallel"):
            culprit.visit.close(culprit.visit.fault or "failed")

    def _tell_execution(self, kind: str, place: _Place | None) -> None:
        if kind == "ExecutionFailed":
            culprit = place.visit if place else self._latest_open(None)
            for visit in culprit.outer() if culprit else ():
                visit.close(visit.fault or "failed")
        ending: Status = "timed_out" if kind == "ExecutionTimedOut" else "aborted"
        if kind in ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"):
            for visit in self.visits:
                visit.close(ending)
        elif kind == "ExecutionRedriven":
            for visit in self.visits:
                if visit.status in ("failed", "aborted", "timed_out"):
                    visit.attempts = 0

    def _take(self, source: _Visit, target: str) -> None:
        """Count a transition. Only a catcher can have led where no other transition leads."""
        kinds = [t.kind for t in source.state.transitions() if t.target == target]
        caught = [kind for kind in kinds if kind == "catch"]
        plain = [kind for kind in kinds if kind != "catch"]
        order = [*caught, *plain] if source.status == "caught" else [*plain, *caught]
        if order:
            self.edges[TakenEdge(source.state.name, order[0], target)] += 1
            if order[0] == "catch":
                source.status = "caught"


def _around(container: Container, outer: str | None) -> Iterator[tuple[str, str | None]]:
    """For each state the name of the state around it."""
    for state in container.states.values():
        yield state.name, outer
        for inner in state.containers:
            yield from _around(inner, state.name)
