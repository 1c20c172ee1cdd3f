"""Files of items: an object of a bucket, opened, unpacked and named in what goes wrong with it."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from sfn_notebook.integrations.buckets import Buckets
from sfn_notebook.values import JSON

from .contract import MAX_FILE_BYTES, ItemReaderFailed, Reader

CHUNK = 1024 * 1024
"""Bytes that are read at once."""

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ItemFile:
    """An object that holds items. rows: its items, when they are in memory already; else `body` holds their text."""

    bucket: str
    key: str
    body: BinaryIO
    rows: Iterator[JSON] | None

    @property
    def source(self) -> str:
        """As Map.Item.Source has it."""
        return f"S3://{self.bucket}/{self.key}"

    def wrong(self, what: str, line: int | None = None) -> ItemReaderFailed:
        """That something is wrong with this file."""
        place = "" if line is None else f", line {line:,}"
        return ItemReaderFailed(f"s3://{self.bucket}/{self.key}{place}: {what}")

    def lines(self) -> Iterator[str]:
        """The lines of text, with their ends."""
        with io.TextIOWrapper(self.body, encoding="utf-8-sig", newline="") as text:
            yield from text

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces, without a byte order mark."""
        chunk = self.body.read(CHUNK).removeprefix(BOM)
        while chunk:
            yield chunk
            chunk = self.body.read(CHUNK)


@contextmanager
def opened(
    reader: Reader, buckets: Buckets, bucket: str, key: str, *, version_id: str | None = None, unpack: bool = True
) -> Iterator[ItemFile]:
    """The object as a file, closed at the end. unpack: decompress `.gz`, `.zst` and `.zstd`.

    Raises: ItemReaderFailed, also for what goes wrong while the file is read inside.
    """
    owner = reader.parameters.get("ExpectedBucketOwner")
    found = buckets.read_object(bucket, key, version_id=version_id, expected_bucket_owner=owner)
    file = ItemFile(bucket, key, found.body, found.rows)
    try:
        if reader.limits and found.size is not None and found.size > MAX_FILE_BYTES:
            raise file.wrong(f"has {found.size:,} bytes. Step Functions reads files of at most 10 GB.")
        body = _unpacked(found.body, key) if unpack else found.body
        yield ItemFile(bucket, key, body, found.rows)
    except UnicodeDecodeError as error:
        wrong = error.object[error.start : error.start + 1].hex()
        raise file.wrong(f"is no UTF-8 text (a byte 0x{wrong}). Save it as UTF-8.") from None
    except (OSError, EOFError, zlib.error) as error:
        raise file.wrong(f"cannot be read: {error}.") from None
    finally:
        found.body.close()


def _unpacked(body: BinaryIO, key: str) -> BinaryIO:
    if key.endswith(".gz"):
        return cast("BinaryIO", gzip.GzipFile(fileobj=body))
    if key.endswith((".zst", ".zstd")):
        arrow = pyarrow(f"{key!r} is compressed with Zstandard.")
        return io.BufferedReader(arrow.CompressedInputStream(arrow.PythonFile(body, mode="r"), "zstd"), CHUNK)
    return body


def pyarrow(why: str) -> Any:
    """The pyarrow module, which comes with the extra `[data]`. Raises: ItemReaderFailed when it is not installed."""
    try:
        import pyarrow as pa
    except ImportError:
        raise ItemReaderFailed(f'{why} Reading it needs pyarrow: pip install "sfn-notebook[data]".') from None
    return pa
