"""Map Runs: describe, list, update.  (spec: distributed-map, Map Run)"""

from __future__ import annotations

from concurrent.futures import wait
from typing import Any, Final

from sfn_notebook.engine.events import timestamp
from sfn_notebook.runners.map_run import Counts, MapRun, MapRunLimits, Status

from .api import StepFunctions
from .arns import parse_arn
from .children import find_child
from .faults import no_execution, no_tagged_resource, validation
from .operations import operation
from .paging import page
from .pending import Answer

_REDRIVES: Final = ("failuresNotRedrivable", "pendingRedrive")

_UPDATE_SECONDS: Final = 10
"""A change is made long before."""


class MapRuns:
    """DescribeMapRun, ListMapRuns, UpdateMapRun."""

    def __init__(self, step_functions: StepFunctions) -> None:
        self._step_functions = step_functions

    @operation
    def describe_map_run(self, *, map_run_arn: str) -> Answer:
        """How a Map Run goes on, and how far its items and children have come."""
        map_run = find_map_run(self._step_functions, map_run_arn)
        status = map_run.status
        return {
            **_dates(map_run, status),
            "mapRunArn": map_run_arn,
            "executionArn": map_run.start.execution_arn,
            "status": status,
            "maxConcurrency": map_run.max_concurrency,
            "toleratedFailureCount": map_run.tolerated_failure_count or 0,
            "toleratedFailurePercentage": float(map_run.tolerated_failure_percentage or 0),
            "itemCounts": _counted(map_run.item_counts),
            "executionCounts": _counted(map_run.execution_counts),
            "redriveCount": 0,
        }

    @operation
    def list_map_runs(
        self, *, execution_arn: str, max_results: int | None = None, next_token: str | None = None
    ) -> Answer:
        """The Map Runs that an execution has started, the latest first; those of its children are the children's."""
        found = [run for run in self._begun_under(execution_arn) if run.start.execution_arn == execution_arn]
        of = f"Map Runs of {execution_arn}"
        chosen = page(reversed(found), _arn, of=of, max_results=max_results, next_token=next_token)
        return chosen._replace(items=[_listed(map_run) for map_run in chosen.items]).answer("mapRuns")

    @operation
    def update_map_run(
        self,
        *,
        map_run_arn: str,
        max_concurrency: int | None = None,
        tolerated_failure_percentage: float | None = None,
        tolerated_failure_count: int | None = None,
    ) -> Answer:
        """Change how many children run at once, and how many may fail, of a Map Run that is not over."""
        map_run = find_map_run(self._step_functions, map_run_arn)
        limits = MapRunLimits(max_concurrency, tolerated_failure_count, tolerated_failure_percentage)
        if limits == MapRunLimits():
            what = "maxConcurrency, toleratedFailurePercentage or toleratedFailureCount"
            raise validation(f"At least one of {what} must be specified.", "MISSING_REQUIRED_PARAMETER")
        if not map_run.is_over:
            answer = self._step_functions.update_map_run(map_run, limits)
            wait([answer], _UPDATE_SECONDS)
            if not answer.done() or answer.result():
                return {}
        raise validation("A Map Run that has completed cannot be updated.", "CANNOT_UPDATE_COMPLETED_MAP_RUN")

    def _begun_under(self, execution_arn: str) -> tuple[MapRun, ...]:
        """All Map Runs of the top-level run that an execution is, or belongs to, in the order in which they began."""
        arn = parse_arn(execution_arn, "execution")
        if arn.is_labelled:
            return find_child(self._step_functions, arn).map_run.timeline.root.all_map_runs
        run = self._step_functions.find_execution(execution_arn)
        if run is None:
            raise no_execution(execution_arn)
        return run.all_map_runs


def find_map_run(step_functions: StepFunctions, arn: str) -> MapRun:
    """The Map Run with this ARN. Raises: ServiceError InvalidArn, ResourceNotFound."""
    parse_arn(arn, "mapRun")
    map_run = step_functions.find_map_run(arn)
    if map_run is None:
        raise no_tagged_resource(arn)
    return map_run


def _arn(map_run: MapRun) -> str:
    return map_run.work.map_run_arn


def _counted(counts: Counts) -> dict[str, int]:
    """As recorded on AWS: what concerns redrives is left out where there is none."""
    return {key: count for key, count in counts.shown().items() if count or key not in _REDRIVES}


def _listed(map_run: MapRun) -> Answer:
    return {
        **_dates(map_run, map_run.status),
        "mapRunArn": _arn(map_run),
        "executionArn": map_run.start.execution_arn,
        "stateMachineArn": map_run.state_machine_arn,
    }


def _dates(map_run: MapRun, status: Status) -> dict[str, Any]:
    dates, stopped = {"startDate": timestamp(map_run.start_date)}, map_run.stop_date
    return dates if status == "RUNNING" or stopped is None else dates | {"stopDate": timestamp(stopped)}
