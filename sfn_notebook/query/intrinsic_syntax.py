"""Text of an intrinsic call → `Call`.  (spec: intrinsics, Syntax; States Language: Intrinsic Functions)

Knows the grammar; must not know what the functions do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from .cursor import Cursor
from .path_syntax import Path, read_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfn_notebook.values import JSON

MAX_NESTING: Final = 10

_ESCAPES: Final = {"'": "'", "{": "{", "}": "}", "\\": "\\"}
_PATH_STOPS: Final = frozenset(",)")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?(?![0-9A-Za-z_.])")
_KEYWORD: Final = re.compile(r"(true|false|null)(?![A-Za-z0-9_.(])")
_KEYWORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Literal:
    r"""A constant argument. `source` is its text, so that Format can tell `{}` from `\\{\\}`."""

    value: JSON
    source: str
    offset: int


@dataclass(frozen=True, slots=True)
class PathArgument:
    """A path argument."""

    path: Path
    offset: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name(arguments…)`; offsets count from the start of the whole text."""

    name: str
    arguments: tuple[Argument, ...]
    offset: int


Argument: TypeAlias = Literal | PathArgument | Call


def parse_call(text: str) -> Call:
    """The call that `text` holds, whatever its name; blanks around it do not count.

    Raises: QuerySyntaxError, and nothing else.
    """
    cursor = Cursor(text)
    cursor.skip_blanks()
    call = _read_call(cursor)
    cursor.end()
    return call


def paths_in(call: Call) -> Iterator[Path]:
    """All paths among the arguments, nested ones included."""
    for argument in call.arguments:
        if isinstance(argument, PathArgument):
            yield argument.path
        elif isinstance(argument, Call):
            yield from paths_in(argument)


def _read_call(cursor: Cursor) -> Call:
    cursor.enter(MAX_NESTING, "Intrinsic functions")
    offset = cursor.position
    name = cursor.take_match(_NAME)
    if not name:
        cursor.fail("Expected a path or an intrinsic function.", "Both '$.name' and 'States.UUID()' would do.")
    cursor.expect("(", name)
    arguments = tuple(_read_arguments(cursor))
    cursor.leave()
    return Call(name, arguments, offset)


def _read_arguments(cursor: Cursor) -> Iterator[Argument]:
    cursor.skip_blanks()
    if cursor.accept(")"):
        return
    while True:
        cursor.skip_blanks()
        yield _read_argument(cursor)
        cursor.skip_blanks()
        if cursor.accept(")"):
            return
        cursor.expect(",", "an argument")


def _read_argument(cursor: Cursor) -> Argument:
    offset = cursor.position
    match cursor.peek():
        case "$":
            return PathArgument(read_path(cursor, _PATH_STOPS), offset)
        case "'":
            value = cursor.take_quoted(_ESCAPES)
            return Literal(value, cursor.text[offset + 1 : cursor.position - 1], offset)
        case '"':
            cursor.fail("Text in an intrinsic function stands between single quotes.")
    if number := cursor.take_match(_NUMBER):
        return Literal(float(number) if set(number) & set(".eE") else int(number), number, offset)
    if word := cursor.take_match(_KEYWORD):
        return Literal(_KEYWORDS[word], word, offset)
    return _read_call(cursor)
