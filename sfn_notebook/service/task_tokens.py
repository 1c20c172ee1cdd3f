"""What somebody outside says of a task whose token they have.  (spec: activities-and-callbacks, SendTask* errors)"""

from __future__ import annotations

from base64 import b64decode
from typing import Final

from sfn_notebook.integrations.contract import Failed, Succeeded
from sfn_notebook.integrations.open_calls import Alive, OpenCalls, TaskDoesNotExist, TaskTimedOut, Word

from .faults import ServiceError, invalid_token
from .inputs import task_output
from .operations import operation
from .pending import Answer

_TOKEN_BYTES: Final = 16


class TaskTokens:
    """SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat."""

    def __init__(self, open_calls: OpenCalls) -> None:
        self._open_calls = open_calls

    @operation
    def send_task_success(self, *, task_token: str, output: str) -> Answer:
        """The task's result, as JSON text. It is the task's last word."""
        _check(task_token)
        return self._say(task_token, Succeeded(task_output(output)))

    @operation
    def send_task_failure(self, *, task_token: str, error: str | None = None, cause: str | None = None) -> Answer:
        """The task has failed; both parts may be missing. It is the task's last word."""
        _check(task_token)
        return self._say(task_token, Failed(error, cause))

    @operation
    def send_task_heartbeat(self, *, task_token: str) -> Answer:
        """Somebody is still at work: HeartbeatSeconds begin once more."""
        _check(task_token)
        return self._say(task_token, Alive())

    def _say(self, token: str, word: Word) -> Answer:
        """Raises: ServiceError TaskTimedOut, TaskDoesNotExist."""
        try:
            self._open_calls.tell(token, word)
        except TaskTimedOut as error:
            raise ServiceError("TaskTimedOut", str(error)) from None
        except TaskDoesNotExist as error:
            raise ServiceError("TaskDoesNotExist", str(error)) from None
        return {}


def _check(token: str) -> None:
    """It looks like a token of a task. Raises: ServiceError InvalidToken."""
    try:
        found = b64decode(token, validate=True)
    except ValueError:  # no base64, or no ASCII
        raise invalid_token() from None
    if len(found) != _TOKEN_BYTES:
        raise invalid_token()
