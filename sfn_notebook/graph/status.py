"""How far an execution has come, state by state, for the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from sfn_notebook.asl.model import Machine, State

from . import visits
from .visits import Event, Visit

Status: TypeAlias = Literal["not_run", "running", "succeeded", "caught", "failed", "timed_out", "aborted"]

_STATUS: Final[Mapping[visits.Status, Status]] = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "CAUGHT": "caught",
    "FAILED": "failed",
    "TIMED_OUT": "timed_out",
    "ABORTED": "aborted",
}

# Iterations of a Map run beside one another: the state shows the first of these that one of them has.
_GRAVITY: Final[tuple[Status, ...]] = ("failed", "timed_out", "running", "aborted", "caught", "succeeded", "not_run")


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
    return statuses(visits.read_visits(history, machine), machine)


def taken_edges(history: Iterable[Event], machine: Machine) -> Mapping[TakenEdge, int]:
    """The transitions taken, and how often each."""
    return edges(visits.read_visits(history, machine), machine)


def statuses(visited: Iterable[Visit], machine: Machine) -> Mapping[str, StateStatus]:
    """`status_of`, of a history that has been read."""
    latest: dict[str, dict[str, Status]] = {state.name: {} for state in machine.walk()}
    count: Counter[str] = Counter()
    retries: Counter[str] = Counter()
    for visit in visited:
        if visit.state in latest:
            latest[visit.state][visit.line.container] = _STATUS[visit.status]
            count[visit.state] += 1
            retries[visit.state] += visit.retries
    return {
        name: StateStatus(min(lines.values(), key=_GRAVITY.index, default="not_run"), count[name], retries[name])
        for name, lines in latest.items()
    }


def together(one: StateStatus, other: StateStatus) -> StateStatus:
    """What became of a state in two executions beside one another: the gravest."""
    status = min(one.status, other.status, key=_GRAVITY.index)
    return StateStatus(status, one.visits + other.visits, one.retries + other.retries)


class Tally:
    """What became of the states of one machine in executions beside one another: the children of a Map Run."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.statuses: dict[str, StateStatus] = {}
        self.edges: Counter[TakenEdge] = Counter()

    def add(self, history: Iterable[Event], times: int = 1) -> None:
        """Count an execution that has ended, or as many as went the same way."""
        visited = visits.read_visits(history, self._machine)
        for name, status in statuses(visited, self._machine).items():
            counted = StateStatus(status.status, status.visits * times, status.retries * times)
            self.statuses[name] = together(self.statuses.get(name, _NOT_RUN), counted)
        for edge, count in edges(visited, self._machine).items():
            self.edges[edge] += count * times

    def copy(self) -> Tally:
        """One that can be added to without changing this one."""
        other = Tally(self._machine)
        other.statuses, other.edges = self.statuses.copy(), self.edges.copy()
        return other


_NOT_RUN: Final = StateStatus()


def edges(visited: Iterable[Visit], machine: Machine) -> Mapping[TakenEdge, int]:
    """`taken_edges`, of a history that has been read."""
    states = {state.name: state for state in machine.walk()}
    taken: Counter[TakenEdge] = Counter()
    for visit in visited:
        edge = _edge(visit, states[visit.state]) if visit.next is not None and visit.state in states else None
        if edge is not None:
            taken[edge] += 1
    return dict(taken)


def _edge(visit: Visit, state: State) -> TakenEdge | None:
    """By which of a state's transitions the visit was left."""
    kinds = [way.kind for way in state.transitions() if way.target == visit.next]
    kinds.sort(key=lambda kind: (kind == "catch") != (visit.status == "CAUGHT"))
    return TakenEdge(state.name, kinds[0], visit.next or "") if kinds else None
