"""One visit of one state by itself, under conditions of the caller's choice.  (spec: test-state)

    trial = Trial(state, start, value, conditions)
    trial.enter()               # as far as the state comes without anything from outside
    trial.answer(result, size)  # or `fail_with`: what its work, its branches or its iterations give
    trial.verdict()

It is an execution of a machine that has nothing but this state: states that follow are known by name alone, branches
and iterations never run. What the steps of the data flow give is heard on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from sfn_notebook.asl.model import Container, Machine, State
from sfn_notebook.query.jsonata import States
from sfn_notebook.query.scope import QueryError
from sfn_notebook.values import ABSENT, JSON, Absent

from .commands import RunMap, RunTask, StartTimer
from .events import FANOUT_FAILED, Kind
from .execution import Execution
from .failures import Failure, ItemFailed
from .frames import Frame, Join
from .program import PARK, Program, Step
from .retry import matches
from .stimuli import Start, TaskFailed, TaskSucceeded, TimerFired, TimerKind
from .tap import tapping

if TYPE_CHECKING:
    from .commands import Command

NAME: Final = "StateName"
"""What the state is called while it is tried, as AWS has it."""

_KEY: Final = "\0"
"""Where the state stands in its container: under no name that a state can have."""

Item: TypeAlias = tuple[JSON, str | Absent, str]
"""(value, key, source) of what a Distributed Map iterates over."""


class Conditions(NamedTuple):
    """What the state finds.

    variables: those of outer scopes; context: the whole context object, None for the execution's own; item: Map.Item of
    that, for a state inside a Map; retries: how often each of its retriers has been used.
    """

    variables: Mapping[str, JSON] = {}
    context: dict[str, JSON] | None = None
    item: JSON = None
    retries: int = 0


class Verdict(NamedTuple):
    """How the visit, or its attempt, came out.  (API: TestExecutionStatus)

    output: of SUCCEEDED and CAUGHT_ERROR; next_state: the name of the state that is next, if any; retry_index and
    catch_index: of the Retry and Catch elements that decided; delay: seconds before the next attempt.
    """

    status: Literal["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"]
    output: JSON | Absent = ABSENT
    failure: Failure | None = None
    next_state: str | None = None
    retry_index: int | None = None
    catch_index: int | None = None
    delay: float | None = None


class Trial(Execution):
    """See the module. Implements `tap.Tap` for its own program.

    heard: by the fields' names, what each has given, in order (an ItemSelector for every item); command: the work that
    is waited for, if it is somebody else's; wait_until: when a Wait is over, milliseconds since the epoch; result: what
    `answer` was given.
    """

    def __init__(self, state: State, start: Start, value: JSON, conditions: Conditions) -> None:
        self.heard: dict[str, list[JSON]] = {}
        self.command: RunTask | RunMap | None = None
        self.wait_until: int | None = None
        self.result: JSON | Absent = ABSENT
        self._failure: Failure | None = None
        self._delay: float | None = None
        self._retry_index: int | None = None
        self._catch_index: int | None = None
        with tapping(self):
            program = Program(_machine(state))
        super().__init__(program, start, value)
        self.frame: Frame = _TrialFrame(self, conditions)
        self.ready.clear()
        self.ready.append((program.start, self.frame))

    # ------------------------------------------------------------ what is done with it

    def enter(self) -> None:
        """Run the state until it is left, has failed, or waits for something outside."""
        self._note(self.advance(1))

    def answer(self, result: JSON, size: int) -> None:
        """The work is done, or all branches or iterations are; size: bytes of the result's text."""
        self.result = result
        join = self._stopped_join()
        if join is None:
            if self.command is not None:
                self.handle(TaskSucceeded(self.now, self.command.target, result, size))
            return
        join.outputs, join.bound = result, size
        self._go_on_with(lambda: super(Trial, self).joined(join))

    def fail_with(self, error: str | None, cause: str | None) -> None:
        """The work has failed, or a branch or iteration has."""
        if self._stopped_join() is not None:
            kind = FANOUT_FAILED[self.frame.step.type]
            self._go_on_with(lambda: self.fail(self.frame, Failure(error, cause), kind))
        elif self.command is not None:
            self.handle(TaskFailed(self.now, self.command.target, error, cause))

    def pass_time(self, now: int) -> None:
        """A Wait is over."""
        self.handle(TimerFired(now, self.frame.target, "wait"))

    def give_up(self, error: str, cause: str | None) -> None:
        """It has waited for too long."""
        self._go_on_with(lambda: self.fail(self.frame, Failure(error, cause)))

    @property
    def is_waiting(self) -> bool:
        """Is an answer awaited, or time?"""
        return self.status == "RUNNING" and self._delay is None and self._leads_to() is None

    @property
    def items(self) -> list[JSON] | dict[str, JSON] | None:
        """What a Map that waits for its iterations iterates over, if its items are in the state's data."""
        join = self.frame.join
        if join is not None:
            return join.items if join.keys is None else dict(zip(join.keys, join.items, strict=True))
        found = self.command.work.items if isinstance(self.command, RunMap) else None
        return found if isinstance(found, list | dict) else None

    def select_rest(self) -> None:
        """Have an inline Map make the inputs of all iterations: of those, too, for which there is no room yet."""
        join = self.frame.join
        try:
            while join is not None and join.started < len(join.items):
                join.step.begin_iteration(self, join, self.frame.previous)
        except QueryError as error:
            self._stopped_join()
            self._fault(self.frame, error)

    def select(self, items: Iterable[Item]) -> list[JSON]:
        """The inputs that a Distributed Map makes of items; if it cannot, that is its failure."""
        work = self.command.work if isinstance(self.command, RunMap) else None
        if work is None or work.select is None:
            return [value for value, _, _ in items]
        try:
            return [work.select(index, *item) for index, item in enumerate(items)]
        except ItemFailed as failed:
            self.fail_with(failed.failure.error, failed.failure.cause)
            return []

    def verdict(self) -> Verdict:
        """How it came out."""
        if self.status == "SUCCEEDED":
            return Verdict("SUCCEEDED", self.output)
        if self.status != "RUNNING":
            return Verdict("FAILED", failure=self.failure, retry_index=self._retry_index)
        if self._delay is not None:
            return Verdict("RETRIABLE", failure=self._failure, retry_index=self._retry_index, delay=self._delay)
        if self._catch_index is None:
            return Verdict("SUCCEEDED", self.frame.value, next_state=self._leads_to())
        caught = Verdict("CAUGHT_ERROR", self.frame.value, self._failure, self._leads_to())
        return caught._replace(catch_index=self._catch_index)

    # ------------------------------------------------------------ the tap

    def arrange(self, step: Step) -> None:
        """Nothing of the step needs to be wrapped."""

    def hear(
        self,
        frame: Frame,
        field: str,
        value: JSON | Absent,
        error: QueryError | None = None,  # noqa: ARG002 - as a tap is called
        states: States | None = None,  # noqa: ARG002 - as a tap is called
    ) -> None:
        if frame is self.frame and value is not ABSENT:
            self.heard.setdefault(field, []).append(value)

    # ------------------------------------------------------------ what the execution does otherwise

    def context(self) -> dict[str, JSON]:
        """The role is null where there is none, and nothing is ever redriven."""
        if self._context is None:
            of_execution = super().context()["Execution"]
            del of_execution["RedriveCount"]
            of_execution["RoleArn"] = of_execution["RoleArn"] or None
        return super().context()

    def joined(self, join: Join) -> Step:
        """A Map without items is answered like others."""
        del join
        return PARK

    def fail(self, frame: Frame, failure: Failure, fanout_failed: Kind | None = None) -> Step:
        self._failure = failure
        self._retry_index = _first(frame.step.retriers, failure)
        following = super().fail(frame, failure, fanout_failed)
        if self._delay is None and self.status == "RUNNING":
            self._catch_index = _first(frame.step.catchers, failure)
        return following

    def await_timer(self, frame: Frame, timer: TimerKind, due: int) -> Step:
        if timer == "retry":
            self._delay = (due - self.now) / 1000
        return super().await_timer(frame, timer, due)

    # ------------------------------------------------------------ inside

    def _note(self, commands: list[Command]) -> None:
        for command in commands:
            if isinstance(command, RunTask | RunMap):
                self.command = command
            elif isinstance(command, StartTimer) and command.timer == "wait":
                self.wait_until = command.due

    def _stopped_join(self) -> Join | None:
        """The branches or iterations that are waited for; none of them will run."""
        if self.frame.join is not None:
            self.ready.clear()
        return self.frame.join

    def _go_on_with(self, act: Callable[[], Step]) -> None:
        try:
            following = act()
        except QueryError as error:
            following = self._fault(self.frame, error)
        self._go_on(self.frame, following)

    def _leads_to(self) -> str | None:
        """The state that comes next, once this one has been left for it."""
        return next((step.name for step, frame in self.ready if frame is self.frame), None)


