"""Variables: their names, where they are assigned, and where they can be seen.  (spec: data-flow, Variables)

Which variables a JSONata expression reads is not known here yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfn_notebook.asl.fields import Dynamic, Template
from sfn_notebook.asl.slips import shorten, show
from sfn_notebook.query.template import SUFFIX

from .expressions import Expression, expressions
from .registry import Finding, rule
from .tree import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .tree import ContainerSite, Definition, Place, StateSite

_LONGEST: Final = 80


@rule("ASL416")
def names_of_variables(definition: Definition) -> Iterator[Finding]:
    """A variable is called by an identifier of 1 to 80 characters, and not "states"."""
    for place, name, _ in _assigned(definition):
        if name == "states":
            yield Finding(place, "'states' is reserved: no variable can have this name.", key=True)
        elif not name.isidentifier():
            hint = "It is made of letters, digits and _, and starts with no digit."
            yield Finding(place, f"{show(name)} is no name for a variable.", hint, key=True)
        elif len(name) > _LONGEST:
            message = f"the name of a variable has {_LONGEST} characters at most, this one {len(name)}."
            yield Finding(place, message, key=True)


@rule("ASL417")
def names_do_not_shadow(definition: Definition) -> Iterator[Finding]:
    """No variable is assigned in a branch or item processor and also by another state outside of it.

    What the Parallel or Map around it assigns does not count: it comes after the branches. AWS takes it.
    """
    owners: dict[tuple[int, str], set[int]] = {}
    for _, name, state in _assigned(definition):
        owners.setdefault((id(state.container), name), set()).add(id(state))
    for place, name, state in _assigned(definition):
        for around in _around(state):
            if owners.get((id(around.container), name), set()) - {id(around)}:
                message = f"the variable {show(name)} is also assigned outside of this {_kind(state.container)}."
                yield Finding(place, message, "Give it another name here.", key=True)
                break


@rule("ASL418")
def variables_are_assigned(definition: Definition) -> Iterator[Finding]:
    """Every variable that is read is assigned in its scope or an outer one."""
    for found, name, seen, hidden in _unassigned(definition):
        if name not in hidden:
            hint = definition.speller.hint(name, seen)
            hint = hint or f'Some state before must have "Assign": {{ "{shorten(name)}": … }}.'
            yield Finding(found.place, f"the variable ${shorten(name)} is never assigned.", hint)


@rule("ASL419")
def children_do_not_see_outer_variables(definition: Definition) -> Iterator[Finding]:
    """What runs in a distributed Map's children reads no variable from outside."""
    for found, name, _, hidden in _unassigned(definition):
        if name in hidden:
            message = f"the variable ${shorten(name)} cannot be seen in a distributed Map's child."
            yield Finding(found.place, message, "Pass it in with the Map's ItemSelector.")


# ---------------------------------------------------------------- scopes


@once
def _assigned(definition: Definition) -> list[tuple[Place, str, StateSite]]:
    """Every assignment: its place, the variable, and the state that assigns it."""
    return [
        (site.place / key, key.removesuffix(SUFFIX) if site.language == "JSONPath" else key, site.state)
        for site in definition.of(Template, Dynamic)
        if site.place.step == "Assign" and isinstance(site.value, dict) and site.state
        for key in site.value
    ]


def _around(state: StateSite) -> Iterator[StateSite]:
    """The states around a state, from the inside, as far as it sees their variables."""
    container = state.container
    while container.outer is not None and not container.is_distributed:
        yield container.outer
        container = container.outer.container


def _unassigned(definition: Definition) -> Iterator[tuple[Expression, str, set[str], set[str]]]:
    """Every reading of a variable that its scope lacks, with the names it has and those hidden from it."""
    scopes = _scopes(definition)
    for found in expressions(definition):
        for name in found.variables():
            if found.state is not None:
                seen, hidden = scopes[id(found.state.container)]
                if name not in seen:
                    yield found, name, seen, hidden


@once
def _scopes(definition: Definition) -> dict[int, tuple[set[str], set[str]]]:
    """By container: the variables that are seen in it, and those further out that are not."""
    own: dict[int, set[str]] = {}
    for _, name, state in _assigned(definition):
        own.setdefault(id(state.container), set()).add(name)
    scopes: dict[int, tuple[set[str], set[str]]] = {}
    for container in definition.containers:  # outer ones come first
        seen, hidden = own.get(id(container), set()), set[str]()
        if container.outer is not None:
            outer_seen, outer_hidden = scopes[id(container.outer.container)]
            if container.is_distributed:
                hidden = outer_seen | outer_hidden
            else:
                seen, hidden = seen | outer_seen, outer_hidden
        scopes[id(container)] = seen, hidden
    return scopes


def _kind(container: ContainerSite) -> str:
    return "branch" if container.outer and container.outer.type == "Parallel" else "item processor"
