"""A store that lives as long as the process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sfn_notebook.engine.stimuli import Entry, Start

from .contract import Ending, ExecutionExists, Record, UnknownExecution


class _Kept:
    __slots__ = ("definition", "ending", "journal", "start")

    def __init__(self, start: Start, definition: str) -> None:
        self.start = start
        self.definition = definition
        self.journal: list[Entry] = []
        self.ending: Ending | None = None

    def record(self) -> Record:
        return Record(self.start, self.definition, tuple(self.journal), self.ending)


class MemoryStore:
    """Implements `store.contract.Store`."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def start(self, start: Start, definition: str) -> None:
        if start.execution_arn in self._kept:
            raise ExecutionExists(f"Execution Already Exists: '{start.execution_arn}'")
        self._kept[start.execution_arn] = _Kept(start, definition)

    def append(self, execution_arn: str, entries: Sequence[Entry]) -> None:
        self._find(execution_arn).journal.extend(entries)

    def finish(self, execution_arn: str, ending: Ending) -> None:
        self._find(execution_arn).ending = ending

    def read(self, execution_arn: str) -> Record:
        return self._find(execution_arn).record()

    def list(self) -> Iterator[Record]:
        return (kept.record() for kept in reversed(list(self._kept.values())))

    def _find(self, execution_arn: str) -> _Kept:
        try:
            return self._kept[execution_arn]
        except KeyError:
            raise UnknownExecution(f"Execution Does Not Exist: '{execution_arn}'") from None
