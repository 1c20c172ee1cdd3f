"""Equality and order of JSON values: a boolean is no number, 0 is 0.0, text goes by code unit as in Java.

Knows values; must not know where they come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Hashable

    from sfn_notebook.values import JSON


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether `value` is a JSON number, which no boolean is."""
    return type(value) is int or type(value) is float


def utf16(text: str) -> bytes:
    """A key that sorts text by UTF-16 code unit, as Java's String.compareTo does."""
    return text.encode("utf-16-be", "surrogatepass")


def identity_key(value: JSON) -> Hashable:
    """A key that two JSON values share exactly if they are equal, at any depth."""
    if type(value) is dict:
        return frozenset((name, identity_key(item)) for name, item in value.items())
    if type(value) is list:
        return ("array", *map(identity_key, value))
    return ("boolean", value) if type(value) is bool else value


def equal(left: JSON, right: JSON) -> bool:
    """Whether two JSON values are equal, at any depth."""
    if type(left) is type(right) and type(left) not in (dict, list):
        return bool(left == right)
    return identity_key(left) == identity_key(right)
