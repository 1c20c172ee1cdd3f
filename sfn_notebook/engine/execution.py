"""One execution: a pure function of a program, a start record and stimuli.

    execution = Execution(program, start)
    commands = execution.advance(budget)              # runs states until all of them wait for something outside
    commands = execution.handle(stimulus)             # what has happened; then advance again

Ready frames run first in, first out, each to its next wait, so the same stimuli give the same event ids. A stimulus
whose target no longer waits is dropped. No exception leaves `advance` or `handle` for anything a machine or its data
does.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from sys import maxsize
from typing import Any, Final, Literal, TypeAlias, TypeVar

from sfn_notebook.query.jsonata import EvaluationError
from sfn_notebook.query.scope import QueryError
from sfn_notebook.query.timestamps import format_timestamp
from sfn_notebook.values import ABSENT, JSON, Absent, loads, size

from . import events as kinds
from .commands import CancelTask, CancelTimer, Command, Continue, KeepGuard, StartTimer
from .events import WIDTH, Kind
from .failures import DATA_LIMIT, RUNTIME, TIMEOUT, TOO_LARGE, Failure, ItemFailed
from .frames import Frame, Join
from .program import END, PARK, Program, Step
from .retry import catcher_for, grant
from .stimuli import (
    LAST_MOMENT,
    WHOLE,
    Continued,
    Entry,
    GuardFired,
    Start,
    Stimulus,
    Stopped,
    Target,
    TaskFailed,
    TaskRefused,
    TaskScheduled,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    TimerKind,
    make,
)
from .variables import MAX_ASSIGNED_BYTES, MAX_STORED_BYTES, sizes_of, stored, too_much_assigned, too_much_stored

Status: TypeAlias = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]

MAX_PAYLOAD_BYTES: Final = 262_144
MAX_EVENTS: Final = 25_000
MAX_EXPRESS_SECONDS: Final = 300


_NOBODY: Final[deque[tuple[Step, Frame]]] = deque()
"""Who is ready in executions that have ended. Nothing is ever added."""

MAX_EXPRESS_EVENTS: Final = 1_000_000
"""AWS sets none, but ends an EXPRESS execution after five minutes, in which nobody makes so many. A loop on a virtual
clock takes no time."""

_NEVER_ENDS: Final = Failure(
    RUNTIME,
    f"The EXPRESS execution made {MAX_EXPRESS_EVENTS:,} events without an end; AWS ends it after five minutes.",
)
_TOO_MANY_EVENTS: Final = Failure(
    RUNTIME, f"The execution reached the maximum number of history events ({MAX_EVENTS})."
)


class TooLarge(QueryError):
    """A state's value is over the payload limit: the execution ends, whatever is declared."""


