"""What every store can do. The journal is the stimuli: history is recomputed from them, never stored beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from sfn_notebook.engine.execution import Status
from sfn_notebook.engine.stimuli import Entry, Start, Stimulus


class ExecutionExists(LookupError):
    """An execution with this ARN was started before."""


class UnknownExecution(LookupError):
    """No execution has this ARN."""


class Ending(NamedTuple):
    """How an execution ended: its status, and when (milliseconds since the epoch)."""

    status: Status
    stop_time: int


class Record(NamedTuple):
    """All that is kept of an execution. `definition` is the text that hashes to `start.definition_sha256`."""

    start: Start
    definition: str
    journal: Sequence[Entry]
    ending: Ending | None


class Journal(Protocol):
    """Where one running execution is written down. Calls come from the driver's thread, one after the other."""

    def append(self, after: int, stimulus: Stimulus) -> None:
        """Add what the execution was told when it had made `after` transitions."""

    def commit(self) -> None:
        """Keep what was added; nothing that follows from it is done before."""

    def finish(self, ending: Ending) -> None:
        """The execution has ended. Keeps what was added."""


class Store(Protocol):
    """A place for executions. May be used from any thread."""

    def start(self, start: Start, definition: str) -> Journal:
        """Keep a new execution. Raises: ExecutionExists."""

    def read(self, execution_arn: str) -> Record:
        """What is kept of one execution. Raises: UnknownExecution."""

    def forget(self, execution_arn: str) -> None:
        """Keep nothing of an execution that has ended; nothing happens when nothing is kept of it."""

    def list(self) -> Iterator[Record]:
        """Every execution, the latest start first."""
