"""Text of a JSONPath → `Path`.  (Amazon States Language: Paths, Reference Paths; the dialect is Jayway's)

Knows the grammar; must not know data. The tree is frozen and compares by value, so linters may keep it.
Two things of Jayway's are refused, as the service refuses them: functions (`.length()`), scripts (`[(…)]`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sfn_notebook.values import JSON, MAX_DEPTH

from .cursor import Cursor
from .regex import compile_regex
from .scope import QuerySyntaxError

MAX_STEPS: Final = MAX_DEPTH
"""No value is deeper, so no longer path can find anything."""
_MAX_NESTING: Final = 20
_MAX_VARIABLE: Final = 80

Root: TypeAlias = Literal["$", "$$", "variable", "@"]


@dataclass(frozen=True, slots=True)
class Name:
    """`.name` or `['name']`."""

    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """`['x','y']`: at the end of a path an object of these members, elsewhere one after the other."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]`, counted from the end if negative."""

    index: int


@dataclass(frozen=True, slots=True)
class Indexes:
    """`[m,n]`."""

    indexes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:stop:step]`."""

    start: int | None
    stop: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*`: every member, every item."""


@dataclass(frozen=True, slots=True)
class Descent:
    """`..`: the value and all arrays and objects in it; the next step applies to each."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`: the items for which the condition holds, or the object itself."""

    condition: Condition


Step: TypeAlias = Name | Names | Index | Indexes | Slice | Wildcard | Descent | Filter


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path.

    root: `$` the data, `$$` the context object, `variable`, or inside a filter `@`, the item that is tested.
    definite: finds one value or nothing; an indefinite path finds a list.
    reference: can only ever name one node, so a ResultPath may be made of its steps.
    """

    text: str
    root: Root
    variable: str
    steps: tuple[Step, ...]
    definite: bool
    reference: bool


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal in a filter."""

    value: JSON


@dataclass(frozen=True, slots=True)
class Regex:
    """`/pattern/flags` in a filter."""

    pattern: str
    flags: str


