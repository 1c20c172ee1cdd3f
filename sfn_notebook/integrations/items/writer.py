"""ResultWriter: children's results in files of a bucket, and a manifest.  (spec: distributed-map, ResultWriter)"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sfn_notebook.integrations.buckets import BucketError, Buckets, Upload
from sfn_notebook.values import JSON, dump_bytes

from .contract import ChildResult, ResultWriterFailed, Writer
from .results import check_transformation, transformed_texts

MAX_RESULT_FILE_BYTES = 5 * 1024**3
"""A file is followed by another one before it grows over this."""

_KINDS = {
    "SUCCEEDED": "SUCCEEDED",
    "PENDING": "PENDING",
    "FAILED": "FAILED",
    "TIMED_OUT": "FAILED",
    "ABORTED": "FAILED",
}

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class ResultWriter:
    """Writes `SUCCEEDED_n`, `FAILED_n` and `PENDING_n` files and their `manifest.json`, in the order results are added.

    Nothing grows with the number of results, except the list of files. Any thread may add, one at a time.
    Raises: ResultWriterFailed when the configuration is wrong or a bucket on this machine cannot be written; what S3
    refuses is found by `add` or `close`. After that only `discard` makes sense.
    """

    def __init__(
        self, writer: Writer, buckets: Buckets, map_run_arn: str, *, max_file_bytes: int = MAX_RESULT_FILE_BYTES
    ) -> None:
        check_transformation(writer.transformation)
        if writer.output_type not in ("JSON", "JSONL"):
            raise ResultWriterFailed(f"WriterConfig: OutputType is {writer.output_type!r}. It can be JSON or JSONL.")
        bucket, prefix = writer.parameters.get("Bucket"), writer.parameters.get("Prefix") or ""
        if not isinstance(bucket, str) or not bucket or not isinstance(prefix, str):
            raise ResultWriterFailed("ResultWriter: Bucket and Prefix are texts in its Parameters or Arguments.")
        self._buckets, self._bucket, self._writer = buckets, bucket, writer
        self._map_run_arn, self._max_file_bytes = map_run_arn, max_file_bytes
        run = map_run_arn.rpartition(":")[2]
        self._folder = f"{prefix.rstrip('/')}/{run}" if prefix.rstrip("/") else run
        self._open: dict[str, _ResultFile] = {}
        self._files: dict[str, list[dict[str, JSON]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        self._begin("manifest.json").discard()  # is there such a bucket? Better asked before children run

    def add(self, result: ChildResult) -> None:
        """Write one child's result. Raises: ResultWriterFailed."""
        kind = _KINDS[result.status]
        for text in transformed_texts(result, self._writer.transformation):
            data = text.encode("utf-8", "surrogatepass")
            file = self._open.get(kind)
            if file is not None and file.size_with(data) > self._max_file_bytes:
                self._finish(kind)
                file = None
            if file is None:
                file = self._open[kind] = self._next_file(kind)
            _asked(file.add, data)

    def close(self) -> dict[str, JSON]:
        """Finish the files, write the manifest: the Map's state output then. Raises: ResultWriterFailed."""
        for kind in [*self._open]:
            self._finish(kind)
        manifest = {"DestinationBucket": self._bucket, "MapRunArn": self._map_run_arn, "ResultFiles": self._files}
        upload = self._begin("manifest.json")
        _asked(upload.write, dump_bytes(manifest))
        _asked(upload.commit)
        details = {"Bucket": self._bucket, "Key": self._key("manifest.json")}
        return {"MapRunArn": self._map_run_arn, "ResultWriterDetails": details}

    def discard(self) -> None:
        """Forget the files that are not finished."""
        for file in self._open.values():
            file.upload.discard()
        self._open.clear()

    def _key(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def _begin(self, name: str) -> Upload:
        return _asked(self._buckets.write_object, self._bucket, self._key(name))

    def _next_file(self, kind: str) -> _ResultFile:
        lines = self._writer.output_type == "JSONL"
        name = f"{kind}_{len(self._files[kind])}.{'jsonl' if lines else 'json'}"
        return _ResultFile(self._begin(name), self._key(name), lines=lines)

    def _finish(self, kind: str) -> None:
        file = self._open.pop(kind)
        _asked(file.finish)
        self._files[kind].append({"Key": file.key, "Size": file.size})


class _ResultFile:
    """A JSON array, or lines of JSON, being written. size: bytes so far."""

    def __init__(self, upload: Upload, key: str, *, lines: bool) -> None:
        self.upload, self.key, self.size = upload, key, 0
        self._before, self._between, self._after = (b"", b"\n", b"\n") if lines else (b"[", b",", b"]")

    def size_with(self, data: bytes) -> int:
        """Bytes of the finished file, if this is in it."""
        return self.size + len(self._between) + len(data) + len(self._after)

    def add(self, data: bytes) -> None:
        piece = (self._between if self.size else self._before) + data
        self.upload.write(piece)
        self.size += len(piece)

    def finish(self) -> None:
        self.upload.write(self._after)
        self.size += len(self._after)
        self.upload.commit()


def _asked(call: Callable[_Given, _Answer], *args: _Given.args, **named: _Given.kwargs) -> _Answer:
    try:
        return call(*args, **named)
    except BucketError as error:
        raise ResultWriterFailed(error.cause) from None
