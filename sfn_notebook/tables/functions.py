"""One row per function that a task can use."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from .columns import TEXT, frame

COLUMNS: Final[Mapping[str, Any]] = {"name": TEXT, "from": TEXT, "signature": TEXT}
"""name: as in the ARN; from: "registered" (`@sfn.task`) or "notebook"."""


def functions(registered: Mapping[str, Callable[..., Any]], notebook: Mapping[str, Callable[..., Any]]) -> pd.DataFrame:
    """One row per name; a registered function comes before the notebook's of the same name. Columns as in COLUMNS."""
    rows = [_row(name, "registered", function) for name, function in sorted(registered.items())]
    rows += [_row(name, "notebook", function) for name, function in sorted(notebook.items()) if name not in registered]
    return frame(rows, COLUMNS)


def _row(name: str, where: str, function: Callable[..., Any]) -> Mapping[str, Any]:
    return {"name": name, "from": where, "signature": str(inspect.signature(function))}
