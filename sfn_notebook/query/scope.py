"""What every compiled expression is: a function of the data and of a scope, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeAlias

from sfn_notebook.values import JSON


class Scope(Protocol):
    """What an expression can see besides its data. The engine's frames are scopes."""

    @property
    def variables(self) -> Mapping[str, JSON]:
        """The variables that are visible here, outer ones included."""

    @property
    def now(self) -> int:
        """The time of $now() and $millis(), in milliseconds since 1970.  (DESIGN, law 2)"""

    def context(self) -> dict[str, JSON]:
        """The context object ($$).  (spec: language, Context object)"""

    def draw(self, site: str) -> int:
        """128 bits of chance, always the same for the same execution, place, visit, attempt and `site`."""


Expression: TypeAlias = Callable[[JSON, Scope], JSON]
"""A compiled expression. Raises QueryError; never changes its data; may share parts of it."""

Test: TypeAlias = Callable[[JSON, Scope], bool]
"""A compiled choice rule."""


class Growth(NamedTuple):
    """An upper bound, in bytes, of an expression's value: constant + factor × size of its data."""

    constant: int
    factor: int


class QueryError(Exception):
    """An expression failed while it ran: `error` is its name (States.Runtime), `cause` its text.

    `cause` is AWS's text without the standard prefix that names state and event.
    """

    def __init__(self, error: str, cause: str) -> None:
        self.error, self.cause = error, cause
        super().__init__(f"{error}: {cause}")


class QuerySyntaxError(ValueError):
    """A text is no expression: what is wrong, at which character (0-based), and what may have been meant."""

    def __init__(self, message: str, offset: int = 0, hint: str = "") -> None:
        self.message, self.offset, self.hint = message, offset, hint
        super().__init__(message)
