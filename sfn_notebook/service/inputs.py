"""An execution's input as the API takes it: JSON text, refused in AWS's words.  (spec: api, InvalidExecutionInput)"""

from __future__ import annotations

from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES
from sfn_notebook.values import JSONText, NotJSON, loads

from .api import Input
from .faults import invalid_input, validation
from .json_faults import json_fault

_INVALID = "Invalid execution input."


def execution_input(text: str) -> Input:
    """The input that `text` holds. Raises: ServiceError InvalidExecutionInput, ValidationException."""
    if not text.strip():
        raise invalid_input(_INVALID)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_PAYLOAD_BYTES:
        constraint = f"Member must have length less than or equal to {MAX_PAYLOAD_BYTES}"
        raise validation(f"1 validation error detected: Value at 'input' failed to satisfy constraint: {constraint}")
    try:
        return Input(JSONText(text), loads(text))
    except NotJSON:
        fault = json_fault(text)
        raise invalid_input(_INVALID if fault is None else fault.message) from None