class Execution:
    """See the module. Readers may look at any time; only one thread may call `advance` and `handle`."""

    def __init__(self, program: Program, start: Start, value: JSON | Absent = ABSENT) -> None:
        """`value`: the parsed `start.input`, when the caller has it already."""
        self.program = program
        self.start = start
        self.input: JSON = loads(start.input) if value is ABSENT else value
        self.status: Status = "RUNNING"
        self.output: JSON | Absent = ABSENT
        self.failure: Failure | None = None
        self.now = start.now
        self.transitions = 0
        self.commands: list[Command] = []
        self.events: list[Any] = [kinds.EXECUTION_STARTED, 0, None, None]
        self.marks: list[tuple[int, int]] = [(0, start.now)]
        limited = start.limits == "aws"
        self.max_bytes = MAX_PAYLOAD_BYTES if limited else maxsize
        self.is_limited = limited
        self._stored = 0
        self.guards: dict[Target, tuple[tuple[str, str], ...]] = {}
        # The last event of a full history says that it is full.
        most = MAX_EVENTS if start.type == "STANDARD" else MAX_EXPRESS_EVENTS
        self._max_slots = WIDTH * (most - 1) if limited else maxsize
        self._full = _TOO_MANY_EVENTS if start.type == "STANDARD" else _NEVER_ENDS
        self._pending: dict[Target, Frame] = {}
        seconds = _longest(program, start)
        self._has_deadline = seconds is not None
        self._context: dict[str, JSON] | None = None
        self.ready: deque[tuple[Step, Frame]] = deque()
        # The first Entered event points at no other: previous is 0.
        self.ready.append((program.start, Frame(self, self.input, len(start.input) * 4, 0, None, 0)))
        if seconds is not None:
            due = start.now + seconds * 1000
            self.commands.append(StartTimer(WHOLE, "execution", min(due, LAST_MOMENT)))

    # ------------------------------------------------------------ the two doors

    def advance(self, budget: int) -> list[Command]:
        """Run at most `budget` transitions; the commands given since the last call, Continue last if work is left."""
        ready, left = self.ready, budget
        if not ready:
            given, self.commands = self.commands, []
            return given
        while ready:
            step, frame = ready.popleft()
            if frame.dead:
                continue
            while step is not PARK:
                if step is END:
                    self._finished(frame)
                    break
                if len(self.events) > self._max_slots:
                    break
                if not left:
                    ready.appendleft((step, frame))
                    self.commands.append(Continue())
                    return self._given(budget)
                left -= 1
                try:
                    step = step.enter(self, frame)
                except QueryError as error:
                    step = self._fault(frame, error)
            if len(self.events) > self._max_slots and self.status == "RUNNING":
                self._overflow()
        return self._given(budget - left)

    def handle(self, stimulus: Stimulus) -> None:
        """Take in what has happened outside; call `advance` next. Nothing happens to an execution that has ended."""
        if self.status == "RUNNING":
            if stimulus.now > self.now:
                self._move_time(stimulus.now)
            _HANDLERS[type(stimulus)](self, stimulus)
            if len(self.events) > self._max_slots and self.status == "RUNNING":
                self._overflow()

    def _given(self, transitions: int) -> list[Command]:
        self.transitions += transitions
        given, self.commands = self.commands, []
        return given

    def _move_time(self, now: int) -> None:
        self.now = now
        offset = len(self.events)
        if self.marks[-1][0] == offset:
            self.marks.pop()
        self.marks.append((offset, now))

    # ------------------------------------------------------------ what readers ask

    def history(self) -> list[dict[str, Any]]:
        """The events so far, as boto3's get_execution_history returns them."""
        return list(kinds.render(self.start, self.events, self.marks, len(self.events) // WIDTH))

    @property
    def waiting(self) -> list[Target]:
        """What the execution waits for, in the order in which it began to."""
        return list(self._pending)

    def time_of(self, event: int) -> int:
        """When the event with this id was recorded, milliseconds since the epoch."""
        if event == 0:
            return self.start.now
        offset = (event - 1) * WIDTH
        return self.marks[bisect_right(self.marks, (offset, maxsize)) - 1][1]

    def context(self) -> dict[str, JSON]:
        """The part of the context object that is the same in all states."""
        if self._context is None:
            start = self.start
            execution = {
                "Id": start.execution_arn,
                "Input": self.input,
                "StartTime": format_timestamp(start.now),
                "Name": start.name,
                "RoleArn": start.role_arn,
            }
            self._context = {
                "Execution": execution if start.is_synchronous else {**execution, "RedriveCount": 0},
                "StateMachine": {"Id": start.state_machine_arn, "Name": start.state_machine_name},
            }
        return self._context

    # ------------------------------------------------------------ what steps do

    def record(self, kind: Kind, previous: int, about: object, value: object) -> int:
        """Write an event; its id."""
        self.events += (kind, previous, about, value)
        return len(self.events) // WIDTH

    def entered(self, frame: Frame, step: Step, kind: Kind) -> None:
        """`frame` stands in `step` now."""
        events = self.events
        frame.before = frame.previous
        events += (kind, frame.previous, step.name, frame.value)
        frame.previous = frame.entered = len(events) >> 2
        frame.step = step

    def exited(self, frame: Frame, step: Step, out: JSON, bound: int, variables: Mapping[str, JSON] | None) -> None:
        """`frame` has left `step` with this output. Raises: TooLarge."""
        if bound > self.max_bytes:
            bound = self.measure(out, step.name)
        events = self.events
        if variables:
            if self.is_limited:
                self._keep_sizes(frame, step, variables)
            frame.variables = {**frame.variables, **variables}
            events += (kinds.EXITED_ASSIGNING[step.type], frame.previous, step.name, (out, variables))
        else:
            events += (kinds.EXITED[step.type], frame.previous, step.name, out)
        frame.previous = len(events) >> 2
        frame.value, frame.bound = out, bound

    def _keep_sizes(self, frame: Frame, step: Step, variables: Mapping[str, JSON]) -> None:
        """Is there room for these variables? Raises: TooLarge."""
        sizes = sizes_of(variables)
        added = sum(sizes.values())
        if added > MAX_ASSIGNED_BYTES:
            raise TooLarge(DATA_LIMIT, too_much_assigned(step.name, sizes))
        frame.sizes = {**frame.sizes, **sizes}
        self._stored += added
        if self._stored > MAX_STORED_BYTES:  # at most: scopes have been left, and variables replaced, since
            self._stored = stored(frame)
            if self._stored > MAX_STORED_BYTES:
                raise TooLarge(DATA_LIMIT, too_much_stored(step.name, self._stored))

    def measure(self, value: JSON, name: str) -> int:
        """The exact size of a value whose upper bound is over the limit. Raises: TooLarge."""
        exact = size(value)
        if exact > self.max_bytes:
            raise TooLarge(DATA_LIMIT, TOO_LARGE.format(name))
        return exact

    def await_outside(self, frame: Frame) -> Target:
        """`frame` goes on when a stimulus for this target comes."""
        target = frame.target
        self._pending[target] = frame
        return target

    def await_timer(self, frame: Frame, timer: TimerKind, due: int) -> Step:
        """`frame` goes on when this timer has run out."""
        target = frame.target
        self._pending[target] = frame
        frame.timers = (timer,)
        self.commands.append(make(StartTimer, (target, timer, min(LAST_MOMENT, due))))
        return PARK

    def start_timer(self, frame: Frame, target: Target, timer: TimerKind, due: int) -> None:
        """Have TimerFired come at `due`, unless the target, for which `frame` waits, is settled before."""
        frame.timers = (*frame.timers, timer)
        self.commands.append(StartTimer(target, timer, min(LAST_MOMENT, due)))

    def failed_item(self, frame: Frame, error: QueryError) -> ItemFailed:
        """What stops a Map Run when the ItemSelector of the state in which `frame` stands fails."""
        return ItemFailed(_failure(frame, error))

    def joined(self, join: Join) -> Step:
        """All children have ended well: their outputs are the result."""
        frame = join.frame
        frame.join = None
        frame.previous = join.last
        if join.bound > self.max_bytes:
            join.bound = self.measure(join.outputs, join.step.name)
        return join.step.complete(self, frame, join.outputs, join.bound)

    # ------------------------------------------------------------ ends

    def _finished(self, frame: Frame) -> None:
        """`frame` has reached the end of its container."""
        join = frame.child_of
        if join is None:
            self._end("SUCCEEDED", kinds.EXECUTION_SUCCEEDED, frame.previous, frame.value)
            return
        del join.live[frame.index]
        join.outputs[frame.index] = frame.value
        join.bound += frame.bound + 1
        join.remaining -= 1
        join.last = frame.previous
        owner = join.frame
        try:
            if join.iterates:
                self.record(kinds.ITERATION_SUCCEEDED, frame.previous, join.step.name, frame.index)
                if join.started < len(join.items):
                    join.step.begin_iteration(self, join, frame.previous)
            if join.remaining == 0:
                self._go_on(owner, self.joined(join))
        except QueryError as error:
            self._go_on(owner, self._fault(owner, error))

    def _go_on(self, frame: Frame, step: Step) -> None:
        """A frame that did not run just now comes to `step`."""
        if step is END:
            self._finished(frame)  # at once: nothing happens between transitions, so positions are exact
        elif step is not PARK:
            self.ready.appendleft((step, frame))

    def _end(self, status: Status, kind: Kind, previous: int, value: Any) -> None:
        if len(self.events) > self._max_slots:
            status, kind, previous, value = "FAILED", kinds.EXECUTION_FAILED, self._cut(), self._full
        if isinstance(value, Failure):
            self.failure = value
            value = value.error, value.cause
        else:
            self.output = value
        self.record(kind, previous, None, value)
        self.status = status
        for target, frame in list(self._pending.items()):
            self._settle(target, frame, cancel=True)
        if self._has_deadline:
            self._has_deadline = False
            self.commands.append(CancelTimer(WHOLE, "execution"))
        self.ready.clear()
        self.ready = _NOBODY

    def _overflow(self) -> None:
        """The history is full: nothing more can be written but that."""
        self._end("FAILED", kinds.EXECUTION_FAILED, 0, self._full)

    def _cut(self) -> int:
        """Forget the events for which a full history has no room; the id of the last that is kept."""
        del self.events[self._max_slots :]
        self.marks = [mark for mark in self.marks if mark[0] < self._max_slots]
        self.marks.append((self._max_slots, self.now))
        return self._max_slots // WIDTH

    def _settle(self, target: Target, frame: Frame, *, cancel: bool) -> None:
        """`frame` waits for `target` no longer. cancel: nor is the result of its task wanted."""
        del self._pending[target]
        if frame.timers:
            self._cancel_timers(target, frame)
        if cancel and frame.step.works_outside:
            self.commands.append(CancelTask(target))

    def _cancel_timers(self, target: Target, frame: Frame) -> None:
        self.commands += (CancelTimer(target, timer) for timer in frame.timers)
        frame.timers = ()

    # ------------------------------------------------------------ failures

    def _fault(self, frame: Frame, error: QueryError) -> Step:
        """An expression of the state failed."""
        failure = _failure(frame, error)
        if not isinstance(error, EvaluationError):
            return self.fail(frame, failure)
        self._record_evaluation_failed(frame, error, failure)
        return self.fail(frame, failure, kinds.FANOUT_FAILED.get(frame.step.type))

    def _record_evaluation_failed(self, frame: Frame, error: EvaluationError, failure: Failure) -> None:
        if error.guard:
            self._guard_fired(GuardFired(self.now, frame.target, error.location, error.cause))
            self.commands.append(KeepGuard(GuardFired(self.now, frame.target, error.location, error.cause)))
        # As recorded: right after its Entered event it points at what that points at, but in a Wait.
        at_once = frame.previous == frame.entered and frame.step.type != "Wait"
        previous = frame.before if at_once else frame.previous
        about = failure.error, failure.cause, error.location
        frame.previous = self.record(kinds.EVALUATION_FAILED, previous, frame.step.name, about)

    def fail(self, frame: Frame, failure: Failure, fanout_failed: Kind | None = None) -> Step:
        """The state in which `frame` stands has failed: retry, catch, or fail what is around it.

        fanout_failed: the event to write first, if the state is not tried again (a Parallel or Map whose child failed).
        """
        if frame.join is not None:
            self._abort_children(frame.join, frame.previous)
        delay = grant(frame, failure)
        if delay is not None:
            frame.try_again()
            return self.await_timer(frame, "retry", self.now + delay)
        if fanout_failed is not None:
            frame.previous = self.record(fanout_failed, frame.previous, frame.step.name, None)
        catcher = catcher_for(frame, failure)
        if catcher is None:
            return self._fail_around(frame, failure)
        try:
            out, bound, variables = catcher.flow(failure, frame)
            self.exited(frame, frame.step, out, bound, variables)
        except QueryError as error:
            caught = _failure(frame, error)
            if isinstance(error, EvaluationError):
                self._record_evaluation_failed(frame, error, caught)
            return self._fail_around(frame, caught)
        self.ready.appendleft((catcher.next, frame))
        return PARK

    def _fail_around(self, frame: Frame, failure: Failure) -> Step:
        """Nothing has caught it in the state itself."""
        join, event = frame.child_of, frame.previous
        if join is None:
            self._end("FAILED", kinds.EXECUTION_FAILED, event, failure)
            return PARK
        del join.live[frame.index]
        owner = join.frame
        if join.iterates:
            self.record(kinds.ITERATION_FAILED, event, join.step.name, frame.index)
        self._record_aborted(frame, event)
        self._abort_children(join, event)
        owner.previous = event
        return self.fail(owner, failure, kinds.FANOUT_FAILED[join.step.type])

    def _abort_children(self, join: Join, event: int) -> None:
        for child in join.live.values():
            if join.iterates:
                self.record(kinds.ITERATION_ABORTED, event, join.step.name, child.index)
            self._abort(child, event)
        join.live.clear()
        join.frame.join = None

    def _abort(self, frame: Frame, event: int) -> None:
        frame.dead = True
        if frame.join is not None:
            self._abort_children(frame.join, event)
            self._record_aborted(frame, event)
        elif hasattr(frame, "step") and frame.target in self._pending:
            self._settle(frame.target, frame, cancel=True)
            self._record_aborted(frame, event)

    def _record_aborted(self, frame: Frame, event: int) -> None:
        if frame.step.type in kinds.ABORTED:
            self.record(kinds.ABORTED[frame.step.type], event, frame.step.name, None)

    # ------------------------------------------------------------ stimuli

    def _working(self, target: Target) -> Frame | None:
        """The frame whose task of this target is out and may answer."""
        frame = self._pending.get(target)
        if frame is None or not frame.step.works_outside or "retry" in frame.timers:
            return None
        return frame

    def _landed(self, target: Target) -> Frame | None:
        """`_working`, which works no more."""
        frame = self._working(target)
        if frame is not None:
            if frame.unscheduled is not None or frame.unstarted is not None:
                self._start(frame, None)  # what has been answered has been started
            del self._pending[target]
            if frame.timers:
                self._cancel_timers(target, frame)
        return frame

    def _task_scheduled(self, stimulus: TaskScheduled) -> None:
        frame = self._working(stimulus.target)
        if frame is not None:
            self._schedule(frame)

    def _schedule(self, frame: Frame) -> None:
        if frame.unscheduled is not None:
            about, payload = frame.unscheduled
            frame.unscheduled, frame.unstarted = None, about
            frame.previous = self.record(frame.step.task[1].scheduled, frame.previous, about, payload)

    def _task_refused(self, stimulus: TaskRefused) -> None:
        frame = self._working(stimulus.target)
        if frame is not None and frame.unscheduled is not None:
            frame.unscheduled = None
            self._settle(stimulus.target, frame, cancel=False)
            self._go_on(frame, self._fault(frame, QueryError(RUNTIME, stimulus.cause)))

    def _task_started(self, stimulus: TaskStarted) -> None:
        frame = self._working(stimulus.target)
        if frame is not None:
            self._start(frame, stimulus.worker_name)

    def _start(self, frame: Frame, worker_name: str | None) -> None:
        """A worker takes an activity's task: from now on its time counts."""
        self._schedule(frame)
        if frame.unstarted is None:
            return
        about, frame.unstarted = frame.unstarted, None
        frame.previous = self.record(frame.step.task[1].started, frame.previous, about.resource, worker_name)
        if about.timeout is not None:
            self.start_timer(frame, frame.target, "timeout", self.now + about.timeout * 1000)
        if about.heartbeat is not None:
            self.start_timer(frame, frame.target, "heartbeat", self.now + about.heartbeat * 1000)

    def _task_submitted(self, stimulus: TaskSubmitted) -> None:
        frame = self._working(stimulus.target)
        if frame is not None:
            resource, family = frame.step.task
            frame.previous = self.record(family.submitted, frame.previous, resource, stimulus.output)

    def _task_succeeded(self, stimulus: TaskSucceeded) -> None:
        frame = self._landed(stimulus.target)
        if frame is None:
            return
        resource, family = frame.step.task
        if stimulus.size > self.max_bytes:
            if resource is None:
                name = frame.step.name
            else:
                name = resource.text if resource.kind == "lambda" else resource.service
            self._task_ended_badly(frame, family.failed, Failure(DATA_LIMIT, TOO_LARGE.format(name)))
            return
        frame.previous = self.record(family.succeeded, frame.previous, resource, stimulus.output)
        try:
            step = frame.step.complete(self, frame, stimulus.output, stimulus.size)
        except QueryError as error:
            step = self._fault(frame, error)
        self._go_on(frame, step)

    def _task_failed(self, stimulus: TaskFailed) -> None:
        frame = self._landed(stimulus.target)
        if frame is not None:
            failure = make(Failure, (stimulus.error, stimulus.cause, "", True))
            self._task_ended_badly(frame, frame.step.task[1].failed, failure)

    def _task_ended_badly(self, frame: Frame, kind: Kind, failure: Failure) -> None:
        events = self.events
        events += (kind, frame.previous, frame.step.task[0], (failure.error, failure.cause))
        frame.previous = len(events) >> 2
        step = self.fail(frame, failure, frame.step.given_up)
        if step is not PARK:
            self._go_on(frame, step)

    def _timer_fired(self, stimulus: TimerFired) -> None:
        target, timer = stimulus.target, stimulus.timer
        if timer == "execution":
            if self._has_deadline and target == WHOLE:
                self._has_deadline = False
                self._end("TIMED_OUT", kinds.EXECUTION_TIMED_OUT, 0, Failure(TIMEOUT, None))
            return
        frame = self._pending.get(target)
        if frame is None or timer not in frame.timers:
            return
        if timer in ("timeout", "heartbeat"):
            frame.timers = tuple(other for other in frame.timers if other != timer)
            self._settle(target, frame, cancel=True)
            also = "States.HeartbeatTimeout" if timer == "heartbeat" else ""
            self._task_ended_badly(frame, frame.step.task[1].timed_out, Failure(TIMEOUT, None, also))
            return
        del self._pending[target]  # a wait or a pause before a retry is over
        frame.timers = ()
        try:
            step = frame.step.attempt(self, frame)
        except QueryError as error:
            step = self._fault(frame, error)
        if step is not PARK:
            self._go_on(frame, step)

    def _stopped(self, stimulus: Stopped) -> None:
        self._end("ABORTED", kinds.EXECUTION_ABORTED, 0, Failure(stimulus.error, stimulus.cause))

    def foresee(self, stimulus: GuardFired) -> None:
        """In a replay: what the wall clock will end."""
        self._guard_fired(stimulus)

    def _guard_fired(self, stimulus: GuardFired) -> None:
        known = self.guards.get(stimulus.target, ())
        self.guards[stimulus.target] = (*known, (stimulus.location, stimulus.cause))

    def _continued(self, _stimulus: Continued) -> None:
        pass  # time has moved


_HANDLERS: Final[Mapping[type, Callable[[Execution, Any], None]]] = {
    TaskScheduled: Execution._task_scheduled,
    TaskRefused: Execution._task_refused,
    TaskStarted: Execution._task_started,
    TaskSubmitted: Execution._task_submitted,
    TaskSucceeded: Execution._task_succeeded,
    TaskFailed: Execution._task_failed,
    TimerFired: Execution._timer_fired,
    Stopped: Execution._stopped,
    Continued: Execution._continued,
    GuardFired: Execution._guard_fired,
}


def _longest(program: Program, start: Start) -> int | None:
    """How many seconds the execution may take: what TimeoutSeconds says, and no EXPRESS one more than AWS's limit.

    (spec: api, Standard vs Express)
    """
    seconds = program.machine.timeout_seconds
    if start.type == "EXPRESS" and start.limits == "aws":
        return MAX_EXPRESS_SECONDS if seconds is None else min(seconds, MAX_EXPRESS_SECONDS)
    return seconds


def _failure(frame: Frame, error: QueryError) -> Failure:
    """What a fault in the state where `frame` stands is called.  (spec: errors-and-retries, Cause formats)"""
    if isinstance(error, TooLarge):
        return Failure(error.error, error.cause, catchable=False)
    state = f"the state '{frame.step.name}' (entered at the event id #{frame.entered})"
    return Failure(error.error, f"An error occurred while executing {state}. {error.cause}")


Told = TypeVar("Told", bound=Execution)


def replay(program: Program, start: Start, journal: Iterable[Entry]) -> Execution:
    """The execution that the journal tells of, as far as it goes."""
    return retell(Execution(program, start), journal)


def retell(execution: Told, journal: Iterable[Entry]) -> Told:
    """A fresh execution, told all that the journal holds."""
    entries = list(journal)
    for entry in entries:  # they were felt before they were written down
        if isinstance(entry.stimulus, GuardFired):
            execution.foresee(entry.stimulus)
    for entry in entries:
        execution.advance(entry.after - execution.transitions)
        execution.handle(entry.stimulus)
    return execution
