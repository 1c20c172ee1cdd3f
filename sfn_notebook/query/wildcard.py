"""Patterns of StringMatches, matched in linear time.  (Choice: StringMatches)

A pattern never becomes a regular expression: twelve `*a` against 41 characters took one 78 seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .scope import QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable


def compile_wildcard(pattern: str) -> Callable[[str], bool]:
    r"""A test whether a whole text matches: `*` is any text, also none; `\*` is a star, `\\` a backslash.

    Raises: QuerySyntaxError for any other use of a backslash.
    """
    first, *others = _literals(pattern)
    if not others:
        return lambda text: text == first
    *middles, last = others
    shortest = len(first) + len(last)
    pieces = tuple(piece for piece in middles if piece)

    def matches(text: str) -> bool:
        if len(text) < shortest or not text.startswith(first) or not text.endswith(last):
            return False
        # The leftmost place is always good enough for a piece: what follows it has the most room there.
        position, end = len(first), len(text) - len(last)
        for piece in pieces:
            found = text.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return matches


def _literals(pattern: str) -> list[str]:
    """The texts between the stars."""
    literals = [""]
    characters = iter(enumerate(pattern))
    for offset, character in characters:
        if character == "*":
            literals.append("")
            continue
        if character == "\\":
            _, escaped = next(characters, (offset, ""))
            if escaped not in ("*", "\\"):
                hint = r"Write \* for a star and \\ for a backslash (each backslash twice in JSON)."
                raise QuerySyntaxError("A backslash in a pattern must escape a star or a backslash.", offset, hint)
            literals[-1] += escaped
            continue
        literals[-1] += character
    return literals
