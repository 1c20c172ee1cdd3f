"""Starting, finding and stopping executions: the operations behind magics, Python API and, later, the wire."""

from __future__ import annotations

import os
import re
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, Final, Literal, NamedTuple
from weakref import WeakValueDictionary

from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES, Execution
from sfn_notebook.engine.frames import drawn_uuid
from sfn_notebook.engine.program import Program
from sfn_notebook.engine.stimuli import WHOLE, Start
from sfn_notebook.integrations.aws import TARGETS, AwsClients, Target
from sfn_notebook.integrations.binding import Bindings, Missing, TaskNotFound, bind
from sfn_notebook.integrations.functions import MAX_CAUSE, MAX_ERROR, FunctionTable
from sfn_notebook.integrations.mocks import Responses
from sfn_notebook.integrations.open_calls import OpenCalls
from sfn_notebook.integrations.services.nested import StepFunctionsApi
from sfn_notebook.integrations.storage import Storage, unreachable
from sfn_notebook.runners.clock import make_clock
from sfn_notebook.runners.driver import Driver
from sfn_notebook.runners.executors import Inline, TaskExecutor, make_executor
from sfn_notebook.runners.map_run import MapRun, MapRunLimits
from sfn_notebook.runners.run import Run
from sfn_notebook.runners.timeline import Timeline
from sfn_notebook.store.contract import Store
from sfn_notebook.store.memory import MemoryStore
from sfn_notebook.values import JSON, JSONText, NotJSON, dumps, loads, normalise

from .errors import InvalidExecutionInput, InvalidName
from .origins import Beginning, Origin, World

ACCOUNT: Final = "123456789012"
MOST_EXPRESS: Final = 1000
"""EXPRESS executions that are remembered after their end: for a look at the latest. AWS keeps none at all."""

MachineType = Literal["STANDARD", "EXPRESS"]
Limits = Literal["aws", "none"]

_BAD_NAME = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\U0010ffff]")


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
    role_arn: str = f"arn:aws:iam::{ACCOUNT}:role/StepFunctionsRole"
    version_arn: str | None = None
    alias_arn: str | None = None
    """What of it is started, if not the machine as it is now."""


