"""A finding about a definition, as a value: what, how bad, where, and what instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. Lines and columns count from 1; the end is behind the last character; path is a JSON pointer."""

    code: str
    severity: Severity
    message: str
    hint: str
    path: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        hint = f" {self.hint}" if self.hint else ""
        return f"{self.code} line {self.line}, {self.place}: {self.message}{hint}"

    @property
    def place(self) -> str:
        """The path for people: "/" for the whole, the middle left out of a very long one."""
        return self.path if 0 < len(self.path) <= 120 else f"{self.path[:60]}…{self.path[-40:]}" if self.path else "/"
