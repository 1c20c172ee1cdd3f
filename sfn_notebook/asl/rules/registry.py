"""What a rule is, what it finds, and the list of all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from sfn_notebook.asl.codes import CODES

from .tree import Definition, Place


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong at a place: in the user's words what, and what instead (hint, may be empty).

    key: the key is meant, not the value; offset: the character of the string value that is meant.
    """

    place: Place
    message: str
    hint: str = ""
    key: bool = False
    offset: int | None = None


Rule: TypeAlias = Callable[[Definition], Iterator[Finding]]

RULES: Final[list[tuple[str, Rule]]] = []
"""Every rule with the code of what it finds, in the order of the modules."""


def rule(code: str) -> Callable[[Rule], Rule]:
    """Registers a generator as the rule of `code`, which `codes.CODES` must list."""
    if code not in CODES:
        raise LookupError(f"{code} is not listed in codes.py")

    def register(function: Rule) -> Rule:
        RULES.append((code, function))
        return function

    return register
