"""The functions that machines which came over the wire may call: those of one file, and no others.  (DESIGN, 7)"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from sfn_notebook.integrations.functions import own_functions, registry


class FunctionsNotLoaded(Exception):
    """The file with functions cannot be loaded. The message says why."""


def load_functions(path: Path) -> dict[str, Callable[..., Any]]:
    """Run a Python file; the functions written in it and those that it registers with `@sfn.task`, by name.

    Names with a leading underscore, imports and classes are left out. Raises: FunctionsNotLoaded.
    """
    before = dict(registry)
    spec = spec_from_file_location(f"sfn_served_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise FunctionsNotLoaded(f"{path} is no Python file.")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # so that its dataclasses, and other processes, find it
    try:
        spec.loader.exec_module(module)
    except FileNotFoundError as error:
        raise FunctionsNotLoaded(f"{path}: {error.strerror}.") from None
    except Exception as error:  # noqa: BLE001 - whatever the user's file does at its top
        raise FunctionsNotLoaded(f"{path}{_line(error, path)}: {type(error).__name__}: {error}") from None
    found: dict[str, Callable[..., Any]] = dict(own_functions(vars(module)))
    return found | {name: function for name, function in registry.items() if before.get(name) is not function}


def _line(error: Exception, path: Path) -> str:
    """Where in the file it went wrong."""
    if isinstance(error, SyntaxError):
        return f" line {error.lineno}"
    lines = []
    frame = error.__traceback__
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == str(path):
            lines.append(frame.tb_lineno)
        frame = frame.tb_next
    return f" line {lines[-1]}" if lines else ""
