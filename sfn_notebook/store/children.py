"""The children of one Map Run, on disk: memory does not grow with their number.  (DESIGN, decision 12)"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

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
    """Keeps children in a file that SQLite makes for itself and removes. May be used from any thread."""

    def __init__(self) -> None:
        # An empty name is a temporary file, of which little is in memory.
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute(
            "CREATE TABLE child (place INTEGER PRIMARY KEY, name, items, input, status, output, error, cause,"
            " start_date, stop_date, journal)"
        )
        self._lock = threading.Lock()
        weakref.finalize(self, self._db.close)

    def add(self, child: Child, journal: Sequence[Entry] | None) -> None:
        """Keep a child, and its journal unless nobody will ask for its history."""
        text = None if journal is None else write_journal(journal)
        row = [_packed(value) for value in (*child, text)]
        with self._lock:
            self._db.execute("INSERT INTO child VALUES (?,?,?,?,?,?,?,?,?,?,?)", row)

    def __iter__(self) -> Iterator[Child]:
        """Every child, in the order of the inputs."""
        position = -1
        while True:
            with self._lock:
                rows = self._db.execute(_PAGE, (position,)).fetchall()
            if not rows:
                return
            for row in rows:
                yield Child(*map(_unpacked, row))
            position = rows[-1][0]

    def journal(self, name: str) -> tuple[Child, list[Entry] | None]:
        """A child and its journal, None where it was not kept. Raises: UnknownExecution."""
        with self._lock:
            row = self._db.execute(_BY_NAME, (_packed(name),)).fetchone()
        if row is None:
            raise UnknownExecution(f"no child is called {name!r}.")
        *fields, text = map(_unpacked, row)
        return Child(*fields), None if text is None else read_journal(text)


def _packed(value: str | int | None) -> bytes | int | None:
    """What SQLite keeps of a value. As text it would refuse lone surrogates, which a cause may have."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _unpacked(kept: Any) -> Any:
    return kept.decode("utf-8", "surrogatepass") if isinstance(kept, bytes) else kept


_COLUMNS: Final = "place, name, items, input, status, output, error, cause, start_date, stop_date"
_PAGE: Final = f"SELECT {_COLUMNS} FROM child WHERE place > ? ORDER BY place LIMIT 500"
_BY_NAME: Final = f"SELECT {_COLUMNS}, journal FROM child WHERE name = ?"
