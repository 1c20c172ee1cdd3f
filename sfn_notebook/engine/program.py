"""A machine compiled for running: every state a step whose functions know their successors. Running never parses
text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sfn_notebook.asl.model import Container, Machine, State
from sfn_notebook.values import JSON

from . import tap
from .dataflow import CatchFlow
from .retry import Catcher, Retrier, compile_retriers

if TYPE_CHECKING:
    from sfn_notebook.asl.resources import Resource

    from .events import Kind, TaskKinds
    from .execution import Execution
    from .frames import Frame, Join


class Step:
    """One state, compiled.

    enter: begins a visit; attempt: begins an attempt of it (the first, or a retry); complete: makes a result the
    output. Each answers with the next step, END (this container is finished) or PARK (something must come from
    outside first). works_outside: somebody else does its work, a task's or a Map Run's, of the kind `task`; given_up:
    the event that says so when that has failed for good.
    """

    __slots__ = (
        "attempt", "begin_iteration", "catchers", "complete", "counts_retries", "enter", "given_up", "name", "retriers",
        "start_steps", "task", "type", "works_outside",
    )  # fmt: skip

    enter: Action
    attempt: Action
    complete: Callable[[Execution, Frame, JSON, int], Step]
    begin_iteration: Callable[[Execution, Join, int], None]
    task: tuple[Resource | None, TaskKinds]

    def __init__(self, state: State) -> None:
        self.name = state.name
        self.type = state.type
        self.counts_retries = state.type in ("Task", "Parallel", "Map")
        self.retriers: tuple[Retrier, ...] = ()
        self.catchers: tuple[Catcher, ...] = ()
        self.start_steps: tuple[Step, ...] = ()
        self.works_outside = False
        self.given_up: Kind | None = None

    def __repr__(self) -> str:
        return f"<Step {self.name}>"


Action: TypeAlias = "Callable[[Execution, Frame], Step]"


def _marker(name: str) -> Any:
    marker = object.__new__(Step)
    marker.name = name
    return marker


PARK: Final[Step] = _marker("PARK")
END: Final[Step] = _marker("END")


class Program:
    """A compiled machine."""

    __slots__ = ("definition_sha256", "distributed", "machine", "start", "tasks")

    def __init__(self, machine: Machine, start: Step | None = None) -> None:
        """`start`: the first step of the machine, where it has been compiled already."""
        self.machine = machine
        self.definition_sha256 = sha256(machine.text.encode("utf-8", "surrogatepass")).hexdigest()
        self.start = compile_container(machine.root) if start is None else start
        # State names are unique in a machine, nested ones included.
        self.tasks = {state.name: state for state in machine.walk() if state.type == "Task"}
        self.distributed = [state for state in machine.walk() if state.is_distributed]


def compile_container(container: Container) -> Step:
    """The first step of a container, every step of it compiled."""
    from .states import COMPILERS, compile_distributed

    steps = {name: Step(state) for name, state in container.states.items()}
    for name, state in container.states.items():
        step = steps[name]
        step.retriers = compile_retriers(state.fields.get("Retry", ()))
        catchers = enumerate(state.fields.get("Catch", ()))
        step.catchers = tuple(_catcher(state, fields, f"Catch[{n}]/", steps) for n, fields in catchers)
        step.start_steps = tuple(map(compile_container, state.containers))
        compile_state = compile_distributed if state.is_distributed else COMPILERS[state.type]
        compile_state(step, state, steps)
        tap.compiled(step)
    return steps[container.start_at]


def _catcher(state: State, fields: Mapping[str, JSON], site: str, steps: Mapping[str, Step]) -> Catcher:
    return Catcher(frozenset(fields["ErrorEquals"]), CatchFlow(state, fields, site), steps[fields["Next"]])


def successor(state: State, steps: Mapping[str, Step]) -> Step:
    """The step after `state`, or END."""
    return END if state.next is None else steps[state.next]
