"""One row per execution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import pandas as pd

from sfn_notebook.engine.events import timestamp
from sfn_notebook.engine.execution import Execution
from sfn_notebook.values import ABSENT, copy

from .columns import DURATION, TEXT, TIME, VALUE, frame, frame_of

STATUS: Final = pd.CategoricalDtype(["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"])

COLUMNS: Final[Mapping[str, Any]] = {
    "name": TEXT,
    "state_machine": TEXT,
    "status": STATUS,
    "start_date": TIME,
    "stop_date": TIME,
    "error": TEXT,
}


RESULTS: Final[Mapping[str, Any]] = {
    "status": STATUS,
    "output": VALUE,
    "error": TEXT,
    "cause": TEXT,
    "duration": DURATION,
    "name": TEXT,
}
"""output: the value, None unless it SUCCEEDED; duration: from start to end, NaT while it runs."""


def results(given: Iterable[Execution], index: Any = None) -> pd.DataFrame:
    """What became of each execution, in the order given; columns as in RESULTS. index: of the rows, 0, 1, … if None."""
    rows = [_result(execution) for execution in given]
    table = frame_of(list(zip(*rows, strict=True)) if rows else [()] * len(RESULTS), RESULTS)
    return table if index is None else table.set_axis(index, axis="index")


def _result(execution: Execution) -> tuple[Any, ...]:
    output, failure, start = execution.output, execution.failure, execution.start
    error, cause = (None, None) if failure is None else (failure.error, failure.cause)
    duration = None if execution.status == "RUNNING" else timedelta(milliseconds=execution.now - start.now)
    return execution.status, None if output is ABSENT else copy(output), error, cause, duration, start.name


def executions(given: Iterable[Execution]) -> pd.DataFrame:
    """One row per execution, in the order given; columns as in COLUMNS."""
    return frame([_row(execution) for execution in given], COLUMNS)


def _row(execution: Execution) -> Mapping[str, Any]:
    running = execution.status == "RUNNING"
    return {
        "name": execution.start.name,
        "state_machine": execution.start.state_machine_name,
        "status": execution.status,
        "start_date": timestamp(execution.start.now),
        "stop_date": None if running else timestamp(execution.now),
        "error": execution.failure.error if execution.failure is not None else None,
    }
