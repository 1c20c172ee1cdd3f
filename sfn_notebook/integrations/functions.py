"""Plain Python functions as Lambda functions: `handler(event)` or `handler(event, context)`, `def` or `async def`.

Errors and results have the shapes that Lambda gives them.  (spec: errors-and-retries, Cause formats)
"""

from __future__ import annotations

import asyncio
import inspect
import linecache
import os
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from pathlib import PurePath
from types import FunctionType
from typing import Any, Final, NamedTuple, TypeVar, overload
from weakref import WeakKeyDictionary

from sfn_notebook.asl.lambda_parameters import parameter_problems, unusable
from sfn_notebook.asl.resources import function_name
from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.engine.stimuli import make
from sfn_notebook.values import JSON, NotJSON, dumps, loads, normalise

from .contract import Answer, Call, Failed, Handler, Outcome, Succeeded

MAX_CAUSE = 32_768
MAX_ERROR = 256
_PACKAGE = f"{PurePath(__file__).parent.parent}{os.sep}"

Function = TypeVar("Function", bound=Callable[..., Any])

registry: dict[str, Callable[..., Any]] = {}
"""Functions registered with `@sfn.task`, by name."""

served: dict[str, Callable[..., Any]] = {}
"""Those that machines which came over the wire may call: `@sfn.task(serve=True)`.  (DESIGN, decision 7)"""


@overload
def task(function: Function, /) -> Function: ...
@overload
def task(*, name: str | None = None, serve: bool = False) -> Callable[[Function], Function]: ...
def task(function: Any = None, /, *, name: str | None = None, serve: bool = False) -> Any:
    """Register a function as a task: `@sfn.task`, or `@sfn.task(name="my-function")` where the name is no identifier.

    serve: machines that came over the wire (`%sfn serve`) may call it, too. The function itself stays as it is.
    Registering another function under the same name replaces the first.
    """

    def register(chosen: Function) -> Function:
        shape(chosen)
        known_as = name or chosen.__name__
        registry[known_as] = chosen
        if serve:
            served[known_as] = chosen
        else:
            served.pop(known_as, None)
        return chosen

    return register if function is None else register(function)


class Shape(NamedTuple):
    """How a function is called: with (event) or (event, context); does it have to be awaited?"""

    arguments: int
    asynchronous: bool


_shapes: WeakKeyDictionary[Callable[..., Any], Shape] = WeakKeyDictionary()


def shape(function: Callable[..., Any]) -> Shape:
    """The shape of a handler. Raises: TypeError when it takes neither (event) nor (event, context)."""
    try:
        known = _shapes.get(function)
    except TypeError:  # it cannot be weakly referenced or hashed
        return _shape(function)
    if known is None:
        known = _shapes[function] = _shape(function)
    return known


def _shape(function: Callable[..., Any]) -> Shape:
    return Shape(_argument_count(function), inspect.iscoroutinefunction(function))


def _argument_count(function: Callable[..., Any]) -> int:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # some builtins have no signature
        return 1
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise TypeError(
            f"{_shown(function)} has arguments that nobody will give: write it as (event) or (event, context)."
        )
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and len(required) <= 2:
        return 2
    if not positional or len(required) > 2:
        raise TypeError(f"{_shown(function)} takes {len(required)} arguments: write it as (event) or (event, context).")
    # A second argument with a default is the function's own, unless it is called what Lambda calls it.
    return 2 if len(required) == 2 or (len(positional) > 1 and positional[1].name == "context") else 1


