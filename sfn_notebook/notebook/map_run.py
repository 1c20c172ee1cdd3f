"""MapRun: what became of the children of a Distributed Map."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from sfn_notebook.engine.events import timestamp
from sfn_notebook.runners import map_run as runners
from sfn_notebook.runners.map_run import Status

from .display import badge, duration
from .display import cell_text as cell

if TYPE_CHECKING:
    import pandas as pd

_ROWS: Final = 20
_SHOWN: Final = ("name", "status", "items", "duration", "input", "error", "cause")
_WORDS: Final = {
    "running": "running", "pending": "pending", "succeeded": "succeeded", "failed": "failed", "timedOut": "timed out",
    "aborted": "aborted",
}  # fmt: skip


class MapRun:
    """One attempt at a Distributed Map, running or ended, and its child executions. (API: DescribeMapRun)

    May be looked at while it runs.
    """

    def __init__(self, map_run: runners.MapRun) -> None:
        self._map_run = map_run

    @property
    def arn(self) -> str:
        return self._map_run.work.map_run_arn

    @property
    def label(self) -> str:
        """The Map's Label, or the one that was made for it."""
        return self._map_run.work.label

    @property
    def state(self) -> str:
        """The name of the Map state."""
        return self._map_run.target.state

    @property
    def status(self) -> Status:
        """RUNNING, SUCCEEDED, FAILED or ABORTED."""
        return self._map_run.status

    @property
    def start_date(self) -> datetime:
        return timestamp(self._map_run.start_date)

    @property
    def stop_date(self) -> datetime | None:
        """When it ended, None while it runs."""
        stopped = self._map_run.stop_date
        return None if stopped is None else timestamp(stopped)

    @property
    def max_concurrency(self) -> int:
        """How many children may run at once; 0 is AWS's maximum of 10,000."""
        return self._map_run.max_concurrency

    @property
    def tolerated_failure_count(self) -> int:
        """0 also where none was given."""
        return self._map_run.tolerated_failure_count or 0

    @property
    def tolerated_failure_percentage(self) -> float:
        """From 0 to 100; 0 also where none was given."""
        return self._map_run.tolerated_failure_percentage or 0.0

    @property
    def item_counts(self) -> dict[str, int]:
        """How many items have come how far: pending, running, succeeded, failed, timedOut, aborted, total,
        resultsWritten, failuresNotRedrivable, pendingRedrive. What an ItemReader has not read yet is not counted.
        """
        return self._map_run.item_counts.shown()

    @property
    def execution_counts(self) -> dict[str, int]:
        """The same of child executions: they are fewer than the items with an ItemBatcher."""
        return self._map_run.execution_counts.shown()

    @property
    def executions(self) -> pd.DataFrame:
        """One row per child that has begun, in the order of the items: name, status, items, start_date, stop_date,
        duration, input, output, error, cause.
        """
        from sfn_notebook.tables.children import children

        return children(self._map_run.records())

    def history(self, name: str) -> list[dict[str, Any]]:
        """The events of the child of this name, as boto3's get_execution_history returns them.

        Raises: LookupError when there is no such child, or when it was an EXPRESS one that SUCCEEDED: of those a
        summary is kept only.
        """
        return self._map_run.history(name)

    @property
    def progress(self) -> str:
        """How many items there are, and how far they have come, in words."""
        return _counted(self.item_counts)

    def __repr__(self) -> str:
        return f"<MapRun of {self.state}: {self.status}, {self.progress}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        from sfn_notebook.tables.children import children

        counts = self.execution_counts
        begun = counts["total"] - counts["pending"]
        table = _readable(children(self._map_run.sample(_ROWS)))
        about = ", ".join([_counted(self.item_counts), *self._details()])
        more = f"{begun:,} child executions in all: see .executions" if begun > len(table) else ""
        text = [f"Map Run of {self.state}: {self.status}, {about}"]
        html = [f"<p>{badge(self.status)} <b>{escape(self.state)}</b>: {escape(about)}</p>"]
        if len(table):
            text.append(table.to_string(index=False))
            html.append(table.to_html(index=False, border=0, justify="left"))
        if more:
            text.append(f"… {more}")
            html.append(f"<p>… {escape(more)}</p>")
        return {"text/plain": "\n".join(text), "text/html": f"<div>{''.join(html)}</div>"}

    def _details(self) -> list[str]:
        items, executions = self.item_counts["total"], self.execution_counts["total"]
        parts = [f"{executions:,} child execution{'s' * (executions != 1)}"] if executions != items else []
        if self.stop_date is not None:
            parts.append(duration(self.stop_date - self.start_date))
        return parts


def _counted(counts: dict[str, int]) -> str:
    """What became of the items, in words."""
    total = counts["total"]
    parts = [f"{counts[key]:,} {word}" for key, word in _WORDS.items() if counts[key] and counts[key] != total]
    if not parts:
        parts = [f"all {word}" for key, word in _WORDS.items() if total and counts[key] == total]
    return f"{total:,} item{'s' * (total != 1)}" + (f" ({', '.join(parts)})" if parts else "")


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    """The rows as text, without the columns that tell nothing."""
    dull = [name for name in ("error", "cause") if not table[name].notna().any()]
    if (table["items"] == 1).all():
        dull.append("items")
    shown = table[[name for name in _SHOWN if name not in dull]]
    return shown.astype(object).where(shown.notna(), None).map(cell)
