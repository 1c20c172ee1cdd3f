"""A machine compiled for running: every state a step whose functions know their successors. Running never parses
text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sfn_notebook.asl.model import Container, Machine, State
from sfn_notebook.values import JSON

from .dataflow import CatchFlow
from .retry import Catcher, Retrier, compile_retriers

if TYPE_CHECKING:
    from sfn_notebook.asl.resources import Resource

    from .events import TaskKinds
    from .execution import Execution
    from .frames import Frame, Join


class Step:
    """One state, compiled.

    enter: begins a visit; attempt: begins an attempt of it (the first, or a retry); complete: makes a result the
    output. Each answers with the next step, END (this container is finished) or PARK (something must come from
    outside first).
    """

    __slots__ = (
        "attempt", "begin_iteration", "catchers", "complete", "counts_retries", "enter", "name", "retriers",
        "start_steps", "task", "type",
    )  # fmt: skip

    enter: Action
    attempt: Action
    complete: Callable[[Execution, Frame, JSON, int], Step]
    begin_iteration: Callable[[Execution, Join, int], None]
    task: tuple[Resource, TaskKinds]

    def __init__(self, state: State) -> None:
        self.name = state.name
        self.type = state.type
        self.counts_retries = state.type in ("Task", "Parallel", "Map")
        self.retriers: tuple[Retrier, ...] = ()
        self.catchers: tuple[Catcher, ...] = ()
        self.start_steps: tuple[Step, ...] = ()

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

    __slots__ = ("definition_sha256", "machine", "start", "tasks")

    def __init__(self, machine: Machine) -> None:
        """Raises: Unsupported, naming every state that this version cannot run."""
        reasons = list(unsupported(machine))
        if reasons:
            raise Unsupported(reasons)
        self.machine = machine
        self.definition_sha256 = sha256(machine.text.encode("utf-8", "surrogatepass")).hexdigest()
        self.start = compile_container(machine.root)
        # State names are unique in a machine, nested ones included.
        self.tasks = {state.name: state for state in machine.walk() if state.type == "Task"}


class Unsupported(NotImplementedError):
    """The machine is valid, but this version cannot run it. `reasons`: (state, what it needs)."""

    def __init__(self, reasons: list[tuple[str, str]]) -> None:
        self.reasons = reasons
        listed = "; ".join(f"{state!r} {why}" for state, why in reasons[:5])
        more = f" and {len(reasons) - 5} more" if len(reasons) > 5 else ""
        super().__init__(f"this version cannot run the machine, only lint and draw it: {listed}{more}.")


def unsupported(machine: Machine) -> Iterator[tuple[str, str]]:
    """The states that this version cannot run, and why."""
    for state in machine.walk():
        if state.is_distributed:
            yield state.name, "is a Distributed Map"


def compile_container(container: Container) -> Step:
    """The first step of a container, every step of it compiled."""
    from .states import COMPILERS

    steps = {name: Step(state) for name, state in container.states.items()}
    for name, state in container.states.items():
        step = steps[name]
        step.retriers = compile_retriers(state.fields.get("Retry", ()))
        catchers = enumerate(state.fields.get("Catch", ()))
        step.catchers = tuple(_catcher(state, fields, f"Catch[{n}]/", steps) for n, fields in catchers)
        step.start_steps = tuple(map(compile_container, state.containers))
        COMPILERS[state.type](step, state, steps)
    return steps[container.start_at]


def _catcher(state: State, fields: Mapping[str, JSON], site: str, steps: Mapping[str, Step]) -> Catcher:
    return Catcher(frozenset(fields["ErrorEquals"]), CatchFlow(state, fields, site), steps[fields["Next"]])


def successor(state: State, steps: Mapping[str, Step]) -> Step:
    """The step after `state`, or END."""
    return END if state.next is None else steps[state.next]
