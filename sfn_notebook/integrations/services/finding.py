"""What answers to an action of a service, decided before a run starts."""

from __future__ import annotations

from sfn_notebook.asl.resources import Resource
from sfn_notebook.integrations.aws import AwsClients
from sfn_notebook.integrations.contract import Handler
from sfn_notebook.integrations.open_calls import OpenCalls
from sfn_notebook.integrations.outside import TokenHandler

from .handler import ServiceHandler
from .models import Operation, UnknownAction, find_operation
from .nested import Executions, ExecutionsOnAws, NestedHandler, StepFunctionsApi, StepFunctionsHandler


def find_service(
    resource: Resource,
    clients: AwsClients,
    open_calls: OpenCalls | None = None,
    api: StepFunctionsApi | None = None,
) -> Handler | str:
    """The handler of a service's action in the Resource's pattern; else why there is none. Calls nothing.

    api: Step Functions in this process: with target "local" it is what Tasks mean by Step Functions.
    """
    try:
        operation = find_operation(resource)
    except UnknownAction as error:
        return str(error)
    waits_for_end = resource.is_submitted and not resource.waits_for_token
    if waits_for_end and (resource.service != "states" or open_calls is None):
        return f"Nothing here waits for the end of {resource.service}:{resource.action}."
    found = _caller(operation, clients, api)
    if isinstance(found, str):
        return found
    handler, executions = found
    if waits_for_end and open_calls is not None:
        return NestedHandler(handler, executions, open_calls)
    return TokenHandler(handler) if resource.waits_for_token else handler


def _caller(
    operation: Operation, clients: AwsClients, api: StepFunctionsApi | None
) -> tuple[Handler, Executions] | str:
    """What makes the call, and knows executions that it starts."""
    if operation.service == "stepfunctions" and clients.target == "local" and api is not None:
        return StepFunctionsHandler(api), api
    said = clients.obstacle(operation.service)
    return (ServiceHandler(clients), ExecutionsOnAws(clients)) if said is None else said
