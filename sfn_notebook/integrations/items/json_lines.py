"""JSON Lines: one item per line.  (spec: distributed-map, ItemReader)"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sfn_notebook.values import JSON, NotJSON, loads

from .contract import MAX_ITEM_BYTES
from .files import ItemFile

_PLACE = re.compile(r": line 1 column (\d+) \(char \d+\)")  # as orjson tells it, of one line


def json_lines(file: ItemFile, *, limits: bool = True) -> Iterator[JSON]:
    """The value of each line. Empty lines are none. Raises: ItemReaderFailed with the line's number."""
    for number, line in enumerate(_lines(file, limits=limits), 1):
        try:
            yield loads(line)
        except NotJSON as error:
            if line.strip():
                raise file.wrong(_PLACE.sub(r" at column \1", error.message), number) from None


def _lines(file: ItemFile, *, limits: bool) -> Iterator[bytes]:
    count = 0
    begun: list[bytes] = []  # the pieces of a line that has not ended yet
    size = 0
    for chunk in file.chunks():
        first, *rest = chunk.split(b"\n")
        begun.append(first)
        size += len(first)
        if limits and size > MAX_ITEM_BYTES:
            raise file.wrong("a line of more than 8 MB. Is this JSON Lines, one item per line?", count + 1)
        if rest:
            yield b"".join(begun)
            yield from rest[:-1]
            count += len(rest)
            begun, size = [rest[-1]], len(rest[-1])
    yield b"".join(begun)
