"""Data: paths, payload templates, intrinsic functions, timestamps, and where JSONata expressions stand.

(spec: data-flow, intrinsics)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sfn_notebook.asl.fields import COMPARISONS, Anything, Computed, Dynamic, Template, Text, Timestamp
from sfn_notebook.asl.slips import show
from sfn_notebook.query import jsonpath
from sfn_notebook.query.reference_path import compile_result_path
from sfn_notebook.query.scope import QuerySyntaxError
from sfn_notebook.query.template import SUFFIX
from sfn_notebook.query.timestamps import parse_timestamp

from .expressions import Expression, entries, expressions, is_dynamic, template_entries
from .jsonata import CLOSING, OPENING, is_expression
from .registry import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfn_notebook.values import JSON

    from .tree import Definition, Place

_PATH_LIKE: Final = re.compile(r"\$\$?(?:[.\[].*)?", re.DOTALL)
_CALL_LIKE: Final = re.compile(r"\s*States\.\w+\s*\(.*\)\s*", re.DOTALL)
_USE_JSONATA: Final = 'Give the state "QueryLanguage": "JSONata".'


# ---------------------------------------------------------------- paths and functions


@rule("ASL401")
def paths(definition: Definition) -> Iterator[Finding]:
    """Every path is a JSONPath."""
    for found in expressions(definition):
        if found.fault and not _is_call(found):
            yield _faulty(found, found.fault)


@rule("ASL402")
def reference_paths(definition: Definition) -> Iterator[Finding]:
    """ResultPath names exactly one place of the input."""
    for found in expressions(definition):
        if found.kind and found.kind.reference and not _names_one_place(found.path):
            try:
                compile_result_path(found.text)
            except QuerySyntaxError as fault:
                yield _faulty(found, fault)


@rule("ASL403")
def intrinsic_calls(definition: Definition) -> Iterator[Finding]:
    """Every call names an intrinsic function and gives it what it takes."""
    for found in expressions(definition):
        if found.fault and found.allows_calls and _is_call(found):
            yield _faulty(found, found.fault)


@rule("ASL404")
def looked_up_values_are_text(definition: Definition) -> Iterator[Finding]:
    """The value of a key that ends in .$ is a string."""
    for place, key, item, _ in template_entries(definition):
        if is_dynamic(key) and not isinstance(item, str):
            message = f"the value of {show(str(key))} must be a path or an intrinsic function, in quotes."
            yield Finding(place, message, f"For a plain value call the key {show(_plain(key))}.")


@rule("ASL405")
def keys_do_not_clash(definition: Definition) -> Iterator[Finding]:
    """No key of a template stands with and without .$."""
    for place, item in _template_objects(definition):
        for key in item:
            if is_dynamic(key) and _plain(key) in item:
                message = f"{show(key)} and {show(_plain(key))} would both give {show(_plain(key))}."
                yield Finding(place / key, message, "Delete one of them.", key=True)


@rule("ASL406")
def calls_where_only_paths_are(definition: Definition) -> Iterator[Finding]:
    """No intrinsic function stands in a field that takes only a path."""
    for found in expressions(definition):
        if not found.allows_calls and _is_call(found):
            message = f"{found.place.step} takes a path, no intrinsic function."
            hint = "Compute the value in Parameters, ResultSelector or Assign before."
            yield Finding(found.place, message, hint)


@rule("ASL421")
def calls_that_return_text(definition: Definition) -> Iterator[Finding]:
    """Where text is needed, the intrinsic function is one that returns it."""
    for found in expressions(definition):
        if found.call and found.kind and found.call.name not in found.kind.intrinsics:
            message = f"{found.place.step} needs a string, which {found.call.name} does not return."
            hint = f"Those that do: {', '.join(sorted(found.kind.intrinsics))}."
            yield Finding(found.place, message, hint, offset=found.call.offset)


@rule("ASL422")
def paths_to_one_value(definition: Definition) -> Iterator[Finding]:
    """Where one value is needed, the path finds one."""
    for found in expressions(definition):
        if found.path and found.kind and found.kind.single and not found.path.definite:
            message = f"{found.place.step} needs one value, and this path finds an array of them."
            yield Finding(found.place, message, "Leave out wildcards, slices, filters and '..'.")


def _names_one_place(path: jsonpath.Path | None) -> bool:
    return path is None or (path.root == "$" and path.reference)


def _is_call(found: Expression) -> bool:
    return found.call is not None or ("(" in found.text and not found.text.startswith("$"))


def _faulty(found: Expression, fault: QuerySyntaxError) -> Finding:
    offset = min(fault.offset, len(found.text))
    return Finding(found.place, _as_clause(fault.message), fault.hint, offset=offset)


def _as_clause(sentence: str) -> str:
    """A sentence as it follows a colon; one that begins with a name stays as it is."""
    first = sentence.partition(" ")[0]
    return (
        sentence[:1].lower() + sentence[1:] if (first.isalpha() and first[1:].islower()) or first == "A" else sentence
    )


# ---------------------------------------------------------------- likely slips


@rule("ASL407")
def paths_behind_plain_keys(definition: Definition) -> Iterator[Finding]:
    """A value of a template that looks like a path has a key that ends in .$."""
    for place, key, item, _ in template_entries(definition):
        if isinstance(key, str) and not is_dynamic(key) and _looks_computed(item):
            message = f"{show(item)} is plain text here: the key {show(key)} does not end in .$."
            yield Finding(place, message, f"To look it up, call the key {show(key + SUFFIX)}.", key=True)


@rule("ASL408")
def paths_in_literal_fields(definition: Definition) -> Iterator[Finding]:
    """A path does not stand in a field that has a twin for paths."""
    for site in definition.objects:
        for name, value in site.fields.items():
            twin = f"{name}Path"
            takes_text = isinstance(site.shape.fields.get(name), Text)
            if takes_text and twin in site.shape.fields and _looks_computed(value):
                message = f"{show(value)} is plain text here: {name} takes a literal."
                yield Finding(site.place / name, message, f"A path goes into {twin}.")


@rule("ASL409")
def result_is_not_evaluated(definition: Definition) -> Iterator[Finding]:
    """The Result of a Pass holds nothing that looks like a path."""
    for site in definition.of(Anything):
        whole = (site.place, site.place.step, site.value)
        for place, key, item in (whole, *entries(site.place, site.value)):
            if _looks_computed(item):
                message = f"{show(item)} is plain text here: Result is never evaluated."
                hint = f"Use Parameters{'' if is_dynamic(key) else ', with a key that ends in .$'}."
                yield Finding(place, message, hint)


@rule("ASL414")
def jsonata_in_jsonpath(definition: Definition) -> Iterator[Finding]:
    """No JSONata expression stands in the template of a JSONPath state."""
    for place, _, item, _ in template_entries(definition):
        if isinstance(item, str) and item.startswith(OPENING) and item.endswith(CLOSING):
            message = "this JSONata expression is plain text: the state uses JSONPath."
            yield Finding(place, message, _USE_JSONATA)


@rule("ASL415")
def jsonpath_keys_in_jsonata(definition: Definition) -> Iterator[Finding]:
    """No key ends in .$ in a JSONata state."""
    for site in definition.of(Dynamic):
        for place, key, _ in entries(site.place, site.value):
            if is_dynamic(key):
                message = f"the key {show(str(key))} stays as it is: .$ means nothing to JSONata."
                hint = f"Write {show(_plain(key))} with a value between {OPENING} and {CLOSING}."
                yield Finding(place, message, hint, key=True)


def _looks_computed(value: JSON) -> bool:
    """Does a text look like a path or an intrinsic call?"""
    if not isinstance(value, str):
        return False
    if _CALL_LIKE.fullmatch(value):
        return True
    return bool(_PATH_LIKE.fullmatch(value)) and _is_path(value)


def _is_path(text: str) -> bool:
    try:
        jsonpath.parse(text)
    except QuerySyntaxError:
        return False
    return True


def _template_objects(definition: Definition) -> Iterator[tuple[Place, dict[str, JSON]]]:
    """Every object in the templates, the templates themselves included."""
    candidates = [(site.place, site.value) for site in definition.of(Template)]
    candidates += [(place, item) for place, _, item, _ in template_entries(definition)]
    return ((place, value) for place, value in candidates if isinstance(value, dict))


def _plain(key: str | int) -> str:
    return str(key).removesuffix(SUFFIX)


# ---------------------------------------------------------------- literals


@rule("ASL410")
def timestamps(definition: Definition) -> Iterator[Finding]:
    """A timestamp is in RFC 3339 form."""
    for site in definition.of(Timestamp):
        if isinstance(site.value, str) and parse_timestamp(site.value) is None:
            hint = "It looks like 2026-01-31T09:30:00Z, or ends in an offset as +01:00."
            twin = f"{site.place.step}Path"
            if _looks_computed(site.value):
                hint = f"A path goes into {twin}."
            elif site.language == "JSONPath" and is_expression(site.value):
                hint = _USE_JSONATA
            yield Finding(site.place, f"{show(site.value)} is no RFC 3339 timestamp.", hint)


@rule("ASL420")
def comparisons_have_a_variable(definition: Definition) -> Iterator[Finding]:
    """A comparison has a Variable, and And, Or and Not have none."""
    for site in definition.shaped("rule", "nested rule"):
        compares = next((name for name in COMPARISONS if name in site.fields), None)
        if site.language != "JSONPath" or "Variable" in definition.misspelt(site).values():
            continue
        if compares and "Variable" not in site.fields:
            message = f"{compares} needs a Variable: the path of what is compared."
            yield Finding(site.place / compares, message, 'As in "Variable": "$.name".', key=True)
        elif "Variable" in site.fields and not compares and not {"And", "Or", "Not"}.isdisjoint(site.fields):
            message = "And, Or and Not take no Variable."
            yield Finding(site.place / "Variable", message, "Put it into the rules inside them.", key=True)


# ---------------------------------------------------------------- JSONata


@rule("ASL411")
def both_delimiters(definition: Definition) -> Iterator[Finding]:
    """A JSONata expression has both delimiters."""
    for place, text in _jsonata_texts(definition):
        if is_expression(text) and not _is_enclosed(text):
            if text.startswith(OPENING):
                message = f"this expression begins with {OPENING} and does not end with {CLOSING}."
            else:
                message = f"this expression ends with {CLOSING} and does not begin with {OPENING}."
            yield Finding(place, message, f"Write {OPENING} … {CLOSING}, and nothing outside.")


@rule("ASL423")
def expressions_parse(definition: Definition) -> Iterator[Finding]:
    """A JSONata expression follows the grammar, and uses nothing that AWS leaves out."""
    from sfn_notebook.query.jsonata import syntax_problems

    for place, text in _jsonata_texts(definition):
        for problem in syntax_problems(text[2:-2]) if _is_enclosed(text) else ():
            if problem.code:
                yield Finding(place, problem.message, problem.hint, offset=len(OPENING) + problem.start)


@rule("ASL412")
def blanks_inside_delimiters(definition: Definition) -> Iterator[Finding]:
    """A JSONata expression is set off from its delimiters, from one of them at least."""
    for place, text in _jsonata_texts(definition):
        inner = text[2:-2]
        if _is_enclosed(text) and not (inner[:1].isspace() or inner[-1:].isspace()):
            message = f"blanks are missing inside {OPENING} and {CLOSING}."
            yield Finding(place, message, f"Write {OPENING} {inner[:40]}{'…' * (len(inner) > 40)} {CLOSING}.")


@rule("ASL413")
def blanks_outside_delimiters(definition: Definition) -> Iterator[Finding]:
    """Nothing stands outside the delimiters of what is meant as an expression."""
    for place, text in _jsonata_texts(definition):
        if not is_expression(text) and is_expression(text.strip()):
            message = f"this is plain text: blanks stand outside {OPENING} and {CLOSING}."
            yield Finding(place, message, "Delete the blanks outside.")


def _is_enclosed(text: str) -> bool:
    return len(text) >= len(OPENING + CLOSING) and text.startswith(OPENING) and text.endswith(CLOSING)


def _jsonata_texts(definition: Definition) -> Iterator[tuple[Place, str]]:
    """Every string of the JSONata states that could be an expression."""
    for site in definition.of(Dynamic, Computed):
        if isinstance(site.value, str):
            yield site.place, site.value
    for site in definition.of(Dynamic):
        for place, _, item in entries(site.place, site.value):
            if isinstance(item, str):
                yield place, item
