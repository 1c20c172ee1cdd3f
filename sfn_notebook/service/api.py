"""Starting, finding and stopping executions: the operations behind magics, Python API and, later, the wire."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any, Final, Literal, NamedTuple

from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES, Execution
from sfn_notebook.engine.frames import draw, uuid4_text
from sfn_notebook.engine.program import Program
from sfn_notebook.engine.stimuli import WHOLE, Start
from sfn_notebook.integrations.binding import bind
from sfn_notebook.integrations.functions import MAX_CAUSE, MAX_ERROR, FunctionTable
from sfn_notebook.integrations.mocks import Responses
from sfn_notebook.runners.clock import make_clock
from sfn_notebook.runners.driver import Driver
from sfn_notebook.runners.executors import make_executor
from sfn_notebook.runners.run import Run
from sfn_notebook.store.contract import Store
from sfn_notebook.store.memory import MemoryStore
from sfn_notebook.values import JSON, JSONText, NotJSON, dumps, loads, normalise

from .errors import InvalidExecutionInput, InvalidName
from .origins import Origin, World

ACCOUNT: Final = "123456789012"
MachineType = Literal["STANDARD", "EXPRESS"]
Limits = Literal["aws", "none"]

_BAD_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def region() -> str:
    """The Region of the environment, as AWS's tools find it, or us-east-1."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def check_name(name: str, what: str) -> str:
    """A name that AWS takes: 1 to 80 characters, no blanks, brackets, wildcards or special characters.  (spec: api)

    Raises: InvalidName.
    """
    if not isinstance(name, str) or not 1 <= len(name) <= 80:
        raise InvalidName(f"{what} {name!r}: 1 to 80 characters of text.")
    if bad := _BAD_NAME.search(name):
        raise InvalidName(f"{what} {name!r}: {bad.group()!r} is not allowed; letters, digits, '-', '_' and '.' are.")
    return name


class Registered(NamedTuple):
    """A state machine that can be started."""

    name: str
    type: MachineType
    program: Program


class Options(NamedTuple):
    """How an execution is run."""

    mocks: Mapping[str, Responses] | None = None
    clock: str | float = "real"
    name: str | None = None
    executor: Literal["inline", "threads"] | Executor | None = None
    limits: Limits = "aws"


class Input(NamedTuple):
    """An execution's input: the text as it came, and its value."""

    text: JSONText
    value: JSON


def read_input(value: Any, text: str | None) -> Input:
    """The input of `run(input, input_text=…)`. No input is `{}`.  Raises: InvalidExecutionInput."""
    if text is not None:
        if not isinstance(text, str):
            raise TypeError(f"input_text is a {type(text).__name__}: give JSON text.")
        if value is not None:
            raise InvalidExecutionInput("give input or input_text, not both.")
        try:
            return Input(JSONText(text), loads(text))
        except NotJSON as error:
            raise InvalidExecutionInput(f"input_text is {error.message}") from None
    try:
        value = {} if value is None else normalise(value)
    except NotJSON as error:
        raise InvalidExecutionInput(f"the input is no JSON: {error}") from None
    return Input(JSONText(dumps(value)), value)


class StepFunctions:
    """Executions of one process: their store, and the thread that drives them."""

    def __init__(self, store: Store | None = None, origin: Origin | None = None) -> None:
        self.store: Store = store if store is not None else MemoryStore()
        self.origin: Origin = origin if origin is not None else World()
        self.region = region()
        self._runs: dict[str, Run] = {}
        self._driver = Driver()
        self._inline: dict[Run, Driver] = {}  # what callers' own threads are driving
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start_execution(self, machine: Registered, given: Input, functions: FunctionTable, options: Options) -> Run:
        """Start an execution; with executor "inline" it has ended when this returns.

        Raises, before anything runs: TaskNotFound, MockError, TypeError, InvalidName, InvalidExecutionInput,
        ValueError for an option, store.contract.ExecutionExists.
        """
        if options.limits not in ("aws", "none"):
            raise ValueError(f"limits={options.limits!r}: use 'aws' or 'none'.")
        _check_size(given, options.limits)
        bindings = bind(machine.program.tasks, functions, options.mocks)
        executor = make_executor(options.executor)
        start = self._start_record(machine, given, options)
        clock = make_clock(options.clock, start.now)
        self.store.start(start, machine.program.machine.text)
        run = Run(Execution(machine.program, start, given.value), clock, bindings, executor, self.store)
        self._runs[start.execution_arn] = run
        if options.executor == "inline":
            self._drive(run)
        else:
            self._background().begin(run)
        return run

    def stop_execution(self, run: Run, error: str | None = None, cause: str | None = None) -> None:
        """Ask for an execution to be stopped; nothing happens to one that has ended. Raises: ValueError, TypeError."""
        for name, text, longest in (("error", error, MAX_ERROR), ("cause", cause, MAX_CAUSE)):
            if text is not None and not isinstance(text, str):
                raise TypeError(f"{name}={text!r}: give text.")
            if text is not None and len(text) > longest:
                raise ValueError(f"{name} has {len(text):,} characters; AWS takes {longest:,}.")
        self._inline.get(run, self._driver).stop(run, error, cause)

    def list_executions(self) -> list[Run]:
        """Every execution of this process, the latest first."""
        return list(reversed(self._runs.values()))

    def _start_record(self, machine: Registered, given: Input, options: Options) -> Start:
        now, seed = self.origin.begin()
        name = uuid4_text(draw(seed, WHOLE, "name")) if options.name is None else options.name
        if options.name is not None:
            check_name(name, "the execution's name")
        prefix = f"arn:aws:states:{self.region}:{ACCOUNT}:"
        if machine.type == "EXPRESS":
            arn = f"{prefix}express:{machine.name}:{name}:{uuid4_text(draw(seed, WHOLE, 'express'))}"
        else:
            arn = f"{prefix}execution:{machine.name}:{name}"
        return Start(
            now=now,
            execution_arn=arn,
            name=name,
            input=given.text,
            state_machine_arn=f"{prefix}stateMachine:{machine.name}",
            state_machine_name=machine.name,
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/StepFunctionsRole",
            definition_sha256=machine.program.definition_sha256,
            seed=seed,
            type=machine.type,
            limits=options.limits,
            region=self.region,
        )

    def _background(self) -> Driver:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._driver.pump, name="sfn-driver", daemon=True)
                self._thread.start()
        return self._driver

    def _drive(self, run: Run) -> None:
        """Drive a run to its end in the caller's thread."""
        driver = self._inline[run] = Driver()
        driver.begin(run)
        try:
            driver.pump(until=run)
        except KeyboardInterrupt:
            driver.stop(run, None, None)
            driver.pump(until=run)
            raise
        finally:
            del self._inline[run]


def _check_size(given: Input, limits: Limits) -> None:
    size = len(given.text.encode("utf-8", "surrogatepass")) if limits == "aws" else 0
    if size > MAX_PAYLOAD_BYTES:
        raise InvalidExecutionInput(
            f"the input has {size:,} bytes; AWS takes {MAX_PAYLOAD_BYTES:,}. Pass a reference to the data instead, or "
            "explore locally with limits='none'."
        )
