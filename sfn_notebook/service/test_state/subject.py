"""The state that is tested: a definition by itself, or one state of a whole machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sfn_notebook.asl.model import State
from sfn_notebook.asl.resources import Resource, parse_resource
from sfn_notebook.asl.source import read
from sfn_notebook.engine.trial import NAME
from sfn_notebook.service.definitions import define
from sfn_notebook.service.faults import ServiceError, validation
from sfn_notebook.values import dumps

_PARTS = ("Branches", "ItemProcessor", "Iterator")


class Subject(NamedTuple):
    """A state without errors. around: the fields of the innermost Map around it, None where there is none."""

    state: State
    around: Mapping[str, Any] | None

    @property
    def resource(self) -> Resource | None:
        """What a Task calls; None for other states."""
        return parse_resource(self.state.fields["Resource"]) if self.state.type == "Task" else None

    @property
    def inner_names(self) -> list[str]:
        """The states inside its branches or its item processor."""
        return [state.name for container in self.state.containers for state in container.walk()]


def find_subject(definition: str, state_name: str | None) -> Subject:
    """The state that is defined, or with `state_name` the one of this name, nested ones included.

    The rest of a machine need not be valid: of what the state leads to only the names count.
    Raises: ServiceError InvalidDefinition, ValidationException.
    """
    source = read(definition)
    value: Any = source.value
    if not isinstance(value, dict) or any(found.severity == "error" for found in source.problems):
        define(definition, "STANDARD")  # says what is wrong with the text
        raise ServiceError("InvalidDefinition", "Invalid State Machine Definition: ''")
    if state_name is None:
        return Subject(_checked(NAME, value, None), None)
    found = next((one for one in _states(value, None) if one[0] == state_name), None)
    if found is None:
        raise validation("State not found in definition")
    _, fields, around = found
    return Subject(_checked(state_name, fields, value.get("QueryLanguage")), around)


def _states(container: Any, around: Mapping[str, Any] | None) -> Iterator[tuple[str, Any, Mapping[str, Any] | None]]:
    """(name, fields, fields of the Map around it) of every state, outer before inner, as far as anything is there."""
    ahead = [(container, around)]
    while ahead:
        container, around = ahead.pop()
        states = container.get("States") if isinstance(container, dict) else None
        for name, fields in states.items() if isinstance(states, dict) else ():
            yield name, fields, around
            if isinstance(fields, dict):
                inside = fields if fields.get("Type") == "Map" else around
                ahead += [(part, inside) for part in _parts(fields)]


def _parts(fields: Mapping[str, Any]) -> Iterator[Any]:
    for name in _PARTS:
        part = fields.get(name)
        yield from part if isinstance(part, list) else [part]


def _checked(name: str, fields: Any, query_language: Any) -> State:
    """The state, in a machine of its own.  Raises: ServiceError InvalidDefinition."""
    ends = {target: {"Type": "Succeed"} for target in _targets(fields)}
    machine = {"StartAt": name, "States": {**ends, name: fields}}
    if query_language is not None:
        machine["QueryLanguage"] = query_language
    return define(dumps(machine), "STANDARD").machine.root.states[name]


def _targets(fields: Any) -> Iterator[str]:
    """The names of the states to which one leads."""
    if not isinstance(fields, dict):
        return
    ways = [fields.get("Next"), fields.get("Default")]
    for several in (fields.get("Choices"), fields.get("Catch")):
        if isinstance(several, list):
            ways += [one.get("Next") for one in several if isinstance(one, dict)]
    yield from (way for way in ways if isinstance(way, str))
