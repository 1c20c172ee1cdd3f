"""Definition text → value with positions, and what keeps the text from being JSON.

Knows text and places; nothing of states.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from sfn_notebook.values import ABSENT, JSON, Absent

from .codes import CODES
from .diagnostics import Diagnostic
from .json_reader import ESCAPED, Fault, Lines, Mark, Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

Span: TypeAlias = tuple[int, int, int, int]
"""line, column, end_line, end_column: from 1, the end behind the last character."""


@dataclass(frozen=True)
class Source:
    """A definition's text and what was read from it.

    value: the JSON value, ABSENT when the text is unreadable; faults: what is wrong with the text.
    """

    text: str
    value: JSON | Absent
    mark: Mark
    faults: tuple[Fault, ...]

    @cached_property
    def problems(self) -> tuple[Diagnostic, ...]:
        """What is wrong with the text, as diagnostics."""
        return tuple(
            self.diagnostic(fault.code, (fault.message, fault.hint), fault.path, (fault.start, fault.end))
            for fault in self.faults
        )

    def span(self, pointer: str, *, key: bool = False) -> Span:
        """Where the value at a JSON `pointer` stands; `key`: where its key stands.

        A pointer that leads nowhere gives the nearest value around it.
        """
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        return self._between(*self.ends(steps, key=key))

    def ends(self, steps: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
        """`span` as two offsets, from the steps of a pointer as they stand in the value."""
        mark = self.mark
        for step in steps:
            found = _inside(mark, step)
            if found is None:
                break
            mark = found
        if key and mark.key_end:
            return mark.key_start, mark.key_end
        return mark.start, mark.end

    def offset_in_string(self, start: int, offset: int) -> int:
        """Where character `offset` of the string whose quote opens at `start` stands in the text."""
        position = start + 1
        for _ in range(offset):
            if self.text[position : position + 1] in ('"', ""):
                break
            escaped = ESCAPED.match(self.text, position)
            position = escaped.end() if escaped else position + 1
        return position

    def diagnostic(self, code: str, words: tuple[str, str], path: str, ends: tuple[int, int]) -> Diagnostic:
        """A finding about the text between two offsets; words: message and hint."""
        return Diagnostic(code, CODES[code].severity, *words, path, *self._between(*ends))

    @cached_property
    def _lines(self) -> Lines:
        return Lines(self.text)

    def _between(self, start: int, end: int) -> Span:
        return (*self._lines.position(start), *self._lines.position(max(start, end)))


def _inside(mark: Mark, step: str | int) -> Mark | None:
    inside = mark.inside
    if isinstance(inside, dict):
        return inside.get(str(step))
    if isinstance(inside, list) and str(step).isdecimal() and len(str(step)) < 8:
        return next(iter(inside[int(step) : int(step) + 1]), None)
    return None


def read(text: str) -> Source:
    """The value that JSON `text` holds, and what is wrong with the text. Never raises; takes linear time.

    The first fault that leaves the text without meaning ends the reading: value is ABSENT then. Of a key
    that stands twice the last value is taken.
    """
    reader = Reader(text)
    try:
        value, mark = reader.read()
    except Fault as fault:
        return Source(text, ABSENT, Mark(0, 0, 0, 0, None), (*reader.faults, fault))
    return Source(text, value, mark, tuple(reader.faults))
