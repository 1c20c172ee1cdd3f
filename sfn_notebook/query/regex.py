r"""Regular expressions of JSONPath filters (`=~ /re/i`), matched in linear time.

Python's `re` backtracks, so a pattern in a definition could hold the kernel for hours; this module runs all
alternatives side by side instead (Thompson's construction) and remembers the sets of places it has been in.

Understood: literals, `.`, classes `[a-z]` `[^…]`, `\d \w \s \D \W \S`, groups, `|`, `* + ? {m,n}` (also lazy,
which changes where a match ends, and here the whole text must match), `^` and `$`, the flags i and s.
Refused with a QuerySyntaxError: what needs backtracking or context (back references, look-around, `\b`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from .cursor import Cursor
from .scope import QuerySyntaxError

MAX_STATES: Final = 1_000
"""How large a pattern may be, repetitions written out."""
_MAX_NESTING: Final = 20
_MAX_REMEMBERED: Final = 2_000

_CharacterTest: TypeAlias = Callable[[str], bool]
_CLASSES: Final[dict[str, _CharacterTest]] = {
    "d": lambda c: c in "0123456789",
    "w": lambda c: c.isascii() and (c.isalnum() or c == "_"),
    "s": lambda c: c in " \t\n\v\f\r",
}
_CONTROLS: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}
_COUNTS: Final = re.compile(r"\{([0-9]{1,4})(,([0-9]{1,4})?)?\}")


@dataclass(frozen=True, slots=True)
class _One:
    """One character that passes a test."""

    test: _CharacterTest


@dataclass(frozen=True, slots=True)
class _Sequence:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Either:
    parts: tuple[_Node, ...]


@dataclass(frozen=True, slots=True)
class _Repeat:
    part: _Node
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class _Edge:
    """`^` or `$`: nothing, at the start or the end of the text."""

    start: bool


_Node: TypeAlias = _One | _Sequence | _Either | _Repeat | _Edge


def compile_regex(pattern: str, flags: str = "") -> Callable[[str], bool]:
    """A test whether a whole text matches `pattern`, as Java's Matcher.matches does.

    Raises: QuerySyntaxError for patterns that are wrong, too large, or outside the subset above.
    """
    if unknown := set(flags) - set("is"):
        Cursor(pattern).fail(f"The regular expression flag {min(unknown)!r} is not supported.", "Use i or s.")
    tree = _Reader(pattern, ignore_case="i" in flags, dot_all="s" in flags).read()
    machine = _Machine()
    machine.build(tree)
    return machine.matcher()


class _Reader:
    """Pattern text → tree."""

    def __init__(self, pattern: str, *, ignore_case: bool, dot_all: bool) -> None:
        self.cursor = Cursor(pattern)
        self.ignore_case, self.dot_all = ignore_case, dot_all

    def read(self) -> _Node:
        tree = self._either()
        if self.cursor.peek():
            self.cursor.fail("This ) closes nothing.")
        return tree

    def _either(self) -> _Node:
        self.cursor.enter(_MAX_NESTING, "Groups of a regular expression")
        branches = [self._sequence()]
        while self.cursor.accept("|"):
            branches.append(self._sequence())
        self.cursor.leave()
        return branches[0] if len(branches) == 1 else _Either(tuple(branches))

    def _sequence(self) -> _Node:
        parts: list[_Node] = []
        while self.cursor.peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return _Sequence(tuple(parts))

    def _repeated(self, part: _Node) -> _Node:
        bounds = self._bounds()
        if bounds is None:
            return part
        self.cursor.accept("?")  # lazy: the same texts match
        if self.cursor.peek() in ("*", "+", "?") or self.cursor.take_match(_COUNTS):
            self.cursor.fail("Possessive and doubled repetitions are not supported.")
        return _Repeat(part, *bounds)

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.cursor.accept(sign):
                return bounds
        counts = _COUNTS.match(self.cursor.text, self.cursor.position)
        if counts is None:
            return None
        self.cursor.position = counts.end()
        least = int(counts[1])
        most = least if counts[2] is None else int(counts[3]) if counts[3] else None
        if most is not None and most < least:
            self.cursor.fail("The repetition's bounds are in the wrong order.", offset=counts.start())
        return least, most

    def _atom(self) -> _Node:
        cursor = self.cursor
        character = cursor.peek()
        if character in "*+?{":
            cursor.fail(f"There is nothing that {character!r} could repeat.", f"Write \\{character} for the sign.")
        cursor.position += 1
        match character:
            case "(":
                return self._group()
            case "[":
                return _One(self._class())
            case "\\":
                return _One(self._escape())
            case "^" | "$":
                return _Edge(start=character == "^")
            case ".":
                return _One((lambda _: True) if self.dot_all else (lambda c: c not in "\n\r\u0085\u2028\u2029"))
        return _One(self._literal(character))

    def _group(self) -> _Node:
        if self.cursor.accept("?") and not self.cursor.accept(":"):
            self.cursor.fail("Look-around, named groups and inline flags are not supported.", "Use (…) or (?:…).")
        tree = self._either()
        self.cursor.expect(")", "a group")
        return tree

    def _literal(self, character: str) -> _CharacterTest:
        return self._range(character, character)

    def _range(self, low: str, high: str) -> _CharacterTest:
        if not self.ignore_case:
            return lambda c: low <= c <= high
        return lambda c: any(low <= form <= high for form in (c, c.lower(), c.upper()))

    def _escape(self) -> _CharacterTest:
        character = self.cursor.peek()
        if not character:
            self.cursor.fail("The regular expression ends after a backslash.")
        self.cursor.position += 1
        if test := _CLASSES.get(character.lower()):
            return test if character.islower() else (lambda c: not test(c))
        if character in _CONTROLS:
            return self._literal(_CONTROLS[character])
        if character.isalnum():
            self.cursor.fail(
                f"\\{character} is not supported in a regular expression.", offset=self.cursor.position - 2
            )
        return self._literal(character)

    def _class(self) -> _CharacterTest:
        opening = self.cursor.position - 1
        negated = self.cursor.accept("^")
        tests: list[_CharacterTest] = []
        while not (tests and self.cursor.accept("]")):
            if not self.cursor.peek():
                self.cursor.fail("The character class that starts here has no closing ].", offset=opening)
            tests.append(self._class_item())
        return lambda c: any(test(c) for test in tests) is not negated

    def _class_item(self) -> _CharacterTest:
        cursor = self.cursor
        if cursor.looking_at("[") or cursor.looking_at("&&"):
            cursor.fail("Nested character classes are not supported.", "Escape it with a backslash.")
        if cursor.accept("\\"):
            return self._escape()
        low = cursor.peek()
        cursor.position += 1
        rest = cursor.text[cursor.position : cursor.position + 2]
        if len(rest) < 2 or rest[0] != "-" or rest[1] in "]\\":
            return self._literal(low)
        cursor.position += 2
        if rest[1] < low:
            cursor.fail("The range of characters is in the wrong order.", offset=cursor.position - 3)
        return self._range(low, rest[1])


class _Machine:
    """States with a test each (None: passed without reading) and where they lead; 0 starts, -1 accepts."""

    def __init__(self) -> None:
        self.tests: list[_CharacterTest | _Edge | None] = []
        self.exits: list[list[int]] = []

    def build(self, tree: _Node) -> None:
        start = self._state(None)
        self.exits[start].append(self._add(tree, -1))

    def _state(self, test: _CharacterTest | _Edge | None, *exits: int) -> int:
        if len(self.tests) == MAX_STATES:
            raise QuerySyntaxError(f"The regular expression needs more than {MAX_STATES} states.")
        self.tests.append(test)
        self.exits.append(list(exits))
        return len(self.tests) - 1

    def _add(self, node: _Node, after: int) -> int:
        """The state at which `node` starts, when `after` follows it."""
        match node:
            case _One(test):
                return self._state(test, after)
            case _Edge():
                return self._state(node, after)
            case _Either(parts):
                return self._state(None, *[self._add(part, after) for part in parts])
            case _Sequence(()):
                return self._state(None, after)
            case _Sequence(parts):
                for part in reversed(parts):
                    after = self._add(part, after)
                return after
            case _Repeat(part, least, most):
                return self._add_repeat(part, least, most, after)

    def _add_repeat(self, part: _Node, least: int, most: int | None, after: int) -> int:
        if most is None:
            loop = self._state(None, after)
            self.exits[loop].append(self._add(part, loop))
            after = loop
        else:
            leave = after
            for _ in range(most - least):
                after = self._state(None, leave, self._add(part, after))
        for _ in range(least):
            after = self._add(part, after)
        return after

    def matcher(self) -> Callable[[str], bool]:
        start = self._reach([0], at_start=True, at_end=False)
        empty = -1 in self._reach([0], at_start=True, at_end=True)
        remembered: dict[tuple[frozenset[int], str], frozenset[int]] = {}

        def step(places: frozenset[int], character: str) -> frozenset[int]:
            known = remembered.get((places, character))
            if known is None:
                if len(remembered) >= _MAX_REMEMBERED:
                    remembered.clear()
                known = remembered[places, character] = self._step(places, character, at_end=False)
            return known

        def matches(text: str) -> bool:
            if not text:
                return empty
            places = start
            for character in text[:-1]:
                places = step(places, character)
                if not places:
                    return False
            return -1 in self._step(places, text[-1], at_end=True)

        return matches

    def _step(self, places: frozenset[int], character: str, *, at_end: bool) -> frozenset[int]:
        passed = [place for place in places if place >= 0 and self._reads(place, character)]
        return self._reach((self.exits[place][0] for place in passed), at_start=False, at_end=at_end)

    def _reads(self, place: int, character: str) -> bool:
        test = self.tests[place]
        return callable(test) and test(character)

    def _reach(self, places: Iterable[int], *, at_start: bool, at_end: bool) -> frozenset[int]:
        """The places reached from `places` without reading a character."""
        reached: set[int] = set()
        pending = list(places)
        while pending:
            place = pending.pop()
            if place in reached:
                continue
            reached.add(place)
            test = self.tests[place] if place >= 0 else _accepting
            if test is None or (isinstance(test, _Edge) and (at_start if test.start else at_end)):
                pending.extend(self.exits[place])
        return frozenset(reached)


def _accepting(_: str) -> bool:
    return False
