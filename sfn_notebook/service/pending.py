"""Answers that take their time: a synchronous execution, and whatever else is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Answer = dict[str, Any]


def _nothing() -> None: ...


class Pending(NamedTuple):
    """An answer that is not there yet.

    when_ready: has a function called, from any thread, once it is there; wait: waits for it in the caller's thread;
    answer: gives it then; give_up: says that nobody waits for it any more.
    """

    when_ready: Callable[[Callable[[], None]], None]
    wait: Callable[[], object]
    answer: Callable[[], Answer]
    give_up: Callable[[], None] = _nothing
