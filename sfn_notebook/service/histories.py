"""The history of an execution, in pages.  (spec: history-events)"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sfn_notebook.runners.run import Run

from .api import StepFunctions
from .arns import parse_arn
from .children import ChildExecution, find_child
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
        """The events of a STANDARD execution, which may be a child of a Map Run; reverse_order: the last one first."""
        found = self._find(execution_arn)
        # The pages of a long history are asked for one after the other, and made once, when it grows no more.
        events = self._rendered(found) if found.done else _history(found)
        ordered = reversed(events) if reverse_order else events
        of = f"history of {execution_arn} {reverse_order}"
        shown = page(ordered, _id, of=of, max_results=max_results, next_token=next_token)
        if not include_execution_data:
            shown = shown._replace(items=[_without_data(event) for event in shown.items])
        return shown.answer("events")

    def _find(self, arn: str) -> Run | ChildExecution:
        parsed = parse_arn(arn, "execution")
        return (
            find_child(self._step_functions, parsed)
            if parsed.is_labelled
            else find_execution(self._step_functions, arn)
        )


def _history(found: Run | ChildExecution) -> list[dict[str, Any]]:
    return found.execution.history() if isinstance(found, Run) else found.history()


def _id(event: dict[str, Any]) -> int:
    id_: int = event["id"]
    return id_


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    """The event without input and output; a task's parameters stay, as AWS leaves them."""
    return {
        key: {name: part for name, part in value.items() if name not in _DATA} if isinstance(value, dict) else value
        for key, value in event.items()
    }