def _shown(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


class LambdaContext:
    """What a handler gets as its second argument, with the attributes of Lambda's Python runtime, and `cancelled`."""

    client_context = None
    identity = None
    memory_limit_in_mb = "128"

    def __init__(self, call: Call, name: str, qualifier: str) -> None:
        self._call = call
        account = call.start.execution_arn.split(":")[4]
        self.function_name = name
        self.function_version = qualifier or "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:{call.start.region}:{account}:function:{name}" + (
            f":{qualifier}" if qualifier else ""
        )
        self.log_group_name = f"/aws/lambda/{name}"
        self.log_stream_name = f"[{self.function_version}]{call.request_id.replace('-', '')}"

    @property
    def aws_request_id(self) -> str:
        """An id of this attempt."""
        return self._call.request_id

    @property
    def cancelled(self) -> bool:
        """True when the execution no longer waits: stopped, timed out, or failed elsewhere."""
        return self._call.cancelled

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the state's TimeoutSeconds."""
        return int(self._call.remaining_seconds * 1000)

    def __repr__(self) -> str:
        return f"LambdaContext(function_name={self.function_name!r}, function_version={self.function_version!r})"


class FunctionHandler:
    """Implements `contract.Handler` with one function."""

    instant = False

    def __init__(self, function: Callable[..., Any], name: str, qualifier: str = "") -> None:
        """Raises: TypeError when the function takes neither (event) nor (event, context)."""
        self._function = function
        self._name, self._qualifier = name, qualifier
        arguments, self.asynchronous = shape(function)
        self._wants_context = arguments == 2

    def qualified(self, qualifier: str) -> FunctionHandler:
        """The same function as a version or alias of it."""
        return self if qualifier == self._qualifier else FunctionHandler(self._function, self._name, qualifier)

    @property
    def version(self) -> str:
        """What Lambda calls the executed version."""
        return self._qualifier or "$LATEST"

    def call(self, call: Call) -> Answer:
        return self.invoke(call.payload, call)

    async def acall(self, call: Call) -> Answer:
        return await self.ainvoke(call.payload, call)

    def invoke(self, event: JSON, call: Call) -> Answer:
        """Call the function with `event`."""
        try:
            if self._wants_context:
                result = self._function(event, LambdaContext(call, self._name, self._qualifier))
            else:
                result = self._function(event)
        except Exception as error:
            return lambda_error(error, call.request_id)
        return self._answer(result, call)

    async def ainvoke(self, event: JSON, call: Call) -> Answer:
        """`invoke`, for an async function."""
        context = (LambdaContext(call, self._name, self._qualifier),) if self._wants_context else ()
        try:
            result = await self._function(event, *context)
        except Exception as error:
            return lambda_error(error, call.request_id)
        return self._answer(result, call)

    def _answer(self, result: object, call: Call) -> Answer:
        if type(result) not in _PLAIN and inspect.isawaitable(result):
            close = getattr(result, "close", None)
            if close is not None:
                close()
            return _marshal_error(NotJSON(f"{self._name} gave an awaitable.", hint="Write it as `async def`."), call)
        try:
            return Succeeded(normalise(result))
        except NotJSON as error:
            return _marshal_error(error, call)


_PLAIN: Final = frozenset({dict, list, str, int, float, bool, type(None)})
"""Types that need not be asked whether they are awaitable, which costs more than the rest."""


def _marshal_error(error: NotJSON, call: Call) -> Failed:
    return failed_payload("Runtime.MarshalError", f"Unable to marshal response: {error}", call.request_id, [])


def lambda_error(error: BaseException, request_id: str) -> Failed:
    """What Lambda's Python runtime reports of an exception, with the frames of the user's code alone."""
    frames, trace = [], error.__traceback__ and error.__traceback__.tb_next  # where it was called is no code of theirs
    while trace is not None:
        code = trace.tb_frame.f_code
        if not code.co_filename.startswith(_PACKAGE):
            frames.append(_frame(code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    return failed_payload(type(error).__name__, text_of(error), request_id, frames)


def text_of(error: BaseException) -> str:
    """What an exception says; a class may have a broken __str__."""
    try:
        return str(error)
    except Exception as broken:
        return f"<{type(error).__name__}.__str__ raised {type(broken).__name__}>"


def failed_payload(error_type: str, message: str, request_id: str, stack: list[str]) -> Failed:
    """A function error: its payload is the cause, as text with the blanks that Lambda's Python runtime writes.

    stack: its frames, as JSON strings.
    """
    before, after = _around_request_id(error_type, message, *stack)
    return make(Failed, (error_type[:MAX_ERROR], f"{before}{request_id}{after}"[:MAX_CAUSE]))


@lru_cache(maxsize=256)
def _around_request_id(error_type: str, message: str, *stack: str) -> tuple[str, str]:
    """What tells one failure of a kind from the next is its request id alone."""
    what = f'"errorMessage": {encode_basestring(message)}, "errorType": {encode_basestring(error_type)}'
    return f'{{{what}, "requestId": "', f'", "stackTrace": [{", ".join(stack)}]}}'


@lru_cache(maxsize=1024)
def _frame(filename: str, line: int, name: str) -> str:
    source = linecache.getline(filename, line).strip()
    # A notebook cell's file name holds the kernel's process id: no two runs would give the same cause.
    shown = "<notebook>" if "ipykernel" in filename or filename.startswith("<ipython") else filename
    return encode_basestring(f'  File "{shown}", line {line}, in {name}\n' + (f"    {source}\n" if source else ""))


class FunctionTable:
    """Where functions are looked up by name: what the run was given, then the registry, then the notebook.  (DESIGN,
    6)
    """

    def __init__(
        self,
        given: Mapping[str, Any] | None = None,
        notebook: Mapping[str, Any] | None = None,
        registered: Mapping[str, Callable[..., Any]] = registry,
    ) -> None:
        """Raises: TypeError when `given` is no mapping, or holds something that cannot be called."""
        if given is not None and type(given) is not dict and not isinstance(given, Mapping):
            raise TypeError(
                f"tasks is a {type(given).__name__}: give functions by name, {{'name': function}} or globals()."
            )
        self._given: Mapping[str, Any] = dict(own_functions(given)) if _is_namespace(given) else given or {}
        for name, function in self._given.items():
            if not callable(function):
                raise TypeError(f"tasks[{name!r}] is a {type(function).__name__}, no function.")
        self._notebook, self._registered = notebook or {}, registered

    def find(self, name: str) -> Callable[..., Any] | None:
        """The function of this name, or None."""
        if name in self._given:
            found: Callable[..., Any] = self._given[name]
            return found
        if name in self._registered:
            return self._registered[name]
        return dict(own_functions(self._notebook)).get(name)

    def only_given(self) -> FunctionTable:
        """Those alone that the run was given."""
        return FunctionTable(self._given, registered={})

    def names(self) -> list[str]:
        """Every name that `find` knows."""
        return sorted({*self._given, *self._registered, *(name for name, _ in own_functions(self._notebook))})


def _is_namespace(given: Mapping[str, Any] | None) -> bool:
    """Is it somebody's globals()?"""
    return given is not None and "__name__" in given and "__builtins__" in given


def own_functions(namespace: Mapping[str, Any] | None) -> Iterator[tuple[str, FunctionType]]:
    """Plain functions written in this namespace: no builtins, imports, classes or names with a leading underscore."""
    if namespace is None:
        return
    home = namespace.get("__name__")
    for name, value in list(namespace.items()):
        if not name.startswith("_") and isinstance(value, FunctionType) and value.__module__ == home:
            yield name, value


class InvokeHandler:
    """`lambda:invoke`: finds the function by FunctionName when it is called, and wraps its result as the service
    does.
    """

    instant = False
    asynchronous = False

    def __init__(self, found: FunctionHandler | FunctionTable, otherwise: Handler | None = None) -> None:
        """`found`: the handler, where the definition writes the FunctionName out; else where it is looked up.
        otherwise: who is called when it is not found there.
        """
        self._otherwise = otherwise
        self._found = found  # a handler alone can be sent to another process, a notebook's functions cannot
        self.asynchronous = isinstance(found, FunctionHandler) and found.asynchronous

    def call(self, call: Call) -> Outcome:
        handler = self._handler(call)
        if handler is None and self._otherwise is not None:
            return self._otherwise.call(call)
        if handler is None or isinstance(handler, Failed):
            return handler or _not_found(call)
        event = _event(call)
        if isinstance(event, Failed):
            return event
        if handler.asynchronous:  # found only now: a loop of its own, in this thread
            return _invoked(asyncio.run(handler.ainvoke(event, call)), call, handler)
        return _invoked(handler.invoke(event, call), call, handler)

    async def acall(self, call: Call) -> Answer:
        handler = self._handler(call)
        if handler is None or isinstance(handler, Failed):
            return handler or _not_found(call)
        event = _event(call)
        return event if isinstance(event, Failed) else _invoked(await handler.ainvoke(event, call), call, handler)

    def _handler(self, call: Call) -> FunctionHandler | Failed | None:
        parameters = call.payload
        if problems := list(parameter_problems(parameters)):
            return Failed(RUNTIME, unusable(call.payload, problems)[:MAX_CAUSE])
        name, qualifier = function_name(parameters["FunctionName"])
        qualifier = parameters.get("Qualifier") or qualifier
        handler = self._found
        if isinstance(handler, FunctionTable):
            function = handler.find(name)
            if function is None:
                return None
            handler = FunctionHandler(function, name, qualifier)
        kind = parameters.get("InvocationType") or "RequestResponse"
        if kind != "RequestResponse":
            what = f"InvocationType {kind!r}: this version invokes functions with 'RequestResponse' only."
            return Failed(RUNTIME, what)
        return handler.qualified(qualifier)


def _event(call: Call) -> JSON | Failed:
    """What the function sees: nothing sent is {}, and text is JSON text."""
    payload = call.payload.get("Payload")
    if payload is None:
        return {}
    try:
        return loads(payload) if isinstance(payload, str) else payload
    except NotJSON as error:
        said = f"Could not parse request body into json: {error.message}"
        return _service_failure("InvalidRequestContentException", said, 400, call)


def _not_found(call: Call) -> Failed:
    name, _ = function_name(call.payload["FunctionName"])
    arn = f"arn:aws:lambda:{call.start.region}:{call.start.execution_arn.split(':')[4]}:function:{name}"
    return _service_failure("ResourceNotFoundException", f"Function not found: {arn}", 404, call)


def _service_failure(code: str, message: str, status: int, call: Call) -> Failed:
    """What Lambda itself says, in the style of AWS's Java SDK."""
    where = f"Service: AWSLambda; Status Code: {status}; Error Code: {code}"
    return Failed(f"Lambda.{code}", f"{message} ({where}; Request ID: {call.request_id}; Proxy: null)")


def _compact(cause: str | None) -> str | None:
    """The optimized integration writes the function's error payload anew, without blanks."""
    try:
        return cause and dumps(loads(cause))
    except NotJSON:  # cut short
        return cause


def _invoked(answer: Answer, call: Call, handler: FunctionHandler) -> Answer:
    """The response of Lambda's Invoke around a function's result; errors are the function's own."""
    if isinstance(answer, Failed):
        return Failed(answer.error, _compact(answer.cause))
    return Succeeded(
        {
            "ExecutedVersion": handler.version,
            "Payload": answer.output,
            "SdkHttpMetadata": {"HttpStatusCode": 200},
            "SdkResponseMetadata": {"RequestId": call.request_id},
            "StatusCode": 200,
        }
    )
