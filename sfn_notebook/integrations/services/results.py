"""What a service has answered as a Task's result.  (spec: service-integrations, Parameters and results)

Members PascalCase and in the order of their names, as recorded; timestamps ISO 8601 text in UTC; bytes base64, but a
response's whole body as text, after everything else.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sfn_notebook.values import JSON, dumps, normalise

from .models import Operation


def read_response(operation: Operation, response: Mapping[str, Any]) -> dict[str, JSON]:
    """The members of a response in boto3's shape, without its metadata; `{}` for an empty one.

    Reads a streamed body to its end. Raises: botocore's errors of reading.
    """
    shape = operation.model.output_shape
    return {} if shape is None else _structure(operation, shape, response)


def _structure(operation: Operation, shape: Any, value: Mapping[str, Any]) -> dict[str, JSON]:
    payload = shape.serialization.get("payload")
    members = {}
    body = {}
    for name, member in shape.members.items():
        item = value.get(name)
        if item is None:
            continue
        if name == payload and member.type_name == "blob":
            body[operation.spell(name)] = _text(item)
        else:
            members[operation.spell(name)] = _value(operation, member, item)
    return dict(sorted(members.items())) | body


def _value(operation: Operation, shape: Any, value: Any) -> JSON:
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return normalise(value)
    if kind == "structure":
        return _structure(operation, shape, value)
    if kind == "map":
        return {key: _value(operation, shape.value, item) for key, item in value.items()}
    if kind == "list":
        return [_value(operation, shape.member, item) for item in value]
    if kind == "blob":
        return b64encode(_bytes(value)).decode()
    if kind == "timestamp" or isinstance(value, datetime):
        return iso_time(value)
    return _scalar(value)


def _scalar(value: Any) -> JSON:
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    found = normalise(value)
    return dumps(found) if isinstance(found, dict | list) else found  # botocore has read some JSON text: policies


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value if isinstance(value, bytes | bytearray) else value.read())


def _text(value: Any) -> str:
    return _bytes(value).decode("utf-8", "replace")


def iso_time(value: datetime) -> str:
    """As Java writes an instant: `2024-04-18T06:27:01.5Z` has three digits or none after the point."""
    moment = value.astimezone(UTC)
    precision = "seconds" if moment.microsecond < 1000 else "milliseconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")
