"""The definition as it was written, walked once along the field tables.

What has the wrong shape is left where it stands: a rule of `structure` names it, and none looks below it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sfn_notebook.asl.fields import LANGUAGES, SHAPES, Computed, Kind, Many, Nested, Shape, States
from sfn_notebook.asl.model import STATE_TYPES, QueryLanguage, StateType, escape

from .jsonata import is_expression
from .spelling import Speller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sfn_notebook.values import JSON


T = TypeVar("T")


class Place(NamedTuple):
    """Where something stands: the place around it and one step; the definition itself has neither."""

    around: Place | None = None
    step: str | int = ""

    def __truediv__(self, step: str | int) -> Place:
        return Place(self, step)

    def steps(self) -> list[str | int]:
        """From the definition down to here."""
        steps: list[str | int] = []
        place = self
        while place.around is not None:
            steps.append(place.step)
            place = place.around
        return steps[::-1]

    @property
    def pointer(self) -> str:
        """As a JSON pointer."""
        return "".join(f"/{escape(str(step))}" for step in self.steps())


@dataclass(slots=True)
class ContainerSite:
    """An object with StartAt and States: the machine, a branch, an item processor."""

    place: Place
    fields: Mapping[str, JSON]
    outer: StateSite | None
    states: dict[str, StateSite] = field(default_factory=dict)

    @property
    def is_distributed(self) -> bool:
        """Are its runs executions of their own?  (spec: distributed-map)"""
        config = self.fields.get("ProcessorConfig")
        return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"


@dataclass(slots=True)
class StateSite:
    """A state. type: None when Type is missing or unknown; containers: the branches or the item processor."""

    name: str
    place: Place
    fields: Mapping[str, JSON]
    type: StateType | None
    language: QueryLanguage
    container: ContainerSite
    containers: list[ContainerSite] = field(default_factory=list)
    site: ObjectSite | None = None


@dataclass(slots=True)
class ObjectSite:
    """An object that a shape governs; state: the one it is, or is part of."""

    place: Place
    fields: Mapping[str, JSON]
    shape: Shape
    name: str
    language: QueryLanguage
    state: StateSite | None

    def unknown(self) -> list[str]:
        """The fields that its shape does not have."""
        return [name for name in self.fields if name not in self.shape.fields]


class ValueSite(NamedTuple):
    """A value whose kind is known; state: the one it is part of."""

    place: Place
    value: JSON
    kind: Any
    language: QueryLanguage
    state: StateSite | None
    container: ContainerSite | None


@dataclass
class Definition:
    """Everything in a definition that has a known shape or kind, in lists for the rules."""

    root: JSON
    machine_type: str
    language: QueryLanguage = "JSONPath"
    objects: list[ObjectSite] = field(default_factory=list)
    containers: list[ContainerSite] = field(default_factory=list)
    states: list[StateSite] = field(default_factory=list)
    values: dict[type, list[ValueSite]] = field(default_factory=lambda: defaultdict(list))
    speller: Speller = field(default_factory=Speller)
    memory: dict[Any, Any] = field(default_factory=dict)

    def of(self, *kinds: type) -> Iterator[ValueSite]:
        """The values of these kinds."""
        for kind in kinds:
            yield from self.values.get(kind, ())

    def in_state(self, *types: StateType) -> Iterator[StateSite]:
        """The states of these types."""
        return (state for state in self.states if state.type in types)

    def shaped(self, *names: str) -> Iterator[ObjectSite]:
        """The objects of the shapes with these names."""
        for name in names:
            yield from self._by_shape.get(name, ())

    def misspelt(self, site: ObjectSite) -> dict[str, str]:
        """What each unknown field of `site` was probably meant to be, where it looks like one."""
        if id(site) not in self._misspelt:
            free = [name for name in site.shape.fields if name not in site.fields]
            nearest = {name: self.speller.nearest(name, free) for name in site.unknown()}
            self._misspelt[id(site)] = {name: meant for name, meant in nearest.items() if meant is not None}
        return self._misspelt[id(site)]

    @cached_property
    def states_by_name(self) -> dict[str, StateSite]:
        """The first state of each name, in whatever container."""
        return {state.name: state for state in reversed(self.states)}

    @cached_property
    def _misspelt(self) -> dict[int, dict[str, str]]:
        return {}

    @cached_property
    def _by_shape(self) -> dict[str, list[ObjectSite]]:
        sites = defaultdict(list)
        for site in self.objects:
            sites[site.name].append(site)
        return sites


def once(function: Callable[[Definition], T]) -> Callable[[Definition], T]:
    """A view of the definition that several rules share, made at the first need of it."""

    def remembered(definition: Definition) -> T:
        if function not in definition.memory:
            definition.memory[function] = function(definition)
        result: T = definition.memory[function]
        return result

    return remembered


def language_of(fields: Mapping[str, JSON], default: QueryLanguage) -> QueryLanguage:
    """The query language that `fields` names, or `default`."""
    named = fields.get("QueryLanguage")
    return next((language for language in LANGUAGES if language == named), default)


def survey(root: JSON, machine_type: str) -> Definition:
    """Walk `root` along the tables. Takes any JSON, and needs no Python stack for what is nested."""
    definition = Definition(root, machine_type)
    if isinstance(root, dict):
        definition.language = language_of(root, "JSONPath")
    _Walk(definition).run(ValueSite(Place(), root, Nested("machine"), definition.language, None, None))
    return definition


class _Walk:
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.pending: list[ValueSite] = []

    def run(self, first: ValueSite) -> None:
        self.pending.append(first)
        while self.pending:
            site = self.pending.pop()
            # The stack gives back the last one first.
            self.pending.extend(reversed(list(self.inside(site))))

    def inside(self, site: ValueSite) -> Iterator[ValueSite]:
        kind, value = site.kind, site.value
        self.definition.values[type(kind)].append(site)
        if isinstance(kind, Computed):
            if not is_expression(value):
                yield site._replace(kind=kind.literal)
        elif isinstance(kind, Many):
            if isinstance(value, list):
                for index, item in enumerate(value):
                    yield site._replace(place=site.place / index, value=item, kind=kind.item)
        elif isinstance(value, dict):
            if isinstance(kind, Nested):
                yield from self.object(site, value, kind.shape)
            elif isinstance(kind, States):
                for name, state in value.items():
                    yield from self.state(site, name, state)

    def object(self, site: ValueSite, value: dict[str, JSON], name: str) -> Iterator[ValueSite]:
        shape = SHAPES[name, site.language]
        found = ObjectSite(site.place, value, shape, name, site.language, site.state)
        self.definition.objects.append(found)
        if site.state is not None and site.state.fields is value:
            site.state.site = found
        container = site.container
        if "States" in shape.fields:
            container = self.container(site, value)
        for key, item in value.items():
            kind: Kind | None = shape.fields.get(key)
            if kind is not None:
                yield ValueSite(site.place / key, item, kind, site.language, site.state, container)

    def container(self, site: ValueSite, value: dict[str, JSON]) -> ContainerSite:
        container = ContainerSite(site.place, value, site.state)
        self.definition.containers.append(container)
        if site.state is not None:
            site.state.containers.append(container)
        return container

    def state(self, site: ValueSite, name: str, value: JSON) -> Iterator[ValueSite]:
        place, container = site.place / name, site.container
        if not isinstance(value, dict) or container is None:
            self.definition.values[Nested].append(site._replace(place=place, value=value, kind=Nested("state")))
            return
        state_type = next((known for known in STATE_TYPES if known == value.get("Type")), None)
        language = language_of(value, self.definition.language)
        state = StateSite(name, place, value, state_type, language, container)
        self.definition.states.append(state)
        container.states[name] = state
        yield ValueSite(place, value, Nested(state_type or "state"), language, state, container)
