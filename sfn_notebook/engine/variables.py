"""How much an execution may keep in variables.  (spec: data-flow, Variables, limits)

One Assign: 256 KiB; all that an execution holds, in every scope that is still open: 10 MiB. Bytes are counted of the
values' compact text, names not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sfn_notebook.values import JSON, size

if TYPE_CHECKING:
    from .frames import Frame

MAX_ASSIGNED_BYTES: Final = 262_144
"""In one Assign, and so in one variable."""

MAX_STORED_BYTES: Final = 10 * 1024 * 1024
"""In one execution."""


def sizes_of(variables: Mapping[str, JSON]) -> dict[str, int]:
    """The bytes of each variable."""
    return {name: size(value) for name, value in variables.items()}


def stored(frame: Frame) -> int:
    """The bytes of all variables in the execution of `frame`."""
    while frame.child_of is not None:
        frame = frame.child_of.frame
    return _stored_from(frame)


def _stored_from(frame: Frame) -> int:
    """The bytes of the variables of `frame`'s own scope and of those inside."""
    inside = frame.join.live.values() if frame.join is not None else ()
    return sum(frame.sizes.values()) + sum(map(_stored_from, inside))


def too_much_assigned(state: str, sizes: Mapping[str, int]) -> str:
    """The cause when one Assign is over its limit."""
    largest = max(sizes, key=sizes.__getitem__)
    return (
        f"The state '{state}' assigned variables with a combined size of {sum(sizes.values())} bytes, exceeding the "
        f"maximum of {MAX_ASSIGNED_BYTES} bytes; the largest is '{largest}' with {sizes[largest]} bytes."
    )


def too_much_stored(state: str, total: int) -> str:
    """The cause when an execution is over its limit."""
    return (
        f"The variables of the execution have a total size of {total} bytes after the state '{state}', exceeding the "
        f"maximum of {MAX_STORED_BYTES} bytes."
    )
