"""Rows of a Parquet file.  (spec: distributed-map, ItemReader)

Numbers, text, booleans, lists and structs are what they are in JSON. Missing values and NaN are null, dates and times
ISO 8601 text, decimals numbers, durations seconds, maps objects; bytes are text where they are UTF-8, else base64.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from sfn_notebook.values import JSON, NotJSON, normalise

from .contract import MAX_FOOTER_BYTES, MAX_ROW_GROUP_BYTES
from .files import ItemFile, pyarrow

_BATCH = 1024  # rows that are made Python values at once


def parquet_rows(file: ItemFile, *, limits: bool = True) -> Iterator[JSON]:
    """One object per row, a row group in memory at most. Raises: ItemReaderFailed, also if pyarrow is not installed."""
    arrow = pyarrow("The items are in a Parquet file.")
    from pyarrow import parquet

    try:
        table = parquet.ParquetFile(file.body, pre_buffer=False)
        if limits:
            _check_limits(file, table.metadata)
        for batch in table.iter_batches(_BATCH, use_threads=False):
            yield from _rows(file, arrow, batch)
    except arrow.ArrowException as error:
        raise file.wrong(f"no readable Parquet: {error}.") from None


def _check_limits(file: ItemFile, metadata: Any) -> None:
    if metadata.serialized_size > MAX_FOOTER_BYTES:
        raise file.wrong(f"its footer has {metadata.serialized_size:,} bytes. Step Functions takes 5 MB.")
    for number in range(metadata.num_row_groups):
        size = metadata.row_group(number).total_byte_size
        if size > MAX_ROW_GROUP_BYTES:
            raise file.wrong(f"row group {number} has {size:,} bytes. Step Functions takes 256 MB: write smaller ones.")


def _rows(file: ItemFile, arrow: Any, batch: Any) -> Iterator[JSON]:
    names = batch.schema.names
    if len(set(names)) < len(names):
        raise file.wrong("two columns have the same name.")
    columns = [_column(arrow, column, file, name) for name, column in zip(names, batch.columns, strict=True)]
    if not columns:
        return
    for row in zip(*columns, strict=True):
        yield dict(zip(names, row, strict=True))


def _column(arrow: Any, column: Any, file: ItemFile, name: str) -> list[JSON]:
    values: list[Any] = column.to_pylist()
    kinds = arrow.types
    if any(
        plain(column.type) for plain in (kinds.is_integer, kinds.is_boolean, kinds.is_string, kinds.is_large_string)
    ):
        return values
    try:
        return [_json(value) for value in values]
    except NotJSON as error:
        raise file.wrong(f"column {name!r}: {error}") from None


def _json(value: Any) -> JSON:
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {name: _json(item) for name, item in value.items()}
        case [(_, _), *_] if all(type(pair) is tuple for pair in value):  # a map
            return {name if isinstance(name, str) else str(name): _json(item) for name, item in value}
        case list():
            return [_json(item) for item in value]
        case bytes():
            return _text(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return normalise(value)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()
