"""The children of one Map Run, on disk: memory does not grow with their number.  (DESIGN, decision 12)"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sfn_notebook.engine.execution import Status
from sfn_notebook.engine.stimuli import Entry

from .contract import UnknownExecution
from .journal_text import read_journal, write_journal


class Child(NamedTuple):
    """A child that has ended.

    place: where it stands among the inputs; items: how many it had; input, output: JSON text; dates: milliseconds since
    1970.
    """

    place: int
    name: str
    items: int
    input: str
    status: Status
    output: str | None
    error: str | None
    cause: str | None
    start_date: int
    stop_date: int


class Children:
    """Keeps children in a file that SQLite makes for itself and removes. Used by one thread at a time."""

    def __init__(self) -> None:
        # An empty name is a temporary file, of which little is in memory.
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(
            "CREATE TABLE child (place INTEGER PRIMARY KEY, name, items, input, status, output, error, cause,"
            " start_date, stop_date, journal)"
        )

    def add(self, child: Child, journal: Sequence[Entry] | None) -> None:
        """Keep a child, and its journal unless nobody will ask for its history."""
        text = None if journal is None else write_journal(journal)
        self._db.execute("INSERT INTO child VALUES (?,?,?,?,?,?,?,?,?,?,?)", (*child, text))

    def __iter__(self) -> Iterator[Child]:
        """Every child, in the order of the inputs."""
        position = -1
        while True:
            page = [Child(*row) for row in self._db.execute(_PAGE, (position,))]
            if not page:
                return
            yield from page
            position = page[-1].place

    def journal(self, name: str) -> tuple[Child, list[Entry] | None]:
        """A child and its journal, None where it was not kept. Raises: UnknownExecution."""
        row = self._db.execute(_BY_NAME, (name,)).fetchone()
        if row is None:
            raise UnknownExecution(f"no child is called {name!r}.")
        *fields, text = row
        return Child(*fields), None if text is None else read_journal(text)


_COLUMNS: Final = "place, name, items, input, status, output, error, cause, start_date, stop_date"
_PAGE: Final = f"SELECT {_COLUMNS} FROM child WHERE place > ? ORDER BY place LIMIT 500"
_BY_NAME: Final = f"SELECT {_COLUMNS}, journal FROM child WHERE name = ?"
