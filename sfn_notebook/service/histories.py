"""The history of an execution, in pages.  (spec: history-events)"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sfn_notebook.runners.run import Run

from .api import StepFunctions
from .executions import find_execution
from .operations import operation
from .paging import page
from .pending import Answer

_DATA: Final = frozenset({"input", "output", "inputDetails", "outputDetails"})


class Histories:
    """GetExecutionHistory."""

    def __init__(self, step_functions: StepFunctions) -> None:
        self._step_functions = step_functions
        self._rendered = lru_cache(maxsize=4)(_history)

    @operation
    def get_execution_history(
        self,
        *,
        execution_arn: str,
        max_results: int | None = None,
        reverse_order: bool = False,
        next_token: str | None = None,
        include_execution_data: bool = True,
    ) -> Answer:
        """The events of a STANDARD execution; reverse_order: the last one first."""
        run = find_execution(self._step_functions, execution_arn)
        # The pages of a long history are asked for one after the other, and made once, when it grows no more.
        events = self._rendered(run) if run.done else _history(run)
        ordered = reversed(events) if reverse_order else events
        of = f"history of {execution_arn} {reverse_order}"
        found = page(ordered, _id, of=of, max_results=max_results, next_token=next_token)
        if not include_execution_data:
            found = found._replace(items=[_without_data(event) for event in found.items])
        return found.answer("events")


def _history(run: Run) -> list[dict[str, Any]]:
    return run.execution.history()


def _id(event: dict[str, Any]) -> int:
    id_: int = event["id"]
    return id_


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    """The event without input and output; a task's parameters stay, as AWS leaves them."""
    return {
        key: {name: part for name, part in value.items() if name not in _DATA} if isinstance(value, dict) else value
        for key, value in event.items()
    }
