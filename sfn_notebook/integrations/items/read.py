"""ItemReader: the items that a Distributed Map iterates, one after the other as they are asked for.

(spec: distributed-map, ItemReader)
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from sfn_notebook.integrations.buckets import BucketError, Buckets
from sfn_notebook.values import ABSENT, JSON

from .contract import MAX_ITEMS, Item, ItemReaderFailed, Reader
from .csv_rows import csv_rows
from .files import ItemFile, opened
from .json_lines import json_lines
from .json_stream import json_items
from .manifests import athena_files, inventory
from .parquet import parquet_rows

_FORMATS: Final = ("CSV", "JSON", "JSONL", "PARQUET")


def read_items(reader: Reader, buckets: Buckets) -> Iterator[Item]:
    """The items, read as they are asked for: memory does not grow with their number.

    Any thread may ask, one at a time. Closing the iterator closes the files.
    Raises: ItemReaderFailed when an item is asked for and cannot be read.
    """
    limit = _limit(reader.config.get("MaxItems"))
    items = _items(reader, buckets)
    try:
        yield from islice(items, limit)
    except BucketError as error:
        raise ItemReaderFailed(error.cause) from None
    finally:
        items.close()


def _limit(max_items: int | None) -> int:
    if max_items is not None and max_items < 0:
        raise ItemReaderFailed("field MaxItems must be positive")  # AWS's words
    return min(max_items or MAX_ITEMS, MAX_ITEMS)


def _items(reader: Reader, buckets: Buckets) -> Generator[Item, None, None]:
    bucket = _parameter(reader, "Bucket")
    match reader.resource.rpartition("s3:")[2]:
        case "listObjectsV2":
            return _listed(reader, buckets, bucket)
        case "getObject":
            return _object(reader, buckets, bucket, _parameter(reader, "Key"))
        case _:
            raise ItemReaderFailed(
                f"ItemReader: Resource is {reader.resource!r}. "
                "It can be arn:aws:states:::s3:getObject or arn:aws:states:::s3:listObjectsV2."
            )


def _parameter(reader: Reader, name: str) -> str:
    value = reader.parameters.get(name)
    if isinstance(value, str) and value:
        return value
    problem = "is missing" if value is None else f"is {value!r}, no text"
    raise ItemReaderFailed(f"ItemReader: {name} {problem} in its Parameters or Arguments.")


def _listed(reader: Reader, buckets: Buckets, bucket: str) -> Generator[Item, None, None]:
    """The objects of a bucket, or what they hold."""
    parameters = {name: value for name, value in reader.parameters.items() if name != "Bucket"}
    match reader.config.get("Transformation", "NONE"):
        case "NONE":
            source = f"S3://{bucket}"
            for found in buckets.list_objects(bucket, parameters):
                yield Item(found, ABSENT, source)
        case "LOAD_AND_FLATTEN":
            kind = _format(reader, _FORMATS)
            for found in buckets.list_objects(bucket, parameters):
                if not found["Key"].endswith("/"):  # a folder of the console holds nothing
                    yield from _file(reader, buckets, kind, bucket, found["Key"])
        case other:
            raise ItemReaderFailed(f"ReaderConfig: Transformation is {other!r}. It can be NONE or LOAD_AND_FLATTEN.")


def _object(reader: Reader, buckets: Buckets, bucket: str, key: str) -> Generator[Item, None, None]:
    """What one object holds, or the files that it lists."""
    input_type = reader.config.get("InputType")
    manifest = reader.config.get("ManifestType") or ("S3_INVENTORY" if input_type == "MANIFEST" else None)
    version = reader.parameters.get("VersionId")
    match manifest:
        case None:
            yield from _file(reader, buckets, _format(reader, _FORMATS), bucket, key, version)
        case "S3_INVENTORY":
            with opened(reader, buckets, bucket, key, version_id=version) as file:
                found = inventory(file)
            given = {"CSVHeaderLocation": "GIVEN", "CSVHeaders": found.columns}
            for each in found.keys:
                yield from _file(replace(reader, config=given), buckets, "CSV", found.bucket, each)
        case "ATHENA_DATA":
            kind = _format(reader, ("CSV", "JSONL", "PARQUET"))
            with opened(reader, buckets, bucket, key, version_id=version) as file:
                files = list(athena_files(file))
            for place, each in files:
                yield from _file(reader, buckets, kind, place, each)
        case other:
            raise ItemReaderFailed(f"ReaderConfig: ManifestType is {other!r}. It can be S3_INVENTORY or ATHENA_DATA.")


def _format(reader: Reader, formats: tuple[str, ...]) -> str:
    kind = reader.config.get("InputType")
    if kind in formats:
        return str(kind)
    problem = "is missing" if kind is None else f"is {kind!r}"
    raise ItemReaderFailed(f"ReaderConfig: InputType {problem}. Here it can be {', '.join(formats)}.")


def _file(
    reader: Reader, buckets: Buckets, kind: str, bucket: str, key: str, version: str | None = None
) -> Generator[Item, None, None]:
    """What one file holds. A DataFrame or list in memory has its rows at hand, whatever `kind` is."""
    with opened(reader, buckets, bucket, key, version_id=version, unpack=kind != "PARQUET") as file:
        source = file.source
        pointer = reader.config.get("ItemsPointer")
        if pointer is not None and file.rows is not None:
            raise file.wrong(f"a DataFrame or list is all items, so ItemsPointer {pointer!r} leads nowhere in it.")
        if kind == "JSON" and file.rows is None:
            for value, name in json_items(file, pointer, limits=reader.limits):
                yield Item(value, name, source)
        else:
            for value in _values(reader, file, kind):
                yield Item(value, ABSENT, source)


def _values(reader: Reader, file: ItemFile, kind: str) -> Iterator[JSON]:
    if file.rows is not None:
        return file.rows
    if kind == "CSV":
        return csv_rows(file, reader.config, limits=reader.limits)
    return json_lines(file, limits=reader.limits) if kind == "JSONL" else parquet_rows(file, limits=reader.limits)
