"""One row per child of a Map Run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

import pandas as pd

from sfn_notebook.engine.events import timestamp
from sfn_notebook.store.children import Child

from .columns import COUNT, DURATION, TEXT, TIME, VALUE, frame
from .executions import STATUS
from .transitions import value_of

COLUMNS: Final[Mapping[str, Any]] = {
    "name": TEXT,
    "status": STATUS,
    "items": COUNT,
    "start_date": TIME,
    "stop_date": TIME,
    "duration": DURATION,
    "input": VALUE,
    "output": VALUE,
    "error": TEXT,
    "cause": TEXT,
}
"""items: how many it was given, more than one with an ItemBatcher; stop_date, duration: NaT while it runs; output: the
value, None unless it SUCCEEDED.
"""


def children(given: Iterable[Child]) -> pd.DataFrame:
    """One row per child, in the order given; columns as in COLUMNS."""
    return frame([_row(child) for child in given], COLUMNS)


def _row(child: Child) -> Mapping[str, Any]:
    running = child.status == "RUNNING"
    return {
        "name": child.name,
        "status": child.status,
        "items": child.items,
        "start_date": timestamp(child.start_date),
        "stop_date": None if running else timestamp(child.stop_date),
        "duration": None if running else timedelta(milliseconds=child.stop_date - child.start_date),
        "input": value_of(child.input),
        "output": value_of(child.output),
        "error": child.error,
        "cause": child.cause,
    }
