"""What a Distributed Map reads and writes: readers, items, writers, children's results.

(spec: distributed-map, ItemReader, ItemBatcher, ResultWriter)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sfn_notebook.values import ABSENT, JSON, Absent

MAX_ITEMS: Final = 100_000_000
"""More are not read, whatever MaxItems says (recorded: 100,000,001 is no error)."""

MAX_ITEM_BYTES: Final = 8 * 1024 * 1024
"""Of one item, before ItemSelector."""

MAX_FILE_BYTES: Final = 10 * 1024**3
MAX_HEADER_BYTES: Final = 10 * 1024
MAX_ROW_GROUP_BYTES: Final = 256 * 1024**2
MAX_FOOTER_BYTES: Final = 5 * 1024**2

MAX_INPUT_BYTES: Final = 256 * 1024
"""Of a child's input."""


class ItemReaderFailed(Exception):
    """The items cannot be read. `cause`: AWS's words where they are known, else the file, the line, what is wrong."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class ResultWriterFailed(Exception):
    """The results cannot be written, and why: `cause`."""

    def __init__(self, cause: str) -> None:
        self.cause = cause
        super().__init__(cause)


class Item(NamedTuple):
    """One item. key: its name, if an object is iterated. source: `S3://bucket/key`, or `S3://bucket` for a listing."""

    value: JSON
    key: str | Absent
    source: str


@dataclass(frozen=True, slots=True)
class Reader:
    """ItemReader with everything resolved.

    resource: the ARN. parameters: Bucket, Key or Prefix, and so on. config: ReaderConfig; MaxItems is an int in it, and
    MaxItemsPath is gone. limits: hold AWS's limits of sizes (8 MB per item, 10 GB per file, …).
    """

    resource: str
    parameters: dict[str, JSON]
    config: dict[str, Any]
    limits: bool = True


@dataclass(frozen=True, slots=True)
class Batcher:
    """ItemBatcher with everything resolved. max_bytes: of a child's whole input; None: only max_items counts."""

    max_items: int | None = None
    max_bytes: int | None = MAX_INPUT_BYTES
    batch_input: JSON | Absent = ABSENT


@dataclass(frozen=True, slots=True)
class Writer:
    """ResultWriter with everything resolved. resource: None when results stay in the state output.

    parameters: Bucket and Prefix. config: WriterConfig, empty when there is none.
    """

    resource: str | None
    parameters: dict[str, JSON]
    config: dict[str, Any]

    @property
    def transformation(self) -> str:
        """NONE, COMPACT or FLATTEN. Exports without WriterConfig tell all about the children."""
        chosen = self.config.get("Transformation")
        return str(chosen) if chosen is not None else "NONE" if self.resource else "COMPACT"

    @property
    def output_type(self) -> str:
        """JSON or JSONL."""
        return str(self.config.get("OutputType") or "JSON")


@dataclass(frozen=True, slots=True)
class ChildResult:
    """A child of a Map Run, as its results describe it.

    input, output: JSON text. status: SUCCEEDED, FAILED, TIMED_OUT, ABORTED, or PENDING when it was never started.
    Dates: milliseconds since 1970.
    """

    execution_arn: str
    name: str
    input: str
    status: str
    state_machine_arn: str
    start_date: int | None = None
    stop_date: int | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redrive_count: int = 0
    redrive_status: str | None = None
    redrive_status_reason: str | None = None
