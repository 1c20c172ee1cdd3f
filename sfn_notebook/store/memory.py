"""A store that lives as long as the process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sfn_notebook.engine.execution import Status
from sfn_notebook.engine.stimuli import KINDS, TARGETED, Entry, Start, Stimulus, Target

from .contract import Ending, ExecutionExists, Record, UnknownExecution


class _Kept:
    """Implements `store.contract.Journal`.

    told: for each stimulus how many transitions came before, its type's name and its fields, one after the other: plain
    values. Thousands of executions are kept, and Python's garbage collector walks through all that may hold others:
    a finished journal and its ending are not among that.
    """

    __slots__ = ("definition", "ending", "start", "told")

    def __init__(self, start: Start, definition: str) -> None:
        self.start = start
        self.definition = definition
        self.told: Any = []  # a list, and in the end a tuple
        self.ending: tuple[Status, int] | None = None

    def append(self, after: int, stimulus: Stimulus) -> None:
        fields: tuple[Any, ...] = stimulus
        kind = type(stimulus)
        if kind in TARGETED:
            self.told += (after, kind.__name__, fields[0], tuple(fields[1]), *fields[2:])
        else:
            self.told += (after, kind.__name__, *fields)

    def commit(self) -> None: ...

    def finish(self, ending: Ending) -> None:
        self.told, self.ending = tuple(self.told), (ending.status, ending.stop_time)

    def record(self) -> Record:
        ending = None if self.ending is None else Ending(*self.ending)
        return Record(self.start, self.definition, tuple(_entries(list(self.told))), ending)


def _entries(told: list[Any]) -> Iterator[Entry]:
    position = 0
    while position < len(told):
        after, kind = told[position], KINDS[told[position + 1]]
        position += 2 + len(kind._fields)
        fields = told[position - len(kind._fields) : position]
        if kind in TARGETED:
            fields[1] = Target(*fields[1])
        yield Entry(after, kind(*fields))


class MemoryStore:
    """Implements `store.contract.Store`."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def start(self, start: Start, definition: str) -> _Kept:
        kept = _Kept(start, definition)
        if self._kept.setdefault(start.execution_arn, kept) is not kept:
            raise ExecutionExists(f"Execution Already Exists: '{start.execution_arn}'")
        return kept

    def read(self, execution_arn: str) -> Record:
        try:
            return self._kept[execution_arn].record()
        except KeyError:
            raise UnknownExecution(f"Execution Does Not Exist: '{execution_arn}'") from None

    def forget(self, execution_arn: str) -> None:
        self._kept.pop(execution_arn, None)

    def list(self) -> Iterator[Record]:
        return (kept.record() for kept in reversed(list(self._kept.values())))
