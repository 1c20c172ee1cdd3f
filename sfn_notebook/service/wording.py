"""Our diagnostics in AWS's words: code, message and location, as far as recordings show them.  (spec: language,
Validation of a definition)

Where no recording shows AWS's text, ours stands, under AWS's code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sfn_notebook.asl.codes import CODES
from sfn_notebook.asl.diagnostics import Diagnostic
from sfn_notebook.asl.model import STATE_TYPES
from sfn_notebook.asl.resources import parse_resource

from .json_faults import json_fault


class Finding(NamedTuple):
    """A finding as AWS lists it. location: a path of names, "" where AWS gives none."""

    severity: str
    code: str
    message: str
    location: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" + (f" at {self.location}" if self.location else "")

    def answer(self) -> dict[str, str]:
        """As ValidateStateMachineDefinition answers."""
        shown = {"severity": self.severity, "code": self.code, "message": self.message}
        return shown | ({"location": self.location} if self.location else {})


_WARNINGS: Final = {"ASL407": "NO_DOLLAR", "ASL408": "NO_PATH", "ASL409": "PASS_RESULT_IS_STATIC"}
_TEXT_FAULTS: Final = frozenset(code for code, about in CODES.items() if about.aws == "INVALID_JSON_DESCRIPTION")
_FORBIDDEN_IN_LABELS: Final = re.compile(r"""[\s?*<>{}\[\]:;,\\|^~$#%&"`\x00-\x1f\x7f-\x9f]""")
_NO_OBJECT: Final = frozenset({"ASL101", "ASL102", "ASL201"})
_FIELDS_FIRST: Final = ("States", "StartAt")
"""Of several missing fields AWS names these first."""


def findings(diagnostics: Sequence[Diagnostic], text: str, value: Any) -> list[Finding]:
    """AWS's findings about the definition `text`, errors and warnings, in the order of the text.

    value: what was read from the text.
    """
    fault = json_fault(text) if any(found.code in _TEXT_FAULTS for found in diagnostics) else None
    if fault is not None:
        source = f'[Source: (String)"{_excerpt(text)}"; line: {fault.line}, column: {fault.column}]'
        return [Finding("ERROR", "INVALID_JSON_DESCRIPTION", f"{fault.message}\n at {source}", source)]
    return list(dict.fromkeys(_merged(diagnostics, value)))


def _excerpt(text: str) -> str:
    return text if len(text) <= 500 else f"{text[:500]}[truncated {len(text) - 500} chars]"


def _merged(diagnostics: Sequence[Diagnostic], value: Any) -> Iterator[Finding]:
    """One finding for all fields that are missing in one place, one for each of the rest."""
    missing: dict[str, list[str]] = {}
    for found in diagnostics:
        if (name := _missing_field(found)) is not None:
            missing.setdefault(found.path, []).append(name)
    for found in diagnostics:
        if found.code in _WARNINGS:
            yield Finding("WARNING", _WARNINGS[found.code], found.message, found.path)
        elif found.severity != "error":
            continue
        elif _missing_field(found) is None:
            yield _finding(found, value)
        elif names := missing.pop(found.path, None):
            names.sort(key=lambda name: _FIELDS_FIRST.index(name) if name in _FIELDS_FIRST else len(_FIELDS_FIRST))
            message = f"These fields are required: [{', '.join(names)}]"
            yield Finding("ERROR", "SCHEMA_VALIDATION_FAILED", message, found.path or "/")


def _missing_field(found: Diagnostic) -> str | None:
    named = re.search(r" needs (\w+)\.$", found.message) if found.code == "ASL202" else None
    return named[1] if named else None


def _finding(found: Diagnostic, value: Any) -> Finding:
    code = CODES[found.code].aws or "SCHEMA_VALIDATION_FAILED"
    if found.code in _NO_OBJECT:
        return Finding("ERROR", code, "Definition must be a valid JSON object", "")
    message, path = _said(found, _at(value, found.path)) or (found.message, found.path)
    return Finding("ERROR", code, message, path or "/")


def _said(found: Diagnostic, value: Any) -> tuple[str, str] | None:
    """AWS's message and location; None where they are not known. `value`: what stands at the finding's path."""
    around, _, name = found.path.rpartition("/")
    match found.code:
        case "ASL206" if name == "Type":
            return f"The field 'Type' should have one of these values: [{', '.join(STATE_TYPES)}]", found.path
        case "ASL210":
            return "Value cannot be empty", found.path
        case "ASL211":
            return "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", around
        case "ASL401" | "ASL403" | "ASL404" if name.endswith(".$"):
            wanted = "must be a valid JSONPath or a valid intrinsic function call"
            return f"The value for the field '{_unescape(name)}' {wanted}", around
        case "ASL410":
            return "String does not match RFC3339 timestamp", found.path
        case "ASL601":
            wrong = "The value is not a valid resource ARN, or the resource is not available in this region."
            return f"The resource provided {value} is not recognized. {wrong}", found.path
        case "ASL607" if name == "Resource":
            return _express(str(value)), found.path
    return None


def _express(resource: str) -> str:
    """What an EXPRESS machine does not support."""
    parsed = parse_resource(resource)
    if parsed.kind == "activity":
        return "Express state machine does not support Activity ARN"
    if parsed.waits_for_token:  # with a blank at the end, as recorded
        return f"Express state machine does not support '{parsed.pattern}' service integration "
    return f"Express state machine does not support '{parsed.pattern}' service integration"


def _at(value: Any, path: str) -> Any:
    """What stands at a JSON pointer; None if nothing does."""
    for step in map(_unescape, path.split("/")[1:]):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _unescape(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")


def label_fault(diagnostics: Sequence[Diagnostic], text: str, value: Any) -> str | None:
    """What CreateStateMachine says of a label that is too long or holds a forbidden character: as recorded, in a form
    of its own. None if no label is at fault.
    """
    for found in diagnostics:
        if found.code == "ASL215":
            label = str(_at(value, found.path))
            forbidden = _FORBIDDEN_IN_LABELS.search(label)
            said = "Label cannot exceed 40 characters"
            if len(label) <= 40 and forbidden:
                said = f"Label contains invalid character: {forbidden[0]!r}"
            return f"Error=ValueError Args={[said]} in definition '{text}'."
    return None
