"""Which handler stands behind each Task of a machine, decided when a run starts and before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import NamedTuple

from sfn_notebook.asl.model import State
from sfn_notebook.asl.resources import Resource, function_name, parse_resource
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.query.jsonata_template import expression_in

from .aws import AwsClients
from .contract import Answer, Call, Failed, Handler
from .functions import FunctionHandler, FunctionTable, InvokeHandler
from .lambda_service import LambdaHandler, is_function, obstacle
from .mocks import MockError, Responses, mock_handler
from .open_calls import OpenCalls
from .outside import ActivityHandler, TokenHandler
from .services.finding import find_service
from .services.nested import StepFunctionsApi

Bindings = Mapping[str, Handler]
"""Handlers by the name of the state. State names are unique in a machine, nested ones included."""


class Missing(NamedTuple):
    """A Task that nothing answers to."""

    state: str
    resource: str
    remedy: str


class TaskNotFound(LookupError):
    """Some Resources have nothing behind them. `missing` lists every one; nothing has run."""

    def __init__(self, missing: list[Missing]) -> None:
        self.missing = missing
        lines = [f"{m.state!r}: nothing answers to {m.resource}. {m.remedy}" for m in missing]
        super().__init__("\n".join(lines))


class Unanswered:
    """Implements `contract.Handler` for a state that should not be reached.  (spec: local-mocks, missing entry)"""

    instant = True
    asynchronous = False

    def __init__(self, missing: Missing) -> None:
        self._answer = Failed(RUNTIME, f"Nothing answers to {missing.resource}. {missing.remedy}")

    def call(self, call: Call) -> Answer:  # noqa: ARG002 - whatever is asked
        return self._answer

    async def acall(self, call: Call) -> Answer:
        return self.call(call)


def bind(
    tasks: Mapping[str, State],
    functions: FunctionTable,
    mocks: Mapping[str, Responses] | None = None,
    clients: AwsClients | None = None,
    open_calls: OpenCalls | None = None,
    *,
    strict: bool = True,
    api: StepFunctionsApi | None = None,
) -> Bindings:
    """A handler for each Task state of `tasks`: its mock, else its function, else the service that `clients` reach.
    api: Step Functions in this process, for Tasks that call it.

    With target "aws" only functions that were passed by name stand for those in the account; with target "local",
    functions of the notebook go before an emulator's.

    Whoever gives mocks tests one way through the machine: states off that way need no answer, and fail when they are
    reached after all; so it is, too, unless `strict`. Else what nothing answers to is an error before anything runs.

    Raises: TaskNotFound (all that is missing at once), MockError, TypeError (a function of the wrong shape).
    """
    if mocks is not None and not isinstance(mocks, Mapping):
        raise TypeError(f"mocks is a {type(mocks).__name__}: give {{state: [response, …]}}.")
    mocks = mocks or {}
    clients = clients or AwsClients()
    if clients.target == "aws":
        functions = functions.only_given()
    _check_names(mocks, tasks)
    bindings: dict[str, Handler] = {}
    missing: list[Missing] = []
    alike: dict[str, Handler] = {}  # many states often call one function
    for name, state in tasks.items():
        if name in mocks:
            bindings[name] = mock_handler(name, mocks[name])
            continue
        text = state.fields["Resource"]
        if text in alike:
            bindings[name] = alike[text]
            continue
        found = _found(state, functions, clients, open_calls, api, strict=strict)
        if isinstance(found, FunctionHandler):
            alike[text] = found
        if not isinstance(found, Missing):
            bindings[name] = found
        elif mocks or not strict:
            bindings[name] = Unanswered(found)
        else:
            missing.append(found)
    if missing:
        raise TaskNotFound(missing)
    return bindings


def _check_names(mocks: Mapping[str, Responses], states: Mapping[str, State]) -> None:
    for name in mocks:
        if name not in states:
            near = get_close_matches(name, states, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Task states: {', '.join(map(repr, states)) or 'none'}."
            raise MockError(f"mocks[{name!r}]: no Task state is called so.{hint}")


def _found(
    state: State,
    functions: FunctionTable,
    clients: AwsClients,
    open_calls: OpenCalls | None,
    api: StepFunctionsApi | None,
    *,
    strict: bool,
) -> Handler | Missing:
    resource = parse_resource(state.fields["Resource"])
    if (
        resource.kind == "activity"
        and open_calls is not None
        and (not strict or open_calls.has_activity(resource.text))
    ):
        return ActivityHandler(open_calls)
    if is_function(resource):
        return _function(state, resource, functions, clients)
    if resource.is_lambda_invoke and resource.waits_for_token:
        found = _function(state, resource, functions, clients)
        return found if isinstance(found, Missing) else TokenHandler(found)
    mock = f"give it an answer: mocks={{{state.name!r}: [{{'return': …}}]}}."
    if resource.kind != "service":
        return Missing(state.name, resource.text, f"G{mock[1:]}")
    service = find_service(resource, clients, open_calls, api)
    return Missing(state.name, resource.text, f"{service} Or {mock}") if isinstance(service, str) else service


def _function(state: State, resource: Resource, functions: FunctionTable, clients: AwsClients) -> Handler | Missing:
    if resource.kind == "lambda":
        reference, name, qualifier = resource.text, resource.name, resource.qualifier
    else:
        written = _written_name(state)
        if written is None:  # computed: known when the state runs
            reachable = clients.target == "aws" or clients.has_endpoint("lambda")
            return InvokeHandler(functions, LambdaHandler(clients) if reachable else None)
        reference = written
        name, qualifier = function_name(reference)
    function = functions.find(name)
    if function is not None:
        handler = FunctionHandler(function, name, qualifier)
        return handler if resource.kind == "lambda" else InvokeHandler(handler)
    if clients.target == "local" and not clients.has_endpoint("lambda"):
        return Missing(state.name, reference if resource.kind == "lambda" else name, _remedy(name, functions))
    said = obstacle(resource, clients, reference)
    return LambdaHandler(clients) if said is None else Missing(state.name, reference, said)


def _written_name(state: State) -> str | None:
    """The FunctionName, where the definition writes it out."""
    given = state.fields.get("Parameters", state.fields.get("Arguments"))
    name = given.get("FunctionName") if isinstance(given, dict) else None
    return name if isinstance(name, str) and expression_in(name) is None else None


def _remedy(name: str, functions: FunctionTable) -> str:
    known = functions.names()
    near = get_close_matches(name, known, 1) or get_close_matches(name.lower().replace("-", "_"), known, 1)
    if near and not name.isidentifier():
        return f"Did you mean {near[0]!r}? Register it: @sfn.task(name={name!r})."
    if near:
        return f"Did you mean {near[0]!r}?"
    example = f"def {name}(event): …" if name.isidentifier() else f"@sfn.task(name={name!r})"
    return f"Define it ({example}), pass it (tasks={{{name!r}: …}}) or mock the state."
