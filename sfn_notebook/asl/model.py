"""A state machine as a frozen value: containers of states, each state with its fields as they were written.

Fields keep the names and the presence they have in the text: absent, null and falsy stay three things.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from sfn_notebook.values import JSON

QueryLanguage: TypeAlias = Literal["JSONPath", "JSONata"]
StateType: TypeAlias = Literal["Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"]

STATE_TYPES: tuple[StateType, ...] = ("Task", "Wait", "Pass", "Succeed", "Fail", "Choice", "Parallel", "Map")


class Transition(NamedTuple):
    """A way from one state to another of the same container.

    kind: "next", "choice", "default" or "catch"; rule: index of the choice rule or catcher, else 0; target: a
    state's name.
    """

    kind: Literal["next", "choice", "default", "catch"]
    rule: int
    target: str


@dataclass(frozen=True, slots=True)
class State:
    """One state. `fields` is the object as written; `containers` are a Parallel's branches or a Map's item
    processor.
    """

    name: str
    type: StateType
    query_language: QueryLanguage
    pointer: str
    fields: Mapping[str, JSON]
    containers: tuple[Container, ...] = ()

    @property
    def next(self) -> str | None:
        """The name after `Next`; None at an end."""
        return self.fields.get("Next")

    @property
    def is_jsonata(self) -> bool:
        return self.query_language == "JSONata"

    @property
    def is_distributed(self) -> bool:
        """Is this a Map whose iterations are executions of their own?  (spec: distributed-map)"""
        processor = self.fields.get("ItemProcessor", self.fields.get("Iterator"))
        config = processor.get("ProcessorConfig", {}) if isinstance(processor, Mapping) else {}
        return self.type == "Map" and isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED"

    def transitions(self) -> Iterator[Transition]:
        """Where this state can lead, in the order of the text: Next, choices, Default, catchers."""
        if self.next is not None:
            yield Transition("next", 0, self.next)
        if self.type == "Choice":
            for index, rule in enumerate(self.fields.get("Choices", ())):
                yield Transition("choice", index, rule["Next"])
            if "Default" in self.fields:
                yield Transition("default", 0, self.fields["Default"])
        for index, catcher in enumerate(self.fields.get("Catch", ())):
            yield Transition("catch", index, catcher["Next"])


@dataclass(frozen=True, slots=True)
class Container:
    """States that lead to one another: the machine itself, a branch of a Parallel, the item processor of a Map."""

    start_at: str
    states: Mapping[str, State]
    pointer: str
    query_language: QueryLanguage = "JSONPath"

    def walk(self) -> Iterator[State]:
        """Every state, nested ones included, outer before inner, in the order of the text."""
        for state in self.states.values():
            yield state
            for container in state.containers:
                yield from container.walk()


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine that has no errors."""

    root: Container
    query_language: QueryLanguage
    timeout_seconds: int | None
    comment: str | None
    text: str

    def walk(self) -> Iterator[State]:
        """Every state, nested ones included, in the order of the text."""
        return self.root.walk()


def build(definition: Mapping[str, JSON], text: str) -> Machine:
    """The machine of a definition in which the linter found no error."""
    language = definition.get("QueryLanguage", "JSONPath")
    return Machine(
        root=_container(definition, language, ""),
        query_language=language,
        timeout_seconds=definition.get("TimeoutSeconds"),
        comment=definition.get("Comment"),
        text=text,
    )


def _container(fields: Mapping[str, JSON], language: QueryLanguage, pointer: str) -> Container:
    states = {
        name: _state(name, state, language, f"{pointer}/States/{escape(name)}")
        for name, state in fields["States"].items()
    }
    return Container(fields["StartAt"], states, pointer, language)


def _state(name: str, fields: Mapping[str, JSON], language: QueryLanguage, pointer: str) -> State:
    inner = [(f"{pointer}/Branches/{index}", branch) for index, branch in enumerate(fields.get("Branches", ()))]
    inner += [(f"{pointer}/{key}", fields[key]) for key in ("ItemProcessor", "Iterator") if key in fields]
    # Nested states inherit the machine's language, not that of the state around them.
    containers = tuple(_container(container, language, where) for where, container in inner)
    return State(name, fields["Type"], fields.get("QueryLanguage", language), pointer, fields, containers)


def escape(key: str) -> str:
    """A key as one step of a JSON pointer.  (RFC 6901)"""
    return key.replace("~", "~0").replace("/", "~1")
