"""Definitions as the API takes them: refused in AWS's words, and which variables their states read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sfn_notebook.asl.fields import Computed, Dynamic
from sfn_notebook.asl.lint import examine
from sfn_notebook.asl.model import Machine, build
from sfn_notebook.asl.rules.expressions import expressions
from sfn_notebook.asl.rules.tree import Definition as Survey
from sfn_notebook.asl.rules.tree import survey
from sfn_notebook.asl.source import read
from sfn_notebook.engine.program import Program
from sfn_notebook.query.jsonata import reads
from sfn_notebook.query.jsonata_template import expressions_in
from sfn_notebook.query.scope import QuerySyntaxError

from .faults import ServiceError
from .operations import operation
from .paging import DEFAULT
from .pending import Answer
from .wording import findings, label_fault


@dataclass(frozen=True)
class Definition:
    """The definition of a machine, without errors."""

    text: str
    machine: Machine
    type: Literal["STANDARD", "EXPRESS"]

    @cached_property
    def program(self) -> Program:
        """Compiled, when it is first run."""
        return Program(self.machine)

    @cached_property
    def variable_references(self) -> dict[str, list[str]]:
        """The variables that each state reads, by the state's name; states that read none are left out."""
        return variable_references(survey(read(self.text).value, self.type))


def define(text: str, type: Literal["STANDARD", "EXPRESS"]) -> Definition:
    """The definition that `text` holds. Raises: ServiceError InvalidDefinition that names every error."""
    source = read(text)
    diagnostics = examine(source, type)
    if any(found.severity == "error" for found in diagnostics):
        message = label_fault(diagnostics, text, source.value)
        if message is None:
            errors = [str(found) for found in findings(diagnostics, text, source.value) if found.severity == "ERROR"]
            message = f"Invalid State Machine Definition: '{', '.join(errors)}'"
        raise ServiceError("InvalidDefinition", message)
    value: Any = source.value
    return Definition(text, build(value, text), type)


def variable_references(definition: Survey) -> dict[str, list[str]]:
    """The variables that each state reads, sorted; states in the order of the text."""
    found: dict[str, set[str]] = {}
    for expression in expressions(definition):
        if expression.state is not None:
            found.setdefault(expression.state.name, set()).update(expression.variables())
    for site in definition.of(Computed, Dynamic):
        if site.state is not None and site.language == "JSONata":
            for _, text in expressions_in(site.value):
                found.setdefault(site.state.name, set()).update(_read_by(text))
    return {state.name: sorted(found[state.name]) for state in definition.states if found.get(state.name)}


def _read_by(text: str) -> frozenset[str]:
    try:
        return reads(text).variables
    except QuerySyntaxError:
        return frozenset()


class Definitions:
    """ValidateStateMachineDefinition."""

    @operation
    def validate_state_machine_definition(
        self,
        *,
        definition: str,
        type: str = "STANDARD",
        severity: str = "ERROR",
        max_results: int = 0,
    ) -> Answer:
        """What is wrong with a definition; `severity`: the least that is listed. Never raises for bad definitions."""
        source = read(definition)
        found = findings(examine(source, type), definition, source.value)
        shown = [one for one in found if severity == "WARNING" or one.severity == "ERROR"]
        most = max_results or DEFAULT
        return {
            "result": "FAIL" if any(one.severity == "ERROR" for one in found) else "OK",
            "diagnostics": [one.answer() for one in shown[:most]],
            "truncated": len(shown) > most,
        }
