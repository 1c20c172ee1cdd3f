"""One row per visit of a state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from sfn_notebook.asl.model import STATE_TYPES, Machine
from sfn_notebook.graph.visits import Event, Visit, read_visits
from sfn_notebook.values import JSON, NotJSON, loads

from .columns import COUNT, DURATION, TEXT, TIME, VALUE, frame

STATUSES: Final = ("RUNNING", "SUCCEEDED", "FAILED", "CAUGHT", "TIMED_OUT", "ABORTED")

COLUMNS: Final[Mapping[str, Any]] = {
    "state": TEXT,
    "type": pd.CategoricalDtype(list(STATE_TYPES)),
    "container": TEXT,
    "index": COUNT,
    "entered": TIME,
    "exited": TIME,
    "duration": DURATION,
    "retries": COUNT,
    "billed": COUNT,
    "status": pd.CategoricalDtype(list(STATUSES)),
    "error": TEXT,
    "input": VALUE,
    "output": VALUE,
    "next": TEXT,
}
"""The columns and their dtypes.

container: the states around, outermost first, each with its iteration or branch (`Outer[3]/Inner[0]`), "" at the top;
index: the iteration of a Map or branch of a Parallel; duration: exited − entered; retries: how many times it was
tried again; billed: transitions that AWS bills for a STANDARD execution, retries included; input, output: values;
next: the state that followed.
"""


def transitions(history: Iterable[Event], machine: Machine | None = None) -> pd.DataFrame:
    """One row per visit of a state, in the order of entering; columns as in COLUMNS. `machine` numbers branches
    right.
    """
    return frame([_row(visit) for visit in read_visits(history, machine)], COLUMNS)


def _row(visit: Visit) -> Mapping[str, Any]:
    return {
        "state": visit.state,
        "type": visit.type,
        "container": visit.line.container,
        "index": visit.line.index,
        "entered": visit.entered,
        "exited": visit.exited,
        "duration": None if visit.exited is None else visit.exited - visit.entered,
        "retries": visit.retries,
        "billed": 1 + visit.retries,
        "status": visit.status,
        "error": visit.error,
        "input": value_of(visit.input),
        "output": value_of(visit.output),
        "next": visit.next,
    }


def value_of(text: str | None) -> JSON:
    """The value of JSON text; the text itself where that cannot be read."""
    try:
        return None if text is None else loads(text)
    except NotJSON:  # cut short, or nested deeper than the reader goes
        return text