@dataclass(frozen=True, slots=True)
class All:
    """`a && b`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """`a || b`."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`!a`."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Exists:
    """A path on its own: it finds something, be it null."""

    path: Path


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`."""

    operator: str
    left: Operand
    right: Operand


Operand: TypeAlias = Path | Constant | Regex
Condition: TypeAlias = All | Any | Not | Exists | Comparison

_SYMBOLS: Final = ("===", "!==", "==", "!=", "=~", "<=", ">=", "<", ">")
_WORDS: Final = ("in", "nin", "subsetof", "anyof", "noneof", "contains", "size", "empty")
_KEYWORDS: Final = {"true": True, "false": False, "null": None}
_FILTER_STOPS: Final = frozenset("=<>!&|~,)")
_FUNCTION_HINTS: Final = {
    "length": "States.ArrayLength(…)",
    "size": "States.ArrayLength(…)",
    "sum": "States.MathAdd(…)",
    "concat": "States.Format(…)",
    "index": "an index in brackets",
    "first": "[0]",
    "last": "[-1]",
}
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}(?![0-9])")
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")


def parse(text: str) -> Path:
    """The path that `text` holds; blanks around it do not count.

    Raises: QuerySyntaxError, and nothing else.
    """
    cursor = Cursor(text)
    cursor.skip_blanks()
    path = read_path(cursor)
    if cursor.peek().isspace() and text[cursor.position :].strip():
        cursor.fail("A name after a dot holds no blanks.", "Write it in brackets: ['a name'].")
    cursor.end()
    return path


def read_path(cursor: Cursor, stops: frozenset[str] = frozenset()) -> Path:
    """The path at the cursor, which is left behind it; names after a dot end before a stop."""
    start = cursor.position
    if not cursor.accept("$"):
        cursor.fail("A path starts with '$'.")
    root: Root = "$"
    variable = ""
    if cursor.accept("$"):
        root = "$$"
    elif cursor.peek().isidentifier():
        root, variable = "variable", _read_variable(cursor)
    return _path(cursor, start, root, variable, stops)


def _read_variable(cursor: Cursor) -> str:
    start = cursor.position
    name = cursor.take_while(lambda character: f"_{character}".isidentifier())
    if len(name) > _MAX_VARIABLE:
        cursor.fail(f"The name of a variable has at most {_MAX_VARIABLE} characters.", offset=start)
    return name


def _path(cursor: Cursor, start: int, root: Root, variable: str, stops: frozenset[str]) -> Path:
    steps = tuple(_read_steps(cursor, stops))
    text = cursor.text[start : cursor.position]
    reference = all(isinstance(step, Name | Index) for step in steps)
    prefix = steps[:-1] if steps and isinstance(steps[-1], Names) else steps
    definite = all(isinstance(step, Name | Index) for step in prefix)
    return Path(text, root, variable, steps, definite, reference)


def _read_steps(cursor: Cursor, stops: frozenset[str]) -> list[Step]:
    steps: list[Step] = []
    while True:
        if cursor.accept(".."):
            steps.append(Descent())
            steps.append(_read_bracket(cursor) if cursor.looking_at("[") else _read_name(cursor, stops))
        elif cursor.accept("."):
            # `$.[0]` and `$.['a']` are no grammar, but Jayway reads them and real definitions hold them.
            steps.append(_read_bracket(cursor) if cursor.looking_at("[") else _read_name(cursor, stops))
        elif cursor.looking_at("["):
            steps.append(_read_bracket(cursor))
        else:
            return steps
        if len(steps) > MAX_STEPS:
            cursor.fail(f"A path has at most {MAX_STEPS} steps.")


def _read_name(cursor: Cursor, stops: frozenset[str]) -> Step:
    start = cursor.position
    pieces = []
    while True:
        pieces.append(cursor.take_while(lambda c: c not in ".[]()\\" and c not in stops and not c.isspace()))
        if not cursor.accept("\\"):
            break
        if not cursor.peek():
            cursor.fail("The path ends after a backslash.")
        pieces.append(cursor.peek())
        cursor.position += 1
    raw, name = cursor.text[start : cursor.position], "".join(pieces)
    if raw == "*":
        return Wildcard()
    if cursor.looking_at("("):
        hint = _FUNCTION_HINTS.get(name)
        cursor.fail(
            f"Path functions such as {name}() are not supported in state machines.",
            f"Use {hint}." if hint else "Use an intrinsic function.",
            offset=start,
        )
    if not name:
        cursor.fail("A name is missing after the dot.")
    if raw.startswith("*"):
        cursor.fail("A wildcard stands alone.", "Write \\* for a star in a name.", offset=start)
    return Name(name)


def _read_bracket(cursor: Cursor) -> Step:
    opening = cursor.position
    cursor.expect("[", "a path")
    cursor.skip_blanks()
    match cursor.peek():
        case "'" | '"':
            step = _read_names(cursor)
        case "*":
            cursor.position += 1
            step = Wildcard()
        case "?":
            cursor.position += 1
            step = _read_filter(cursor)
        case "(":
            cursor.fail("Scripts in a path are not supported.", "Count from the end with [-1].")
        case _:
            step = _read_numbers(cursor)
    cursor.skip_blanks()
    if not cursor.accept("]"):
        cursor.fail("The bracket that opens here has no closing ].", offset=opening)
    return step


def _read_names(cursor: Cursor) -> Step:
    names: dict[str, None] = {}
    while True:
        cursor.skip_blanks()
        if cursor.peek() not in ("'", '"'):
            cursor.fail("Expected a name in quotes.")
        names[cursor.take_quoted()] = None
        cursor.skip_blanks()
        if not cursor.accept(","):
            return Names(tuple(names)) if len(names) > 1 else Name(next(iter(names)))


def _read_numbers(cursor: Cursor) -> Step:
    start = _read_integer(cursor)
    cursor.skip_blanks()
    if cursor.looking_at(":"):
        return _read_slice(cursor, start)
    if start is None:
        cursor.fail("Expected a name in quotes, an index, a slice, * or ?(…).", "Names in brackets need quotes.")
    indexes = [start]
    while cursor.accept(","):
        index = _read_integer(cursor)
        if index is None:
            cursor.fail("Expected an index.")
        indexes.append(index)
        cursor.skip_blanks()
    return Index(start) if len(indexes) == 1 else Indexes(tuple(indexes))


def _read_slice(cursor: Cursor, start: int | None) -> Slice:
    bounds = [start]
    while len(bounds) < 3 and cursor.accept(":"):
        bounds.append(_read_integer(cursor))
        cursor.skip_blanks()
    if bounds[2:] == [0]:
        cursor.fail("The step of a slice is not 0.")
    return Slice(bounds[0], bounds[1], bounds[2] if len(bounds) == 3 else None)


def _read_integer(cursor: Cursor) -> int | None:
    cursor.skip_blanks()
    digits = cursor.take_match(_INTEGER)
    return int(digits) if digits else None


# ---------------------------------------------------------------- filters


def _read_filter(cursor: Cursor) -> Filter:
    if not cursor.accept("("):
        cursor.fail("A filter is written [?(…)].", "Put the condition in parentheses.")
    condition = _read_any(cursor)
    _close(cursor)
    return Filter(condition)


def _close(cursor: Cursor) -> None:
    cursor.skip_blanks()
    cursor.expect(")", "the condition")


def _read_any(cursor: Cursor) -> Condition:
    cursor.enter(_MAX_NESTING, "Conditions of a filter")
    parts = [_read_all(cursor)]
    while _accept_after_blanks(cursor, "||"):
        parts.append(_read_all(cursor))
    cursor.leave()
    return parts[0] if len(parts) == 1 else Any(tuple(parts))


def _read_all(cursor: Cursor) -> Condition:
    parts = [_read_one(cursor)]
    while _accept_after_blanks(cursor, "&&"):
        parts.append(_read_one(cursor))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _accept_after_blanks(cursor: Cursor, word: str) -> bool:
    cursor.skip_blanks()
    return cursor.accept(word)


def _read_one(cursor: Cursor) -> Condition:
    if _accept_after_blanks(cursor, "!"):
        cursor.enter(_MAX_NESTING, "Conditions of a filter")
        part = _read_one(cursor)
        cursor.leave()
        return Not(part)
    if cursor.accept("("):
        condition = _read_any(cursor)
        _close(cursor)
        return condition
    return _read_comparison(cursor)


def _read_comparison(cursor: Cursor) -> Condition:
    start = cursor.position
    left = _read_operand(cursor)
    operator = _read_operator(cursor)
    if operator:
        right = _read_operand(cursor)
        if isinstance(left, Regex) or isinstance(right, Regex) != (operator == "=~"):
            cursor.fail("A regular expression stands on the right of =~, and nowhere else.", offset=start)
        return Comparison(operator, left, right)
    if not isinstance(left, Path):
        cursor.fail("A condition compares two things or names a path that has to exist.", offset=start)
    return Exists(left)


def _read_operator(cursor: Cursor) -> str:
    cursor.skip_blanks()
    for symbol in _SYMBOLS:
        if cursor.accept(symbol):
            return symbol
    start = cursor.position
    word = cursor.take_while(str.isalpha)
    if word and word.lower() not in _WORDS:
        cursor.fail(f"{word!r} is no operator.", f"Operators are {' '.join(_SYMBOLS + _WORDS)}.", offset=start)
    return word.lower()


def _read_operand(cursor: Cursor) -> Operand:
    cursor.skip_blanks()
    match cursor.peek():
        case "@":
            start = cursor.position
            cursor.position += 1
            return _path(cursor, start, "@", "", _FILTER_STOPS)
        case "$":
            return _read_root_operand(cursor)
        case "/":
            return _read_regex(cursor)
        case "'" | '"':
            return Constant(cursor.take_quoted())
        case "[":
            return _read_array(cursor)
        case _:
            return _read_bare(cursor)


def _read_root_operand(cursor: Cursor) -> Path:
    start = cursor.position
    path = read_path(cursor, _FILTER_STOPS)
    if path.root != "$":
        cursor.fail("A filter sees only @, the item, and $, the document.", offset=start)
    return path


def _read_regex(cursor: Cursor) -> Regex:
    start = cursor.position
    cursor.position += 1
    pieces = []
    while True:
        pieces.append(cursor.take_while(lambda character: character not in "/\\"))
        if cursor.accept("\\/"):
            pieces.append("/")
        elif cursor.accept("\\"):
            pieces.append("\\" + cursor.peek())
            cursor.position += 1
        elif cursor.accept("/"):
            return _checked(Regex("".join(pieces), cursor.take_while(str.isalpha)), start)
        else:
            cursor.fail("The regular expression that starts here has no closing /.", offset=start)


def _checked(regex: Regex, start: int) -> Regex:
    try:
        compile_regex(regex.pattern, regex.flags)
    except QuerySyntaxError as error:
        raise QuerySyntaxError(error.message, start + 1 + error.offset, error.hint) from None
    return regex


def _read_array(cursor: Cursor) -> Constant:
    cursor.enter(_MAX_NESTING, "Arrays in a filter")
    cursor.position += 1
    items: list[JSON] = []
    cursor.skip_blanks()
    while not cursor.accept("]"):
        operand = _read_operand(cursor)
        if not isinstance(operand, Constant):
            cursor.fail("An array in a filter holds literals.")
        items.append(operand.value)
        cursor.skip_blanks()
        if not cursor.looking_at("]"):
            cursor.expect(",", "an item")
    cursor.leave()
    return Constant(items)


def _read_bare(cursor: Cursor) -> Constant:
    """A number, true, false, null, or a word without quotes, which real definitions hold."""
    word = cursor.take_while(lambda c: c not in _FILTER_STOPS and c not in "[]()'\"" and not c.isspace())
    if not word:
        cursor.fail("Expected a path, a literal or a regular expression.")
    if word in _KEYWORDS:
        return Constant(_KEYWORDS[word])
    number = _NUMBER.fullmatch(word)
    if number is None:
        return Constant(word)
    return Constant(float(word) if number[1] or number[2] else int(word))
