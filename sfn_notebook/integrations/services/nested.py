"""Step Functions itself as a task: executions that a Task starts, and what it says by a task's token.

(spec: service-integrations, startExecution; activities-and-callbacks, SendTask* errors)  Who answers is handed in, as
it is a layer above, or on AWS.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import format_datetime
from functools import partial
from time import sleep
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from sfn_notebook.asl.resources import parse_resource
from sfn_notebook.integrations.aws import AwsClients, client_errors
from sfn_notebook.integrations.contract import Answer, Call, Failed, Handler, Outcome, Pending, Succeeded
from sfn_notebook.integrations.functions import MAX_CAUSE
from sfn_notebook.integrations.open_calls import OpenCalls, TaskDoesNotExist, TaskTimedOut
from sfn_notebook.values import JSON, NotJSON, dumps, loads

from .handler import answer, failure, read_arguments
from .models import client_error, find_operation
from .results import read_response

_DESCRIBED: Final = frozenset([
    "Cause", "Error", "ExecutionArn", "Input", "InputDetails", "Name", "Output", "OutputDetails", "StartDate",
    "StateMachineArn", "Status", "StopDate",
])  # fmt: skip
"""What is told of an execution that has ended."""

_TASK_FAILED: Final = "States.TaskFailed"
_FIRST_WAIT_SECONDS: Final = 0.5
_LONGEST_WAIT_SECONDS: Final = 30


_DESCRIBE: Final = parse_resource("arn:aws:states:::aws-sdk:sfn:describeExecution")


class Refusal(NamedTuple):
    """An operation was refused: code and message as in boto3's errors."""

    code: str
    message: str


Ended: TypeAlias = Callable[[Mapping[str, Any] | Refusal], None]
"""Is given DescribeExecution's answer, once."""


class Executions(Protocol):
    """Where the executions are that Tasks wait for."""

    def when_ended(self, execution_arn: str, region: str, then: Ended, is_wanted: Callable[[], bool]) -> None:
        """Have `then` called when the execution has ended, by any thread; it returns at once. It need not be called
        when it is wanted no more.
        """

    def stop(self, execution_arn: str, region: str) -> None:
        """Ask for the execution to be stopped, if it still runs; returns at once. Never raises."""


class StepFunctionsApi(Executions, Protocol):
    """Step Functions' API, where it is in this process."""

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
        """Do an operation (`StartExecution`) with parameters as boto3 takes them; may wait for it. Never raises."""


class StepFunctionsHandler:
    """Implements `contract.Handler` with Step Functions' API in this process: `aws-sdk:sfn:…`, and
    `states:startExecution` without a wait for its end.
    """

    instant = False
    asynchronous = False

    def __init__(self, api: StepFunctionsApi) -> None:
        self._api = api

    def __reduce__(self) -> tuple[Any, ...]:
        """Executions of this process cannot be started from another one."""
        raise TypeError("a Task that calls Step Functions runs in this process: use executor=None (threads)")

    def call(self, call: Call) -> Answer:
        operation = find_operation(call.resource)
        arguments = read_arguments(operation, call)
        if isinstance(arguments, Failed):
            return arguments
        response = self._api.call(operation.model.name, arguments)
        if isinstance(response, Refusal):
            return failure(operation, client_error(operation, response.code, response.message, call.request_id))
        result = read_response(operation, response)
        return answer(operation, call, {**response, "ResponseMetadata": _metadata(call, response, result)}, result)

    async def acall(self, call: Call) -> Answer:
        return self.call(call)


