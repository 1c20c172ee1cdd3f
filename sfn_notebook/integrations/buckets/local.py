"""Buckets on this machine: folders, and dicts of bytes, text, files, frames and lists."""

from __future__ import annotations

import io
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from hashlib import md5
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, TypeAlias
from urllib.parse import quote

from sfn_notebook.values import JSON, NotJSON, dump_bytes, normalise

from .contract import BucketError, Listed, StoredObject, Upload

Content: TypeAlias = Any
"""What an object in a dict can be: bytes, text, the Path of a file, a DataFrame, or a list of items."""

_FRAME_ROWS = 1000  # of a DataFrame are made JSON at once
_PART = (".sfn-", ".part")  # how the name of a file that is still being written begins and ends
_LISTING: Final = frozenset(
    {
        "Delimiter",
        "EncodingType",
        "ExpectedBucketOwner",
        "FetchOwner",
        "MaxKeys",
        "Prefix",
        "RequestPayer",
        "StartAfter",
    }
)


class LocalBuckets:
    """Buckets on this machine: `{"in": Path("data"), "out": {"note.txt": "hello", "frame": df}}`.

    A bucket is a folder, whose files are the objects, or a dict from key to content. Text as a bucket is the path of a
    folder, text as content is the content. A DataFrame or list reads as a JSON array of its rows, whatever the
    InputType. What is written into a dict appears in it as bytes.

    There are no versions and no owners. clock: seconds since 1970, for LastModified of what is no file.
    Raises: BucketError when a bucket is neither a folder that exists nor a dict.
    """

    def __init__(
        self,
        mapping: Mapping[str, Path | str | MutableMapping[str, Content]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._buckets = {name: _local(name, content, clock) for name, content in mapping.items()}

    def read_object(
        self, bucket: str, key: str, *, version_id: str | None = None, expected_bucket_owner: str | None = None
    ) -> StoredObject:
        """As Buckets says. Refuses a version: there is only the present content."""
        del expected_bucket_owner  # all of it is the user's
        found = self._bucket(bucket)
        if version_id not in (None, "null"):
            raise _refused("The specified version does not exist.", f"{found} keeps no versions: leave VersionId out.")
        try:
            return found.read(key)
        except FileNotFoundError:
            raise _refused("The specified key does not exist.", f"{found} has no {key!r}.") from None
        except OSError as error:
            raise BucketError(f"{found}: {key!r} cannot be read: {error.strerror or error}.") from None

    def list_objects(self, bucket: str, parameters: Mapping[str, JSON]) -> Iterator[Listed]:
        """As Buckets says. Raises: BucketError also for parameters that listObjectsV2 does not have."""
        unknown = sorted(parameters.keys() - _LISTING)
        if unknown:
            raise BucketError(f"listObjectsV2 has no parameter {unknown[0]!r}. It has: {', '.join(sorted(_LISTING))}.")
        found = self._bucket(bucket)
        prefix, after, delimiter = (parameters.get(name) or "" for name in ("Prefix", "StartAfter", "Delimiter"))
        encoded: Callable[[str], str] = quote if parameters.get("EncodingType") == "url" else str
        try:
            for key, size, modified, etag in found.entries(prefix):
                if key.encode() > after.encode() and not (delimiter and delimiter in key[len(prefix) :]):
                    about = {"Etag": etag, "Key": encoded(key), "LastModified": modified, "Size": size}
                    yield {**about, "StorageClass": "STANDARD"}
        except OSError as error:
            raise BucketError(f"{found} cannot be listed: {error.filename!r}: {error.strerror}.") from None

    def write_object(self, bucket: str, key: str) -> Upload:
        """As Buckets says."""
        return self._bucket(bucket).write(key)

    def _bucket(self, name: str) -> _Folder | _Dict:
        if name in self._buckets:
            return self._buckets[name]
        known = ", ".join(map(repr, self._buckets)) or "nothing"
        raise _refused("The specified bucket does not exist", f"buckets= has {known}, but no {name!r}.")


def _refused(message: str, detail: str) -> BucketError:
    """S3's own words, and what is wrong here."""
    return BucketError(f"{message} (Service: S3, Status Code: 404) {detail}")


_Entry: TypeAlias = tuple[str, int, int, str]  # key, size in bytes, seconds since 1970, etag


def _local(name: str, content: object, clock: Callable[[], float]) -> _Folder | _Dict:
    if isinstance(content, str | os.PathLike):
        return _Folder(name, Path(content))
    if isinstance(content, MutableMapping):
        return _Dict(name, content, clock)
    kind = type(content).__name__
    raise BucketError(f"The bucket {name!r} in buckets= is a {kind}. Give a folder, or a dict from key to content.")


class _Folder:
    """The files below a folder. Nothing outside of it is ever read or written."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path = name, path.expanduser()
        if not self.path.is_dir():
            raise BucketError(f"The bucket {name!r} in buckets= is {str(path)!r}, where no folder is. Make it first.")
        self.root = self.path.resolve()

    def __str__(self) -> str:
        return f"The folder {str(self.path)!r} (bucket {self.name!r})"

    def read(self, key: str) -> StoredObject:
        path = self._place(key)
        if path.is_dir():
            raise FileNotFoundError
        return _file(path)

    def write(self, key: str) -> Upload:
        path = self._place(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return _FileUpload(path, f"{self}: {key!r}")
        except OSError as error:
            raise _unwritten(f"{self}: {key!r}", error) from None

    def _place(self, key: str) -> Path:
        """Where the object is: below the root, after every link was followed."""
        if "\0" in key or any(part in ("", ".", "..") for part in key.split("/")):
            raise BucketError(f"{self} cannot hold the key {key!r}: a key there is a path of names, as in 'a/b.csv'.")
        path = (self.root / key).resolve()
        if not path.is_relative_to(self.root):
            raise BucketError(
                f"{self}: a link takes {key!r} outside of it. Give the folder it leads to as a bucket of its own."
            )
        return path

    def entries(self, prefix: str) -> Iterator[_Entry]:
        return self._walk(self.root, "", prefix)

    def _walk(self, folder: Path, above: str, prefix: str) -> Iterator[_Entry]:
        """Files in the order of their keys. In memory: the names in the folders on the way, not those of the tree."""
        with os.scandir(folder) as found:
            named = [
                (f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name, entry) for entry in found
            ]
        for name, entry in sorted(named, key=lambda pair: os.fsencode(pair[0])):
            key = above + name
            if name.endswith("/"):
                if key.startswith(prefix) or prefix.startswith(key):
                    yield from self._walk(Path(entry.path), key, prefix)
            elif key.startswith(prefix) and self._is_object(entry):
                about = entry.stat()
                yield _text(key), about.st_size, int(about.st_mtime), _file_etag(about)

    def _is_object(self, entry: os.DirEntry[str]) -> bool:
        if entry.name.startswith(_PART[0]) and entry.name.endswith(_PART[1]):
            return False
        if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(self.root):
            return False
        return entry.is_file()


def _text(key: str) -> str:
    try:
        key.encode()
    except UnicodeEncodeError:
        raise BucketError(f"The file name {os.fsencode(key)!r} is no UTF-8, so it can be no key. Rename it.") from None
    return key


def _file(path: Path) -> StoredObject:
    body = path.open("rb")
    about = os.fstat(body.fileno())
    return StoredObject(body, about.st_size, _file_etag(about))


def _file_etag(about: os.stat_result) -> str:
    # S3's is of the content, which would have to be read for it. This one changes when the file does.
    return _etag(f"{about.st_size} {about.st_mtime_ns}".encode())


def _etag(data: bytes) -> str:
    return f'"{md5(data, usedforsecurity=False).hexdigest()}"'


def _unwritten(shown: str, error: OSError) -> BucketError:
    return BucketError(f"{shown} cannot be written: {error.strerror or error}.")


class _FileUpload:
    """A file under another name, until it is complete."""

    def __init__(self, path: Path, shown: str) -> None:
        self._path, self._shown, self._open = path, shown, True
        self._part = path.with_name(f"{_PART[0]}{secrets.token_hex(8)}{_PART[1]}")
        self._body: IO[bytes] = self._part.open("xb")

    def write(self, data: bytes, /) -> int:
        try:
            return self._body.write(data)
        except OSError as error:
            raise _unwritten(self._shown, error) from None

    def commit(self) -> None:
        try:
            self._body.close()
            self._part.replace(self._path)
        except OSError as error:
            self.discard()
            raise _unwritten(self._shown, error) from None
        self._open = False

    def discard(self) -> None:
        if self._open:
            self._open = False
            self._body.close()
            self._part.unlink(missing_ok=True)


class _Dict:
    """Objects in memory, in the user's own dict."""

    def __init__(self, name: str, content: MutableMapping[str, Content], clock: Callable[[], float]) -> None:
        self.name, self.content, self.clock = name, content, clock
        self.made = int(clock())
        self.written: dict[str, int] = {}

    def __str__(self) -> str:
        return f"The bucket {self.name!r} in buckets="

    def read(self, key: str) -> StoredObject:
        if key not in self.content:
            raise FileNotFoundError
        content = self.content[key]
        if isinstance(content, os.PathLike):
            return _file(Path(content).expanduser())
        data = _data(content)
        if data is not None:
            return StoredObject(io.BytesIO(data), len(data), _etag(data))
        return StoredObject(_as_array(self._rows(key, content)), rows=self._rows(key, content))

    def write(self, key: str) -> Upload:
        return _DictUpload(self, key)

    def entries(self, prefix: str) -> Iterator[_Entry]:
        for key in self._keys(prefix):
            content = self.content.get(key)
            if content is None:  # removed since
                continue
            if isinstance(content, os.PathLike):
                about = self._stat(key, Path(content).expanduser())
                yield key, about.st_size, int(about.st_mtime), _file_etag(about)
            else:
                size, etag = self._measure(key, content)
                yield key, size, self.written.get(key, self.made), etag

    def _keys(self, prefix: str) -> list[str]:
        keys = list(self.content)  # at once: another thread may be writing
        odd = next((key for key in keys if not isinstance(key, str)), None)
        if odd is not None:
            raise BucketError(f"{self}: the key {odd!r} is no text.")
        return sorted((key for key in keys if key.startswith(prefix)), key=str.encode)

    def _stat(self, key: str, path: Path) -> os.stat_result:
        try:
            return path.stat()
        except OSError as error:
            raise BucketError(f"{self}: {key!r} is {str(path)!r}: {error.strerror or error}.") from None

    def _measure(self, key: str, content: Content) -> tuple[int, str]:
        data = _data(content)
        pieces = _array_text(self._rows(key, content)) if data is None else iter((data,))
        size, digest = 0, md5(usedforsecurity=False)
        for piece in pieces:
            size += len(piece)
            digest.update(piece)
        return size, f'"{digest.hexdigest()}"'

    def _rows(self, key: str, content: Content) -> Iterator[JSON]:
        """The rows of a DataFrame, or the items of a list, each a JSON value of its own."""
        # A DataFrame is known by what it can do, so that pandas need not be imported.
        if hasattr(content, "iloc") and hasattr(content, "columns"):
            step = _FRAME_ROWS
            slices: Iterator[Any] = (content.iloc[at : at + step] for at in range(0, len(content), step))
        elif isinstance(content, list | tuple):
            slices = (content[at : at + 1] for at in range(len(content)))
        else:
            kind = type(content).__name__
            raise BucketError(f"{self}: {key!r} is a {kind}. Give bytes, text, a Path, a DataFrame or a list of items.")
        return _normalised(slices, f"{self}: {key!r}")


class _DictUpload:
    """Bytes on their way into the user's dict."""

    def __init__(self, bucket: _Dict, key: str) -> None:
        self._bucket, self._key, self._body = bucket, key, io.BytesIO()

    def write(self, data: bytes, /) -> int:
        return self._body.write(data)

    def commit(self) -> None:
        self._bucket.content[self._key] = self._body.getvalue()
        self._bucket.written[self._key] = int(self._bucket.clock())
        self._body.close()

    def discard(self) -> None:
        self._body.close()


def _data(content: Content) -> bytes | None:
    """The bytes of content that has some; None where there are rows."""
    if isinstance(content, str):
        return content.encode("utf-8", "surrogatepass")
    if isinstance(content, bytes | bytearray | memoryview):
        return bytes(content)
    return None


def _normalised(slices: Iterator[Any], shown: str) -> Iterator[JSON]:
    for rows in slices:
        try:
            yield from normalise(rows)
        except NotJSON as error:
            raise BucketError(f"{shown}: {error}") from None


def _array_text(rows: Iterator[JSON]) -> Iterator[bytes]:
    before = b"["
    for row in rows:
        yield before + dump_bytes(row)
        before = b","
    yield b"]" if before == b"," else b"[]"


def _as_array(rows: Iterator[JSON]) -> BinaryIO:
    return io.BufferedReader(_Pieces(_array_text(rows)))


class _Pieces(io.RawIOBase):
    """A stream made of what an iterator gives."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if not self._left:
            self._left = next(self._pieces, b"")
        given, self._left = self._left[: len(buffer)], self._left[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)
