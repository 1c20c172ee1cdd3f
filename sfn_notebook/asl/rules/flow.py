"""Flow: where states lead, and whether every state is reached and the end too.  (spec: language, Validation)

Transitions never cross the border of a container: the machine, a branch, an item processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfn_notebook.asl.fields import NEXT_OR_END, SHAPES, StateName, States
from sfn_notebook.asl.slips import shorten, show

from .registry import Finding, rule
from .tree import once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .tree import ContainerSite, Definition, StateSite, ValueSite

_LEADS_ON: Final = frozenset({"Next", "End", "Choices", "Default", "Catch"})
_HOW_TO_LEAD_ON: Final = 'Write "Next": "<a state>", or "End": true.'


@rule("ASL301")
def start_exists(definition: Definition) -> Iterator[Finding]:
    """StartAt names a state of its own container."""
    for container in definition.containers:
        start, names = container.fields.get("StartAt"), _names(container)
        if names and isinstance(start, str) and start not in names:
            hint = definition.speller.hint(start, names) or _elsewhere(definition, start)
            yield Finding(container.place / "StartAt", f"no state is called {show(start)}.", hint)


@rule("ASL302")
def targets_exist(definition: Definition) -> Iterator[Finding]:
    """Every transition names a state."""
    for site in _lost(definition):
        if site.value not in definition.states_by_name:
            names = _names(site.container) if site.container else ()
            hint = definition.speller.hint(site.value, names)
            yield Finding(site.place, f"no state is called {show(site.value)}.", hint)


@rule("ASL303")
def targets_are_in_the_same_container(definition: Definition) -> Iterator[Finding]:
    """No transition leads out of its container or into another."""
    for site in _lost(definition):
        if site.value in definition.states_by_name:
            hint = _elsewhere(definition, site.value)
            yield Finding(site.place, f"{show(site.value)} is no state of this {_kind(site.container)}.", hint)


@rule("ASL304")
def next_or_end(definition: Definition) -> Iterator[Finding]:
    """A state that does not decide and does not finish has Next, or End: true."""
    for state in definition.states:
        if _is_stuck(state) and _LEADS_ON.isdisjoint(_misspelt(definition, state)):
            message = f"{show(state.name)} needs Next or End."
            hint = _HOW_TO_LEAD_ON
            if "End" in state.fields:
                message = f"{show(state.name)} needs Next: End is not true."
            yield Finding(state.place, message, hint, key=True)


@rule("ASL305")
def not_next_and_end(definition: Definition) -> Iterator[Finding]:
    """A state does not lead on and end at the same time."""
    for state in definition.states:
        if _leads_on(state) and "Next" in state.fields and "End" in state.fields:
            message = f"{show(state.name)} has both Next and End."
            yield Finding(state.place / "End", message, "Keep the one you mean.", key=True)


@rule("ASL306")
def every_state_is_reached(definition: Definition) -> Iterator[Finding]:
    """Some transition leads to every state. Of states that only lead to one another the first is told."""
    unclear = _unclear(definition)
    ways = _ways(definition)
    for container in definition.containers:
        start = container.fields.get("StartAt")
        if id(container) in unclear or not isinstance(start, str) or start not in container.states:
            continue
        reached = _reach(container, ways, start)
        for name in _first_unreached(container, ways, reached):
            message = f"no transition leads to {show(name)}."
            hint = "Let a Next, Default or Catch lead to it, or delete it."
            yield Finding(container.states[name].place, message, hint, key=True)


@rule("ASL307")
def some_state_ends(definition: Definition) -> Iterator[Finding]:
    """Every container has a state that ends it."""
    unclear = _unclear(definition)
    for container in definition.containers:
        ends = any(_is_terminal(state) for state in container.states.values())
        if container.states and not ends and id(container) not in unclear:
            message = f"no state ends this {_kind(container)}."
            hint = 'Give one "End": true, or add a Succeed or Fail state.'
            yield Finding(container.place / "States", message, hint, key=True)


@rule("ASL308")
def choice_has_a_default(definition: Definition) -> Iterator[Finding]:
    """A Choice says what happens when no rule matches."""
    for state in definition.in_state("Choice"):
        if "Default" not in state.fields and "Default" not in _misspelt(definition, state):
            message = f"{show(state.name)} has no Default: the execution fails when no rule matches."
            yield Finding(state.place, message, 'Add "Default": "<a state>".', key=True)


# ---------------------------------------------------------------- transitions


def _names(container: ContainerSite) -> dict[str, object]:
    """The states of a container, those included that are no objects."""
    states = container.fields.get("States")
    return states if isinstance(states, dict) else {}


def _transitions(definition: Definition) -> Iterator[ValueSite]:
    """Every Next, Default and Catch target that is text, with the state and container it stands in."""
    for site in definition.of(StateName):
        if site.place.step != "StartAt" and isinstance(site.value, str):
            yield site


@once
def _lost(definition: Definition) -> list[ValueSite]:
    """The transitions to no state of their container."""
    return [site for site in _transitions(definition) if site.container and site.value not in _names(site.container)]


def _ways(definition: Definition) -> dict[int, list[str]]:
    """Where each state leads, by the state's id."""
    ways: dict[int, list[str]] = {}
    for site in _transitions(definition):
        ways.setdefault(id(site.state), []).append(site.value)
    return ways


