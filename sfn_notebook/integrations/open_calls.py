"""Tasks that somebody outside answers: workers of activities, and whoever has a task's token.

(spec: activities-and-callbacks) Used by any thread. Knows tokens and queues; must not know executions or protocols.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic
from typing import Final, NamedTuple, TypeAlias

from .contract import Call, Failed, Succeeded

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


class OpenCalls:
    """Which tasks are open, by token; and which of them wait for a worker, by activity."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: dict[str, tuple[Call, Tell]] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._queues: dict[str, deque[Call]] = {}
        self._activities: set[str] = set()

    def open(self, call: Call, tell: Tell) -> None:
        """From now on the call may be spoken of by its token."""
        with self._changed:
            self._open[call.token] = call, tell

    def close(self, call: Call) -> None:
        """The call is over; nothing happens to one that is not open."""
        with self._changed:
            if self._open.pop(call.token, None) is not None:
                self._closed[call.token] = None
                while len(self._closed) > _REMEMBERED:
                    self._closed.popitem(last=False)

    def tell(self, token: str, word: Word) -> None:
        """Say something of the call with this token. Raises: TaskDoesNotExist, TaskTimedOut."""
        with self._changed:
            if token in self._closed:
                raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
            if token not in self._open:
                raise TaskDoesNotExist("Task Does Not Exist: 'Provided task does not exist'")
            _, tell = self._open[token]
        tell(word)

    # ------------------------------------------------------------ activities

    def create_activity(self, activity_arn: str) -> None:
        """From now on tasks may wait for workers of this activity."""
        with self._changed:
            self._activities.add(activity_arn)

    def delete_activity(self, activity_arn: str) -> None:
        """No further task waits for this activity; those that do go on waiting."""
        with self._changed:
            self._activities.discard(activity_arn)

    def has_activity(self, activity_arn: str) -> bool:
        return activity_arn in self._activities

    def offer(self, activity_arn: str, call: Call) -> None:
        """An open call waits for a worker of this activity."""
        with self._changed:
            self._queues.setdefault(activity_arn, deque()).append(call)
            self._changed.notify_all()

    def take(self, activity_arn: str, worker_name: str | None, seconds: float) -> Call | None:
        """The next call that waits for a worker of this activity, first come first served; None when there is none
        within so many seconds. The call's execution is told that it is taken.
        """
        latest = monotonic() + seconds
        with self._changed:
            while (found := self._next(activity_arn)) is None:
                left = latest - monotonic()
                if left <= 0:
                    return None
                self._changed.wait(left)
            call, tell = found
        tell(Taken(worker_name))
        return call

    def _next(self, activity_arn: str) -> tuple[Call, Tell] | None:
        queue = self._queues.get(activity_arn, ())
        while queue:
            found = self._open.get(queue.popleft().token)
            if found is not None:  # those that are over are left where they are until their turn comes
                return found
        return None
