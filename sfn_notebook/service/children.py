"""Executions that a Map Run has started: found by their ARNs, and how they are shown.

(spec: distributed-map, Map Run)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sfn_notebook.engine.events import timestamp
from sfn_notebook.runners.map_run import MapRun
from sfn_notebook.runners.run import Run
from sfn_notebook.store.children import Child

from .api import StepFunctions
from .arns import Arn
from .descriptions import redrive, shown_data, shown_failure
from .faults import invalid_token, no_execution
from .paging import page_after
from .pending import Answer


class ChildExecution(NamedTuple):
    """A child, as it was when it was found."""

    map_run: MapRun
    child: Child

    @property
    def done(self) -> bool:
        return self.child.status != "RUNNING"

    @property
    def run(self) -> Run | None:
        """What is driven, while it is."""
        found = self.map_run.live.get(self.child.place)
        return None if found is None else found[0]

    def history(self) -> list[dict[str, Any]]:
        """Its events. Raises: store.contract.UnknownExecution, runners.map_run.HistoryNotKept."""
        return self.map_run.history(self.child.name)


def find_child(step_functions: StepFunctions, arn: Arn) -> ChildExecution:
    """The child with this ARN, STANDARD or EXPRESS. Raises: ServiceError ExecutionDoesNotExist."""
    name = arn.qualifier.partition(":")[0]
    for map_run in step_functions.list_map_runs():
        if map_run.state_machine_arn.endswith(f":{arn.name}"):
            child = map_run.find(name)
            if child is not None and map_run.child_arn(child) == arn.text:
                return ChildExecution(map_run, child)
    raise no_execution(arn.text)


def child_described(found: ChildExecution, *, with_data: bool) -> Answer:
    """What DescribeExecution says of a child."""
    child = found.child
    answer = _known(found) | shown_data("input", child.input, with_data=with_data)
    if child.output is not None:
        answer |= shown_data("output", child.output, with_data=with_data)
    answer |= shown_failure(child.status, child.error, child.cause)
    return answer | redrive(child.status, "REDRIVABLE_BY_MAP_RUN")


class Wanted(NamedTuple):
    """Which executions are listed. None: whichever they are."""

    status: str | None
    redriven: str | None

    def includes(self, status: str) -> bool:
        """Is one of this status listed? None has been redriven, or waits for it."""
        return self.redriven != "REDRIVEN" and self.status in (None, status)


def children_listed(map_run: MapRun, wanted: Wanted, max_results: int | None, next_token: str | None) -> Answer:
    """What ListExecutions says of a Map Run's children, the latest first. Raises: ServiceError InvalidToken."""

    def after(place: str | int | None) -> Iterator[Child]:
        if isinstance(place, str):
            raise invalid_token()
        return (child for child in map_run.latest_first(place) if wanted.includes(child.status))

    of = f"children of {map_run.work.map_run_arn} {wanted}"
    found = page_after(after, lambda child: child.place, of=of, max_results=max_results, next_token=next_token)
    items = [_listed(ChildExecution(map_run, child)) for child in found.items]
    return found._replace(items=items).answer("executions")


def _listed(found: ChildExecution) -> Answer:
    return {**_known(found), "itemCount": found.child.items, "redriveCount": 0}


def _known(found: ChildExecution) -> Answer:
    map_run, child = found
    answer: Answer = {
        "executionArn": map_run.child_arn(child),
        "stateMachineArn": map_run.state_machine_arn,
        "name": child.name,
        "status": child.status,
        "startDate": timestamp(child.start_date),
        "mapRunArn": map_run.work.map_run_arn,
    }
    return answer | ({"stopDate": timestamp(child.stop_date)} if found.done else {})
