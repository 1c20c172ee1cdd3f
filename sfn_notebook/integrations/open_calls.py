"""Tasks that somebody outside answers: workers of activities, and whoever has a task's token.

(spec: activities-and-callbacks) Used by any thread. Knows tokens and queues; must not know executions or protocols.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, wait
from contextlib import suppress
from typing import Final, NamedTuple, TypeAlias

from .contract import Call, Failed, Succeeded

MOST_WORKERS: Final = 1000
"""How many wait for tasks of one activity at once."""

_REMEMBERED: Final = 100_000
"""Tokens of tasks that are over, which are told apart from those that never were."""


class Taken(NamedTuple):
    """A worker has taken the activity's task."""

    worker_name: str | None


class Alive(NamedTuple):
    """A heartbeat."""


Word: TypeAlias = Taken | Alive | Succeeded | Failed
"""What is said from outside of an open call."""

Tell: TypeAlias = Callable[[Word], None]


class TaskDoesNotExist(LookupError):
    """No task has had this token."""


class TaskTimedOut(LookupError):
    """The task with this token is over."""


class TooManyWorkers(RuntimeError):
    """So many wait for tasks of this activity that nobody else may."""


class Poll:
    """A worker that asks for a task of an activity.

    ready: done once it can be collected, or when it was given up. Else for OpenCalls alone: offered: the call that is
    meant for this worker.
    """

    __slots__ = ("activity_arn", "offered", "ready", "worker_name")

    def __init__(self, activity_arn: str, worker_name: str | None) -> None:
        self.activity_arn, self.worker_name = activity_arn, worker_name
        self.ready: Future[None] = Future()
        self.offered: Call | None = None


class OpenCalls:
    """Which tasks are open, by token; and which of them wait for a worker, by activity.

    A task that is meant for a worker is told to be taken when it is collected. Until then it is nobody's: if the worker
    goes away it is offered to the next one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, tuple[Call, Tell]] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._queues: dict[str, deque[Call]] = {}
        self._workers: dict[str, OrderedDict[Poll, None]] = {}
        self._activities: set[str] = set()

    def open(self, call: Call, tell: Tell) -> None:
        """From now on the call may be spoken of by its token."""
        with self._lock:
            self._open[call.token] = call, tell

    def close(self, call: Call) -> None:
        """The call is over; nothing happens to one that is not open."""
        with self._lock:
            self._close(call.token)

    def tell(self, token: str, word: Word) -> None:
        """Say something of the call with this token. An answer closes it: nobody gives another one.

        Raises: TaskDoesNotExist, TaskTimedOut.
        """
        with self._lock:
            if token in self._closed:
                raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
            if token not in self._open:
                raise TaskDoesNotExist("Task Does Not Exist: 'Provided task does not exist'")
            _, tell = self._open[token]
            if isinstance(word, Succeeded | Failed):
                self._close(token)
        tell(word)

    def _close(self, token: str) -> None:
        if self._open.pop(token, None) is not None:
            self._closed[token] = None
            while len(self._closed) > _REMEMBERED:
                self._closed.popitem(last=False)

    # ------------------------------------------------------------ activities

    def create_activity(self, activity_arn: str) -> None:
        """From now on tasks may wait for workers of this activity."""
        with self._lock:
            self._activities.add(activity_arn)

    def delete_activity(self, activity_arn: str) -> None:
        """No further task waits for this activity; those that do go on waiting."""
        with self._lock:
            self._activities.discard(activity_arn)

    def has_activity(self, activity_arn: str) -> bool:
        return activity_arn in self._activities

    def offer(self, activity_arn: str, call: Call) -> None:
        """An open call waits for a worker of this activity."""
        with self._lock:
            self._queues.setdefault(activity_arn, deque()).append(call)
            poll = self._match(activity_arn)
        _wake(poll)

    # ------------------------------------------------------------ workers

    def ask(self, activity_arn: str, worker_name: str | None) -> Poll:
        """A worker asks for a task. First come, first served, on both sides. It is to be collected or given up.

        Raises: TooManyWorkers.
        """
        poll = Poll(activity_arn, worker_name)
        with self._lock:
            workers = self._workers.setdefault(activity_arn, OrderedDict())
            if len(workers) >= MOST_WORKERS:
                raise TooManyWorkers
            workers[poll] = None
            found = self._match(activity_arn)
        _wake(found)
        return poll

    def collect(self, poll: Poll) -> Call | None:
        """The call that was meant for the worker, whose execution is told that it is taken; None when there is none.
        The worker asks no more.
        """
        with self._lock:
            call = self._withdraw(poll)
            found = None if call is None else self._open.get(call.token)
        if found is None:
            return None
        call, tell = found
        tell(Taken(poll.worker_name))
        return call

    def give_up(self, poll: Poll) -> None:
        """The worker has gone away: the call that was meant for it is the next one's. Nothing happens to a poll that
        was collected.
        """
        other = None
        with self._lock:
            call = self._withdraw(poll)
            if call is not None:
                self._queues[poll.activity_arn].appendleft(call)
                other = self._match(poll.activity_arn)
        _wake(other)
        _wake(poll)

    def take(self, activity_arn: str, worker_name: str | None, seconds: float) -> Call | None:
        """Ask, wait so many seconds at most, and collect, in the caller's thread. Raises: TooManyWorkers."""
        poll = self.ask(activity_arn, worker_name)
        try:
            wait([poll.ready], seconds)
        except BaseException:
            self.give_up(poll)
            raise
        return self.collect(poll)

    def _withdraw(self, poll: Poll) -> Call | None:
        """The worker waits no more. Gives what was meant for it."""
        self._workers[poll.activity_arn].pop(poll, None)
        call, poll.offered = poll.offered, None
        return call

    def _match(self, activity_arn: str) -> Poll | None:
        """Mean the first call that waits for the first worker that does; the worker."""
        queue, workers = self._queues.get(activity_arn), self._workers.get(activity_arn)
        while queue and workers:
            call = queue.popleft()
            if call.token in self._open:  # those that are over are left where they are until their turn comes
                poll, _ = workers.popitem(last=False)
                poll.offered = call
                return poll
        return None


def _wake(poll: Poll | None) -> None:
    """Have whoever waits look. Not under the lock: what is called then may ask again."""
    if poll is not None:
        with suppress(InvalidStateError):  # it is awake already
            poll.ready.set_result(None)
