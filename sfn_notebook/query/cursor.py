"""A place in an expression's text, with the few ways of reading on that paths and intrinsic calls share.

Knows characters; must not know what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from .scope import QuerySyntaxError

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping


class Cursor:
    """Reads `text` from left to right; a failure is a QuerySyntaxError with its offset."""

    __slots__ = ("depth", "position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def peek(self) -> str:
        """The next character, or "" at the end."""
        return self.text[self.position : self.position + 1]

    def looking_at(self, word: str) -> bool:
        """Whether `word` comes next."""
        return self.text.startswith(word, self.position)

    def accept(self, word: str) -> bool:
        """Steps over `word` if it comes next."""
        if not self.looking_at(word):
            return False
        self.position += len(word)
        return True

    def expect(self, word: str, after: str) -> None:
        """Steps over `word`, which has to come next."""
        if not self.accept(word):
            found = f"found {self.peek()!r}" if self.peek() else "the text ends"
            self.fail(f"Expected {word!r} after {after}, but {found}.")

    def skip_blanks(self) -> None:
        """Steps over white space."""
        while self.peek().isspace():
            self.position += 1

    def take_while(self, wanted: Callable[[str], bool]) -> str:
        """The characters up to the first that is not wanted."""
        start = self.position
        while self.position < len(self.text) and wanted(self.text[self.position]):
            self.position += 1
        return self.text[start : self.position]

    def take_match(self, pattern: re.Pattern[str]) -> str:
        """What `pattern` matches here, possibly nothing."""
        found = pattern.match(self.text, self.position)
        if found is None:
            return ""
        self.position = found.end()
        return found.group()

    def end(self) -> None:
        """Nothing but white space may be left."""
        self.skip_blanks()
        if self.peek():
            self.fail(f"Unexpected {self.peek()!r}.")

    def enter(self, limit: int, what: str) -> None:
        """One level deeper; `leave` comes back. Keeps recursion far from Python's own limit."""
        self.depth += 1
        if self.depth > limit:
            self.fail(f"{what} nest deeper than {limit} levels.")

    def leave(self) -> None:
        self.depth -= 1

    def fail(self, message: str, hint: str = "", offset: int | None = None) -> NoReturn:
        """Raises QuerySyntaxError, here or at `offset`."""
        raise QuerySyntaxError(message, self.position if offset is None else offset, hint)

    def take_quoted(self, escapes: Mapping[str, str] | None = None) -> str:
        """The text between two equal quotes, the first of which comes next.

        With `escapes`, only those characters may follow a backslash. Without, a backslash escapes the quote
        and itself, and stays where anything else follows.
        """
        opening = self.position
        quote = self.text[opening]
        self.position += 1
        pieces: list[str] = []
        while True:
            pieces.append(self.take_while(lambda character: character not in (quote, "\\")))
            if self.accept(quote):
                return "".join(pieces)
            if not self.accept("\\"):
                self.fail(f"The quote {quote} that opens here is never closed.", offset=opening)
            pieces.append(self._escaped(opening, quote, escapes))

    def _escaped(self, opening: int, quote: str, escapes: Mapping[str, str] | None) -> str:
        character = self.peek()
        if not character:
            self.fail("The text ends after a backslash.", offset=opening)
        self.position += 1
        if escapes is None:
            # Recorded: the backslash of $['Test\""Name"'] is part of the name.
            return character if character in (quote, "\\") else f"\\{character}"
        if character not in escapes:
            allowed = ", ".join("\\" + known for known in escapes)
            self.fail(f"Illegal escape \\{character}.", f"Allowed: {allowed}.", offset=self.position - 2)
        return escapes[character]
