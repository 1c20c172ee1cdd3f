"""A line that says how far long work has come, for whoever waits for it; nothing for machines and files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from .workspace import is_repeatable, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfn_notebook.runners.map_run import MapRun
    from sfn_notebook.runners.run import Run

PATIENCE: Final = 2.0
"""Seconds of waiting before anything is said, and between two sayings."""


class ProgressLine:
    """One line on the error stream, written over by the next one."""

    def __init__(self) -> None:
        self._length = 0

    def show(self, text: str) -> None:
        """Say `text` in place of what was said before."""
        if text or self._length:
            sys.stderr.write(f"\r{text}{' ' * (self._length - len(text))}")
            sys.stderr.flush()
            self._length = len(text)

    def clear(self) -> None:
        """Say nothing any more."""
        if self._length:
            self.show("")
            sys.stderr.write("\r")
            self._length = 0


@contextmanager
def progress_line() -> Iterator[ProgressLine]:
    """A line that is gone afterwards."""
    line = ProgressLine()
    try:
        yield line
    finally:
        line.clear()


def is_watched() -> bool:
    """Is there a person who waits: a notebook's, or a terminal's?"""
    return not is_repeatable() and (shell() is not None or sys.stderr.isatty())


def wait_with_progress(run: Run, said: Callable[[], str]) -> None:
    """Wait for the end of a run; after a while, `said()` is shown now and then. Raises what has broken the run down."""
    if not is_watched():
        run.wait()
        return
    with progress_line() as line:
        while not run.wait(PATIENCE):
            line.show(said())


def map_runs_progress(run: Run) -> str:
    """How far the Map Runs of a run have come, "" where none is under way."""
    return "; ".join([_map_run_progress(map_run) for map_run in run.all_map_runs if not map_run.is_over][:3])


def _map_run_progress(map_run: MapRun) -> str:
    counts = map_run.item_counts.shown()
    failed = counts["failed"] + counts["timedOut"]
    more = f", {failed:,} failed" if failed else ""
    return f"{map_run.target.state}: {counts['succeeded'] + failed:,} of {counts['total']:,} items read so far{more}"
