"""The children of Map Runs, on disk: memory does not grow with their number.  (DESIGN, decision 12)"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from itertools import count
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


class ChildrenFile:
    """A file that SQLite makes for itself and removes, for the children of many Map Runs."""

    def __init__(self) -> None:
        # An empty name is a temporary file, of which little is in memory.
        self.database = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = OFF")
        self.database.execute(
            "CREATE TABLE child (map_run INTEGER, place INTEGER, name, items, input, status, output, error, cause,"
            " start_date, stop_date, journal, PRIMARY KEY (map_run, place)) WITHOUT ROWID"
        )
        self.lock = threading.Lock()
        self.numbers = count()
        weakref.finalize(self, self.database.close)


class Children:
    """The children of one Map Run. May be used from any thread."""

    def __init__(self, file: ChildrenFile | None = None) -> None:
        """`file`: one that others use too; a new one if None."""
        self._file = file or ChildrenFile()
        self._number = next(self._file.numbers)

    def add(self, child: Child, journal: Sequence[Entry] | None) -> None:
        """Keep a child, and its journal unless nobody will ask for its history."""
        text = None if journal is None else write_journal(journal)
        self._rows("INSERT INTO child VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", *map(_packed, (*child, text)))

    def __iter__(self) -> Iterator[Child]:
        """Every child, in the order of the inputs."""
        position = -1
        while True:
            rows = self._rows(_PAGE, position)
            if not rows:
                return
            for row in rows:
                yield Child(*map(_unpacked, row))
            position = rows[-1][0]

    def latest_first(self, before: int | None = None) -> Iterator[Child]:
        """Every child, or those that stand before a place, in the order from the last input to the first."""
        position = _LAST if before is None else before
        while rows := self._rows(_BACKWARDS, position):
            for row in rows:
                yield Child(*map(_unpacked, row))
            position = rows[-1][0]

    def find(self, name: str) -> Child | None:
        """The child of this name, None if no such child has ended."""
        rows = self._rows(_FIND, _packed(name))
        return Child(*map(_unpacked, rows[0])) if rows else None

    def unsuccessful(self, most: int) -> list[Child]:
        """The first `most` children that have not SUCCEEDED."""
        rows = self._rows(_UNSUCCESSFUL, _packed("SUCCEEDED"), most)
        return [Child(*map(_unpacked, row)) for row in rows]

    def journal(self, name: str) -> tuple[Child, list[Entry] | None]:
        """A child and its journal, None where it was not kept. Raises: UnknownExecution."""
        rows = self._rows(_BY_NAME, _packed(name))
        if not rows:
            raise UnknownExecution(f"no child is called {name!r}.")
        *fields, text = map(_unpacked, rows[0])
        return Child(*fields), None if text is None else read_journal(text)

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        """What a statement gives whose first parameter is the Map Run."""
        with self._file.lock:
            return self._file.database.execute(statement, (self._number, *values)).fetchall()


def _packed(value: str | int | None) -> bytes | int | None:
    """What SQLite keeps of a value. As text it would refuse lone surrogates, which a cause may have."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _unpacked(kept: Any) -> Any:
    return kept.decode("utf-8", "surrogatepass") if isinstance(kept, bytes) else kept


_LAST: Final = 2**63 - 1
_COLUMNS: Final = "place, name, items, input, status, output, error, cause, start_date, stop_date"
_PAGE: Final = f"SELECT {_COLUMNS} FROM child WHERE map_run = ? AND place > ? ORDER BY place LIMIT 500"
_BACKWARDS: Final = f"SELECT {_COLUMNS} FROM child WHERE map_run = ? AND place < ? ORDER BY place DESC LIMIT 500"
_FIND: Final = f"SELECT {_COLUMNS} FROM child WHERE map_run = ? AND name = ?"
_UNSUCCESSFUL: Final = f"SELECT {_COLUMNS} FROM child WHERE map_run = ? AND status <> ? ORDER BY place LIMIT ?"
_BY_NAME: Final = f"SELECT {_COLUMNS}, journal FROM child WHERE map_run = ? AND name = ?"
