"""Columns with fixed dtypes, the same for no rows as for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

TEXT: Final = "string"
COUNT: Final = "Int64"
TIME: Final = "datetime64[ms, UTC]"
DURATION: Final = "timedelta64[ms]"
VALUE: Final = "object"


def frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> pd.DataFrame:
    """One row per mapping, the columns with their dtypes in this order."""
    return pd.DataFrame({name: _column([row[name] for row in rows], dtype) for name, dtype in columns.items()})


def _column(cells: list[Any], dtype: Any) -> Any:
    if dtype == VALUE:
        # pandas must not guess: a cell may hold a list, a dict or None.
        column = np.empty(len(cells), dtype=object)
        for index, cell in enumerate(cells):
            column[index] = cell
        return pd.Series(column, dtype=object)
    if dtype == TIME:
        return pd.Series(pd.to_datetime(cells, utc=True), dtype=TIME)
    return pd.Series(cells, dtype=dtype)
