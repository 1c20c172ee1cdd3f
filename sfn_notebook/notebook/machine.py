"""StateMachine: a definition that can be linted, drawn and run."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from sfn_notebook.asl.diagnostics import Diagnostic
from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.program import Program
from sfn_notebook.integrations.aws import Target
from sfn_notebook.integrations.mocks import Responses
from sfn_notebook.service.api import Limits, MachineType, Options, Registered, check_name, read_input
from sfn_notebook.service.errors import DefinitionError
from sfn_notebook.values import JSON, loads, normalise, pretty

from . import display
from .execution import Execution
from .progress import wait_with_progress
from .workspace import function_table, service

if TYPE_CHECKING:
    import pandas as pd


class StateMachine:
    """A state machine of the Amazon States Language.

    definition: its text, a dict, or the Path of a file; name: as in its ARN ("StateMachine" if none is given); type:
    "STANDARD" or "EXPRESS". Warnings are kept in `diagnostics`.

    Raises: DefinitionError (with all diagnostics) if the definition has errors, InvalidName, OSError for a file that
    cannot be read, values.NotJSON for a dict that is no JSON.
    """

    def __init__(
        self,
        definition: str | Mapping[str, Any] | Path,
        *,
        name: str | None = None,
        type: MachineType = "STANDARD",
    ) -> None:
        if type not in ("STANDARD", "EXPRESS"):
            raise ValueError(f"type={type!r}: use 'STANDARD' or 'EXPRESS'.")
        self.name = check_name("StateMachine" if name is None else name, "the state machine's name")
        self.type: MachineType = type
        self.text = definition_text(definition)
        machine, self.diagnostics = parse(self.text, type=type)
        if machine is None:
            raise DefinitionError(self.diagnostics)
        self._machine = machine

    @property
    def definition(self) -> JSON:
        """The definition as a value; a copy."""
        return loads(self.text)

    def run(
        self,
        input: Any = None,
        *,
        input_text: str | None = None,
        tasks: Mapping[str, Any] | None = None,
        mocks: Mapping[str, Responses] | None = None,
        clock: str | float = "real",
        name: str | None = None,
        executor: Literal["inline", "threads"] | Executor | None = None,
        limits: Limits = "aws",
        target: Target = "local",
        buckets: Mapping[str, Any] | None = None,
    ) -> Execution:
        """Run the machine and wait for its end. Never raises for an execution that fails: see its `status`, `error`,
        `cause`.

        Args:
            input: the input as a value, `{}` if None; a str is a JSON string, a DataFrame becomes records.
            input_text: the input as raw JSON text.
            tasks: functions by name (`globals()` will do), before the registered ones and the notebook's own.
            mocks: {state: [a response per call, the last one repeated]}; a response is {"return": value} or
                {"error": name, "cause": text}; a function of the task's input that gives a response may stand for
                the list.
            clock: "real", "virtual" (Waits and retries take no time) or a speed factor.
            name: the execution's name; a new UUID if None.
            executor: None for threads, "inline" for the caller's thread, or a concurrent.futures.Executor.
            limits: "aws" or "none".
            target: "local": functions of the notebook, and emulators on this machine that AWS_ENDPOINT_URL… names;
                "aws": Lambda and S3 of your account, but for mocks, `tasks` and `buckets`.
            buckets: what Distributed Maps read and write, by the bucket's name: a folder, or a dict from key to content
                (text, bytes, a DataFrame, a list). Others are S3's.

        Ctrl-C stops the execution. Raises, before anything runs: TaskNotFound, MockError, InvalidExecutionInput,
        InvalidName, ExecutionExists for a name taken before, TypeError for functions of another
        shape.
        """
        options = Options(mocks, clock, name, executor, limits, target, buckets)
        return self._start(input, input_text, tasks, options).wait_or_stop()

    def start(
        self,
        input: Any = None,
        *,
        input_text: str | None = None,
        tasks: Mapping[str, Any] | None = None,
        mocks: Mapping[str, Responses] | None = None,
        clock: str | float = "real",
        name: str | None = None,
        executor: Literal["inline", "threads"] | Executor | None = None,
        limits: Limits = "aws",
        target: Target = "local",
        buckets: Mapping[str, Any] | None = None,
    ) -> Execution:
        """Start the machine and return at once; arguments as for `run`. (With executor="inline" it has ended
        already.)
        """
        return self._start(input, input_text, tasks, Options(mocks, clock, name, executor, limits, target, buckets))

    def map(
        self,
        inputs: Any,
        *,
        tasks: Mapping[str, Any] | None = None,
        mocks: Mapping[str, Responses] | None = None,
        clock: str | float = "real",
        executor: Literal["inline", "threads"] | Executor | None = None,
        limits: Limits = "aws",
        target: Target = "local",
        buckets: Mapping[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Run the machine once for each input, all at once, and wait for all of them.

        inputs: a DataFrame (each row is an input, as a record), or anything that can be gone through. The other
        arguments are those of `run`; mocks begin anew for each execution.

        Returns one row per input, with the index of a DataFrame or Series: status, output (a value), error, cause,
        duration, name. No failure raises. Ctrl-C stops them all. Raises, before anything runs, what `run` raises.
        """
        from sfn_notebook.tables.executions import results

        given = [read_input(value, None) for value in _each(inputs)]
        options = Options(mocks, clock, None, executor, limits, target, buckets)
        runs = service().start_executions(self._registered, given, function_table(tasks), options)
        try:
            for run in runs:
                wait_with_progress(run, lambda: f"{sum(other.done for other in runs):,} of {len(runs):,} executions")
                sys.stdout.writelines(run.take_printed())
        except KeyboardInterrupt:
            for run in runs:
                service().stop_execution(run)
            raise
        return results((run.execution for run in runs), getattr(inputs, "index", None) if _is_frame(inputs) else None)

    def svg(self) -> str:
        """The graph as SVG text; the same text for the same definition."""
        from sfn_notebook.graph.svg import draw

        return draw(self._machine, title=self.name)

    def _start(self, value: Any, text: str | None, tasks: Mapping[str, Any] | None, options: Options) -> Execution:
        given = read_input(value, text)
        run = service().start_execution(self._registered, given, function_table(tasks), options)
        return Execution(run, service())

    @cached_property
    def _registered(self) -> Registered:
        return Registered(self.name, self.type, Program(self._machine))

    def __repr__(self) -> str:
        states = sum(1 for _ in self._machine.walk())
        return f"<StateMachine {self.name}: {states} state{'s' * (states != 1)}, {self.type}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        return display.machine_bundle(self)


