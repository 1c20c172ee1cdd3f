"""Buckets of S3, through a boto3 client that somebody else makes.  (spec: errors-and-retries, Cause formats)"""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sfn_notebook.values import JSON

from .contract import BucketError, Listed, StoredObject, Upload

BLOCK = 8 * 1024 * 1024
"""Bytes of an object that are asked for at once."""

_SPOOL = 8 * 1024 * 1024  # bytes of an upload that stay in memory; more go to a temporary file
_READS = 3  # times that a block is asked for when the connection breaks while it arrives


class S3Buckets:
    """Buckets of S3. client_factory: makes a boto3 S3 client; called once, when first needed."""

    def __init__(self, client_factory: Callable[[], Any]) -> None:
        self._factory = client_factory
        self._made: Any = None
        self._lock = threading.Lock()

    def read_object(
        self, bucket: str, key: str, *, version_id: str | None = None, expected_bucket_owner: str | None = None
    ) -> StoredObject:
        """As Buckets says. The body can be sought in, and is asked for in blocks: a slow reader holds no connection."""
        given = {"VersionId": version_id, "ExpectedBucketOwner": expected_bucket_owner}
        parameters = {"Bucket": bucket, "Key": key} | {
            name: value for name, value in given.items() if value is not None
        }
        first, answer = self._get(parameters)
        size, etag = answer["ContentLength"], answer.get("ETag")
        same = {**parameters, "IfMatch": etag} if etag else parameters

        def block(start: int) -> bytes:
            return self._get({**same, "Range": f"bytes={start}-{min(start + BLOCK, size) - 1}"})[0]

        return StoredObject(io.BufferedReader(_Blocks(first, size, block), 256 * 1024), size, etag)

    def _get(self, parameters: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """The first block of what is asked for, and what S3 said about the object."""
        from botocore.exceptions import BotoCoreError

        problem = ""
        for _ in range(_READS):
            answer = _ask(lambda: self._client().get_object(**parameters))
            size = min(BLOCK, answer["ContentLength"])
            try:
                with answer["Body"] as body:
                    data = _read(body, size)
            except BotoCoreError as error:
                problem = str(error)
            else:
                if len(data) == size:
                    return data, answer
                problem = f"the connection ended after {len(data):,} of {size:,} bytes"
        raise BucketError(f"s3://{parameters['Bucket']}/{parameters['Key']} cannot be read: {problem}.")

    def list_objects(self, bucket: str, parameters: Mapping[str, JSON]) -> Iterator[Listed]:
        """As Buckets says: one page is in memory."""
        asked = {**parameters, "Bucket": bucket}
        pages = iter(_ask(lambda: self._client().get_paginator("list_objects_v2").paginate(**asked)))
        while (page := _ask(lambda: next(pages, None))) is not None:
            for found in page.get("Contents", ()):
                yield {
                    "Etag": found["ETag"],
                    "Key": found["Key"],
                    "LastModified": int(found["LastModified"].timestamp()),
                    "Size": found["Size"],
                    "StorageClass": found.get("StorageClass", "STANDARD"),
                }

    def write_object(self, bucket: str, key: str) -> Upload:
        """As Buckets says. S3 is asked at `commit`, and refuses then."""
        return _S3Upload(self._client, bucket, key)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._factory()
            return self._made


def _read(body: Any, size: int) -> bytes:
    """At most so many bytes. Fewer: the connection ended early, which botocore does not always tell."""
    pieces = [body.read(size)]
    while pieces[-1] and (size := size - len(pieces[-1])):
        pieces.append(body.read(size))
    return b"".join(pieces)


class _S3Upload:
    """What is to be an object, in a temporary file."""

    def __init__(self, client: Callable[[], Any], bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._body = tempfile.SpooledTemporaryFile(_SPOOL)  # noqa: SIM115  (closed by commit and discard)

    def write(self, data: bytes, /) -> int:
        try:
            return self._body.write(data)
        except OSError as error:
            raise BucketError(f"s3://{self._bucket}/{self._key} cannot be kept until it is sent: {error}.") from None

    def commit(self) -> None:
        with self._body as body:
            body.seek(0)
            _ask(lambda: self._client().upload_fileobj(body, self._bucket, self._key))

    def discard(self) -> None:
        self._body.close()


class _Blocks(io.RawIOBase):
    """An object of `size` bytes, one block of it in memory. `block(start)`: the bytes from there on, at most BLOCK."""

    def __init__(self, first: bytes, size: int, block: Callable[[int], bytes]) -> None:
        self._data, self._start = first, 0
        self._size, self._block, self._at = size, block, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        if self._at >= self._size:
            return 0
        if not self._start <= self._at < self._start + len(self._data):
            self._data, self._start = self._block(self._at), self._at
        offset = self._at - self._start
        given = self._data[offset : offset + len(buffer)]
        buffer[: len(given)] = given
        self._at += len(given)
        return len(given)


def _ask(call: Callable[[], Any]) -> Any:
    """What S3 answers. Raises: BucketError for what it, or the way to it, refuses."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call()
    except ClientError as error:
        raise BucketError(sdk_text(error.response)) from None
    except BotoCoreError as error:
        raise BucketError(str(error)) from None


def sdk_text(response: Mapping[str, Any]) -> str:
    """An error answer of botocore in the words of the SDK that Step Functions uses."""
    about = response.get("ResponseMetadata", {})
    message = response["Error"].get("Message") or response["Error"].get("Code", "")
    parts = [f"Service: S3, Status Code: {about.get('HTTPStatusCode', 0)}"]
    if about.get("RequestId"):
        parts.append(f"Request ID: {about['RequestId']}")
    if about.get("HostId"):
        parts.append(f"Extended Request ID: {about['HostId']}")
    return f"{message} ({', '.join(parts)}) (SDK Attempt Count: {about.get('RetryAttempts', 0) + 1})"
