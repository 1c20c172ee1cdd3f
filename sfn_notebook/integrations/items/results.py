"""What becomes of children's results: in the state output, or in files.  (spec: distributed-map, ResultWriter)"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from sfn_notebook.values import JSON, dumps, loads

from .contract import ChildResult, ResultWriterFailed

TRANSFORMATIONS = ("NONE", "COMPACT", "FLATTEN")


def transformed(results: Iterable[ChildResult], transformation: str) -> Iterator[JSON]:
    """The elements of the array that is the Map's result, when results stay in the state output.

    transformation: NONE, COMPACT or FLATTEN. Children that did not succeed are described as with NONE.
    """
    for result in results:
        if transformation == "NONE" or result.output is None or result.status != "SUCCEEDED":
            yield description(result)
        else:
            output = loads(result.output)
            if transformation == "FLATTEN" and isinstance(output, list):
                yield from output
            else:
                yield output


def transformed_texts(result: ChildResult, transformation: str) -> Iterator[str]:
    """The same for one child, as JSON texts without line breaks between their values' parts."""
    if transformation == "COMPACT" and result.status == "SUCCEEDED" and result.output is not None:
        # Text that was written compactly is passed on as it is.
        yield result.output if "\n" not in result.output else dumps(loads(result.output))
    else:
        yield from map(dumps, transformed((result,), transformation))


def description(result: ChildResult) -> dict[str, JSON]:
    """All about a child. What it does not have is left out."""
    known: dict[str, JSON] = {
        "Cause": result.cause,
        "Error": result.error,
        "ExecutionArn": result.execution_arn,
        "Input": result.input,
        "InputDetails": {"Included": True},
        "Name": result.name,
        "Output": result.output,
        "OutputDetails": None if result.output is None else {"Included": True},
        "RedriveCount": result.redrive_count,
        "RedriveStatus": result.redrive_status,
        "RedriveStatusReason": result.redrive_status_reason,
        "StartDate": _iso(result.start_date),
        "StateMachineArn": result.state_machine_arn,
        "Status": result.status,
        "StopDate": _iso(result.stop_date),
    }
    return {name: value for name, value in known.items() if value is not None}


def _iso(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def check_transformation(transformation: str) -> None:
    """Raises: ResultWriterFailed for one that does not exist."""
    if transformation not in TRANSFORMATIONS:
        raise ResultWriterFailed(
            f"WriterConfig: Transformation is {transformation!r}. It can be {', '.join(TRANSFORMATIONS)}."
        )
