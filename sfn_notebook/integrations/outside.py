"""Handlers of tasks that somebody outside finishes: activities, and calls that hand on a task's token.

(spec: activities-and-callbacks)
"""

from __future__ import annotations

from .contract import Call, Handler, Outcome, Pending, Refused, Succeeded
from .open_calls import OpenCalls


class ActivityHandler:
    """Implements `contract.Handler`: the task waits for a worker of its activity."""

    instant = True
    asynchronous = False

    def __init__(self, open_calls: OpenCalls) -> None:
        self._open_calls = open_calls

    def call(self, call: Call) -> Outcome:
        arn = call.resource.text
        if not self._open_calls.has_activity(arn):
            return Refused(f"The activity {arn} does not exist.")
        self._open_calls.offer(arn, call)
        return Pending()

    async def acall(self, call: Call) -> Outcome:
        return self.call(call)


class TokenHandler:
    """Implements `contract.Handler`: makes a call, and then waits for whoever was given the token."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.instant, self.asynchronous = handler.instant, handler.asynchronous

    def call(self, call: Call) -> Outcome:
        return _handed_on(self._handler.call(call))

    async def acall(self, call: Call) -> Outcome:
        return _handed_on(await self._handler.acall(call))


def _handed_on(answer: Outcome) -> Outcome:
    return Pending(answer.output) if isinstance(answer, Succeeded) else answer
