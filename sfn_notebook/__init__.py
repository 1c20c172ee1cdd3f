"""AWS Step Functions in a notebook.

    %load_ext sfn_notebook          gives %%stepfunction and %sfn
    import sfn_notebook as sfn      gives the same to Python

Everything is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .asl.diagnostics import Diagnostic
    from .engine.explain import NoSuchVisit
    from .integrations.binding import TaskNotFound
    from .integrations.functions import LambdaContext, task
    from .integrations.mocks import MockError
    from .notebook.execution import Execution
    from .notebook.machine import StateMachine, lint
    from .notebook.workspace import client
    from .service.errors import DefinitionError, ExecutionFailed, InvalidExecutionInput, InvalidName
    from .store.contract import ExecutionExists

_HOMES = {
    "DefinitionError": "service.errors",
    "Diagnostic": "asl.diagnostics",
    "Execution": "notebook.execution",
    "ExecutionExists": "store.contract",
    "ExecutionFailed": "service.errors",
    "InvalidExecutionInput": "service.errors",
    "InvalidName": "service.errors",
    "LambdaContext": "integrations.functions",
    "MockError": "integrations.mocks",
    "NoSuchVisit": "engine.explain",
    "StateMachine": "notebook.machine",
    "TaskNotFound": "integrations.binding",
    "client": "notebook.workspace",
    "lint": "notebook.machine",
    "task": "integrations.functions",
}

__all__ = [
    "DefinitionError",
    "Diagnostic",
    "Execution",
    "ExecutionExists",
    "ExecutionFailed",
    "InvalidExecutionInput",
    "InvalidName",
    "LambdaContext",
    "MockError",
    "NoSuchVisit",
    "StateMachine",
    "TaskNotFound",
    "client",
    "lint",
    "task",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext sfn_notebook`: register the magics."""
    from .notebook.magics import StepFunctionsMagics

    ipython.register_magics(StepFunctionsMagics)
