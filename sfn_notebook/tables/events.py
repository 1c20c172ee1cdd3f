"""One row per history event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd

from sfn_notebook.graph.visits import Event

from .columns import COUNT, TEXT, TIME, VALUE, frame

COLUMNS: Final[Mapping[str, Any]] = {
    "id": COUNT,
    "previous_event_id": COUNT,
    "timestamp": TIME,
    "type": TEXT,
    "state": TEXT,
    "details": VALUE,
}
"""id, previous_event_id: as in the API; state: the state's or Map's name, where the event names one; details: the
event's details as a dict, {} where it has none. (API: GetExecutionHistory)"""


def events(history: Iterable[Event]) -> pd.DataFrame:
    """One row per event, in the order of the history; columns as in COLUMNS."""
    return frame([_row(event) for event in history], COLUMNS)


def _row(event: Event) -> Mapping[str, Any]:
    details: Mapping[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return {
        "id": event["id"],
        "previous_event_id": event["previousEventId"],
        "timestamp": event["timestamp"],
        "type": event["type"],
        "state": details.get("name"),
        "details": dict(details),
    }
