"""What tasks print, kept apart for each attempt: a thread's prints must not land in whatever cell is running."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Final, TextIO

LONGEST: Final = 10_000
"""Characters kept of what one attempt prints."""


class Printed:
    """The beginning of what an attempt printed."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._kept = 0
        self._dropped = 0

    def write(self, text: str) -> None:
        room = LONGEST - self._kept
        self._kept += len(text[:room]) if room > 0 else 0
        if room > 0:
            self._parts.append(text[:room])
        self._dropped += max(0, len(text) - max(room, 0))

    def text(self) -> str:
        more = f"\n… {self._dropped:,} more characters were printed.\n" if self._dropped else ""
        return "".join(self._parts) + more


_current: ContextVar[Printed | None] = ContextVar("printed", default=None)


class _Router:
    """Stands in for sys.stdout or sys.stderr while tasks run: prints of tasks are kept, all others go on as before."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        printed = _current.get()
        if printed is None:
            return self.stream.write(text)
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        printed.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if _current.get() is None:
            self.stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _Streams:
    """The process's standard streams: routed while at least one task runs. Somebody may redirect them meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0

    def enter(self) -> None:
        with self._lock:
            self._running += 1
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if not isinstance(stream, _Router):
                    setattr(sys, name, _Router(stream))

    def leave(self) -> None:
        with self._lock:
            self._running -= 1
            if self._running == 0:
                for name in ("stdout", "stderr"):
                    stream = getattr(sys, name)
                    if isinstance(stream, _Router):
                        setattr(sys, name, stream.stream)


_streams = _Streams()


@contextmanager
def captured() -> Iterator[Printed]:
    """Keep what this task prints, here and in what it awaits."""
    printed = Printed()
    _streams.enter()
    token = _current.set(printed)
    try:
        yield printed
    finally:
        with suppress(ValueError):  # a hanging coroutine is closed in a foreign context when the interpreter exits
            _current.reset(token)
        _streams.leave()