class NestedHandler:
    """Implements `contract.Handler` for `states:startExecution.sync` and `.sync:2`: the task is over when the
    execution is, or when somebody answers with the task's token before.
    """

    instant = False
    asynchronous = False

    def __init__(self, start: Handler, executions: Executions, open_calls: OpenCalls) -> None:
        """start: gives the result of StartExecution."""
        self._start = start
        self._executions = executions
        self._open_calls = open_calls

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a Task that waits for an execution runs in this process: use executor=None (threads)")

    def call(self, call: Call) -> Outcome:
        started = self._start.call(call)
        if not isinstance(started, Succeeded) or not isinstance(started.output, dict):
            return started
        arn = str(started.output["ExecutionArn"])
        call.when_cancelled(partial(self._executions.stop, arn, call.start.region))
        self._executions.when_ended(arn, call.start.region, partial(self._ended, call), lambda: not call.cancelled)
        return Pending(started.output)

    async def acall(self, call: Call) -> Outcome:
        return self.call(call)

    def _ended(self, call: Call, described: Mapping[str, Any] | Refusal) -> None:
        with suppress(TaskTimedOut, TaskDoesNotExist):  # nobody waits for it any more
            self._open_calls.tell(call.token, _last_word(call, described))


class ExecutionsOnAws:
    """Implements `Executions`: asks again and again, from a thread of its own for each execution."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def when_ended(self, execution_arn: str, region: str, then: Ended, is_wanted: Callable[[], bool]) -> None:
        watched = (execution_arn, region, then, is_wanted)
        threading.Thread(target=self._watch, args=watched, name="sfn-nested", daemon=True).start()

    def stop(self, execution_arn: str, region: str) -> None:
        threading.Thread(target=self._stop, args=(execution_arn, region), name="sfn-nested", daemon=True).start()

    def _stop(self, execution_arn: str, region: str) -> None:
        with suppress(*client_errors()):
            self._clients.client("stepfunctions", region).stop_execution(executionArn=execution_arn)

    def _watch(self, execution_arn: str, region: str, then: Ended, is_wanted: Callable[[], bool]) -> None:
        wait = _FIRST_WAIT_SECONDS
        while is_wanted():
            described = self._describe(execution_arn, region)
            if described is not None and (isinstance(described, Refusal) or described["status"] != "RUNNING"):
                then(described)
                return
            sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    def _describe(self, execution_arn: str, region: str) -> Mapping[str, Any] | Refusal | None:
        """None where asking once more may help: throttled, out of reach."""
        try:
            client = self._clients.client("stepfunctions", region)
            described: Mapping[str, Any] = client.describe_execution(executionArn=execution_arn)
        except client_errors() as error:
            response: Mapping[str, Any] = getattr(error, "response", None) or {}
            said, status = response.get("Error", {}), response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            code = said.get("Code", "")
            return None if status >= 500 or "Throttling" in code else Refusal(code, said.get("Message", ""))
        return described


def _last_word(call: Call, described: Mapping[str, Any] | Refusal) -> Answer:
    """What a Task says of the execution that it has waited for."""
    operation = find_operation(_DESCRIBE)._replace(prefix="StepFunctions", java="AWSStepFunctions")
    if isinstance(described, Refusal):
        return failure(operation, client_error(operation, described.code, described.message, call.request_id))
    told = {name: part for name, part in read_response(operation, described).items() if name in _DESCRIBED}
    if call.resource.pattern == ".sync:2":
        told |= {name: _value(told[name]) for name in ("Input", "Output") if name in told}
    if told["Status"] != "SUCCEEDED":
        return Failed(_TASK_FAILED, dumps(told)[:MAX_CAUSE])
    return Succeeded(told)


def _value(text: JSON) -> JSON:
    try:
        return loads(text) if isinstance(text, str) else text
    except NotJSON:
        return text


def _metadata(call: Call, response: Mapping[str, Any], result: dict[str, JSON]) -> dict[str, Any]:
    """What boto3 would say of an answer, had it come over the wire."""
    headers = {"x-amzn-RequestId": call.request_id, "connection": "keep-alive"}
    headers["Content-Length"] = str(len(dumps(result).encode()))
    if (moment := response.get("startDate")) is not None:
        headers["Date"] = format_datetime(moment, usegmt=True)
    headers["Content-Type"] = "application/x-amz-json-1.0"
    return {"HTTPStatusCode": 200, "RequestId": call.request_id, "HTTPHeaders": headers}
