"""Functions of AWS Lambda, or of an emulator of it, as tasks: a function's ARN, and `lambda:invoke`.

(spec: service-integrations, Parameters and results; errors-and-retries, Cause formats)
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from sfn_notebook.asl.lambda_parameters import TEXTS, parameter_problems, unusable
from sfn_notebook.asl.resources import Resource, parse_resource
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.values import ABSENT, JSON, Absent, NotJSON, dump_bytes, dumps, loads

from .aws import AwsClients, client_errors, optimized_failure, sdk_metadata
from .contract import Answer, Call, Failed, Succeeded
from .functions import MAX_CAUSE, MAX_ERROR

_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
_ACCOUNT: Final = re.compile(r"\d{12}")

_NO_ERROR_TYPE: Final = "The cause could not be determined because Lambda did not return an error type."


def is_function(resource: Resource) -> bool:
    """Is it a function that is called and answers: an ARN, or `lambda:invoke` without a task token?"""
    return resource.kind == "lambda" or (resource.is_lambda_invoke and not resource.is_submitted)


def obstacle(resource: Resource, clients: AwsClients, function: str = "") -> str | None:
    """Why Lambda cannot answer to this Resource, and what helps; None where it can. Calls nothing, so that it can be
    asked before a run starts.

    function: the FunctionName, where the definition of a `lambda:invoke` writes it out.
    """
    if not is_function(resource):
        return f"{resource.text} is no function of Lambda."
    return _placeholder(resource.text if resource.kind == "lambda" else function) or clients.obstacle("lambda")


def _placeholder(reference: str) -> str | None:
    """What keeps an ARN from naming a real function. Names and partial ARNs say nothing of it."""
    place = _place(reference)
    for part, pattern, what in zip(place, (_REGION, _ACCOUNT), ("Region", "account"), strict=False):
        if not pattern.fullmatch(part):
            return f"{reference} names no function of Lambda: {part!r} is no {what}. Write a real one."
    return None


def _place(reference: str) -> list[str]:
    """Region and account in a function's ARN; nothing in a name or partial ARN."""
    return reference.split(":")[3:5] if parse_resource(reference).kind == "lambda" else []


class _Asked(NamedTuple):
    """What is asked of Lambda: in which Region, arguments of boto3's `invoke`."""

    region: str
    arguments: dict[str, Any]


class LambdaHandler:
    """Implements `contract.Handler` with Lambda's Invoke.

    A function's ARN is called with the task's input, in the ARN's Region, and gives what the function returns: JSON
    text as its value, other text as text. `lambda:invoke` gives the whole response.

    An error of the function fails the task with its errorType; the cause is its payload, for an ARN to the letter, for
    `lambda:invoke` written anew without blanks. An asynchronous invocation's empty payload is "".
    """

    instant = False
    asynchronous = False

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    def call(self, call: Call) -> Answer:
        if call.resource.kind == "lambda":
            arguments = {"FunctionName": call.resource.text, "Payload": dump_bytes(call.payload)}
            answered = self._ask(_Asked(_region(call.resource.text, call), arguments))
            return answered if isinstance(answered, Failed) else _returned(*answered)
        if problems := list(parameter_problems(call.payload)):
            return Failed(RUNTIME, unusable(call.payload, problems)[:MAX_CAUSE])
        answered = self._ask(_invocation(call.payload, call))
        return answered if isinstance(answered, Failed) else _invoked(*answered)

    async def acall(self, call: Call) -> Answer:
        return self.call(call)

    def _ask(self, asked: _Asked) -> tuple[dict[str, Any], str] | Failed:
        """The response, and the text of its payload."""
        if (problem := _placeholder(asked.arguments["FunctionName"])) is not None:
            return Failed(RUNTIME, problem)
        try:
            response = self._clients.client("lambda", asked.region).invoke(**asked.arguments)
            return response, response["Payload"].read().decode("utf-8", "replace")
        except client_errors() as error:
            return optimized_failure("Lambda", "AWSLambda", error)


def _invocation(parameters: dict[str, JSON], call: Call) -> _Asked:
    arguments = {name: parameters[name] for name in TEXTS if parameters.get(name) is not None}
    payload = parameters.get("Payload")
    if isinstance(payload, str):  # JSON text, sent as it is
        arguments["Payload"] = payload.encode("utf-8", "surrogatepass")
    elif payload is not None:
        arguments["Payload"] = dump_bytes(payload)
    return _Asked(_region(arguments["FunctionName"], call), arguments)


def _region(reference: str, call: Call) -> str:
    place = _place(reference)
    return place[0] if place else call.start.region


def _returned(response: dict[str, Any], text: str) -> Answer:
    """What a function's ARN gives."""
    if "FunctionError" in response:
        return _function_error(text, _value(text), text)
    value = _value(text)
    return Succeeded(text if value is ABSENT else value)


def _invoked(response: dict[str, Any], text: str) -> Answer:
    """What `lambda:invoke` gives."""
    value = _value(text)
    if "FunctionError" in response:
        return _function_error(text, value, text if value is ABSENT else dumps(value))
    parts = {
        "ExecutedVersion": response.get("ExecutedVersion", ABSENT),
        "LogResult": response.get("LogResult", ABSENT),
        "Payload": text if value is ABSENT else value,
        **sdk_metadata(response),
        "StatusCode": response["StatusCode"],
    }
    return Succeeded({name: part for name, part in parts.items() if part is not ABSENT})


def _value(text: str) -> JSON | Absent:
    try:
        return loads(text)
    except NotJSON:
        return ABSENT


def _function_error(text: str, payload: JSON | Absent, cause: str) -> Failed:
    """A function's own error, by the name that it has; a crash or an end by its timeout may have none."""
    kind = payload.get("errorType") if isinstance(payload, dict) else None
    if isinstance(kind, str) and kind:
        return Failed(kind[:MAX_ERROR], cause[:MAX_CAUSE])
    return Failed("Lambda.Unknown", f"{_NO_ERROR_TYPE} Returned payload: {text}"[:MAX_CAUSE])
