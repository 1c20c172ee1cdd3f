"""The driver: one thread, many executions. It hands stimuli to executions and carries their commands out.

Whatever happens elsewhere (a task answers, somebody stops a run) comes in through one queue. Between slices of a
long run the queue and the alarms are served, so that no machine, however it loops, can hold the others or escape a stop
or its own timeout.

Virtual time.  (DESIGN)  In this order: timers that are due fire, by (due, creation); then, when no task works any
more, the answers of this instant are delivered in the order in which the tasks were given out; then the clock jumps
to the next timer. Timeouts are enforced in real time too: a task over its time no longer holds the clock, and under a
machine over its time none does.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count
from operator import itemgetter
from queue import Empty, SimpleQueue
from typing import Final

from sfn_notebook.engine.commands import CancelTask, CancelTimer, Command, Continue, RunTask, StartTimer
from sfn_notebook.engine.stimuli import (
    WHOLE,
    Continued,
    Entry,
    Stimulus,
    Stopped,
    TaskFailed,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from sfn_notebook.integrations.contract import Answer, Call, Failed
from sfn_notebook.store.contract import Ending
from sfn_notebook.values import ABSENT, copy, size

from .clock import VirtualClock
from .executors import Inline
from .run import Flight, Run, Timer

SLICE: Final = 2000
"""Transitions in one go: a few milliseconds."""

TURNS: Final = 50
"""How often in a row one run may settle what happens at its virtual instants."""

_LONGEST_SLEEP: Final = 3600.0
_IN_REAL_TIME: Final = ("timeout", "heartbeat")

Action = Callable[[], None]


class Driver:
    """See the module. `pump` is called by one thread only; `begin` and `stop` by any."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[tuple[Run, Action]] = SimpleQueue()
        self._work: deque[Run] = deque()
        self._alarms: list[tuple[float, int, Run, Timer]] = []
        self._order = count()

    # ------------------------------------------------------------ from any thread

    def begin(self, run: Run) -> None:
        """Take on a run whose start record is kept."""
        self._inbox.put((run, lambda: self._queue(run)))

    def stop(self, run: Run, error: str | None, cause: str | None) -> None:
        """Stop a run; nothing happens to one that has ended."""
        self._inbox.put((run, lambda: self._tell(run, Stopped(run.clock.now(), error, cause))))

    # ------------------------------------------------------------ the loop

    def pump(self, until: Run | None = None) -> None:
        """Drive everything; for ever, or until a run has ended."""
        inbox, work = self._inbox, self._work
        while until is None or not until.done:
            run = None
            try:
                if not inbox.empty():
                    run, action = inbox.get_nowait()
                    action()
                elif self._alarms and self._is_due(self._alarms[0]):
                    _, _, run, timer = heapq.heappop(self._alarms)
                    self._ring(run, timer)
                elif work:
                    run = work.popleft()
                    run.queued = False
                    self._slice(run)
                else:
                    run, action = inbox.get(timeout=self._seconds_to_sleep())
                    action()
            except Empty:
                pass  # time to look at the alarms
            except Exception as error:
                if run is None:
                    raise
                self._let_go(run)
                run.end(error)

    @staticmethod
    def _is_due(alarm: tuple[float, int, Run, Timer]) -> bool:
        return alarm[3].dead or alarm[0] <= time.monotonic()

    def _seconds_to_sleep(self) -> float:
        if not self._alarms:
            return _LONGEST_SLEEP
        return max(0.0, min(_LONGEST_SLEEP, self._alarms[0][0] - time.monotonic()))

    def _queue(self, run: Run) -> None:
        if not run.queued and not run.done:
            run.queued = True
            self._work.append(run)

    def _slice(self, run: Run) -> None:
        """Let a run make some transitions and carry out what it wants; more of it comes after the queue was served."""
        if run.done:
            return
        execution = run.execution
        for _ in range(TURNS):
            finished = self._carry_out(run, execution.advance(SLICE))
            if execution.status != "RUNNING":
                self._end(run)
                return
            if not finished:
                if isinstance(run.clock, VirtualClock) and run.overdue:
                    self._jump(run, run.clock, run.timers[WHOLE, "execution"])
                break
            if not (isinstance(run.clock, VirtualClock) and self._settle(run, run.clock)):
                return  # something must come from outside
        self._queue(run)

    def _tell(self, run: Run, stimulus: Stimulus) -> None:
        """Hand a stimulus over, and have the run go on."""
        self._hand_over(run, stimulus)
        self._queue(run)

    @staticmethod
    def _hand_over(run: Run, stimulus: Stimulus) -> None:
        """Keep a stimulus and give it to the execution. Kept first: what follows from it must never be lost."""
        execution = run.execution
        if not run.done and execution.status == "RUNNING":
            run.store.append(execution.start.execution_arn, (Entry(execution.transitions, stimulus),))
            execution.handle(stimulus)

    def _end(self, run: Run) -> None:
        execution = run.execution
        self._let_go(run)
        for _, _, printed in sorted(run.arrived, key=itemgetter(0)):
            run.keep_printed(printed)
        run.store.finish(execution.start.execution_arn, Ending(execution.status, execution.now))
        run.end()

    @staticmethod
    def _let_go(run: Run) -> None:
        """Nothing that a run waits for is wanted any more."""
        for timer in run.timers.values():
            timer.dead = True
        for flight in run.flights.values():
            flight.call.cancel()
            run.executor.abandon(flight.call)

    # ------------------------------------------------------------ commands

    def _carry_out(self, run: Run, commands: list[Command]) -> bool:
        """Do what the execution wants. Has it done all that it can do by itself?"""
        finished = True
        for command in commands:
            match command:
                case RunTask():
                    self._run_task(run, command)
                case StartTimer():
                    self._start_timer(run, command)
                case CancelTimer():
                    timer = run.timers.pop((command.target, command.timer), None)
                    if timer is not None:
                        timer.dead = True
                case CancelTask():
                    self._cancel_task(run, command)
                case Continue():
                    finished = False
                    if not run.clock.is_virtual:
                        self._hand_over(run, Continued(run.clock.now()))
        return finished

    def _run_task(self, run: Run, command: RunTask) -> None:
        handler = run.bindings[command.target.state]
        start = run.execution.start
        call = Call(copy(command.payload), command.resource, start, command.target, command.timeout_seconds)
        flight = run.flights[command.target] = Flight(call, next(self._order))
        if handler.instant:
            self._answered(run, command, flight, handler.call(call), "")
        elif isinstance(run.executor, Inline):
            self._answered(run, command, flight, run.executor.perform(handler, call), "")
        else:
            done = partial(self._answered_elsewhere, run, command, flight)
            run.executor.submit(handler, call, done)

    def _answered_elsewhere(self, run: Run, command: RunTask, flight: Flight, answer: Answer, printed: str) -> None:
        self._inbox.put((run, lambda: self._answered(run, command, flight, answer, printed)))

    def _answered(self, run: Run, command: RunTask, flight: Flight, answer: Answer, printed: str) -> None:
        if run.flights.get(command.target) is not flight:
            run.keep_printed(printed)
            return  # nobody waits for it any more
        del run.flights[command.target]
        stimuli = _stimuli(run, command, answer)
        if run.clock.is_virtual:
            run.arrived.append((flight.order, stimuli, printed))
            self._queue(run)
        else:
            run.keep_printed(printed)
            for stimulus in stimuli:
                self._tell(run, stimulus)

    def _cancel_task(self, run: Run, command: CancelTask) -> None:
        flight = run.flights.pop(command.target, None)
        if flight is not None:
            flight.call.cancel()
            run.executor.abandon(flight.call)

    # ------------------------------------------------------------ timers

    def _start_timer(self, run: Run, command: StartTimer) -> None:
        timer = Timer(command.due, next(self._order), command.target, command.timer)
        run.timers[command.target, command.timer] = timer
        if run.clock.is_virtual:
            heapq.heappush(run.heap, timer)
            if command.timer not in (*_IN_REAL_TIME, "execution"):
                return
        self._set_alarm(run, timer)

    def _set_alarm(self, run: Run, timer: Timer) -> None:
        """Have the loop find the timer when it is due. Functions take real time, so their timeouts do too."""
        if isinstance(run.clock, VirtualClock) or timer.kind in _IN_REAL_TIME:
            moment = time.monotonic() + (timer.due - run.execution.now) / 1000
        else:
            moment = run.clock.moment(timer.due)
        heapq.heappush(self._alarms, (moment, timer.order, run, timer))

    def _ring(self, run: Run, timer: Timer) -> None:
        """A timer has run out in real time."""
        if timer.dead or run.done:
            return
        if run.clock.is_virtual:
            # Over its real time: it no longer holds the virtual clock, which will come to the timer by itself.
            if timer.target == WHOLE:
                run.overdue = True
            else:
                self._cancel_task(run, CancelTask(timer.target))
            self._queue(run)
        else:
            self._fire(run, timer, max(run.clock.now(), timer.due))

    def _jump(self, run: Run, clock: VirtualClock, timer: Timer) -> None:
        clock.move_to(timer.due)
        self._fire(run, timer, timer.due)

    def _fire(self, run: Run, timer: Timer, now: int) -> None:
        run.timers.pop((timer.target, timer.kind), None)
        timer.dead = True
        self._tell(run, TimerFired(now, timer.target, timer.kind))

    # ------------------------------------------------------------ virtual time

    def _settle(self, run: Run, clock: VirtualClock) -> bool:
        """Nothing more happens by itself: have what comes next happen, now or at the next timer. Was there anything?"""
        heap = run.heap
        while heap and heap[0].dead:
            heapq.heappop(heap)
        if heap and heap[0].due <= clock.now():
            self._fire(run, heapq.heappop(heap), clock.now())
        elif run.flights and not run.overdue:
            return False
        elif run.arrived:
            self._deliver(run)
        elif heap:
            self._jump(run, clock, heapq.heappop(heap))
        else:
            return False
        return True

    def _deliver(self, run: Run) -> None:
        """Hand over the answers of this instant, in the order in which their tasks were given out."""
        batch, run.arrived = run.arrived, []
        batch.sort(key=itemgetter(0))
        for _, stimuli, printed in batch:
            run.keep_printed(printed)
            for stimulus in stimuli:
                self._hand_over(run, stimulus)
                self._carry_out(run, run.execution.advance(SLICE))


def _stimuli(run: Run, command: RunTask, answer: Answer) -> tuple[Stimulus, ...]:
    now, target = run.clock.now(), command.target
    if isinstance(answer, Failed):
        return (TaskFailed(now, target, answer.error, answer.cause),)
    limited = run.execution.start.limits == "aws"
    result = TaskSucceeded(now, target, answer.output, size(answer.output) if limited else 0)
    if answer.submitted is ABSENT:
        return (result,)
    return TaskSubmitted(now, target, answer.submitted), result
