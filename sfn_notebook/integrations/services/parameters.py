"""A Task's Parameters (Arguments) as arguments of botocore's.  (spec: service-integrations, Parameters and results)

Members are written PascalCase; keys of maps stay as they are. A null is as good as absent.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from sfn_notebook.values import ABSENT, JSON, Absent, dump_bytes, dumps

from .models import Operation

_JSON_TEXT: Final = frozenset(["Detail", "Input", "Message", "MessageBody", "Output"])
"""Text that may be given as an object or array: it is sent as JSON text."""

_PATTERNS: Final = {("dynamodb", "tableName"): "[a-zA-Z0-9_.-]+"}
"""What AWS was recorded to refuse and botocore's model does not say. An ARN is as good as a table's name."""

_NUMBERS: Final = frozenset(["integer", "long", "float", "double"])


class Arguments(NamedTuple):
    """What is asked of a service. problems: what keeps parameters from being used, in AWS's words; then there is
    nothing to ask.
    """

    values: dict[str, Any]
    problems: list[str]


def read_parameters(operation: Operation, parameters: JSON) -> Arguments:
    """Arguments for an API, without defaults: blobs as bytes, timestamps as text."""
    shape = operation.model.input_shape
    reader = _Reader(operation)
    given = parameters if isinstance(parameters, dict) else {}
    if shape is None:
        reader.problems += map(_unsupported, given)
        return Arguments({}, reader.problems)
    values = reader.structure(shape, given)
    for name in shape.required_members:
        if given.keys().isdisjoint(operation.spellings(name)):
            reader.problems.append(f"The field '{operation.spell(name)}' is required but was missing")
    return Arguments(values, reader.problems)


def _unsupported(name: str) -> str:
    return f'The field "{name}" is not supported by Step Functions'


class _Reader:
    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self.problems: list[str] = []

    def structure(self, shape: Any, given: dict[str, JSON]) -> dict[str, Any]:
        members = {spelling: name for name in shape.members for spelling in self._operation.spellings(name)}
        payload = shape.serialization.get("payload")
        values = {}
        for key, item in given.items():
            name = members.get(key)
            if name is None:
                self.problems.append(_unsupported(key))
            elif item is not None:
                values[name] = self._value(shape.members[name], item, key, is_payload=name == payload)
        return values

    def _value(self, shape: Any, value: JSON, name: str, *, is_payload: bool = False) -> Any:
        """None for what cannot be used: then there is a problem more."""
        kind = shape.type_name
        if getattr(shape, "is_document_type", False) or shape.serialization.get("jsonvalue"):
            return value
        if kind == "structure" and isinstance(value, dict):
            return self.structure(shape, value)
        if kind == "map" and isinstance(value, dict):
            return {key: self._value(shape.value, item, key) for key, item in value.items()}
        if kind == "list" and isinstance(value, list):
            return [self._value(shape.member, item, name) for item in value]
        found = _blob(value, is_payload=is_payload) if kind == "blob" else _scalar(kind, value, name)
        if found is ABSENT:
            self.problems.append(f"The value of the field '{name}' has an invalid format")
            return None
        return found


def _scalar(kind: str, value: JSON, name: str) -> Any:
    if isinstance(value, str):
        is_usable = kind in ("string", "character") or (kind == "timestamp" and _is_time(value))
        return value if is_usable else ABSENT
    if isinstance(value, bool):
        return value if kind == "boolean" else ABSENT
    if isinstance(value, int | float) and kind in _NUMBERS:
        return _number(kind, value)
    if kind == "string" and isinstance(value, dict | list) and name in _JSON_TEXT:
        return dumps(value)
    return ABSENT


def _number(kind: str, value: float) -> float | Absent:
    if kind in ("float", "double"):
        return float(value)
    return int(value) if isinstance(value, int) or value.is_integer() else ABSENT


def _is_time(text: str) -> bool:
    from botocore.utils import parse_timestamp

    try:
        parse_timestamp(text)
    except ValueError:
        return False
    return True


def _blob(value: JSON, *, is_payload: bool) -> bytes | Absent:
    """A request's whole body is text, or JSON; other bytes are base64."""
    if is_payload:
        return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else dump_bytes(value)
    if not isinstance(value, str):
        return ABSENT
    try:
        return b64decode(value, validate=True)
    except ValueError:
        return ABSENT


# ---------------------------------------------------------------- what the service itself would refuse


def violation(operation: Operation, values: dict[str, Any]) -> str | None:
    """What AWS's services say of values that botocore would not send, or emulators take: absent ones, too short ones,
    names that cannot be; None for none.
    """
    shape = operation.model.input_shape
    found = [] if shape is None else list(_violations(shape, values, ""))
    found += _odd_names(operation, values)
    if not found:
        return None
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    return f"{count}: {'; '.join(found)}"


def _violations(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not shape.is_document_type:
        for name in shape.required_members:
            if name not in value:
                yield _violated("null", _joined(path, name), "not be null")
        for name, item in value.items():
            yield from _violations(shape.members[name], item, _joined(path, name))
    elif kind == "list":
        yield from _too_short(shape, len(value), dumps([]), path)
        for index, item in enumerate(value, 1):
            yield from _violations(shape.member, item, f"{path}.{index}.member")
    elif kind == "map":
        for key, item in value.items():
            yield from _violations(shape.value, item, f"{path}.{key}.member")
    elif kind == "string" and isinstance(value, str):
        yield from _too_short(shape, len(value), f"'{value}'", path)
    elif kind in _NUMBERS and value < (least := shape.metadata.get("min", value)):
        yield _violated(f"'{value}'", path, f"have value greater than or equal to {least}")


def _odd_names(operation: Operation, values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        path = _joined("", name)
        pattern = _PATTERNS.get((operation.service, path))
        if pattern is not None and value and not re.fullmatch(pattern, value) and not value.startswith("arn:"):
            yield _violated(f"'{value}'", path, f"satisfy regular expression pattern: {pattern}")


def _too_short(shape: Any, length: int, shown: str, path: str) -> Iterator[str]:
    least = shape.metadata.get("min", 0)
    if length < least:
        yield _violated(shown, path, f"have length greater than or equal to {least}")


def _violated(shown: str, path: str, must: str) -> str:
    return f"Value {shown} at '{path}' failed to satisfy constraint: Member must {must}"


def _joined(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member
