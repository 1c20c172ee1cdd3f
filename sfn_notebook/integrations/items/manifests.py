"""Manifests: files that list the files with the items.  (spec: distributed-map, ItemReader)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sfn_notebook.values import NotJSON, loads

from .files import ItemFile


class Inventory(NamedTuple):
    """An S3 inventory: the columns of its files, which have no header, and where they are."""

    columns: list[str]
    bucket: str
    keys: list[str]


def inventory(file: ItemFile) -> Inventory:
    """What the `manifest.json` of an S3 inventory says. Raises: ItemReaderFailed."""
    found = _manifest(file)
    if found.get("fileFormat") != "CSV":
        raise file.wrong(
            f"an inventory of the format {found.get('fileFormat')!r}. Step Functions reads CSV inventories."
        )
    match found:
        case {"fileSchema": str(schema), "destinationBucket": str(bucket), "files": list(files)}:
            keys: list[str] = [key for entry in files if isinstance(key := _key(entry), str)]
            if len(keys) == len(files):
                return Inventory([column.strip() for column in schema.split(",")], bucket.rpartition(":")[2], keys)
    raise file.wrong(
        "no S3 inventory manifest: 'fileSchema', 'destinationBucket' and 'files' with a 'key' each belong in it."
    )


def _key(entry: object) -> object:
    return entry.get("key") if isinstance(entry, dict) else None


def _manifest(file: ItemFile) -> dict[str, Any]:
    try:
        found = loads(file.body.read())
    except NotJSON as error:
        raise file.wrong(error.message) from None
    if not isinstance(found, dict):
        raise file.wrong("no S3 inventory manifest, which is a JSON object.")
    return found


def athena_files(file: ItemFile) -> Iterator[tuple[str, str]]:
    """(bucket, key) of each file that the manifest of an Athena UNLOAD lists. Raises: ItemReaderFailed."""
    for number, line in enumerate(file.lines(), 1):
        uri = line.strip().strip('"')
        if not uri:
            continue
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not (uri.startswith("s3://") and bucket and key):
            raise file.wrong(
                f"{uri[:100]!r} is no location of an object. Athena's manifest has one s3://… per line.", number
            )
        yield bucket, key