class Options(NamedTuple):
    """How an execution is run."""

    mocks: Mapping[str, Responses] | None = None
    clock: str | float = "real"
    name: str | None = None
    executor: Literal["inline", "threads"] | Executor | None = None
    limits: Limits = "aws"
    target: Target = "local"
    buckets: Mapping[str, Any] | None = None
    strict: bool = True
    """Is a Task that nothing answers to an error before anything runs? It fails when it is reached otherwise."""
    is_synchronous: bool = False
    """Is it one that a caller of StartSyncExecution waits for?"""
    beginning: Beginning | None = None
    """When it begins and with which chance, where that has been drawn already; else the service's origin says so."""


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

    def __init__(self, store: Store | None = None, origin: Origin | None = None, account: str = ACCOUNT) -> None:
        self.store: Store = store if store is not None else MemoryStore()
        self.origin: Origin = origin if origin is not None else World()
        self.region, self.account = region(), account
        self._clients: dict[str, AwsClients] = {target: AwsClients(target) for target in TARGETS}
        self._arns = f"arn:aws:states:{self.region}:{account}:"
        self.open_calls = OpenCalls()
        self.task_calls: StepFunctionsApi | None = None
        """What Tasks call when they call Step Functions here; whoever answers the API's operations sets it."""
        self._runs: dict[str, Run] = {}
        self._ended_express: deque[str] = deque()
        self._map_runs: WeakValueDictionary[str, MapRun] = WeakValueDictionary()
        self._driver = Driver(self._map_runs)
        self._inline: dict[Run, Driver] = {}  # what callers' own threads are driving
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def start_execution(self, machine: Registered, given: Input, functions: FunctionTable, options: Options) -> Run:
        """Start an execution; with executor "inline" it has ended when this returns.

        Raises, before anything runs: TaskNotFound, MockError, TypeError, InvalidName, InvalidExecutionInput,
        ValueError for an option, store.contract.ExecutionExists.
        """
        return self.start_executions(machine, [given], functions, options)[0]

    def start_executions(
        self, machine: Registered, inputs: Sequence[Input], functions: FunctionTable, options: Options
    ) -> list[Run]:
        """`start_execution` for each input; what they have in common is done once."""
        if options.limits not in ("aws", "none"):
            raise ValueError(f"limits={options.limits!r}: use 'aws' or 'none'.")
        if options.limits == "aws":
            for given in inputs:
                _check_size(given)
        clients = self._clients.get(options.target)
        if clients is None:
            raise ValueError(f"target={options.target!r}: use 'local' or 'aws'.")
        tasks, mocks = machine.program.tasks, options.mocks
        reached = partial(bind, tasks, functions, mocks, clients, self.open_calls, api=self.task_calls)
        bindings = reached(strict=options.strict)
        storage = Storage(options.buckets, clients, self.region)
        if options.strict:
            _check_buckets(machine.program, storage)
        executor = make_executor(options.executor)
        runs: list[Run] = []
        origin = self.origin.chosen()
        for given in inputs:
            if runs and mocks:  # responses are counted for each run
                bindings = reached(strict=options.strict)
            start = self._start_record(machine, given, options, origin)
            timeline = Timeline(make_clock(options.clock, start.now), storage, self.open_calls)
            runs.append(self._new_run(machine.program, start, given, timeline, bindings, executor))
        if options.executor == "inline":
            self._drive(runs)
        else:
            driver = self._background()
            for run in runs:
                driver.begin(run)
        return runs

    def _new_run(
        self,
        program: Program,
        start: Start,
        given: Input,
        timeline: Timeline,
        bindings: Bindings,
        executor: TaskExecutor | Inline,
    ) -> Run:
        journal = self.store.start(start, program.machine.text)
        run = timeline.root = Run(Execution(program, start, given.value), timeline, bindings, executor, journal)
        with self._lock:
            self._runs[start.execution_arn] = run
        if start.type == "EXPRESS":
            run.when_ended(partial(self._express_ended, start.execution_arn))
        return run

    def _express_ended(self, execution_arn: str) -> None:
        """Forget the one that has ended longest ago, where too many are remembered."""
        with self._lock:
            self._ended_express.append(execution_arn)
            if len(self._ended_express) <= MOST_EXPRESS:
                return
            oldest = self._ended_express.popleft()
            self._runs.pop(oldest, None)
        self.store.forget(oldest)

    def stop_execution(self, run: Run, error: str | None = None, cause: str | None = None) -> None:
        """Ask for an execution to be stopped; nothing happens to one that has ended. Raises: ValueError, TypeError."""
        for name, text, longest in (("error", error, MAX_ERROR), ("cause", cause, MAX_CAUSE)):
            if text is not None and not isinstance(text, str):
                raise TypeError(f"{name}={text!r}: give text.")
            if text is not None and len(text) > longest:
                raise ValueError(f"{name} has {len(text):,} characters; AWS takes {longest:,}.")
        self._driver_of(run).stop(run, error, cause)

    def find_execution(self, execution_arn: str) -> Run | None:
        """The execution of this process with this ARN, or None."""
        return self._runs.get(execution_arn)

    def list_executions(self) -> list[Run]:
        """Every execution of this process, the latest first; of EXPRESS ones that have ended the last MOST_EXPRESS."""
        with self._lock:
            return list(reversed(self._runs.values()))

    def find_map_run(self, map_run_arn: str) -> MapRun | None:
        """The Map Run of this process with this ARN, or None."""
        return self._map_runs.get(map_run_arn)

    def list_map_runs(self) -> list[MapRun]:
        """Every Map Run of this process, in no order."""
        found = (reference() for reference in self._map_runs.valuerefs())
        return [map_run for map_run in found if map_run is not None]

    def update_map_run(self, map_run: MapRun, limits: MapRunLimits) -> Future[bool]:
        """Have a Map Run go on with other limits; the answer says whether it was not over yet."""
        return self._driver_of(map_run.parent).update_map_run(map_run, limits)

    def _driver_of(self, run: Run) -> Driver:
        """Who drives a run, which may be a child."""
        while run.owner is not None:
            run = run.owner.parent
        return self._inline.get(run, self._driver)

    def _start_record(self, machine: Registered, given: Input, options: Options, origin: Origin) -> Start:
        now, seed = options.beginning or origin.begin()
        if options.name is None:
            name = drawn_uuid(seed, WHOLE, "name")
        else:
            name = check_name(options.name, "the execution's name")
        if machine.type == "EXPRESS":
            arn = f"{self._arns}express:{machine.name}:{name}:{drawn_uuid(seed, WHOLE, 'express')}"
        else:
            arn = f"{self._arns}execution:{machine.name}:{name}"
        return Start(
            now,
            arn,
            name,
            given.text,
            f"{self._arns}stateMachine:{machine.name}",
            machine.name,
            machine.role_arn,
            machine.program.definition_sha256,
            seed,
            machine.type,
            options.limits,
            self.region,
            machine.version_arn,
            machine.alias_arn,
            is_synchronous=options.is_synchronous,
        )

    def _background(self) -> Driver:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._driver.pump, name="sfn-driver", daemon=True)
                self._thread.start()
        return self._driver

    def _drive(self, runs: Sequence[Run]) -> None:
        """Drive runs to their ends in the caller's thread."""
        driver = Driver(self._map_runs)
        self._inline |= dict.fromkeys(runs, driver)
        try:
            driver.drive(runs)
        except KeyboardInterrupt:
            for run in runs:
                driver.stop(run, None, None)
            driver.drive(runs)
            raise
        finally:
            for run in runs:
                del self._inline[run]


def _check_buckets(program: Program, storage: Storage) -> None:
    """Raises: TaskNotFound for buckets that the definition names and that nothing answers to."""
    missing = [Missing(*found) for found in unreachable(program.distributed, storage)]
    if missing:
        raise TaskNotFound(missing)


def _check_size(given: Input) -> None:
    size = len(given.text.encode("utf-8", "surrogatepass"))
    if size > MAX_PAYLOAD_BYTES:
        raise InvalidExecutionInput(
            f"the input has {size:,} bytes; AWS takes {MAX_PAYLOAD_BYTES:,}. Pass a reference to the data instead, or "
            "explore locally with limits='none'."
        )
