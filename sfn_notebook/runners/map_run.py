"""A Map Run: the children of one attempt at a Distributed Map.  (spec: distributed-map; DESIGN, decision 12)

It says which children start when, and what their results make; the driver runs them like any execution, on the time of
the run that began it. Inputs are read a chunk at a time and results are kept on disk, so that memory does not grow with
their number. Reading and writing are jobs: they wait for disks and networks, so the driver has them done elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from heapq import merge
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from sfn_notebook.engine.commands import MapWork
from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES, Execution, replay
from sfn_notebook.engine.failures import DATA_LIMIT, RUNTIME, TOO_LARGE, ItemFailed
from sfn_notebook.engine.frames import draw, drawn_uuid
from sfn_notebook.engine.stimuli import Entry, Start, Stimulus, Target
from sfn_notebook.graph.status import Tally
from sfn_notebook.integrations.contract import Answer, Failed, Succeeded
from sfn_notebook.integrations.items import (
    Batcher,
    ChildResult,
    Item,
    ItemReaderFailed,
    Reader,
    ResultWriter,
    ResultWriterFailed,
    Writer,
    batches,
    child_input,
    read_items,
    transformed,
)
from sfn_notebook.store.children import Child, Children
from sfn_notebook.store.contract import Ending, UnknownExecution
from sfn_notebook.values import ABSENT, JSON, JSONText, NotJSON, dumps, size

from .outcomes import Outcomes, outline
from .run import Run

if TYPE_CHECKING:
    from .driver import Driver

Status: TypeAlias = Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"]

MOST_CHILDREN: Final = 10_000
"""How many run at once.  (spec: distributed-map, MaxConcurrency)"""

_CHUNK: Final = 200
"""How many inputs are read at once at most, and how many children start in a row."""

_CHUNK_BYTES: Final = 8 * 1024 * 1024
"""No more inputs are read at once when those that were have so many bytes; nor while half of that waits."""

_THRESHOLD: Final = Failed(
    "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
)
_NOBODY_ASKS: Final = Failed(None, None)
_STATE_DATA: Final = "STATE_DATA"
_ENDINGS: Final = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timedOut", "ABORTED": "aborted"}
_SLICE: Final = 10_000


class ChildInput(NamedTuple):
    """What a child is to be given, its text, and of how many items that is made."""

    value: JSON
    text: JSONText
    items: int


class MapRunLimits(NamedTuple):
    """What can be changed of a Map Run while it runs, as in `MapWork`; None: nothing."""

    max_concurrency: int | None = None
    tolerated_failure_count: int | None = None
    tolerated_failure_percentage: float | None = None


class HistoryNotKept(LookupError):
    """Of an EXPRESS child that succeeded only a summary is kept."""


class Counts:
    """How many items, or children, have come how far. Any thread may look.

    total: all that are known so far; started: those whose children have begun; ended: by what became of them; written:
    those in the results.
    """

    def __init__(self, total: int) -> None:
        self.total, self.started, self.written = total, 0, 0
        self.ended = dict.fromkeys(_ENDINGS.values(), 0)

    def shown(self) -> dict[str, int]:
        """As DescribeMapRun has them.  (API: MapRunItemCounts, MapRunExecutionCounts)"""
        # Each only grows, and in this order none can be ahead of the next: nothing shown is negative.
        ended = self.ended.copy()
        started = self.started
        total = self.total
        return {
            "pending": total - started,
            "running": started - sum(ended.values()),
            **ended,
            "total": total,
            "resultsWritten": self.written,
            "failuresNotRedrivable": 0,
            "pendingRedrive": 0,
        }


class MapRun:
    """See the module. Only the driver's thread changes it, but for what a job does; any thread may look at the public
    attributes, and ask for `records` and `history`.
    """

    def __init__(self, work: MapWork, target: Target, parent: Run, order: int) -> None:
        self.work, self.target, self.parent, self.order = work, target, parent, order
        self.start = parent.execution.start
        self.timeline, self.executor = parent.timeline, parent.executor
        machine = self.start.state_machine_name.partition("/")[0]
        self._arns = f"{self.start.state_machine_arn.partition(':stateMachine:')[0]}:"
        self._labelled = f"{machine}/{work.label}"
        self.status: Status = "RUNNING"
        self.start_date = self.timeline.clock.now()
        self.stop_date: int | None = None
        self.children = Children(self.timeline.children_file())
        self.live: dict[int, tuple[Run, ChildJournal]] = {}
        self.outcomes = Outcomes(work.program.machine)
        self.max_concurrency = work.max_concurrency
        self.tolerated_failure_count = work.tolerated_failure_count
        self.tolerated_failure_percentage = work.tolerated_failure_percentage
        self._counted = work.reader is None  # how many items there are is known at once
        items = len(work.items or ()) if self._counted else 0
        self.item_counts = Counts(items)
        self.execution_counts = Counts(items if work.batcher is None else 0)
        self._limited = self.start.limits == "aws"
        self._waiting: deque[ChildInput] = deque()
        self._source = self._inputs()
        self._writer: ResultWriter | None = None
        self._is_open = self._all_read = self._busy = False
        self._job = self._ahead = 0
        self._failure: Failed | None = None

    @property
    def is_over(self) -> bool:
        return self.status != "RUNNING"

    # ------------------------------------------------------------ what happens next

    def feed(self, driver: Driver) -> bool:
        """Start what has room, read what is needed next, or finish. Was there anything to do?"""
        if self.is_over:
            return False
        started = self._start_children(driver)
        if self._busy:
            return started
        if self._failure is None and not self._all_read and self._wants_more():
            self._begin(driver, self._read, self._has_read)
            return True
        if not self.live and (self._failure is not None or (self._all_read and not self._waiting)):
            self._begin(driver, self._finished, self._finish)
            return True
        return started

    def _wants_more(self) -> bool:
        """Are there too few inputs at hand?"""
        return len(self._waiting) < _CHUNK // 2 and self._ahead < _CHUNK_BYTES // 2

    def _start_children(self, driver: Driver) -> bool:
        room = min(self.max_concurrency or MOST_CHILDREN, MOST_CHILDREN) - len(self.live)
        count = 0 if self._failure is not None else min(room, _CHUNK, len(self._waiting))
        for _ in range(count):
            given = self._waiting.popleft()
            self._ahead -= len(given.text)
            driver.begin_child(self._child(given))
        return count > 0

    def _begin(self, driver: Driver, job: Callable[[], Any], done: Callable[[Driver, Any], None]) -> None:
        self._busy = True
        self._job = driver.do_elsewhere(self, job, lambda result: self._job_done(driver, done, result))

    def _job_done(self, driver: Driver, done: Callable[[Driver, Any], None], result: Any) -> None:
        self._busy = False
        if self.is_over:  # it was stopped meanwhile
            self._tidy_up(driver)
        else:
            done(driver, result)

    def child_ended(self, driver: Driver, child: Run) -> None:
        """A child has ended: keep what became of it, and stop the others if too many have failed."""
        execution = child.execution
        _, journal = self.live[child.index]
        keeps = self.work.execution_type == "STANDARD" or execution.status != "SUCCEEDED"
        self.children.add(_record(child), journal.entries if keeps else None)
        del self.live[child.index]  # afterwards: whoever looks finds it in one place at least
        self.outcomes.add(execution)
        kind = _ENDINGS[execution.status]
        self.execution_counts.ended[kind] += 1
        self.item_counts.ended[kind] += child.items
        if self._failure is None and not self.is_over and self._too_many_failed():
            self._fail(driver, _THRESHOLD)

    def update(self, driver: Driver, limits: MapRunLimits) -> bool:
        """Go on with other limits; those that are None stay as they are. Is it not over yet?"""
        if self.is_over:
            return False
        if limits.max_concurrency is not None:
            self.max_concurrency = limits.max_concurrency
        if limits.tolerated_failure_count is not None:
            self.tolerated_failure_count = limits.tolerated_failure_count
        if limits.tolerated_failure_percentage is not None:
            self.tolerated_failure_percentage = limits.tolerated_failure_percentage
        if self._failure is None and self._too_many_failed():
            self._fail(driver, _THRESHOLD)
        return True

    def stop(self, driver: Driver) -> None:
        """Nobody wants the result any more."""
        if not self.is_over:
            self._end("ABORTED")
            self._stop_children(driver)
            self._give_up_job(driver)

    def break_down(self, driver: Driver) -> list[Run]:
        """A defect has ended the run that began it. Gives the children that ran: they are told nothing."""
        self._end("ABORTED")
        running = self.running
        self.live.clear()
        for child in running:
            self.execution_counts.ended["aborted"] += 1
            self.item_counts.ended["aborted"] += child.items
        self._give_up_job(driver)
        return running

    def _give_up_job(self, driver: Driver) -> None:
        """Nobody waits for what is being read or written."""
        self.timeline.jobs.discard(self._job)
        if not self._busy:
            self._tidy_up(driver)

    def _tidy_up(self, driver: Driver) -> None:
        """Have files closed, and those that are not finished removed."""
        self.timeline.jobs.discard(driver.do_elsewhere(self, self._close, lambda _nothing: None))

    def _close(self) -> None:
        """A job, or the end of one."""
        self._source.close()
        if self._writer is not None:
            with suppress(OSError):  # the folder is gone, and so is what was in it
                self._writer.discard()

    # ------------------------------------------------------------ reading

    def _inputs(self) -> Generator[ChildInput, None, None]:
        """The inputs of the children, in order.  (ItemReader → ItemSelector → ItemBatcher)"""
        values = self._selected()
        if self.work.batcher is None:
            for value in values:
                yield ChildInput(value, JSONText(dumps(value)), 1)
            return
        given = self.work.batcher
        most_bytes = given["MaxInputBytesPerBatch"] or (MAX_PAYLOAD_BYTES if self._limited else None)
        batcher = Batcher(given["MaxItemsPerBatch"], most_bytes, given.get("BatchInput", ABSENT))
        for batch in batches(values, batcher):
            value = child_input(batch, batcher)
            yield ChildInput(value, JSONText(dumps(value)), len(batch))

    def _selected(self) -> Iterator[JSON]:
        select = self.work.select
        for index, item in enumerate(self._items()):
            yield item.value if select is None else select(index, item.value, item.key, item.source)

    def _items(self) -> Iterator[Item]:
        reader, items = self.work.reader, self.work.items
        if reader is not None:
            given = Reader(reader["Resource"], reader["Parameters"], reader["ReaderConfig"], limits=self._limited)
            yield from read_items(given, self.timeline.storage)
        elif isinstance(items, dict):
            yield from (Item(value, key, _STATE_DATA) for key, value in items.items())
        else:
            yield from (Item(value, ABSENT, _STATE_DATA) for value in items or ())

    def _read(self) -> tuple[list[ChildInput], bool] | Failed:
        """A job: the next inputs, and whether they are the last."""
        try:
            if not self._is_open:
                self._open()
            return self._chunk()
        except ItemReaderFailed as error:
            return Failed("States.ItemReaderFailed", error.cause)
        except ItemFailed as error:
            return Failed(error.failure.error, error.failure.cause)
        except ResultWriterFailed as error:
            return Failed("States.ResultWriterFailed", error.cause)

    def _chunk(self) -> tuple[list[ChildInput], bool] | Failed:
        chunk: list[ChildInput] = []
        read = 0
        for given in islice(self._source, _CHUNK):
            bytes_ = len(given.text.encode("utf-8", "surrogatepass"))
            if self._limited and bytes_ > MAX_PAYLOAD_BYTES:
                return Failed(DATA_LIMIT, TOO_LARGE.format(self.target.state))
            chunk.append(given)
            read += bytes_
            if read > _CHUNK_BYTES:
                return chunk, False
        return chunk, len(chunk) < _CHUNK

    def _open(self) -> None:
        """Before anything is read. Raises: ResultWriterFailed where the results cannot go."""
        self._is_open = True
        given = self._given_writer()
        if given.resource is not None:
            self._writer = ResultWriter(given, self.timeline.storage, self.work.map_run_arn)

    def _has_read(self, driver: Driver, result: tuple[list[ChildInput], bool] | Failed) -> None:
        if isinstance(result, Failed):
            self._fail(driver, self._failure or result)
            return
        chunk, self._all_read = result
        self._waiting.extend(chunk)
        self._ahead += sum(len(given.text) for given in chunk)
        self._count(chunk)
        if self._all_read and self._failure is None and self._too_many_failed():
            self._fail(driver, _THRESHOLD)

    def _count(self, read: list[ChildInput]) -> None:
        """These are known now."""
        if not self._counted:
            self.item_counts.total += sum(given.items for given in read)
        if not self._counted or self.work.batcher is not None:
            self.execution_counts.total += len(read)

    # ------------------------------------------------------------ children

    def _child(self, given: ChildInput) -> Run:
        index = self.execution_counts.started
        start = self._start_record(index, given.text, self.timeline.clock.now())
        execution = Execution(self.work.program, start, given.value)
        parent, journal = self.parent, ChildJournal()
        child = Run(execution, self.timeline, parent.bindings, parent.executor, journal)
        child.owner, child.index, child.items = self, index, given.items
        self.live[index] = child, journal
        self.execution_counts.started += 1
        self.item_counts.started += given.items
        return child

    def _start_record(self, index: int, text: JSONText, now: int) -> Start:
        parent = self.start
        name = drawn_uuid(parent.seed, self.target, f"child {index}")
        return Start(
            now=now,
            execution_arn=self._arn(index, name),
            name=name,
            input=text,
            state_machine_arn=self.state_machine_arn,
            state_machine_name=self._labelled,
            role_arn=parent.role_arn,
            definition_sha256=self.work.program.definition_sha256,
            seed=draw(parent.seed, self.target, f"child {index} seed"),
            type=self.work.execution_type,
            limits=parent.limits,
            region=parent.region,
        )

    def _arn(self, index: int, name: str) -> str:
        if self.work.execution_type == "STANDARD":
            return f"{self._arns}execution:{self._labelled}:{name}"
        unique = drawn_uuid(self.start.seed, self.target, f"child {index} express")
        return f"{self._arns}express:{self._labelled}:{name}:{unique}"

    @property
    def running(self) -> list[Run]:
        """The children that run just now, in the order in which they began."""
        return [child for child, _ in list(self.live.values())]

    def records(self) -> list[Child]:
        """What is known of every child that has begun, in the order of the inputs; of those that run, as far as it has
        come.
        """
        running = map(_record, self.running)  # first: they may end meanwhile
        known = {child.place: child for child in (*running, *self.children)}
        return [known[place] for place in sorted(known)]

    def tally(self) -> Tally:
        """What became of the states inside, so far; of the children that run, the first ones count."""
        tally = self.outcomes.tally()
        for child in self.running[:_CHUNK]:
            tally.add(outline(child.execution))
        return tally

    def latest_first(self, before: int | None = None) -> Iterator[Child]:
        """The records that stand before a place, or all, from the last that has begun to the first."""
        live = [run for run, _ in list(self.live.values()) if before is None or run.index < before]
        running = sorted(map(_record, live), key=_backwards)  # first: they may end meanwhile
        last = None
        for child in merge(self.children.latest_first(before), running, key=_backwards):
            if child.place != last:  # whoever has ended meanwhile comes twice, its end before what it was
                yield child
            last = child.place

    def find(self, name: str) -> Child | None:
        """The record of the child of this name, None if no such child has begun."""
        running = (run for run, _ in list(self.live.values()) if run.execution.start.name == name)
        found = next(running, None)
        return self.children.find(name) if found is None or found.done else _record(found)

    def child_arn(self, child: Child) -> str:
        """The ARN of a child's execution."""
        return self._arn(child.place, child.name)

    @property
    def state_machine_arn(self) -> str:
        """The ARN of what the children run: the machine's, with the Map's label."""
        return f"{self._arns}stateMachine:{self._labelled}"

    def sample(self, most: int) -> list[Child]:
        """The first `most` records; of children that have not succeeded, if there are any."""
        if failed := self.children.unsuccessful(most):
            return failed
        return [*islice(chain(self.children, map(_record, self.running)), most)]

    def history(self, name: str) -> list[dict[str, Any]]:
        """The events of one child, as boto3's get_execution_history returns them.

        Raises: UnknownExecution; HistoryNotKept.
        """
        running = (child.execution for child in self.running)
        execution = next((execution for execution in running if execution.start.name == name), None)
        return (execution or self._told_again(name)).history()

    def _told_again(self, name: str) -> Execution:
        try:
            child, journal = self.children.journal(name)
        except UnknownExecution:
            raise UnknownExecution(f"the Map Run of {self.target.state!r} has no child called {name!r}.") from None
        if journal is None:
            raise HistoryNotKept(
                f"the history of {name!r} was not kept: of EXPRESS children that succeed only a summary is. "
                "Use ExecutionType STANDARD to look into them."
            )
        start = self._start_record(child.place, JSONText(child.input), child.start_date)
        execution = replay(self.work.program, start, journal)
        while execution.status == "RUNNING":
            execution.advance(_SLICE)
        return execution

    @property
    def place(self) -> tuple[Any, ...]:
        """Where the Map stands: the same for all attempts and visits."""
        path = tuple((place.state, place.child) for place in self.target.path)
        return self.start.execution_arn, path, self.target.state

    def _too_many_failed(self) -> bool:
        """Over the tolerated count, or, once the total is known, the tolerated percentage?  (spec: Tolerance)"""
        ended = self.item_counts.ended
        failed = ended["failed"] + ended["timedOut"]
        count, percentage = self.tolerated_failure_count, self.tolerated_failure_percentage
        if not failed:
            return False
        if count is None and percentage is None:
            return True
        if count is not None and failed > count:
            return True
        known = self._counted or self._all_read
        return percentage is not None and known and failed * 100 > percentage * self.item_counts.total

    def _fail(self, driver: Driver, failure: Failed) -> None:
        self._failure = failure
        self._stop_children(driver)

    def _stop_children(self, driver: Driver) -> None:
        for child in self.running:
            driver.stop_child(child)

    # ------------------------------------------------------------ results

    def _given_writer(self) -> Writer:
        given = self.work.writer or {}
        return Writer(given.get("Resource"), given.get("Parameters") or {}, given.get("WriterConfig") or {})

    def _finished(self) -> Answer:
        """A job: what the Map Run gives."""
        try:
            if self._writer is not None and (self._failure is None or self.execution_counts.started):
                return self._exported(self._writer)
            return self._failure or self._collected()
        except NotJSON as error:  # nested deeper than the reader goes
            return self._failure or Failed(RUNTIME, f"The output of a child cannot be read: {error.message}")
        finally:
            self._close()

    def _exported(self, writer: ResultWriter) -> Answer:
        """Results in files. When it is stopped meanwhile there is no manifest."""
        try:
            for result in self._results():
                writer.add(result)
                if self.is_over:
                    return _NOBODY_ASKS
            output: JSON = writer.close()
        except ResultWriterFailed as error:
            return self._failure or Failed("States.ResultWriterFailed", error.cause)
        return self._failure or Succeeded(output)

    def _results(self) -> Iterator[ChildResult]:
        """Of every child, and then of those that were never started because too many had failed."""
        yield from map(self._result, self.children)
        if self._failure is not None:
            never_started = chain([*self._waiting], self._rest())
            for index, given in enumerate(never_started, self.execution_counts.started):
                yield self._pending(index, given)

    def _rest(self) -> Iterator[ChildInput]:
        """The inputs that were not read yet; as far as they can be, after a failure."""
        with suppress(ItemReaderFailed, ItemFailed):
            while chunk := list(islice(self._source, _CHUNK)):
                self._count(chunk)
                yield from chunk

    def _collected(self) -> Answer:
        total, output = 2, []
        for value in transformed(map(self._result, self.children), self._given_writer().transformation):
            total += size(value) + 1 if self._limited else 0
            if total - 1 > MAX_PAYLOAD_BYTES:
                return Failed(DATA_LIMIT, TOO_LARGE.format(self.target.state))
            output.append(value)
        return Succeeded(output)

    def _result(self, child: Child) -> ChildResult:
        return ChildResult(
            self._arn(child.place, child.name), child.name, child.input, child.status,
            f"{self._arns}stateMachine:{self._labelled}", child.start_date, child.stop_date, child.output, child.error,
            child.cause,
        )  # fmt: skip

    def _pending(self, index: int, given: ChildInput) -> ChildResult:
        start = self._start_record(index, given.text, self.start_date)
        return ChildResult(start.execution_arn, start.name, str(start.input), "PENDING", start.state_machine_arn)

    def _finish(self, driver: Driver, answer: Answer) -> None:
        for counts in (self.item_counts, self.execution_counts):
            counts.written = sum(counts.ended.values())
        self._end("FAILED" if isinstance(answer, Failed) else "SUCCEEDED")
        driver.map_run_ended(self, answer)

    def _end(self, status: Status) -> None:
        self.stop_date = self.timeline.clock.now()
        self.status = status  # whoever sees that it is over must see when
        self._waiting.clear()


def _backwards(child: Child) -> int:
    return -child.place


def _record(run: Run) -> Child:
    execution = run.execution
    start, failure = execution.start, execution.failure
    error, cause = (None, None) if failure is None else (failure.error, failure.cause)
    output = None if execution.output is ABSENT else dumps(execution.output)
    return Child(
        run.index, start.name, run.items, str(start.input), execution.status, output, error, cause, start.now,
        execution.now,
    )  # fmt: skip


class ChildJournal:
    """Implements `store.contract.Journal` until a child has ended."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def append(self, after: int, stimulus: Stimulus) -> None:
        self.entries.append(Entry(after, stimulus))

    def commit(self) -> None: ...

    def finish(self, ending: Ending) -> None: ...
