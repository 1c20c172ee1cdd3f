"""Columns with fixed dtypes, the same for no rows as for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

TEXT: Final = "string[python]"
"""Whether pyarrow is installed or not."""
COUNT: Final = "Int64"
TIME: Final = "datetime64[ms, UTC]"
DURATION: Final = "timedelta64[ms]"
VALUE: Final = "object"


def frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, Any]) -> pd.DataFrame:
    """One row per mapping, the columns with their dtypes in this order."""
    return frame_of([[row[name] for row in rows] for name in columns], columns)


def frame_of(cells: Sequence[Sequence[Any]], columns: Mapping[str, Any]) -> pd.DataFrame:
    """The cells of each column, all of one length; `columns`: their names and dtypes."""
    arrays = {name: _column(column, dtype) for (name, dtype), column in zip(columns.items(), cells, strict=True)}
    return pd.DataFrame(arrays, index=pd.RangeIndex(len(cells[0])))


def _column(cells: Sequence[Any], dtype: Any) -> Any:
    if dtype == VALUE:
        # pandas must not guess: a cell may hold a list, a dict or None.
        column = np.empty(len(cells), dtype=object)
        for index, cell in enumerate(cells):
            column[index] = cell
        return pd.Series(column, dtype=object)
    if dtype == TIME:
        return pd.to_datetime(cells, utc=True).as_unit("ms")
    if isinstance(dtype, pd.CategoricalDtype):
        codes = {category: code for code, category in enumerate(dtype.categories)}
        return pd.Categorical.from_codes([codes.get(cell, -1) for cell in cells], dtype=dtype)
    return pd.array(cells, dtype=dtype)
