"""Everything that is wrong with a definition.

Knows the rules' findings and the source's places; how diagnostics are shown is not its business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sfn_notebook.values import ABSENT

from .codes import CODES
from .diagnostics import Diagnostic
from .rules import RULES
from .rules.tree import survey
from .source import Source, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .rules.registry import Finding

MOST: Final = 500
"""A definition with more faults than this is told the first ones."""


def lint(text: object, *, type: str = "STANDARD") -> list[Diagnostic]:
    """What is wrong with the definition `text`, in the order of the text; the first 500 faults. Never raises.

    type: "STANDARD" or "EXPRESS", what the machine is to be.
    """
    if not isinstance(text, str):
        message = f"a definition is text, not {_article(text.__class__.__name__)}."
        hint = "Turn it into JSON text with json.dumps(…)." if isinstance(text, dict) else ""
        return [Diagnostic("ASL101", CODES["ASL101"].severity, message, hint, "", 1, 1, 1, 1)]
    return examine(read(str(text)), type)


def examine(source: Source, machine_type: str) -> list[Diagnostic]:
    """`lint` for a text that has been read."""
    found = list(source.problems)
    if source.value is not ABSENT:
        definition = survey(source.value, machine_type)
        found += _located(source, ((code, finding) for code, rule in RULES for finding in rule(definition)))
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda one: (one.line, one.column, one.end_line, one.end_column, one.code))[:MOST]


def _located(source: Source, findings: Iterable[tuple[str, Finding]]) -> list[Diagnostic]:
    """Findings as diagnostics: the first ones, so that many of them at long pointers take no memory."""
    ends = []
    for code, finding in findings:
        start, end = source.ends(finding.place.steps(), key=finding.key)
        if finding.offset is not None:
            start, end = _inside(source, start, end, finding.offset)
        ends.append((start, end, code, finding))
    ends.sort(key=lambda one: one[:3])
    return [
        source.diagnostic(code, (finding.message, finding.hint), finding.place.pointer, (start, end))
        for start, end, code, finding in ends[:MOST]
    ]


def _inside(source: Source, start: int, end: int, offset: int) -> tuple[int, int]:
    """One character of a string; its last place if the fault is that the string ends."""
    start = min(source.offset_in_string(start, offset), end - 1)
    return start, start + 1


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
