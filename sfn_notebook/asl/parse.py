"""Definition text → Machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .lint import examine, lint
from .model import Machine, build
from .source import read

if TYPE_CHECKING:
    from .diagnostics import Diagnostic


def parse(text: str, *, type: str = "STANDARD") -> tuple[Machine | None, list[Diagnostic]]:
    """The machine that `text` defines, None if there is an error in it; and all diagnostics. Never raises."""
    if not isinstance(text, str):
        return None, lint(text, type=type)
    source = read(str(text))
    diagnostics = examine(source, type)
    if any(diagnostic.severity == "error" for diagnostic in diagnostics):
        return None, diagnostics
    return build(cast("dict[str, Any]", source.value), source.text), diagnostics
