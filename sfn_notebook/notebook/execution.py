"""Execution: what a run gives back. It shows itself, and is awaited as futures are."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sfn_notebook.engine.events import timestamp
from sfn_notebook.engine.execution import Status
from sfn_notebook.runners.run import Run
from sfn_notebook.service.api import StepFunctions
from sfn_notebook.service.errors import ExecutionFailed
from sfn_notebook.values import ABSENT, JSON, copy

from . import display
from .progress import map_runs_progress, wait_with_progress

if TYPE_CHECKING:
    import pandas as pd

    from .explanation import Explanation
    from .map_run import MapRun

_PATIENCE = 2.0


class Execution:
    """One execution of a state machine, running or ended. Everything it gives away is a copy."""

    def __init__(self, run: Run, service: StepFunctions) -> None:
        self._run = run
        self._service = service

    # ------------------------------------------------------------ what it is

    @property
    def name(self) -> str:
        return self._run.execution.start.name

    @property
    def arn(self) -> str:
        return self._run.execution.start.execution_arn

    @property
    def machine_name(self) -> str:
        """The name of the state machine."""
        return self._run.execution.start.state_machine_name

    @property
    def status(self) -> Status:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED. (FAILED also when a defect of ours has ended it.)"""
        return "FAILED" if self._run.broken is not None else self._run.execution.status

    @property
    def start_date(self) -> datetime:
        return timestamp(self._run.execution.start.now)

    @property
    def stop_date(self) -> datetime | None:
        """When it ended, None while it runs."""
        return None if self.status == "RUNNING" else timestamp(self._run.execution.now)

    @property
    def input(self) -> JSON:
        return copy(self._run.execution.input)

    @property
    def output(self) -> JSON:
        """The output, None unless it SUCCEEDED."""
        output = self._run.execution.output
        return None if output is ABSENT else copy(output)

    @property
    def error(self) -> str | None:
        """The error's name, None where there is none."""
        failure = self._run.execution.failure
        return None if failure is None else failure.error

    @property
    def cause(self) -> str | None:
        """The error's cause, None where there is none."""
        failure = self._run.execution.failure
        return None if failure is None else failure.cause

    # ------------------------------------------------------------ what happened

    @property
    def history(self) -> list[dict[str, Any]]:
        """The events so far, as boto3's get_execution_history returns them."""
        return self._run.execution.history()

    @property
    def events(self) -> pd.DataFrame:
        """One row per history event: id, previous_event_id, timestamp, type, state, details."""
        from sfn_notebook.tables import events

        return events(self.history)

    @property
    def transitions(self) -> pd.DataFrame:
        """One row per visit of a state: state, type, container, index, entered, exited, duration, retries, billed,
        status, error, input, output, next.
        """
        from sfn_notebook.tables import transitions

        return transitions(self.history, self._run.execution.program.machine)

    def explain(self, state: str, visit: int = 0) -> Explanation:
        """What happened to the data in one visit of `state`, step by step; while it runs, as far as it has come.

        visit: from 0 in the order of `.transitions`; -1 is the latest. Raises: NoSuchVisit, a LookupError;
        TypeError for a visit that is no whole number.
        """
        from sfn_notebook.engine.explain import explain

        from .explanation import explanation_of

        if not isinstance(visit, int) or isinstance(visit, bool):
            raise TypeError(f"visit is a {type(visit).__name__}: give a number, from 0; -1 is the latest.")
        execution = self._run.execution
        transitions = execution.transitions  # before the journal is read, which then holds all that came until there
        record = self._service.store.read(self.arn)
        machine = execution.program.machine
        return explanation_of(explain(machine, record.start, record.journal, state, visit, transitions))

    def svg(self) -> str:
        """The graph, its states coloured by what became of them, as SVG text."""
        from sfn_notebook.graph.svg import draw

        latest = {map_run.place: map_run for map_run in self._run.all_map_runs}
        children = [map_run.tally() for map_run in latest.values()]
        return draw(self._run.execution.program.machine, self.history, title=self.machine_name, children=children)

    @property
    def map_runs(self) -> list[MapRun]:
        """The Map Runs of its Distributed Maps, those of nested ones too, in the order in which they began."""
        from .map_run import MapRun

        return [MapRun(map_run) for map_run in self._run.all_map_runs]

    # ------------------------------------------------------------ waiting for it

    def done(self) -> bool:
        """Has it ended?"""
        return self._run.done

    def wait(self, timeout: float | None = None) -> Execution:
        """Wait for the end, at most `timeout` seconds, and return the execution. Raises: TimeoutError."""
        ended = self._run.wait(timeout)
        self._show_printed()
        if not ended:
            raise TimeoutError(f"{self.name} still runs after {timeout} s; it waits for {self._waits_for()}.")
        return self

    def result(self, timeout: float | None = None) -> JSON:
        """The output, once it has ended. Raises: ExecutionFailed unless it SUCCEEDED, TimeoutError."""
        self.wait(timeout)
        if self.status != "SUCCEEDED":
            raise ExecutionFailed(self.name, self.status, self.error, self.cause)
        return self.output

    def stop(self, error: str | None = None, cause: str | None = None) -> Execution:
        """Stop it: its status becomes ABORTED, with this error and cause. One that has ended stays as it is."""
        self._service.stop_execution(self._run, error, cause)
        self._run.wait(_PATIENCE)
        return self

    def wait_or_stop(self) -> Execution:
        """Wait for the end, and say how far Map Runs have come; Ctrl-C stops it. A second Ctrl-C leaves at once."""
        try:
            wait_with_progress(self._run, lambda: map_runs_progress(self._run))
            return self.wait()
        except KeyboardInterrupt:
            working = self._working()
            self.stop()
            self._show_printed()
            if working:
                print(f"stopped; still working, for nobody: {', '.join(working)}", file=sys.stderr)
            raise

    def __await__(self) -> Generator[Any, None, Execution]:
        """`await execution` waits for the end without blocking the event loop, and gives the execution."""
        return self._ended().__await__()

    async def _ended(self) -> Execution:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def tell() -> None:
            loop.call_soon_threadsafe(ended.set)

        self._run.when_ended(tell)
        await ended.wait()
        return self.wait()

    def _working(self) -> list[str]:
        runs = [self._run, *(child for map_run in self._run.all_map_runs for child in map_run.running)]
        return list(dict.fromkeys(str(target) for run in runs for target in list(run.flights)))

    def _waits_for(self) -> str:
        return ", ".join(map(str, self._run.execution.waiting[:5])) or "nothing: it is working"

    def _show_printed(self) -> None:
        """Show what tasks printed where somebody waits for them, in the order of their answers."""
        for text in self._run.take_printed():
            sys.stdout.write(text)

    def __repr__(self) -> str:
        return f"<Execution {self.name} of {self.machine_name}: {self.status}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        return display.execution_bundle(self)
