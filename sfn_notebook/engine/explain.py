"""What happened to the data in one visit of a state: a replay that listens.

The journal is told to a program that was compiled with a tap, so what is heard is what the engine does, and nothing
else. The moments of a visit, in the order in which they came:

    input                  as the state was entered
    InputPath, Output, …   the fields of the state that gave a value, or failed, by the names that AWS has for them
                           ("Choices[1]/Condition"; "ItemSelector[2]" is that of item 2)
    items                  how many items a Map has
    result                 what the work gave
    error, retry           how an attempt failed; seconds until the next one
    Catch[0]               the error output, if that catcher takes it
    output                 as the state was left
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import starmap
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from sfn_notebook.asl.model import Machine, State
from sfn_notebook.asl.rules.spelling import Speller
from sfn_notebook.query.jsonata import EvaluationError, JsonataExpression, States, compile_expression
from sfn_notebook.query.jsonata_audit import Part, audit
from sfn_notebook.query.jsonata_template import expressions_in
from sfn_notebook.query.scope import QueryError
from sfn_notebook.values import ABSENT, JSON, Absent

from .events import ENTERED, FANOUT_STARTED, WIDTH, Kind
from .execution import Execution, TooLarge, retell
from .failures import Failure
from .frames import Frame
from .program import Program, Step
from .retry import Catcher
from .stimuli import Entry, Start, TimerKind
from .tap import tapping

if TYPE_CHECKING:
    from .dataflow import CatchFlow


class NoSuchVisit(LookupError):
    """The machine has no such state, or the execution has not visited it so often."""


class Evaluated(NamedTuple):
    """One JSONata expression of a field: where it stands ("Output/total"), its text, its value or cause of failure, and
    what its parts gave.
    """

    location: str
    text: str
    value: JSON | Absent
    cause: str | None
    parts: tuple[Part, ...]


class Moment(NamedTuple):
    """One step of the data flow.

    value: ABSENT where it failed, with `error` and `cause`; written: the field's value in the definition, ABSENT where
    it has none; attempt: 0 for the first.
    """

    name: str
    value: JSON | Absent
    error: str | None
    cause: str | None
    written: JSON | Absent
    attempt: int
    expressions: tuple[Evaluated, ...]


class Account(NamedTuple):
    """What was heard of visit `visit` (from 0, in the order of the Entered events), in `execution` as far as it goes.

    variables_after: None unless the state was left. All values are shared with the execution.
    """

    state: State
    visit: int
    execution: Execution
    moments: tuple[Moment, ...]
    variables_before: Mapping[str, JSON]
    variables_after: Mapping[str, JSON] | None


def explain(
    machine: Machine, start: Start, journal: Iterable[Entry], name: str, visit: int = 0, transitions: int | None = None
) -> Account:
    """What happened in one visit of the state `name`; a negative `visit` counts from the latest one, which is -1.

    transitions: how many the execution has made so far; None for one that has ended.
    Raises: NoSuchVisit.
    """
    entries, state = tuple(journal), _state(machine, name)
    if visit < 0:
        count = _listen(machine, start, entries, _Listener(state, -1), transitions).visits
        if count + visit < 0:
            raise NoSuchVisit(_no_visit(machine, state, count))
        visit += count
    listener = _listen(machine, start, entries, _Listener(state, visit), transitions)
    if visit >= listener.visits:
        raise NoSuchVisit(_no_visit(machine, state, listener.visits))
    moments = tuple(listener.moments)
    return Account(state, visit, listener.execution, moments, listener.variables_before, listener.variables_after)


def _listen(
    machine: Machine, start: Start, entries: Iterable[Entry], listener: _Listener, transitions: int | None
) -> _Listener:
    with tapping(listener):
        program = Program(machine)
    execution = listener.execution = retell(_Heard(program, start, listener), entries)
    if transitions is not None:
        execution.advance(max(0, transitions - execution.transitions))
    while transitions is None and execution.status == "RUNNING" and execution.ready:
        execution.advance(_SLICE)
    return listener


_SLICE: Final = 1000
_WATCHED: Final = 200
"""How many expressions of a visit are taken to pieces: a Map may evaluate its ItemSelector for very many items."""


def _state(machine: Machine, name: str) -> State:
    states = {state.name: state for state in machine.walk()}
    if name not in states:
        hint = Speller().hint(name, states) if isinstance(name, str) else "Give its name."
        raise NoSuchVisit(f"there is no state {name!r}. {hint or 'Its states are: ' + ', '.join(states)}".strip())
    return states[name]


def _no_visit(machine: Machine, state: State, count: int) -> str:
    if count:
        times, last = ("once", "visit=0") if count == 1 else (f"{count} times", f"visit=0 to {count - 1}")
        return f"the state {state.name!r} was visited {times} so far: give {last}."
    for around in machine.walk():
        if around.is_distributed and any(state in container.walk() for container in around.containers):
            apart = f"it is part of the Distributed Map {around.name!r}, whose iterations are executions of their own."
            return f"the state {state.name!r} is not visited in this execution: {apart}"
    return f"the state {state.name!r} has not been visited."


class _Listener:
    """Implements `tap.Tap`: waits for one visit of one state, and writes down what is heard of it.

    frame: the line of control that made the visit, once it has begun; is_open: is it still in the state?
    """

    execution: Execution

    def __init__(self, state: State, visit: int) -> None:
        self.state, self.visit = state, visit
        self._count = 0
        self.frame: Frame | None = None
        self.is_open = False
        self.moments: list[Moment] = []
        self.variables_before: Mapping[str, JSON] = {}
        self.variables_after: Mapping[str, JSON] | None = None
        self._noted: set[tuple[str, int]] = set()
        self._watched = 0
        self._compiled: dict[str, JsonataExpression] = {}

    @property
    def visits(self) -> int:
        """How often the state was entered. A history that is full ends before some visits are written down."""
        events, entered = self.execution.events, ENTERED[self.state.type]
        kinds, names = events[::WIDTH], events[2::WIDTH]
        return sum(kind is entered and name == self.state.name for kind, name in zip(kinds, names, strict=True))

    # ------------------------------------------------------------ the tap

    def arrange(self, step: Step) -> None:
        if step.name != self.state.name:
            return
        enter = step.enter

        def entering(execution: Execution, frame: Frame) -> Step:
            self._count += 1
            if self._count - 1 != self.visit:
                return enter(execution, frame)
            self.frame, self.is_open, self.variables_before = frame, True, frame.variables
            self.note(frame, "input", frame.value)
            following = enter(execution, frame)
            if self.is_open and execution.events[-WIDTH].type == f"{step.type}StateExited":
                self.left(frame, frame.value)  # a Pass that does nothing takes a short way
            return following

        step.enter = entering
        if hasattr(step, "complete"):
            step.complete = self._completing(step.complete)
        step.catchers = tuple(starmap(self._catching, enumerate(step.catchers)))

    def _completing(
        self, complete: Callable[[Execution, Frame, JSON, int], Step]
    ) -> Callable[[Execution, Frame, JSON, int], Step]:
        def completing(execution: Execution, frame: Frame, result: JSON, bound: int) -> Step:
            self.note(frame, "result", result)
            return complete(execution, frame, result, bound)

        return completing

    def _catching(self, index: int, catcher: Catcher) -> Catcher:
        field, flow = f"Catch[{index}]", catcher.flow

        def caught(failure: Failure, frame: Frame) -> tuple[JSON, int, Mapping[str, JSON] | None]:
            self.note(frame, field, failure.output(), written=written_at(self.state.fields, field))
            return flow(failure, frame)

        return replace(catcher, flow=cast("CatchFlow", caught))

    def hear(
        self,
        frame: Frame,
        field: str,
        value: JSON | Absent,
        error: QueryError | None = None,
        states: States | None = None,
    ) -> None:
        if not self.is_mine(frame):
            return
        written = written_at(self.state.fields, field)
        ended_by_clock = isinstance(error, EvaluationError) and error.guard
        evaluated = () if states is None or ended_by_clock else self._evaluated(field, written, states, frame)
        name = field if frame.item is None else f"{field}[{frame.item['Index']}]"
        self.note(frame, name, value, error, written, evaluated)

    def _evaluated(self, field: str, written: JSON | Absent, states: States, frame: Frame) -> tuple[Evaluated, ...]:
        found = () if written is ABSENT else expressions_in(written)
        return tuple(self._evaluate(_location(field, place), text, states, frame) for place, text in found)

    def _evaluate(self, location: str, text: str, states: States, frame: Frame) -> Evaluated:
        """Once more: expressions are pure, and their chance is keyed."""
        expression = self._compiled.get(location)
        if expression is None:
            expression = self._compiled[location] = compile_expression(text, location)
        self._watched += 1
        parts = audit(text, location, states, frame) if self._watched <= _WATCHED else ()
        try:
            return Evaluated(location, text, expression(states, frame), None, parts)
        except QueryError as error:
            return Evaluated(location, text, ABSENT, error.cause, parts)

    # ------------------------------------------------------------ what the execution tells

    def is_mine(self, frame: Frame) -> bool:
        """Is this about the visit?"""
        return self.is_open and frame is self.frame

    def note(
        self,
        frame: Frame,
        name: str,
        value: JSON | Absent,
        error: QueryError | Failure | None = None,
        written: JSON | Absent = ABSENT,
        expressions: tuple[Evaluated, ...] = (),
    ) -> None:
        """Write a moment of the visit down. What an attempt makes twice (a Wait its effective input) is said once."""
        if not self.is_mine(frame) or (name, frame.attempt) in self._noted:
            return
        self._noted.add((name, frame.attempt))
        what, why = (None, None) if error is None else (error.error, error.cause)
        self.moments.append(Moment(name, value, what, why, written, frame.attempt, expressions))

    def left(self, frame: Frame, out: JSON) -> None:
        """The state was left with this output."""
        if self.is_mine(frame):
            self.note(frame, "output", out)
            self.variables_after = frame.variables
            self.is_open = False

    def ended(self, frame: Frame) -> None:
        """The state has failed for good, or was left before this is told."""
        if frame is self.frame:
            self.is_open = False


class _Heard(Execution):
    """An execution that tells a listener what no flow tells."""

    def __init__(self, program: Program, start: Start, listener: _Listener) -> None:
        super().__init__(program, start)
        self._listener = listener

    def record(self, kind: Kind, previous: int, about: object, value: object) -> int:
        frame = self._listener.frame
        begins = kind.type == FANOUT_STARTED["Map"].type and about == self._listener.state.name
        if frame is not None and begins and frame.previous == previous:
            self._listener.note(frame, "items", value)
        return super().record(kind, previous, about, value)

    def exited(self, frame: Frame, step: Step, out: JSON, bound: int, variables: Mapping[str, JSON] | None) -> None:
        try:
            super().exited(frame, step, out, bound, variables)
        except TooLarge as error:
            self._listener.note(frame, "output", ABSENT, error)
            raise
        self._listener.left(frame, out)

    def fail(self, frame: Frame, failure: Failure, fanout_failed: Kind | None = None) -> Step:
        self._listener.note(frame, "error", ABSENT, failure)
        attempt = frame.attempt
        step = super().fail(frame, failure, fanout_failed)
        if frame.attempt == attempt:
            self._listener.ended(frame)
        return step

    def await_timer(self, frame: Frame, timer: TimerKind, due: int) -> Step:
        if timer == "retry":
            self._listener.note(frame, "retry", (due - self.now) / 1000)
        return super().await_timer(frame, timer, due)


# ---------------------------------------------------------------- fields


_STEP: Final = re.compile(r"\[(\d+)\]|([^/\[\]]+)")


def written_at(fields: Mapping[str, JSON], field: str) -> JSON | Absent:
    """What the definition says at `field`, as AWS names it ("Catch[0]/Output"); ABSENT where it says nothing."""
    found: JSON = fields
    for index, key in _STEP.findall(field):
        if index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        elif key and isinstance(found, Mapping) and key in found:
            found = found[key]
        elif key and isinstance(found, Mapping) and f"{key}.$" in found:
            found = found[f"{key}.$"]
        else:
            return ABSENT
    return found


def _location(field: str, place: tuple[str | int, ...]) -> str:
    return field + "".join(f"[{step}]" if isinstance(step, int) else f"/{step}" for step in place)