class _TrialFrame(Frame):
    """The only line of control."""

    __slots__ = ("_conditions",)

    def __init__(self, trial: Trial, conditions: Conditions) -> None:
        super().__init__(trial, trial.input, len(trial.start.input) * 4, 0, None, 0)
        self._conditions = conditions
        self.variables = conditions.variables

    def arrive(self, step: Step) -> None:
        super().arrive(step)
        self.tries = [self._conditions.retries] * len(step.retriers)

    def context(self) -> dict[str, JSON]:
        given, item = self._conditions.context, self._conditions.item
        context = super().context() if given is None else given
        if self.item is not None:
            return {**context, "Map": {"Item": self.item}}
        return context if item is None or given is not None else {**context, "Map": {"Item": item}}


def _machine(state: State) -> Machine:
    """A machine of this state, and of states that do nothing in place of those to which it leads."""
    nothing = {
        target: State(target, "Succeed", "JSONPath", "", {"Type": "Succeed"}) for _, _, target in state.transitions()
    }
    container = Container(_KEY, {_KEY: replace(state, name=NAME), **nothing}, "", state.query_language)
    return Machine(container, state.query_language, None, None, "")


def _first(handlers: Iterable[Handler], failure: Failure) -> int | None:
    """The first of these that names the failure."""
    return next((index for index, one in enumerate(handlers) if matches(one.error_equals, failure)), None)


if TYPE_CHECKING:
    from .retry import Catcher, Retrier

    Handler: TypeAlias = Catcher | Retrier
