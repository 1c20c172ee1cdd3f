"""Services that boto3 reaches as tasks: `aws-sdk:service:action`, and optimized integrations that ask and are answered.

(spec: service-integrations; errors-and-retries, Cause formats)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sfn_notebook.asl.lambda_parameters import unusable
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.integrations.aws import AwsClients, client_errors, optimized_failure, sdk_failure, sdk_metadata
from sfn_notebook.integrations.contract import Answer, Call, Failed, Succeeded
from sfn_notebook.integrations.functions import MAX_CAUSE
from sfn_notebook.values import JSON, dumps

from .models import Operation, client_error, find_operation
from .parameters import read_parameters, violation
from .results import read_response


class ServiceHandler:
    """Implements `contract.Handler` with the API that the Resource names, in the Region of the execution.

    Parameters that the API does not take fail the task with States.Runtime, those that a service is known to refuse
    with its own words; neither is sent. Where the API takes a client token and none is given, the attempt's request
    id is: the same attempt made once more does nothing twice.
    """

    instant = False
    asynchronous = False

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def call(self, call: Call) -> Answer:
        operation = find_operation(call.resource)
        asked = read_arguments(operation, call)
        if isinstance(asked, Failed):
            return asked
        try:
            response, result = self._ask(operation, call.start.region, asked)
        except client_errors() as error:
            return failure(operation, error)
        return answer(operation, call, response, result)

    async def acall(self, call: Call) -> Answer:
        return self.call(call)

    def _ask(
        self, operation: Operation, region: str, arguments: dict[str, Any]
    ) -> tuple[Mapping[str, Any], dict[str, JSON]]:
        from botocore import xform_name

        client = self._clients.client(operation.service, region)
        response = getattr(client, xform_name(operation.model.name))(**arguments)
        asks = operation.model.http_checksum.get("requestValidationModeMember")
        if asks is not None and asks not in arguments:  # boto3 asks of its own accord, Step Functions does not
            response = {name: part for name, part in response.items() if not name.startswith("Checksum")}
        return response, read_response(operation, response)


def read_arguments(operation: Operation, call: Call) -> dict[str, Any] | Failed:
    """What is asked of the API, in boto3's shape; or why it is not asked."""
    arguments, problems = read_parameters(operation, call.payload)
    if problems:
        return Failed(RUNTIME, unusable(call.payload, problems)[:MAX_CAUSE])
    for name in operation.model.idempotent_members:
        arguments.setdefault(name, call.request_id)
    if (add := _ADDED.get(_action(call))) is not None:
        add(arguments, call)
    refused = violation(operation, arguments)
    if refused is None:
        return arguments
    return failure(operation, client_error(operation, "ValidationException", refused, call.request_id))


def failure(operation: Operation, error: Exception) -> Failed:
    """What a Task says of an error, one of `client_errors`."""
    if operation.is_sdk:
        return sdk_failure(operation.prefix, error)
    return optimized_failure(operation.prefix, operation.java, error)


def answer(operation: Operation, call: Call, response: Mapping[str, Any], result: dict[str, JSON]) -> Answer:
    """What a Task gives for a response, whose members are `result`."""
    if operation.is_sdk:
        return Succeeded(result)
    if _action(call) == ("events", "putEvents"):
        return _put_events(result)
    return Succeeded(dict(sorted({**result, **sdk_metadata(response)}.items())))


def _action(call: Call) -> tuple[str, str]:
    return call.resource.service, call.resource.action


def _put_events(result: dict[str, JSON]) -> Answer:
    """Events are put or not, one by one; the task has failed when one was not."""
    failed = result.get("FailedEntryCount")
    return Failed("EventBridge.FailedEntry", dumps(result)[:MAX_CAUSE]) if failed else Succeeded(result)


def _with_sender(arguments: dict[str, Any], call: Call) -> None:
    """The execution and its machine are resources of each event."""
    sender = [call.start.execution_arn, call.start.state_machine_arn]
    for entry in arguments.get("Entries", ()):
        entry["Resources"] = [*entry.get("Resources", ()), *sender]


def _with_name(arguments: dict[str, Any], call: Call) -> None:
    """The same attempt made once more, after a crash, starts nothing twice."""
    arguments.setdefault("name", call.request_id)


_ADDED: Final[Mapping[tuple[str, str], Callable[[dict[str, Any], Call], None]]] = {
    ("events", "putEvents"): _with_sender,
    ("states", "startExecution"): _with_name,
    ("aws-sdk:sfn", "startExecution"): _with_name,
}
"""What Step Functions itself adds to a request."""
