"""What a notebook has at hand: its functions, its service, and whether it is being executed by a machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sfn_notebook.integrations.functions import FunctionTable
    from sfn_notebook.service.api import StepFunctions


def shell() -> Any:
    """IPython's shell, or None outside IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def namespace() -> dict[str, Any]:
    """The notebook's own names; empty outside a notebook."""
    running = shell()
    names: dict[str, Any] = {} if running is None else running.user_ns
    return names


def function_table(tasks: Mapping[str, Any] | None) -> FunctionTable:
    """Where a run looks its functions up: what it is given, the registry, the notebook."""
    from sfn_notebook.integrations.functions import FunctionTable

    return FunctionTable(tasks, namespace())


def is_repeatable() -> bool:
    """Is the notebook executed by nbclient, nbval, nbconvert or papermill? Then runs repeat to the byte.

    None of them offers to answer `input()`, all interactive front ends do. SFN_NOTEBOOK_REPEATABLE=1 or 0 decides
    otherwise.
    """
    chosen = os.environ.get("SFN_NOTEBOOK_REPEATABLE")
    if chosen is not None:
        return chosen not in ("", "0")
    kernel = getattr(shell(), "kernel", None)
    return kernel is not None and kernel.get_parent("shell").get("content", {}).get("allow_stdin") is False


@lru_cache(maxsize=1)
def service() -> StepFunctions:
    """The process's executions."""
    from sfn_notebook.service.api import StepFunctions
    from sfn_notebook.service.origins import Switched

    return StepFunctions(origin=Switched(is_repeatable))


if hasattr(os, "register_at_fork"):  # a forked child has none of its parent's threads
    os.register_at_fork(after_in_child=service.cache_clear)
