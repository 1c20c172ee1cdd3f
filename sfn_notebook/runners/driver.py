"""The driver: one thread, many executions. It hands stimuli to executions and carries their commands out.

Whatever happens elsewhere (a task answers, somebody stops a run) comes in through one queue. Between slices of a
long run the queue and the alarms are served, so that no machine, however it loops, can hold the others or escape a stop
or its own timeout.

Virtual time.  (DESIGN)  In this order: what Map Runs have read or written is taken up, once all of it is done; timers
that are due fire, by (due, creation); then, when no task works any more, the answers of this instant are delivered in
the order in which the tasks were given out; then the clock jumps to the next timer. Timeouts are enforced in real time
too: a task over its time no longer holds the clock, and under a machine over its time none does.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import count
from operator import itemgetter
from queue import Empty, SimpleQueue
from typing import Any, Final

from sfn_notebook.engine.commands import (
    CancelTask,
    CancelTimer,
    Command,
    Continue,
    KeepGuard,
    RunMap,
    RunTask,
    StartTimer,
)
from sfn_notebook.engine.stimuli import (
    WHOLE,
    Continued,
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
    make,
)
from sfn_notebook.integrations.contract import Answer, Call, Failed, Outcome, Pending, Refused
from sfn_notebook.integrations.open_calls import Alive, Taken, Word
from sfn_notebook.store.contract import Ending
from sfn_notebook.values import ABSENT, copy, size

from .clock import VirtualClock
from .executors import Inline, do_elsewhere
from .map_run import MapRun, MapRunLimits
from .run import Run
from .timeline import Timeline, Timer, Timers

SLICE: Final = 2000
"""Transitions in one go: a few milliseconds."""

TURNS: Final = 50
"""How much in a row one timeline may do before the queue and the alarms are served."""

_LONGEST_SLEEP: Final = 3600.0
_IN_REAL_TIME: Final = ("timeout", "heartbeat")

Action = Callable[[], None]


class Driver:
    """See the module. `pump` is called by one thread only; `begin`, `stop` and `update_map_run` by any."""

    def __init__(self, map_runs: MutableMapping[str, MapRun] | None = None) -> None:
        """`map_runs`: where Map Runs are put when they begin, by ARN, for whoever looks for one."""
        self._map_runs: MutableMapping[str, MapRun] = {} if map_runs is None else map_runs
        self._inbox: SimpleQueue[tuple[Timeline, Action]] = SimpleQueue()
        self._work: deque[Timeline] = deque()
        self._alarms = Timers()
        self._order = count()

    # ------------------------------------------------------------ from any thread

    def begin(self, run: Run) -> None:
        """Take on a run whose start record is kept."""
        self._inbox.put((run.timeline, partial(self._wake, run)))

    def drive(self, runs: Sequence[Run]) -> None:
        """`begin` and `pump` until all of these have ended, for a driver of the caller's own."""
        for run in runs:
            self._wake(run)
        for run in runs:
            self.pump(until=run)

    def stop(self, run: Run, error: str | None, cause: str | None) -> None:
        """Stop a run; nothing happens to one that has ended."""
        timeline = getattr(run, "timeline", None)
        if timeline is not None:
            self._inbox.put((timeline, lambda: self._tell(run, Stopped(timeline.clock.now(), error, cause))))

    def update_map_run(self, map_run: MapRun, limits: MapRunLimits) -> Future[bool]:
        """Have a Map Run go on with other limits; the answer says whether it was not over yet."""
        answer: Future[bool] = Future()

        def update() -> None:
            answer.set_result(map_run.update(self, limits))
            self._queue(map_run.timeline)  # it may have room for more children now

        self._inbox.put((map_run.timeline, update))
        return answer

    # ------------------------------------------------------------ the loop

    def pump(self, until: Run | None = None) -> None:
        """Drive everything; for ever, or until a run has ended."""
        inbox, work = self._inbox, self._work
        while until is None or not until.done:
            timeline = None
            try:
                if not inbox.empty():
                    timeline, action = inbox.get_nowait()
                    action()
                elif (due := self._alarms.next_time()) is not None and due <= time.monotonic():
                    timer = self._alarms.pop()
                    timeline = timer.run.timeline
                    self._ring(timer)
                elif work:
                    timeline = work.popleft()
                    timeline.queued = False
                    self._turn(timeline)
                else:
                    timeline, action = inbox.get(timeout=self._seconds_to_sleep())
                    action()
            except Empty:
                pass  # time to look at the alarms
            except Exception as error:
                if timeline is None:
                    raise
                self._break_down(timeline, error)

    def _break_down(self, timeline: Timeline, error: Exception) -> None:
        """A defect: whoever waits for the top-level run is told, and nothing goes on of what it has begun."""
        root = timeline.root
        if root.done:
            return
        children = [child for map_run in timeline.feeding for child in map_run.break_down(self)]
        timeline.feeding.clear()
        for run in (root, *children):
            run.map_runs.clear()
            self._let_go(run)
        for run in (*children, root):
            run.end(error)

    def _seconds_to_sleep(self) -> float:
        due = self._alarms.next_time()
        return _LONGEST_SLEEP if due is None else max(0.0, min(_LONGEST_SLEEP, due - time.monotonic()))

    def _wake(self, run: Run) -> None:
        """The run can go on."""
        if run.done:
            return
        timeline = run.timeline
        if not run.queued:
            run.queued = True
            timeline.ready.append(run)
        self._queue(timeline)

    def _queue(self, timeline: Timeline) -> None:
        if not timeline.queued:
            timeline.queued = True
            self._work.append(timeline)

    def _turn(self, timeline: Timeline) -> None:
        """Have a timeline's runs do what they can; if they can do much, more of it comes after the queue was served."""
        ready, virtual = timeline.ready, timeline.virtual
        for _ in range(TURNS):
            if ready:
                run = ready.popleft()
                run.queued = False
                if not run.done and not self._proceed(run):
                    break
            elif timeline.feeding and self._feed(timeline):
                pass
            elif virtual is None or not self._settle(timeline, virtual):
                return  # something must come from outside
        self._queue(timeline)

    def _proceed(self, run: Run) -> bool:
        """Let a run make some transitions and carry out what it wants. Has it done all that it can do by itself?"""
        execution = run.execution
        finished, commands = True, execution.advance(SLICE)
        if commands:
            run.journal.commit()
            for command in commands:
                if type(command) is Continue:
                    finished = False
                else:
                    _CARRY_OUT[type(command)](self, run, command)
        if execution.status != "RUNNING":
            self._end(run)
        elif not finished:
            self._go_on_later(run)
        return finished

    def _go_on_later(self, run: Run) -> None:
        timeline = run.timeline
        if timeline.virtual is None:
            self._hand_over(run, Continued(timeline.clock.now()))
        elif timeline.overdue is not None and not timeline.overdue.dead:
            timeline.virtual.move_to(timeline.overdue.due)
            self._fire(timeline.overdue, timeline.virtual.time)
            self._wake(timeline.overdue.run)
        self._wake(run)

    def _tell(self, run: Run, stimulus: Stimulus) -> None:
        """Hand a stimulus over, and have the run go on."""
        self._hand_over(run, stimulus)
        self._wake(run)

    @staticmethod
    def _hand_over(run: Run, stimulus: Stimulus) -> None:
        """Write a stimulus down and give it to the execution."""
        execution = run.execution
        if execution.status == "RUNNING" and not run.done:
            run.journal.append(execution.transitions, stimulus)
            execution.handle(stimulus)

    def _take_in(self, run: Run, target: Target, answer: Answer | Refused, now: int) -> None:
        """Hand over what a task has answered."""
        if isinstance(answer, Failed):
            self._hand_over(run, make(TaskFailed, (now, target, answer.error, answer.cause)))
            return
        if isinstance(answer, Refused):
            self._hand_over(run, TaskRefused(now, target, answer.cause))
            return
        if answer.submitted is not ABSENT:
            self._hand_over(run, TaskSubmitted(now, target, answer.submitted))
        bytes_ = size(answer.output) if run.execution.start.limits == "aws" else 0
        self._hand_over(run, TaskSucceeded(now, target, answer.output, bytes_))

    def _end(self, run: Run) -> None:
        execution, timeline, owner = run.execution, run.timeline, run.owner
        self._let_go(run)
        if owner is None:
            for _, _, _, _, printed in sorted(timeline.arrived, key=itemgetter(0)):
                run.keep_printed(printed)
            timeline.arrived.clear()
        run.journal.finish(Ending(execution.status, execution.now))
        if owner is not None:
            owner.child_ended(self, run)
        run.end()

    def _let_go(self, run: Run) -> None:
        """Nothing that a run waits for is wanted any more."""
        for map_run in list(run.map_runs.values()):
            self._stop_map_run(map_run)
        for timer in run.timers.values():
            timer.cancel()
        run.timers.clear()
        for call in run.flights.values():
            self._give_up(run, call)
        run.timeline.working -= len(run.flights)

    # ------------------------------------------------------------ commands

    def _run_task(self, run: Run, command: RunTask) -> None:
        target = command.target
        handler = run.bindings[target.state]
        call = Call(command, copy(command.payload), run.execution.start, next(self._order))
        executor = run.executor
        if command.resource.has_token:
            run.timeline.open_calls.open(call, partial(self._told_elsewhere, run.timeline, run, call))
        if handler.instant:
            self._answered(run, call, handler.call(call), "")
        elif isinstance(executor, Inline):
            self._answered(run, call, executor.perform(handler, call), "")
        else:
            run.flights[target] = call
            run.timeline.working += 1
            executor.submit(handler, call, partial(self._answered_elsewhere, run.timeline, run, call))

    def _told_elsewhere(self, timeline: Timeline, run: Run, call: Call, word: Word) -> None:
        self._inbox.put((timeline, partial(self._told, timeline, run, call, word)))

    def _told(self, timeline: Timeline, run: Run, call: Call, word: Word) -> None:
        """Somebody outside has said something of an open call."""
        if run.done or run.flights.get(call.target) is not call:
            return  # nobody waits for it any more
        now = timeline.clock.now()
        if isinstance(word, Taken):
            self._tell(run, TaskStarted(now, call.target, word.worker_name))
        elif isinstance(word, Alive):
            self._put_off(run, call, now)
        elif call.is_open:
            self._landed(timeline, run, call, word, "")
        else:
            call.early = word  # its handler still works: first things first

    def _put_off(self, run: Run, call: Call, now: int) -> None:
        """A heartbeat: the next one is due one interval from now."""
        timer, seconds = run.timers.get((call.target, "heartbeat")), call.command.heartbeat_seconds
        if timer is not None and seconds is not None:
            timer.cancel()
            self._start_timer(run, StartTimer(call.target, "heartbeat", now + seconds * 1000), now)

    def _answered_elsewhere(self, timeline: Timeline, run: Run, call: Call, answer: Outcome, printed: str) -> None:
        self._inbox.put((timeline, partial(self._landed, timeline, run, call, answer, printed)))

    def _landed(self, timeline: Timeline, run: Run, call: Call, answer: Outcome, printed: str) -> None:
        if run.flights.get(call.target) is not call or run.done:
            timeline.root.keep_printed(printed)
            return  # nobody waits for it any more
        del run.flights[call.target]
        run.timeline.working -= 1
        self._answered(run, call, answer, printed)
        self._queue(run.timeline)

    def _answered(self, run: Run, call: Call, answer: Outcome, printed: str) -> None:
        timeline = run.timeline
        if isinstance(answer, Pending):
            self._leave_open(run, call, answer, printed)
            return
        if call.command.resource.has_token:
            timeline.open_calls.close(call)
        if timeline.virtual is not None:
            timeline.arrived.append((call.order, run, call.command.target, answer, printed))
            return
        timeline.root.keep_printed(printed)
        self._take_in(run, call.target, answer, timeline.clock.now())
        self._wake(run)

    def _leave_open(self, run: Run, call: Call, pending: Pending, printed: str) -> None:
        """The handler has done its part; the rest is said from outside. Until then a virtual clock stands still."""
        timeline, now = run.timeline, run.timeline.clock.now()
        run.flights[call.target] = call
        timeline.working += 1
        timeline.root.keep_printed(printed)
        if pending.submitted is ABSENT:
            self._tell(run, TaskScheduled(now, call.target))
        else:
            self._tell(run, TaskSubmitted(now, call.target, pending.submitted))
        call.is_open = True
        if call.early is not None:
            self._landed(timeline, run, call, call.early, "")

    def _cancel_task(self, run: Run, command: CancelTask) -> None:
        map_run = run.map_runs.get(command.target)
        if map_run is not None:
            self._stop_map_run(map_run)
            return
        call = run.flights.pop(command.target, None)
        if call is not None:
            run.timeline.working -= 1
            self._give_up(run, call)

    @staticmethod
    def _give_up(run: Run, call: Call) -> None:
        """Nobody waits for this call any more."""
        call.cancel()
        if call.command.resource.has_token:
            run.timeline.open_calls.close(call)
        run.executor.abandon(call)

    def _keep_guard(self, run: Run, command: KeepGuard) -> None:
        run.journal.append(run.execution.transitions, command.stimulus)
        run.journal.commit()

    # ------------------------------------------------------------ Map Runs

    def _run_map(self, run: Run, command: RunMap) -> None:
        map_run = MapRun(command.work, command.target, run, next(self._order))
        run.map_runs[command.target] = map_run
        self._map_runs[command.work.map_run_arn] = map_run
        run.timeline.root.all_map_runs += (map_run,)
        run.timeline.feeding.append(map_run)
        self._queue(run.timeline)

    def _feed(self, timeline: Timeline) -> bool:
        """Let Map Runs start children and read on, when nothing else goes on by itself. Was there anything?"""
        fed = False
        for map_run in list(timeline.feeding):
            fed |= map_run.feed(self)
        return fed

    def begin_child(self, child: Run) -> None:
        """A child of a Map Run starts."""
        self._wake(child)

    def stop_child(self, child: Run) -> None:
        """A child of a Map Run is stopped, at once."""
        if not child.done:
            self._hand_over(child, Stopped(child.timeline.clock.now(), None, None))
            self._proceed(child)

    def do_elsewhere(self, map_run: MapRun, work: Callable[[], Any], done: Callable[[Any], None]) -> int:
        """Have a Map Run's reading or writing done where it holds nobody up; `done` is called by this thread.

        Gives the job's number: while that is among the timeline's jobs, a virtual clock stands still.
        """
        timeline, order = map_run.timeline, next(self._order)
        timeline.jobs.add(order)
        job_done = partial(self._job_done, timeline, order, done)
        if isinstance(map_run.executor, Inline):
            job_done(work())
        else:
            do_elsewhere(work, lambda result: self._inbox.put((timeline, partial(job_done, result))))
        return order

    def _job_done(self, timeline: Timeline, order: int, done: Callable[[Any], None], result: Any) -> None:
        if order not in timeline.jobs:  # nobody waits for it any more
            done(None)
            return
        timeline.jobs.remove(order)
        if isinstance(result, Exception):
            raise result
        timeline.jobs_done.append((order, done, result))
        if timeline.virtual is None:
            self._take_up(timeline)
        self._queue(timeline)

    @staticmethod
    def _take_up(timeline: Timeline) -> None:
        """Give Map Runs what they have read, in the order in which they asked for it."""
        batch, timeline.jobs_done = timeline.jobs_done, []
        for _, done, result in sorted(batch, key=itemgetter(0)):
            done(result)

    def map_run_ended(self, map_run: MapRun, answer: Answer) -> None:
        """A Map Run is over: its parent is told."""
        run, target, timeline = map_run.parent, map_run.target, map_run.timeline
        timeline.feeding.remove(map_run)
        del run.map_runs[target]
        if timeline.virtual is not None:
            timeline.arrived.append((map_run.order, run, target, answer, ""))
            return
        self._take_in(run, target, answer, timeline.clock.now())
        self._wake(run)

    def _stop_map_run(self, map_run: MapRun) -> None:
        del map_run.parent.map_runs[map_run.target]
        map_run.timeline.feeding.remove(map_run)
        map_run.stop(self)

    # ------------------------------------------------------------ timers

    def _start_timer(self, run: Run, command: StartTimer, since: int | None = None) -> None:
        """`since`: when it was started, if not when the execution was told something last."""
        target, kind, due = command
        timer = run.timers[target, kind] = Timer(run, target, kind, due)
        if run.timeline.virtual is not None:
            run.timeline.timers.push(due, next(self._order), timer)
            if kind in ("wait", "retry"):
                return
        self._set_alarm(timer, run.execution.now if since is None else since)

    def _cancel_timer(self, run: Run, command: CancelTimer) -> None:
        timer = run.timers.pop((command.target, command.timer), None)
        if timer is not None:
            timer.cancel()

    def _set_alarm(self, timer: Timer, since: int) -> None:
        """Have the loop find the timer when it is due. Functions take real time, so their timeouts do too: as long as
        it is from `since` to then.
        """
        clock = timer.run.timeline.clock
        if isinstance(clock, VirtualClock) or timer.kind in _IN_REAL_TIME:
            moment = time.monotonic() + (timer.due - since) / 1000
        else:
            moment = clock.moment(timer.due)
        self._alarms.push(moment, next(self._order), timer)

    def _ring(self, timer: Timer) -> None:
        """A timer has run out in real time."""
        run = timer.run
        timeline = run.timeline
        if timeline.virtual is None:
            # A timeout is recorded as start plus timeout, however fast the clock runs meanwhile.
            told = run.execution.now if timer.kind in _IN_REAL_TIME else timeline.clock.now()
            self._fire(timer, max(told, timer.due))
            self._wake(run)
            return
        # Over its real time: it no longer holds the virtual clock, which will come to the timer by itself.
        if timer.target == WHOLE:
            timeline.overdue = timer
        else:
            self._cancel_task(run, CancelTask(timer.target))
        self._queue(timeline)

    def _fire(self, timer: Timer, now: int) -> None:
        target, kind = timer.target, timer.kind
        timer.dead = True
        del timer.run.timers[target, kind]
        self._hand_over(timer.run, make(TimerFired, (now, target, kind)))

    # ------------------------------------------------------------ virtual time

    def _settle(self, timeline: Timeline, clock: VirtualClock) -> bool:
        """Nothing more happens by itself: have what comes next happen, now or at the next timer. Was there anything?"""
        if timeline.jobs and timeline.overdue is None:
            return False
        if timeline.jobs_done:
            self._take_up(timeline)
            return True
        due = timeline.timers.next_time()
        if due is None or due > clock.time:
            if timeline.working and timeline.overdue is None:
                return False
            if timeline.arrived:
                self._deliver(timeline, clock.time)
                return True
            if due is None:
                return False
        timer = timeline.timers.pop()
        clock.move_to(timer.due)
        self._fire(timer, clock.time)
        self._proceed(timer.run)
        return True

    def _deliver(self, timeline: Timeline, now: int) -> None:
        """Hand over the answers of this instant, in the order in which their tasks were given out."""
        batch, timeline.arrived = timeline.arrived, []
        if len(batch) > 1:
            batch.sort(key=itemgetter(0))
        for _, _, _, _, printed in batch:
            if printed:
                timeline.root.keep_printed(printed)
        for _, run, target, answer, _ in batch:
            if not run.done:
                self._take_in(run, target, answer, now)
                self._proceed(run)


_CARRY_OUT: Final[Mapping[type[Command], Callable[[Driver, Run, Any], None]]] = {
    RunTask: Driver._run_task,
    RunMap: Driver._run_map,
    CancelTask: Driver._cancel_task,
    StartTimer: Driver._start_timer,
    CancelTimer: Driver._cancel_timer,
    KeepGuard: Driver._keep_guard,
}
