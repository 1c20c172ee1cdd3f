"""How a JSONata expression stands in a definition: `{% … %}`.  (spec: data-flow, JSONata pipeline)"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sfn_notebook.values import JSON

OPENING: Final = "{%"
CLOSING: Final = "%}"


def is_expression(value: JSON) -> bool:
    """Is it meant to be evaluated? A string with only one of the delimiters is meant to, and broken."""
    return isinstance(value, str) and (value.startswith(OPENING) or value.endswith(CLOSING))
