"""What is written on states and lines: short words for conditions, errors, resources.

Reads fields leniently: whatever stands there, there is something to show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from sfn_notebook.asl.resources import function_name, parse_resource
from sfn_notebook.values import JSON, dumps

if TYPE_CHECKING:
    from sfn_notebook.asl.model import State

# Comparison operators by the end of their names; the longer first.  (spec: choice rules)
_OPERATORS: Final = {
    "GreaterThanEquals": "≥",
    "LessThanEquals": "≤",
    "GreaterThan": ">",
    "LessThan": "<",
    "Equals": "=",
    "Matches": "matches",
}
_KINDS: Final = {
    "IsNull": "null",
    "IsPresent": "present",
    "IsNumeric": "a number",
    "IsString": "a string",
    "IsBoolean": "a boolean",
    "IsTimestamp": "a timestamp",
}


class Face(NamedTuple):
    """How a state shows itself: the name of a glyph, and what it does."""

    icon: str
    caption: str


def condition(rule: JSON) -> str:
    """A choice rule in short: `$.x > 5`, `not …`, or the JSONata text without its braces."""
    if not isinstance(rule, Mapping):
        return _short(rule)
    if "Condition" in rule:
        return expression(rule["Condition"])
    for key, word in (("And", " and "), ("Or", " or ")):
        if isinstance(rule.get(key), list):
            return word.join(_inner(part) for part in rule[key])
    if "Not" in rule:
        return f"not {_inner(rule['Not'])}"
    return _comparison(rule)


def _inner(rule: JSON) -> str:
    text = condition(rule)
    compound = isinstance(rule, Mapping) and ("And" in rule or "Or" in rule)
    return f"({text})" if compound else text


def _comparison(rule: Mapping[str, JSON]) -> str:
    variable = str(rule.get("Variable", ""))
    for key, value in rule.items():
        if key in _KINDS:
            return f"{variable} is {'' if value is True else 'not '}{_KINDS[key]}"
        name, is_path = key.removesuffix("Path"), key.endswith("Path")
        for ending, sign in _OPERATORS.items():
            if name.endswith(ending):
                return f"{variable} {sign} {value if is_path else _short(value)}"
    return variable


def expression(value: JSON) -> str:
    """A JSONata expression without its braces and line breaks; any other value as JSON."""
    if not isinstance(value, str):
        return _short(value)
    text = value.strip()
    if text.startswith("{%") and text.endswith("%}"):
        text = text[2:-2]
    return " ".join(text.split())


def _short(value: JSON) -> str:
    try:
        return dumps(value)
    except ValueError:
        return str(value)


def errors(catcher: JSON) -> str:
    """The error names a catcher or retrier is for."""
    names = catcher.get("ErrorEquals") if isinstance(catcher, Mapping) else None
    return ", ".join(str(name) for name in names) if isinstance(names, list) and names else "any error"


def face(state: State) -> Face:
    """The glyph and caption of a state."""
    fields = state.fields
    match state.type:
        case "Task":
            return _task_face(state)
        case "Wait":
            return Face("wait", _wait_caption(fields))
        case "Fail":
            return Face("fail", " ".join(("Fail", *_first(fields, "Error", "ErrorPath"))))
        case "Map":
            return Face("map", "Distributed Map" if state.is_distributed else "Map")
        case "Parallel":
            return Face("parallel", f"Parallel · {len(state.containers)}")
        case _:
            return Face(state.type.lower(), state.type)


def _first(fields: Mapping[str, JSON], *names: str) -> Iterator[str]:
    """The text of the first of these fields that is there."""
    for name in names:
        if name in fields:
            yield expression(fields[name])
            return


def _wait_caption(fields: Mapping[str, JSON]) -> str:
    for duration in _first(fields, "Seconds", "SecondsPath"):
        unit = " s" if duration.replace(".", "", 1).isdigit() else ""
        return f"Wait {duration}{unit}"
    for moment in _first(fields, "Timestamp", "TimestampPath"):
        return f"Wait until {moment}"
    return "Wait"


def _task_face(state: State) -> Face:
    text = state.fields.get("Resource")
    resource = parse_resource(text if isinstance(text, str) else _short(text))
    if resource.kind == "lambda":
        return Face("lambda", resource.name)
    if resource.kind == "activity":
        return Face("activity", resource.name)
    if resource.kind == "service":
        invoked = _invoked(state) if resource.is_lambda_invoke else ""
        if invoked:
            return Face("lambda", invoked + resource.pattern)
        icon = "lambda" if resource.is_lambda_invoke else "task"
        return Face(icon, f"{resource.service.removeprefix('aws-sdk:')}:{resource.action}{resource.pattern}")
    return Face("task", expression(resource.text).rsplit(":", 1)[-1] or "Task")


def _invoked(state: State) -> str:
    """The function a `lambda:invoke` names; nothing when that is known only at run time."""
    for key in ("Arguments", "Parameters"):
        arguments = state.fields.get(key)
        name = arguments.get("FunctionName") if isinstance(arguments, Mapping) else None
        if isinstance(name, str) and not name.startswith("{%"):
            return function_name(name)[0]
    return ""


def tooltip(state: State) -> str:
    """All there is to say about a state in a few lines."""
    resource = state.fields.get("Resource")
    comment = state.fields.get("Comment")
    parts = [state.name, state.type if state.type != "Task" else f"Task {expression(resource)}"]
    caption = face(state).caption
    if caption not in parts and state.type != "Task":
        parts[1] = caption
    return "\n".join([*parts, comment] if isinstance(comment, str) else parts)
