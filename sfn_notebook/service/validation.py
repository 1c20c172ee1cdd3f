"""Parameters against botocore's model of the API: types, lengths, ranges, patterns and words, as AWS says what is
wrong.  (spec: api, Common validation)

Only what the shapes say is checked here; what the values mean is the operations' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from .faults import ServiceError, validation

_ENUM_ORDER: Final = {
    "ExecutionStatus": ("SUCCEEDED", "TIMED_OUT", "PENDING_REDRIVE", "ABORTED", "FAILED", "RUNNING"),
}
"""As AWS lists the words where a recording shows it; elsewhere in the model's order."""

_UNCHECKED: Final = {("ValidateStateMachineDefinition", "definition", "min")}
"""What the model says and the service does not mind: an empty definition is a finding like any other."""

_TOKENS: Final = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}
_WANTED: Final = {"string": "String", "integer": "Integer", "long": "Long", "float": "Float", "boolean": "Boolean"}
_TYPES: Final[dict[str, Any]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "boolean": bool,
    "structure": Mapping,
    "list": list,
}


@lru_cache(maxsize=1)
def model() -> Any:
    """The model of Step Functions that botocore has."""
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    # Not through a session: the user's profile, which may be none, has no say in this.
    return ServiceModel(create_loader().load_service_model("stepfunctions", "service-2"), "stepfunctions")


@lru_cache(maxsize=1)
def operation_names() -> frozenset[str]:
    """Every operation of the API, as `CreateStateMachine`."""
    return frozenset(model().operation_names)


def check(operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that the operation knows, nulls left out.

    Raises: ServiceError SerializationException for a value of another type, ValidationException that names every
    constraint which is not met.
    """
    shape = model().operation_model(operation).input_shape
    cleaned: dict[str, Any] = _typed(shape, parameters)
    faults = list(_faults(shape, cleaned, "", operation))
    if faults:
        count = f"{len(faults)} validation error{'s' * (len(faults) != 1)} detected: "
        raise validation(count + "; ".join(faults))
    return cleaned


# ---------------------------------------------------------------- types


def _typed(shape: Any, value: Any) -> Any:
    """The value without nulls and unknown members. Raises: ServiceError SerializationException."""
    kind = shape.type_name
    wanted: Any = _TYPES[kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind != "boolean"):
        raise ServiceError("SerializationException", _mismatch(kind, value))
    if kind == "structure":
        return {
            name: _typed(member, value[name]) for name, member in shape.members.items() if value.get(name) is not None
        }
    if kind == "list":
        return [_typed(shape.member, item) for item in value]
    return value


def _mismatch(kind: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    if kind not in _WANTED:
        return "Unexpected field type"
    token = "TRUE_VALUE" if value is True else "FALSE_VALUE" if value is False else _TOKENS.get(type(value), "VALUE")
    return f"{token} can not be converted to {'an' if kind == 'integer' else 'a'} {_WANTED[kind]}"


# ---------------------------------------------------------------- constraints


def _faults(shape: Any, value: Any, path: str, operation: str) -> Iterator[str]:
    """What each unmet constraint says, outer before inner."""
    kind = shape.type_name
    for what in _unmet(shape, value, path, operation):
        yield _fault(_shown(shape, value), path, what)
    if kind == "structure":
        for name, member in shape.members.items():
            inner = f"{path}.{name}" if path else name
            if name in value:
                yield from _faults(member, value[name], inner, operation)
            elif name in shape.required_members:
                yield _fault(" null", inner, "not be null")
    elif kind == "list":
        for index, item in enumerate(value, 1):
            yield from _faults(shape.member, item, f"{path}.{index}.member", operation)


def _fault(value: str, path: str, what: str) -> str:
    return f"Value{value} at '{path}' failed to satisfy constraint: Member must {what}"


def _unmet(shape: Any, value: Any, path: str, operation: str) -> Iterator[str]:
    """The constraints of this shape alone, as the end of "Member must …"."""
    limits: Mapping[str, Any] = shape.metadata
    if shape.type_name in ("string", "list"):
        measure, size = "length", len(value)
    else:
        measure, size = "value", value
    least, most = limits.get("min"), limits.get("max")
    if least is not None and size < least and (operation, path, "min") not in _UNCHECKED:
        yield f"have {measure} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"have {measure} less than or equal to {most}"
    if "pattern" in limits and not _pattern(limits["pattern"]).fullmatch(value):
        yield f"satisfy regular expression pattern: {limits['pattern']}"
    if "enum" in limits and value not in limits["enum"]:
        words = _ENUM_ORDER.get(shape.name, limits["enum"])
        yield f"satisfy enum value set: [{', '.join(words)}]"


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    """A pattern of Java's; of what Python lacks the model uses one class."""
    return re.compile(text.replace(r"\p{ASCII}", r"[\x00-\x7f]"))


def _shown(shape: Any, value: Any) -> str:
    """The value in the message; what is sensitive is left out."""
    return "" if shape.metadata.get("sensitive") else f" '{_text(shape, value)}'"


def _text(shape: Any, value: Any) -> str:
    """A value as Java prints it: lists in brackets, structures as Name(member=value)."""
    if shape.type_name == "list":
        return f"[{', '.join(_text(shape.member, item) for item in value)}]"
    if shape.type_name == "structure":
        members = (f"{name}={_text(shape.members[name], item)}" for name, item in value.items())
        return f"{shape.name}({', '.join(members)})"
    return str(value)
