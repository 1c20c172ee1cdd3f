"""Logs of executions in the schema of CloudWatch Logs, to Python's logging.  (spec: metrics-and-logs, Log levels)"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from queue import SimpleQueue
from typing import Any, Final, Literal, NamedTuple

from sfn_notebook.runners.run import Run
from sfn_notebook.values import JSON, dumps, quote

Level = Literal["ALL", "ERROR", "FATAL", "OFF"]

MAX_ESCAPED: Final = 248 * 1024
"""Bytes of an input or output, as it stands escaped in the record; what is longer is cut off."""

_FATAL: Final = frozenset({"ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut"})
_ERRORS: Final = ("Failed", "TimedOut", "Aborted", "FailStateEntered")
_DATA: Final = ("input", "output")

_log = logging.getLogger("sfn_notebook.executions")


def log_records(
    events: Iterable[Mapping[str, Any]], execution_arn: str, level: Level, *, with_data: bool
) -> Iterator[dict[str, JSON]]:
    """A record for each event that the level asks for, in their order.

    events: as get_execution_history gives them; with_data: input and output too. Ids, times (milliseconds since the
    epoch) and counts are text, as AWS writes them.
    """
    for event in events:
        if not _is_logged(event["type"], level):
            continue
        details: Mapping[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
        yield {
            "id": str(event["id"]),
            "type": event["type"],
            "details": _details(details, with_data=with_data),
            "previous_event_id": str(event["previousEventId"]),
            "event_timestamp": str(round(event["timestamp"].timestamp() * 1000)),
            "execution_arn": execution_arn,
            "redrive_count": "0",
        }


def _is_logged(type_: str, level: Level) -> bool:
    if level == "ERROR":
        return type_.endswith(_ERRORS)
    return level == "ALL" or (level == "FATAL" and type_ in _FATAL)


def _details(details: Mapping[str, Any], *, with_data: bool) -> dict[str, JSON]:
    shown = dict(details)
    for name in _DATA:
        if name in shown and not with_data:
            del shown[name]
            shown.pop(f"{name}Details", None)
        elif name in shown and len(shown[name]) * 6 > MAX_ESCAPED and _escaped(shown[name]) > MAX_ESCAPED:
            shown[name] = _cut(shown[name])
            shown[f"{name}Details"] = {"truncated": True}
    return shown


def _escaped(text: str) -> int:
    return len(quote(text).encode("utf-8", "surrogatepass"))


def _cut(text: str) -> str:
    """The longest beginning that fits, to within a few characters."""
    length = len(text)
    while (size := _escaped(text[:length])) > MAX_ESCAPED:
        length = min(length - 1, length * MAX_ESCAPED // size)
    return text[:length]


class _Ended(NamedTuple):
    """An execution to be logged, and how."""

    run: Run
    level: Level
    with_data: bool


class Logs:
    """Writes the log of each execution when it has ended, on a thread of its own, to the logger
    `sfn_notebook.executions`: a line of JSON for each record; how an execution has failed is an error, the rest
    information.
    """

    def __init__(self) -> None:
        self._ended: SimpleQueue[_Ended] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def follow(self, run: Run, configuration: Mapping[str, Any]) -> None:
        """Log an execution once it has ended, as the machine's loggingConfiguration says."""
        if configuration["level"] == "OFF":
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="sfn-logs", daemon=True)
                self._thread.start()
        ended = _Ended(run, configuration["level"], configuration["includeExecutionData"])
        run.when_ended(lambda: self._ended.put(ended))

    def _write(self) -> None:
        while True:
            run, level, with_data = self._ended.get()
            events, arn = run.execution.history(), run.execution.start.execution_arn
            for record in log_records(events, arn, level, with_data=with_data):
                _log.log(logging.ERROR if record["type"] in _FATAL else logging.INFO, "%s", dumps(record))