def _reach(container: ContainerSite, ways: dict[int, list[str]], start: str) -> set[str]:
    """The states that `start` leads to, itself included."""
    reached, pending = set[str](), [start]
    while pending:
        name = pending.pop()
        if name in container.states and name not in reached:
            reached.add(name)
            pending.extend(ways.get(id(container.states[name]), ()))
    return reached


def _first_unreached(container: ContainerSite, ways: dict[int, list[str]], reached: set[str]) -> Iterator[str]:
    """The unreached states that explain the others: those nothing leads to, then the first of each circle."""
    aimed_at = {
        target for state in container.states.values() for target in ways.get(id(state), ()) if target != state.name
    }
    explained = set(reached)
    for names in ([name for name in container.states if name not in aimed_at], list(container.states)):
        for name in names:
            if name not in explained:
                yield name
                explained |= _reach(container, ways, name)


@once
def _unclear(definition: Definition) -> set[int]:
    """The containers in which another fault leaves open where some state leads: no more is said of them."""
    unclear = {id(site.container) for site in _lost(definition)}
    unclear |= {
        id(site.container) for site in definition.of(StateName, States) if not isinstance(site.value, str | dict)
    }
    for state in definition.states:
        if state.type is None or _is_stuck(state):
            unclear.add(id(state.container))
    for container in definition.containers:
        if len(_names(container)) != len(container.states):
            unclear.add(id(container))
    for site in definition.objects:
        if site.state and site.name != "state":
            missing = any(name in _LEADS_ON and name not in site.fields for name in site.shape.required)
            if missing or not _LEADS_ON.isdisjoint(definition.misspelt(site).values()):
                unclear.add(id(site.state.container))
    return unclear


# ---------------------------------------------------------------- states


def _leads_on(state: StateSite) -> bool:
    return state.type is not None and NEXT_OR_END in SHAPES[state.type, state.language].groups


def _is_stuck(state: StateSite) -> bool:
    """Is it neither said to lead on nor to end?"""
    return _leads_on(state) and "Next" not in state.fields and state.fields.get("End") in (None, False)


def _is_terminal(state: StateSite) -> bool:
    return state.type in ("Succeed", "Fail") or state.fields.get("End") is True


def _misspelt(definition: Definition, state: StateSite) -> set[str | None]:
    """The fields that this state's unknown fields are misspellings of."""
    return set(definition.misspelt(state.site).values()) if state.site else set()


def _kind(container: ContainerSite | None) -> str:
    if container is None or container.outer is None:
        return "machine"
    return "branch" if container.outer.type == "Parallel" else "item processor"


def _elsewhere(definition: Definition, name: str) -> str:
    """Where a state of another container is."""
    state = definition.states_by_name.get(name)
    if state is None:
        return ""
    where = f"in {shorten(state.container.place.pointer)}" if state.container.outer else "one of the machine"
    return f"It is {where}: no transition leads into or out of a branch or item processor."
