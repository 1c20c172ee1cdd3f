"""What every store can do. The journal is the stimuli: history is recomputed from them, never stored beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from sfn_notebook.engine.execution import Status
from sfn_notebook.engine.stimuli import Entry, Start


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


class Store(Protocol):
    """A place for executions. Calls come from the driver's thread, one after the other; `read` and `list` from
    anywhere.
    """

    def start(self, start: Start, definition: str) -> None:
        """Keep a new execution. Raises: ExecutionExists."""

    def append(self, execution_arn: str, entries: Sequence[Entry]) -> None:
        """Add to the journal, before anything that follows from it is done. Raises: UnknownExecution."""

    def finish(self, execution_arn: str, ending: Ending) -> None:
        """The execution has ended. Raises: UnknownExecution."""

    def read(self, execution_arn: str) -> Record:
        """What is kept of one execution. Raises: UnknownExecution."""

    def list(self) -> Iterator[Record]:
        """Every execution, the latest start first."""
