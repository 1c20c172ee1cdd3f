"""Inputs and outputs as the API takes them: JSON text, refused in AWS's words.  (spec: api, InvalidExecutionInput)"""

from __future__ import annotations

from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES
from sfn_notebook.values import JSON, JSONText, NotJSON, loads

from .api import Input
from .faults import invalid_input, invalid_output, validation
from .json_faults import json_fault


def execution_input(text: str) -> Input:
    """The input that `text` holds. Raises: ServiceError InvalidExecutionInput, ValidationException."""
    if not text.strip():
        raise invalid_input("Invalid execution input.")
    _check_size(text, "input")
    try:
        return Input(JSONText(text), loads(text))
    except NotJSON:
        raise invalid_input(_fault(text) or "Invalid execution input.") from None


def task_output(text: str) -> JSON:
    """The result of a task that `text` holds. Raises: ServiceError InvalidOutput, ValidationException."""
    _check_size(text, "output")
    try:
        return loads(text)
    except NotJSON:
        raise invalid_output(_fault(text) or "Invalid output.") from None


def _check_size(text: str, name: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > MAX_PAYLOAD_BYTES:
        constraint = f"Member must have length less than or equal to {MAX_PAYLOAD_BYTES}"
        raise validation(f"1 validation error detected: Value at '{name}' failed to satisfy constraint: {constraint}")


def _fault(text: str) -> str | None:
    fault = json_fault(text)
    return None if fault is None else fault.message
