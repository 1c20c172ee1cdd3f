"""What buckets are asked for: read an object as a stream, list a bucket, write an object as a stream.

Knows nothing of items, states or AWS.  (spec: distributed-map, ItemReader, ResultWriter)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeAlias

from sfn_notebook.values import JSON

Listed: TypeAlias = dict[str, JSON]
"""`{"Etag", "Key", "LastModified" (epoch seconds), "Size" (bytes), "StorageClass"}`, as a child of a Map has it."""


class BucketError(Exception):
    """S3 refused. `cause`: why, in the words of AWS's SDK where it has some."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


@dataclass(frozen=True)
class StoredObject:
    """An object, opened. Whoever asked for it closes `body`, which can be sought in unless there are rows.

    size: bytes, where known before reading. etag: quoted, where known; other content has another one.
    rows: given when the object is a DataFrame or a list in memory; `body` is then their JSON array, made as it is read.
    """

    body: BinaryIO
    size: int | None = None
    etag: str | None = None
    rows: Iterator[JSON] | None = None


class Upload(Protocol):
    """An object being written: it exists from `commit` on, and never in parts."""

    def write(self, data: bytes, /) -> int:
        """Append. Raises: BucketError, after which only `discard` makes sense."""

    def commit(self) -> None:
        """Make the object, in place of one of the same key. Raises: BucketError; nothing is left to discard then."""

    def discard(self) -> None:
        """Forget what was written. Does nothing after `commit`."""


class Buckets(Protocol):
    """S3. May be used from any thread, and from several at once."""

    def read_object(
        self, bucket: str, key: str, *, version_id: str | None = None, expected_bucket_owner: str | None = None
    ) -> StoredObject:
        """Open an object. Raises: BucketError here, and while its body is read."""

    def list_objects(self, bucket: str, parameters: Mapping[str, JSON]) -> Iterator[Listed]:
        """Every object, in the order of the keys' UTF-8 bytes, however many pages that takes.

        parameters: further ones of listObjectsV2 (Prefix, StartAfter, Delimiter, …). Raises: BucketError on the way.
        """

    def write_object(self, bucket: str, key: str) -> Upload:
        """Begin an object of any size: what is written waits on disk (for a dict: in memory). Raises: BucketError."""