def _is_frame(inputs: Any) -> bool:
    """Is it a DataFrame or Series? Nobody who has none needs pandas to find out."""
    return type(inputs).__name__ in ("DataFrame", "Series") and hasattr(inputs, "iloc")


def _each(inputs: Any) -> list[JSON]:
    """The inputs one by one. Raises: TypeError for what is one value, InvalidExecutionInput."""
    if isinstance(inputs, str | bytes | Mapping) or not isinstance(inputs, Iterable):
        raise TypeError(f"inputs is a {type(inputs).__name__}: give a list of inputs, or a DataFrame; run() takes one.")
    return list(read_input(inputs, None).value if type(inputs).__name__ == "DataFrame" else inputs)


def definition_text(definition: str | Mapping[str, Any] | Path) -> str:
    """The text of a definition given as text, dict or file."""
    if isinstance(definition, Path):
        return definition.read_text(encoding="utf-8")
    if isinstance(definition, str):
        return definition
    if isinstance(definition, Mapping):
        return pretty(normalise(definition))
    raise TypeError(f"a definition is text, a dict or a Path, no {type(definition).__name__}.")


def lint(text: str, *, type: str = "STANDARD") -> list[Diagnostic]:
    """Everything that can be said about a definition's text, in the order of the text. Never raises.

    Each finding has code, severity ("error", "warning", "info"), message, hint, path (a JSON pointer), line, column,
    end_line and end_column (counted from 1).
    """
    from sfn_notebook.asl.lint import lint as findings

    return findings(text, type=type)
