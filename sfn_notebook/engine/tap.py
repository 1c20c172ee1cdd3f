"""Listening to a program at work: what each step of the data flow gave, for explanations.

A program is compiled with a tap, or, as a rule, without one: then nothing is wrapped, and running costs nothing. The
functions that make steps of the data flow call `tapped` or one of its sisters while they compile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

from sfn_notebook.query.jsonata import States
from sfn_notebook.query.scope import QueryError
from sfn_notebook.values import ABSENT, JSON, Absent

if TYPE_CHECKING:
    from .frames import Frame
    from .jsonata_flow import Value
    from .program import Step

Function = TypeVar("Function", bound=Callable[..., Any])


class Tap(Protocol):
    """Who listens."""

    def arrange(self, step: Step) -> None:
        """A step is compiled: its actions may be wrapped."""

    def hear(
        self,
        frame: Frame,
        field: str,
        value: JSON | Absent,
        error: QueryError | None = None,
        states: States | None = None,
    ) -> None:
        """In the state where `frame` stands `field`, as AWS names it ("Catch[0]/Output"), gave a value or failed.

        states: what the JSONata expressions of the field saw.
        """


_tap: Final[ContextVar[Tap | None]] = ContextVar("tap", default=None)
"""Of the program that is being compiled."""


@contextmanager
def tapping(tap: Tap) -> Iterator[None]:
    """Programs compiled inside have this tap."""
    token = _tap.set(tap)
    try:
        yield
    finally:
        _tap.reset(token)


def compiled(step: Step) -> None:
    """Tell whoever listens that a step is compiled."""
    tap = _tap.get()
    if tap is not None:
        tap.arrange(step)


def tapped(field: str, function: Function, value_in: Callable[[Any], JSON | Absent] = lambda out: out) -> Function:
    """`function` of (…, frame), its values heard as those of `field`; value_in: what to hear of what it gives."""
    tap = _tap.get()
    if tap is None:
        return function

    def heard(*arguments: Any) -> Any:
        try:
            out = function(*arguments)
        except QueryError as error:
            tap.hear(arguments[-1], field, ABSENT, error)
            raise
        tap.hear(arguments[-1], field, value_in(out))
        return out

    return cast("Function", heard)


def tapped_flow(field: str, flow: Function) -> Function:
    """`tapped` for a function that gives (value, bound)."""
    return tapped(field, flow, itemgetter(0))


def tapped_value(field: str, value_of: Value) -> Value:
    """`tapped` for the value of a field of a JSONata state."""
    tap = _tap.get()
    if tap is None:
        return value_of

    def heard(frame: Frame, result: JSON | Absent, error_output: JSON | Absent) -> JSON:
        states = States(frame.value, result, error_output)
        try:
            value = value_of(frame, result, error_output)
        except QueryError as error:
            tap.hear(frame, field, ABSENT, error, states)
            raise
        tap.hear(frame, field, value, None, states)
        return value

    return heard
