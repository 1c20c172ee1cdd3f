"""The items of a JSON file: the elements of an array, or the members of an object, however large the file is.

The scanner of the standard library finds where each item ends, and `values.loads` reads it: so numbers, depth and
repeated names are what they are everywhere else here. (ijson was tried: with floats it refuses integers over 63 bits,
without them it gives Decimals; a lone surrogate becomes "?"; its prefixes take a name with a dot for two names.)
(spec: distributed-map, ItemReader)
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any, Final, NoReturn

from sfn_notebook.values import ABSENT, JSON, Absent, NotJSON, loads

from .contract import MAX_ITEM_BYTES, ItemReaderFailed
from .files import ItemFile

NOT_ITERABLE: Final = "Attempting to map over non-iterable node."  # AWS's words

_MARGIN = 40  # characters from its end within which a cut-off escape, number or `false` is complained about
_blank = re.compile(r"[ \t\n\r]*")
_number = re.compile(r"[-+.\deE]+")


def json_items(file: ItemFile, pointer: str | None, *, limits: bool = True) -> Iterator[tuple[JSON, str | Absent]]:
    """(value, key) of each item. The key is ABSENT for elements of an array.

    Without a pointer the file holds an array: an object there is not iterable (recorded on AWS). With one (a JSON
    Pointer; "" is the whole file), an object's members are items too. Of equal names on the way the first is taken, and
    what comes after the items is read only when there is no pointer. Raises: ItemReaderFailed.
    """
    text = _Text(file, limits=limits)
    if pointer is not None:
        _go_to(text, pointer)
    match text.peek():
        case "[":
            for _ in text.elements():
                yield text.value(), ABSENT
        case "{" if pointer is not None:
            for key in text.members():
                yield text.value(), key
        case "":
            raise file.wrong("the file is empty. It should hold a JSON array.")
        case _:
            text.skip()
            raise ItemReaderFailed(NOT_ITERABLE)
    if pointer is None and text.peek():
        text.refuse("something comes after the array")


def _go_to(text: _Text, pointer: str) -> None:
    """Go to the value that a JSON Pointer names."""
    if pointer and not pointer.startswith("/"):
        raise ItemReaderFailed(f"ReaderConfig: ItemsPointer is {pointer!r}. A JSON Pointer begins with '/', as '/a/b'.")
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for depth, step in enumerate(steps):
        if not _enter(text, step):
            above = "/" + "/".join(pointer.split("/")[1 : depth + 1]) if depth else "the top"
            raise text.file.wrong(f"ItemsPointer {pointer!r} leads nowhere: at {above} there is no {step!r}.")


def _enter(text: _Text, step: str) -> bool:
    """Go to one member or element. Is there one?"""
    match text.peek():
        case "{":
            places: Iterator[str] = text.members()
        case "[":
            places = map(str, text.elements())
        case _:
            return False
    for name in places:
        if name == step:
            return True
        text.skip()
    return False


class _Text:
    """A JSON text that arrives in pieces, and how far it was read."""

    def __init__(self, file: ItemFile, *, limits: bool) -> None:
        self.file = file
        self._limit = MAX_ITEM_BYTES if limits else None
        self._chunks = file.chunks()
        decoder: Any = json.JSONDecoder(parse_int=float)  # Python refuses integers of more than 4300 digits
        self._scan = decoder.scan_once
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text, self._at, self._line, self._ended = "", 0, 1, False

    def peek(self) -> str:
        """The next character that is no blank; "" at the end."""
        while True:
            self._at = _blank.match(self._text, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def elements(self) -> Iterator[int]:
        """Stop at each element of the array that begins here; whoever asks for the next one has read it."""
        self._at += 1
        index = 0
        if self.peek() != "]":
            while True:
                yield index
                if not self._goes_on("]"):
                    return
                index += 1
        self._at += 1

    def members(self) -> Iterator[str]:
        """Stop at each value of the object that begins here, and tell its name; the same holds."""
        self._at += 1
        if self.peek() != "}":
            while True:
                name = self.value() if self.peek() == '"' else self.refuse("a name in quotes should be here")
                if self.peek() != ":":
                    self.refuse("':' should be here")
                self._at += 1
                yield name
                if not self._goes_on("}"):
                    return
        self._at += 1

    def _goes_on(self, closing: str) -> bool:
        mark = self.peek()
        if mark not in (",", closing):
            self.refuse(f"',' or '{closing}' should be here")
        self._at += 1
        return mark == ","

    def value(self) -> JSON:
        """The value that begins here."""
        end = self._end()
        text = self._text[self._at : end]
        try:
            value = loads(text)
        except NotJSON as error:
            self.refuse(error.message.removeprefix("no valid JSON: ").partition(": line ")[0])
        self._at = end
        return value

    def skip(self) -> None:
        """Go past the value that begins here, without holding it when it is large."""
        opening = self.peek()
        if opening in ("[", "{") and self._found() is None and not self._ended:
            for _ in self.elements() if opening == "[" else self.members():
                self.skip()
        else:
            self._at = self._end()

    def _end(self) -> int:
        """Where the value that begins here ends; all of it is in memory then."""
        if not self.peek():
            self.refuse("a value should be here")
        while True:
            end = self._found()
            if self._limit is not None and (end or len(self._text)) - self._at > self._limit:
                raise self.file.wrong("an item of more than 8 MB.", self._line_here())
            if end is not None:
                return end
            if not self._more():
                self.refuse("the file ends within a value")

    def _found(self) -> int | None:
        """Where the value that begins here ends, or None if more must be read to tell."""
        text, at = self._text, self._at
        number = _number.match(text, at)
        if number is not None:
            return number.end() if number.end() < len(text) or self._ended else None
        try:
            end: int = self._scan(text, at)[1]
        except JSONDecodeError as error:
            cut, place, problem = error.msg.startswith("Unterminated string"), error.pos, error.msg
        except StopIteration as stop:
            cut, place, problem = False, stop.value, "Expecting value"
        except RecursionError:
            self.refuse("nested too deeply")
        else:
            return end
        if not cut and (place < len(text) - _MARGIN or self._ended):
            self.refuse(problem[0].lower() + problem[1:], place)
        return None

    def _more(self) -> bool:
        """Read on, as much as there is unread: so a long value is not scanned many times. Is there more?"""
        if self._ended:
            return False
        self._line += self._text.count("\n", 0, self._at)
        pieces = [self._text[self._at :]]
        wanted = max(1, len(pieces[0]))
        while wanted > 0 and not self._ended:
            chunk = next(self._chunks, b"")
            self._ended = not chunk
            pieces.append(self._decoder.decode(chunk, final=self._ended))
            wanted -= len(pieces[-1])
        self._text, self._at = "".join(pieces), 0
        return True

    def _line_here(self, place: int | None = None) -> int:
        return self._line + self._text.count("\n", 0, self._at if place is None else place)

    def refuse(self, problem: str, place: int | None = None) -> NoReturn:
        """Say that this is no JSON."""
        shown = self._text[(self._at if place is None else place) :][:20]
        near = f" near {shown!r}" if shown else " at the end"
        raise self.file.wrong(f"no valid JSON: {problem}{near}.", self._line_here(place))
