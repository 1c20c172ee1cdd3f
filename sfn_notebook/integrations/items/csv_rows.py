"""Rows of delimited text, by Step Functions' rules.  (spec: distributed-map, CSV rules)

A newline ends a row. Values are text. Quotes are optional; quoted text may hold delimiters and newlines, and `""` for
a quote. A backslash before a backslash, a quote or the delimiter makes it text; any other backslash is dropped. Short
rows are filled with "", long ones cut. Empty lines are no rows. A byte order mark is dropped.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from sfn_notebook.values import JSON

from .contract import MAX_HEADER_BYTES, MAX_ITEM_BYTES, ItemReaderFailed
from .files import ItemFile

DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}

DUPLICATES: Final = "CSV headers cannot contain duplicates."  # AWS's words


def csv_rows(file: ItemFile, config: dict[str, Any], *, limits: bool = True) -> Iterator[JSON]:
    """One object per row, from header to text.

    config: CSVHeaderLocation (FIRST_ROW or GIVEN), CSVHeaders, CSVDelimiter. Raises: ItemReaderFailed.
    """
    headers = _given_headers(config)
    rows = _Rows(file, _delimiter(config), limits=limits)
    found = iter(rows)
    if headers is None:
        headers = next(found, None)
        if headers is None:
            return
    _check_headers(headers, limits=limits)
    width = len(headers)
    order = _as_java_goes_through(headers)
    for row in found:
        if len(row) < width:
            row.extend([""] * (width - len(row)))
        yield {headers[column]: row[column] for column in order}


def _as_java_goes_through(keys: Sequence[str]) -> list[int]:
    """The order of an item's keys, as indexes. AWS keeps a row in a Java HashMap, as the recordings show: keys stand in
    the order of their buckets, of which there are 16 or so many times twice that at most three quarters are needed.
    """
    buckets = 16
    while len(keys) > buckets * 3 // 4:
        buckets *= 2

    def bucket(column: int) -> int:
        code = 0
        for unit in memoryview(keys[column].encode("utf-16-le", "surrogatepass")).cast("H"):
            code = (31 * code + unit) & 0xFFFFFFFF
        return (code ^ code >> 16) & (buckets - 1)

    return sorted(range(len(keys)), key=bucket)


def _delimiter(config: dict[str, Any]) -> str:
    name = config.get("CSVDelimiter", "COMMA")
    if name not in DELIMITERS:
        raise ItemReaderFailed(f"ReaderConfig: CSVDelimiter is {name!r}. It can be {', '.join(DELIMITERS)}.")
    return DELIMITERS[name]


def _given_headers(config: dict[str, Any]) -> list[str] | None:
    """CSVHeaders; None when the first row has them."""
    match config.get("CSVHeaderLocation"):
        case "FIRST_ROW":
            return None
        case "GIVEN":
            headers = config.get("CSVHeaders")
            if isinstance(headers, list) and headers and all(isinstance(name, str) for name in headers):
                return headers
            raise ItemReaderFailed('ReaderConfig: with GIVEN headers, CSVHeaders lists them: ["id", "name"].')
        case other:
            shown = "is missing" if other is None else f"is {other!r}"
            raise ItemReaderFailed(f"ReaderConfig: CSVHeaderLocation {shown}. It is FIRST_ROW or GIVEN.")


def _check_headers(headers: Sequence[str], *, limits: bool) -> None:
    if len(set(headers)) < len(headers):
        raise ItemReaderFailed(DUPLICATES)
    size = sum(len(name.encode()) for name in headers)
    if limits and size > MAX_HEADER_BYTES:
        raise ItemReaderFailed(f"The CSV headers have {size:,} bytes. Step Functions takes 10 KiB of headers.")


class _Rows:
    """The fields of each row.

    The csv module does it, at its speed, wherever it knows the answer. A row it will not have (text after a closing
    quote, a field over its limit, a quote that is never closed) is read once more by `_record`.
    """

    def __init__(self, file: ItemFile, delimiter: str, *, limits: bool) -> None:
        self._file, self._delimiter = file, delimiter
        self._limit = MAX_ITEM_BYTES if limits else None
        self._lines = file.lines()
        self._unread: list[str] = []  # lines the csv module has taken since it last gave a row
        self._line = 0

    def __iter__(self) -> Iterator[list[str]]:
        unread = self._unread
        while True:
            rows = csv.reader(self._taken(), delimiter=self._delimiter, escapechar="\\", strict=True)
            try:
                for row in rows:
                    unread.clear()
                    if row:
                        yield row
            except csv.Error:
                yield self._record()
            else:
                return

    def _taken(self) -> Iterator[str]:
        for line in self._lines:
            self._line += 1
            mended = _without_last_backslash(line) if "\\" in line[-3:] else line
            self._unread.append(mended)
            yield mended

    def _record(self) -> list[str]:
        """The row that the unread lines begin, however it is written."""
        begun = self._unread[:]
        self._unread.clear()
        first = self._line - len(begun) + 1
        row, size = _Row(self._delimiter), 0
        for line in chain(begun, self._taken()):
            size += len(line)
            if self._limit is not None and size > self._limit:
                raise self._file.wrong("a row of more than 8 MB. Is a quote never closed?", first)
            if row.take(line):
                break
        self._unread.clear()
        if row.quoted:
            raise self._file.wrong("a quote is opened and never closed.", first)
        return row.fields


def _without_last_backslash(line: str) -> str:
    """The line, without a backslash that would escape its end: there it is dropped."""
    text = line.rstrip("\r\n")
    backslashes = len(text) - len(text.rstrip("\\"))
    return text[:-1] + line[len(text) :] if backslashes % 2 else line


class _Row:
    """One row, taken line by line until it is complete. quoted: is a quote open?"""

    def __init__(self, delimiter: str) -> None:
        self.quoted = False
        self._fields: list[str] = []
        self._parts: list[str] = []  # of the present field
        self._fresh = True  # nothing of the present field was seen yet
        self._escaped = ("\\", '"', delimiter)
        self._delimiter = delimiter
        self._plain = re.compile(rf'[^"\\\r\n{re.escape(delimiter)}]+')

    @property
    def fields(self) -> list[str]:
        """Up to where the row was taken."""
        return [*self._fields, "".join(self._parts)]

    def take(self, line: str) -> bool:
        """Take one more line. Is the row complete now?"""
        at = 0
        while at < len(line):
            if not self.quoted and line[at] in "\r\n":
                return True
            at = self._take(line, at)
        return False

    def _take(self, line: str, at: int) -> int:
        """Take what is at this place, and tell where to go on."""
        character, following = line[at], line[at + 1 : at + 2]
        fresh, self._fresh = self._fresh, False
        if character == "\\":
            escaped = following in self._escaped
            self._parts.append(following if escaped else "")
            return at + 1 + escaped
        if character == '"' and self.quoted:
            self.quoted = following == '"'
            self._parts.append('"' if self.quoted else "")
            return at + 1 + self.quoted
        if character == '"' and fresh:
            self.quoted = True
            return at + 1
        if character == self._delimiter and not self.quoted:
            self._fields.append("".join(self._parts))
            self._parts, self._fresh = [], True
            return at + 1
        run = (_IN_QUOTES if self.quoted else self._plain).match(line, at)
        self._parts.append(run[0] if run else character)
        return run.end() if run else at + 1


_IN_QUOTES = re.compile(r'[^"\\]+')
