"""One compiler per state type: the state as written → what its step does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sfn_notebook.asl.model import State, StateType
from sfn_notebook.engine.program import Step

from .distributed import compile_distributed
from .fanout import compile_map, compile_parallel
from .simple import compile_choice, compile_fail, compile_pass, compile_succeed
from .task import compile_task
from .wait import compile_wait

__all__ = ["COMPILERS", "compile_distributed"]

COMPILERS: Final[Mapping[StateType, Callable[[Step, State, Mapping[str, Step]], None]]] = {
    "Pass": compile_pass,
    "Choice": compile_choice,
    "Succeed": compile_succeed,
    "Fail": compile_fail,
    "Wait": compile_wait,
    "Task": compile_task,
    "Parallel": compile_parallel,
    "Map": compile_map,
}
