"""What can be wrong with what a user asks for. Each subclasses the builtin that fits, and says what to do instead."""

from __future__ import annotations

from collections.abc import Sequence

from sfn_notebook.asl.diagnostics import Diagnostic


class DefinitionError(ValueError):
    """The definition has errors. `diagnostics`: everything found, warnings included, in the order of the text."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = list(diagnostics)
        errors = [found for found in diagnostics if found.severity == "error"]
        lines = "\n".join(f"  {found}" for found in errors[:20])
        more = f"\n  … and {len(errors) - 20} more" if len(errors) > 20 else ""
        super().__init__(f"the definition has {len(errors)} error{'s' * (len(errors) != 1)}:\n{lines}{more}")


class ExecutionFailed(RuntimeError):
    """The execution did not succeed. Attributes: status, error, cause, name."""

    def __init__(self, name: str, status: str, error: str | None, cause: str | None) -> None:
        self.name, self.status, self.error, self.cause = name, status, error, cause
        why = ": ".join(part for part in (error, cause) if part)
        super().__init__(f"execution {name} {status}" + (f" – {why}" if why else ""))


class InvalidName(ValueError):
    """A name that AWS refuses."""


class InvalidExecutionInput(ValueError):
    """An input that is no JSON, or over the limit."""
