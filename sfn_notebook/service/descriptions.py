"""How an execution is shown: in descriptions, in lists, on the bill. Must not know how it was found."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Final

from sfn_notebook.engine.events import timestamp
from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.stimuli import Start
from sfn_notebook.runners.run import Run
from sfn_notebook.values import dumps

from .pending import Answer

_MEGABYTE: Final = 1 << 20
_BASE_MEGABYTES: Final = 50
_CHUNK: Final = 64


def status_of(run: Run) -> str:
    """The status that is shown: only once an execution has ended is all of its ending there."""
    if run.broken is not None:
        return "FAILED"
    return run.execution.status if run.done else "RUNNING"


def described(run: Run, trace_header: str | None, *, with_data: bool) -> Answer:
    """What DescribeExecution and StartSyncExecution have in common."""
    execution, start, status = run.execution, run.execution.start, status_of(run)
    answer: Answer = {
        "executionArn": start.execution_arn,
        "stateMachineArn": start.state_machine_arn,
        "name": start.name,
        "status": status,
        "startDate": timestamp(start.now),
    }
    if status != "RUNNING":
        answer["stopDate"] = timestamp(execution.now)
    answer |= shown_data("input", str(start.input), with_data=with_data)
    if status == "SUCCEEDED":
        answer |= shown_data("output", dumps(execution.output), with_data=with_data)
    answer |= shown_failure(status, *_failure(run))
    if trace_header is not None:
        answer["traceHeader"] = trace_header
    return answer


def shown_data(key: str, text: str, *, with_data: bool) -> Answer:
    """An input or output, if it is asked for, and whether it was."""
    return ({key: text} if with_data else {}) | {f"{key}Details": {"included": with_data}}


def shown_failure(status: str, error: str | None, cause: str | None) -> Answer:
    """Why an execution has failed or was stopped, as far as anybody has said."""
    parts = {"error": error, "cause": cause} if status in ("FAILED", "ABORTED") else {}
    return {key: text for key, text in parts.items() if text is not None}


def redrive(status: str, redrivable: str) -> Answer:
    """Whether an execution can be redriven; `redrivable`: what is said of one that can."""
    if status in ("RUNNING", "SUCCEEDED"):
        reason = f"Execution is {status} and cannot be redriven"
        return {"redriveCount": 0, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveCount": 0, "redriveStatus": redrivable}


def _failure(run: Run) -> tuple[str | None, str | None]:
    if run.broken is not None:
        return "States.Runtime", "The engine broke down while it ran this execution."
    failure = run.execution.failure
    return (None, None) if failure is None else (failure.error, failure.cause)


def versions(start: Start) -> Answer:
    arns = {
        "stateMachineVersionArn": start.state_machine_version_arn,
        "stateMachineAliasArn": start.state_machine_alias_arn,
    }
    return {key: arn for key, arn in arns.items() if arn is not None}


def listed(run: Run) -> Answer:
    start, status = run.execution.start, status_of(run)
    stopped: dict[str, datetime] = {} if status == "RUNNING" else {"stopDate": timestamp(run.execution.now)}
    return {
        "executionArn": start.execution_arn,
        "stateMachineArn": start.state_machine_arn,
        "name": start.name,
        "status": status,
        "startDate": timestamp(start.now),
        **stopped,
        **versions(start),
        "redriveCount": 0,
    }


def bill(execution: Execution) -> Answer:
    """Wall time rounded up to 100 ms; memory, of which 50 MB are always needed, to 64 MB.  (spec: pricing-quotas)"""
    start = execution.start
    duration = max(1, ceil((execution.now - start.now) / 100)) * 100
    held = len(execution.program.machine.text) + len(start.input)
    memory = _CHUNK * ceil((_BASE_MEGABYTES + held / _MEGABYTE) / _CHUNK)
    return {"billedDurationInMilliseconds": duration, "billedMemoryUsedInMB": memory}
