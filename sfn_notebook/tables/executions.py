"""One row per execution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from sfn_notebook.engine.events import timestamp
from sfn_notebook.engine.execution import Execution

from .columns import TEXT, TIME, frame

COLUMNS: Final[Mapping[str, Any]] = {
    "name": TEXT,
    "state_machine": TEXT,
    "status": pd.CategoricalDtype(["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]),
    "start_date": TIME,
    "stop_date": TIME,
    "error": TEXT,
}


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
