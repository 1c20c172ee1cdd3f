"""Answers that take their time: a synchronous execution, and whatever else is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

Answer = dict[str, Any]


def _nothing() -> None: ...


class Pending(NamedTuple):
    """An answer that is not there yet.

    when_ready: has a function called, from any thread, once it is there; wait: waits for it in the caller's thread, so
    many seconds at most; answer: gives it then; give_up: says that nobody waits for it any more, instead of asking for
    the answer; seconds: how long to wait at most, whereupon there is an answer too.
    """

    when_ready: Callable[[Callable[[], None]], object]
    wait: Callable[[float | None], object]
    answer: Callable[[], Answer]
    give_up: Callable[[], object] = _nothing
    seconds: float | None = None
