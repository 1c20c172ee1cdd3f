"""Structure: fields that are missing, unknown or too many, and values of the wrong type.  (spec: language)

Everything here follows from the tables of `fields`; flow has the rules about Next and End.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sfn_notebook.asl.fields import (
    DISTRIBUTED_ONLY,
    LANGUAGES,
    NEXT_OR_END,
    SHAPES,
    Arn,
    Dynamic,
    Flag,
    Group,
    Many,
    Nested,
    Number,
    Path,
    StateName,
    States,
    Template,
    Text,
    Timestamp,
    Whole,
)
from sfn_notebook.asl.model import STATE_TYPES, QueryLanguage
from sfn_notebook.asl.slips import shorten, show

from .registry import Finding, rule
from .tree import ObjectSite, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sfn_notebook.values import JSON

    from .tree import Definition, ValueSite

_FORBIDDEN_IN_LABELS: Final = re.compile(r"""[\s?*<>{}\[\]:;,\\|^~$#%&"`\x00-\x1f\x7f-\x9f]""")
_LONGEST_NAME: Final = 80
_LONGEST_LABEL: Final = 40


@rule("ASL201")
def definition_is_an_object(definition: Definition) -> Iterator[Finding]:
    """A definition is a JSON object."""
    if not isinstance(definition.root, dict):
        yield Finding(
            Place(),
            f"a definition is a JSON object, not {describe(definition.root)}.",
            'It looks like { "StartAt": …, "States": { … } }.',
        )


@rule("ASL202")
def required_fields(definition: Definition) -> Iterator[Finding]:
    """Every required field is there. One that is only misspelt is not missing: `known_fields` names it."""
    for site in definition.objects:
        missing = [name for name in site.shape.required if name not in site.fields]
        for name in missing:
            if name not in _meant(definition, site):
                yield Finding(site.place, f"{site.shape.title} needs {name}.", _why(name), key=True)


@rule("ASL203")
def known_fields(definition: Definition) -> Iterator[Finding]:
    """Every field belongs to what it stands in."""
    for site in definition.objects:
        for name in site.unknown():
            if not _other_language(site, name):
                meant = definition.misspelt(site).get(name)
                hint = f"Did you mean {show(meant)}?" if meant else _belongs(site, name)
                message = f"{site.shape.title} has no field {show(name)}."
                yield Finding(site.place / name, message, hint, key=True)


@rule("ASL204")
def fields_of_the_language(definition: Definition) -> Iterator[Finding]:
    """No field of the other query language."""
    for site in definition.objects:
        for name in site.unknown():
            other = _other_language(site, name)
            if other and not _is_undecided(site):
                message = f"{show(name)} is a field of {other}, and this state uses {site.language}."
                yield Finding(site.place / name, message, _instead(site, name, other), key=True)


@rule("ASL205")
def types_of_values(definition: Definition) -> Iterator[Finding]:
    """Every value is of the type that its field takes."""
    for kind in list(definition.values):
        for site in definition.of(kind):
            expected = mismatch(site.kind, site.value)
            if expected and site.place.around and not _is_placeholder(site):
                message = f"{_name(site)} takes {expected}, not {describe(site.value)}."
                yield Finding(site.place, message, _type_hint(site))


@rule("ASL206")
def values_allowed(definition: Definition) -> Iterator[Finding]:
    """Where a field takes one of few words, it has one of them."""
    for site in definition.of(Text):
        choices = site.kind.choices
        if choices and isinstance(site.value, str) and site.value not in choices:
            message = f"{_name(site)} is one of {_listed(choices)}, not {show(site.value)}."
            yield Finding(site.place, message, definition.speller.hint(site.value, choices))


@rule("ASL207")
def numbers_in_range(definition: Definition) -> Iterator[Finding]:
    """Numbers are within the limits of their fields."""
    for site in definition.of(Whole, Number):
        if mismatch(site.kind, site.value):
            continue
        least, most = site.kind.least, site.kind.most
        if least is not None and site.value < least:
            yield Finding(site.place, f"{_name(site)} is {least} or more, not {site.value}.")
        elif most is not None and site.value > most:
            yield Finding(site.place, f"{_name(site)} is {most} at most, not {site.value}.")


@rule("ASL208")
def exclusive_fields(definition: Definition) -> Iterator[Finding]:
    """Of fields that exclude each other only one stands."""
    for site, group in _groups(definition):
        present = [name for name in group.fields if name in site.fields]
        if group.exclusive and len(present) > 1:
            message = f"{site.shape.title} takes only one of {_listed(present)}."
            yield Finding(site.place / present[1], message, "Keep the one you mean.", key=True)


@rule("ASL209")
def one_of_a_group(definition: Definition) -> Iterator[Finding]:
    """Where one of several fields is needed, one stands."""
    for site, group in _groups(definition):
        present = any(name in site.fields for name in group.fields)
        if group.needed and not present and _meant(definition, site).isdisjoint(group.fields):
            wanted = group.label or f"one of {_listed(group.fields)}"
            yield Finding(site.place, f"{site.shape.title} needs {wanted}.", key=True)


@rule("ASL210")
def nothing_empty(definition: Definition) -> Iterator[Finding]:
    """Arrays and objects that must hold something do."""
    for site in definition.of(Many, States):
        least = site.kind.least if isinstance(site.kind, Many) else 1
        if isinstance(site.value, list | dict) and len(site.value) < least:
            yield Finding(site.place, f"{_name(site)} is empty.", "Give it at least one.")


@rule("ASL211")
def jsonata_machine_stays_jsonata(definition: Definition) -> Iterator[Finding]:
    """No state of a JSONata machine uses JSONPath."""
    for place in _back_to_jsonpath(definition, nested=False):
        yield Finding(place, "a state cannot use JSONPath in a JSONata machine.", _ONE_WAY)


@rule("ASL212")
def nested_state_of_a_jsonata_machine(definition: Definition) -> Iterator[Finding]:
    """The same inside a branch or item processor, for which no answer of AWS is on record."""
    for place in _back_to_jsonpath(definition, nested=True):
        yield Finding(place, "a state should not use JSONPath in a JSONata machine.", _ONE_WAY)


_ONE_WAY: Final = "Leave QueryLanguage out of the machine, and give it to the states that use JSONata."


def _back_to_jsonpath(definition: Definition, *, nested: bool) -> Iterator[Place]:
    if definition.language == "JSONata":
        for state in definition.states:
            if state.language == "JSONPath" and (state.container.outer is not None) == nested:
                yield state.place / "QueryLanguage"


@rule("ASL213")
def names_of_states(definition: Definition) -> Iterator[Finding]:
    """A state's name has 1 to 80 characters."""
    for state in definition.states:
        if not 1 <= len(state.name) <= _LONGEST_NAME:
            message = f"a state's name has 1 to {_LONGEST_NAME} characters, this one {len(state.name)}."
            yield Finding(state.place, message, "Say the rest in its Comment." if state.name else "", key=True)


@rule("ASL214")
def names_are_unique(definition: Definition) -> Iterator[Finding]:
    """No two states of a machine have the same name, wherever they are."""
    first: dict[str, Place] = {}
    for state in definition.states:
        if state.name in first:
            message = f"another state is called {show(state.name)}: {shorten(first[state.name].pointer)}."
            hint = "Names are unique in the whole machine, branches included."
            yield Finding(state.place, message, hint, key=True)
        first.setdefault(state.name, state.place)


@rule("ASL215")
def labels(definition: Definition) -> Iterator[Finding]:
    """A label has at most 40 characters, none of them special.  (spec: distributed-map, Label)"""
    for state, label in _labels(definition):
        forbidden = _FORBIDDEN_IN_LABELS.search(label)
        if len(label) > _LONGEST_LABEL:
            message = f"a label has {_LONGEST_LABEL} characters at most, this one {len(label)}."
            yield Finding(state.place / "Label", message)
        elif forbidden:
            message = f"a label cannot hold {show(forbidden[0])}."
            yield Finding(state.place / "Label", message, "Use letters, digits, - and _.", offset=forbidden.start())


@rule("ASL216")
def labels_are_unique(definition: Definition) -> Iterator[Finding]:
    """No two Maps of a machine have the same label."""
    seen: set[str] = set()
    for state, label in _labels(definition):
        if label in seen:
            yield Finding(state.place / "Label", f"another Map has the label {show(label)}.")
        seen.add(label)


@rule("ASL217")
def distributed_fields_of_an_inline_map(definition: Definition) -> Iterator[Finding]:
    """What only a distributed Map uses does not stand in an inline one."""
    for state in definition.in_state("Map"):
        if state.containers and not any(container.is_distributed for container in state.containers):
            for name in DISTRIBUTED_ONLY:
                if name in state.fields:
                    message = f"{name} has no effect: this Map is inline."
                    hint = 'A distributed Map has "ProcessorConfig": { "Mode": "DISTRIBUTED", … }.'
                    yield Finding(state.place / name, message, hint, key=True)


@rule("ASL218")
def fields_that_need_another(definition: Definition) -> Iterator[Finding]:
    """A field that means nothing alone has the other one beside it."""
    for site in definition.objects:
        for name, value, other in site.shape.needs:
            present = name in site.fields and value in (None, site.fields[name])
            if present and other not in site.fields and other not in _meant(definition, site):
                given = f"{name} {value}" if value else name
                yield Finding(site.place / name, f"{given} needs {other} beside it.", key=True)


# ---------------------------------------------------------------- types


def mismatch(kind: Any, value: JSON) -> str:
    """What a value of `kind` is, if `value` is none; else empty. Ranges and choices are for other rules."""
    match kind:
        case Text() | Timestamp() | StateName() | Arn():
            return "" if isinstance(value, str) else "a string"
        case Whole():
            return "" if type(value) is int else "a whole number"
        case Number():
            return "" if type(value) in (int, float) else "a number"
        case Flag():
            return "" if isinstance(value, bool) else "true or false"
        case Path():
            wanted = "a path or null" if kind.nullable else "a path"
            return "" if isinstance(value, str) or (value is None and kind.nullable) else wanted
        case Template(only_object=True) | Dynamic(only_object=True) | Nested() | States():
            return "" if isinstance(value, dict) else "an object"
        case Template():
            return "" if value is not None else "an object"
        case Dynamic(nullable=False):
            wanted = "an array or a JSONata expression"
            return "" if isinstance(value, list | dict | str) else wanted
        case Many():
            return "" if isinstance(value, list) else "an array"
    return ""


def describe(value: JSON) -> str:
    """A value in a message."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"the string {show(value)}"
        case int() | float():
            return str(value)
        case list():
            return "an array"
    return "an object"


def _is_placeholder(site: ValueSite) -> bool:
    """An object in place of an ARN, as CloudFormation's {"Fn::GetAtt": …}: `resources` tells it."""
    return isinstance(site.kind, Arn) and isinstance(site.value, dict)


def _type_hint(site: ValueSite) -> str:
    text = site.value
    if not isinstance(text, str):
        return f'Put it in quotes: "{text}".' if type(text) in (int, float) and isinstance(site.kind, Text) else ""
    if text.startswith("$") and site.language == "JSONPath" and isinstance(site.place.step, str):
        shape = SHAPES[(site.state.type if site.state else None) or "state", "JSONPath"]
        longer = f"{site.place.step}Path"
        return f"A path goes into {longer}." if longer in shape.fields else ""
    if isinstance(site.kind, Whole | Number | Flag):
        return "Leave the quotes away."
    return ""


# ---------------------------------------------------------------- fields


def _meant(definition: Definition, site: ObjectSite) -> set[str]:
    """What the unknown fields of an object are misspellings of."""
    return set(definition.misspelt(site).values())


def _other_language(site: ObjectSite, name: str) -> QueryLanguage | None:
    """The language in which this unknown field is known."""
    for language in LANGUAGES:
        if language != site.language and name in SHAPES[site.name, language].fields:
            return language
    return None


def _is_undecided(site: ObjectSite) -> bool:
    """Does the state name a language that does not exist? It may mean either one then."""
    named = site.state.fields.get("QueryLanguage", site.language) if site.state else site.language
    return named not in LANGUAGES


_INSTEAD: Final = {
    "Parameters": "Arguments",
    "Arguments": "Parameters",
    "ResultSelector": "Output",
    "ResultPath": "Output",
    "OutputPath": "Output",
    "InputPath": "Arguments",
    "Result": "Output",
    "ItemsPath": "Items",
    "Items": "ItemsPath",
    "Output": "ResultSelector",
    "Variable": "Condition",
    "Condition": "Variable",
    "And": "Condition",
    "Or": "Condition",
    "Not": "Condition",
}


def _instead(site: ObjectSite, name: str, other: QueryLanguage) -> str:
    mine = _INSTEAD.get(name, name.removesuffix("Path"))
    advice = f"{site.language} has {mine} for it" if mine in site.shape.fields else "Leave it out"
    return f'{advice}, or give the state "QueryLanguage": "{other}".'


def _belongs(site: ObjectSite, name: str) -> str:
    """Where a field would be known."""
    if site.name == "nested rule" and name == "Next":
        return "Only the outermost rule has Next."
    owners = [owner for owner in STATE_TYPES if name in SHAPES[owner, site.language].fields]
    if site.state is None or not owners:
        return ""
    return f"{_listed(owners)} states have it." if len(owners) > 1 else f"A {owners[0]} state has it."


def _why(name: str) -> str:
    return f"A Type is one of {_listed(STATE_TYPES)}." if name == "Type" else ""


def _groups(definition: Definition) -> Iterator[tuple[ObjectSite, Group]]:
    for site in definition.objects:
        for group in site.shape.groups:
            if group != NEXT_OR_END:
                yield site, group


def _labels(definition: Definition) -> Iterator[tuple[Any, str]]:
    for state in definition.in_state("Map"):
        label = state.fields.get("Label")
        if isinstance(label, str):
            yield state, label


def _name(site: ValueSite) -> str:
    """A value by its field, or as an item of one."""
    place = site.place
    if isinstance(place.step, int) and place.around is not None:
        return f"an item of {place.around.step}"
    if site.kind == Nested("state"):
        return f"the state {show(str(place.step))}"
    return str(place.step) or "the definition"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
