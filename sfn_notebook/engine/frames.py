"""Lines of control: one for the machine itself, one for each running branch and iteration.

A frame is also the scope of the expressions of the state it stands in.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from sfn_notebook.query.timestamps import format_timestamp
from sfn_notebook.values import JSON

from .stimuli import Place, Target, TimerKind, make

if TYPE_CHECKING:
    from .events import Scheduling
    from .execution import Execution
    from .program import Step

_NOTHING: Mapping[str, JSON] = {}
_NO_SIZES: Mapping[str, int] = {}
_SEPARATOR = "\x1f"


class Frame:
    """Where one line of control stands and what it carries.

    value: input of the current state; bound: upper bound of its size in bytes; previous: id of its last event; before:
    of the last one before the current state; variables: those that can be seen here; sizes: the bytes of those assigned
    here.
    The rest concerns the current visit: entered (event id), visit (how many times this state was entered here), attempt
    (retries so far), tries (per retrier), timers (that run while it waits), unscheduled and unstarted (how the task of
    an activity is scheduled, until it is, and until a worker takes it), item (what a Map's item selector may see of the
    iteration at hand).
    """

    __slots__ = (
        "_path",
        "_target",
        "attempt",
        "before",
        "bound",
        "child_of",
        "dead",
        "entered",
        "execution",
        "index",
        "item",
        "join",
        "previous",
        "sizes",
        "step",
        "timers",
        "tries",
        "unscheduled",
        "unstarted",
        "value",
        "variables",
        "visit",
        "visits",
    )  # fmt: skip

    step: Step

    def __init__(
        self, execution: Execution, value: JSON, bound: int, previous: int, child_of: Join | None, index: int
    ) -> None:
        self.execution = execution
        self.value = value
        self.bound = bound
        self.previous = previous
        self.child_of = child_of
        self.index = index
        self.variables: Mapping[str, JSON] = _NOTHING if child_of is None else child_of.frame.variables
        self.sizes: Mapping[str, int] = _NO_SIZES
        self.dead = False
        self.join: Join | None = None
        self.visits: dict[str, int] | None = None
        self.visit = self.attempt = self.entered = self.before = 0
        self.tries: list[int] | None = None
        self.timers: tuple[TimerKind, ...] = ()
        self.unscheduled: tuple[Scheduling, JSON] | None = None
        self.unstarted: Scheduling | None = None
        self.item: JSON = None
        self._path: tuple[Place, ...] | None = None
        self._target: Target | None = None

    @property
    def path(self) -> tuple[Place, ...]:
        """The containers around this frame, outermost first."""
        if self._path is None:
            join = self.child_of
            if join is None:
                self._path = ()
            else:
                self._path = (*join.frame.path, Place(join.step.name, join.visit, join.attempt, self.index))
        return self._path

    @property
    def target(self) -> Target:
        """The current attempt, for commands and stimuli."""
        known = self._target
        if known is None:
            path = self.path if self.child_of is not None else ()
            known = self._target = make(Target, (path, self.step.name, self.visit, self.attempt))
        return known

    def arrive(self, step: Step) -> None:
        """Begin a visit that can be retried, or that draws chance."""
        visits = self.visits
        if visits is None:
            visits = self.visits = {}
        self.visit = visits[step.name] = visits.get(step.name, 0) + 1
        self.attempt = 0
        self.tries = self._target = None

    def try_again(self) -> None:
        """Begin another attempt of this visit."""
        self.attempt += 1
        self._target = None

    # ------------------------------------------------------------ the scope of expressions

    @property
    def now(self) -> int:
        """The time that the runner has told last."""
        return self.execution.now

    def context(self) -> dict[str, JSON]:
        """The context object.  (spec: language, Context object)"""
        execution = self.execution
        state: dict[str, JSON] = {
            "Name": self.step.name,
            "EnteredTime": format_timestamp(execution.time_of(self.entered)),
        }
        if self.step.counts_retries:
            state["RetryCount"] = self.attempt
        context = {**execution.context(), "State": state}
        resource = self.step.task[0] if self.step.type == "Task" else None
        if resource is not None and resource.has_token:
            context["Task"] = {"Token": task_token(execution.start.seed, self.target)}
        if self.item is not None:
            context["Map"] = {"Item": self.item}
        return context

    def draw(self, site: str) -> int:
        """Chance, keyed by where it is drawn, so that an edit elsewhere shifts nothing.  (DESIGN, law 3)"""
        item = "" if self.item is None else self.item["Index"]
        return draw(self.execution.start.seed, self.target, f"{item}{_SEPARATOR}{site}")


def draw(seed: int, target: Target, site: str) -> int:
    """128 bits that depend on the seed, the target and the site alone."""
    return int(_digits(seed, target, site), 16)


def drawn_uuid(seed: int, target: Target, site: str) -> str:
    """A version 4 UUID made of a draw.  (RFC 9562)"""
    digits = _digits(seed, target, site)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"


_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def _digits(seed: int, target: Target, site: str) -> str:
    place = f"{target.state}{_SEPARATOR}{target.visit}{_SEPARATOR}{target.attempt}{_SEPARATOR}{site}"
    if target.path:
        place = f"{_SEPARATOR.join(map(repr, target.path))}{_SEPARATOR}{place}"
    digest = _keyed(seed).copy()
    digest.update(place.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


@lru_cache(maxsize=256)
def _keyed(seed: int) -> blake2b:
    return blake2b(key=seed.to_bytes(16, "big"), digest_size=16)


def task_token(seed: int, target: Target) -> str:
    """The token with which a worker or callback answers this attempt: nobody can guess it."""
    return b64encode(draw(seed, target, "Token").to_bytes(16, "big")).decode()


class Join:
    """The running children of one attempt at a Parallel or Map, and the place where they come together.

    live: the frames that still run, by index; items: what is to be iterated over (None for a Parallel); keys: of the
    object whose members the items are; last: id of the event that ended the latest child.
    """

    __slots__ = (
        "attempt",
        "bound",
        "data",
        "data_bound",
        "frame",
        "items",
        "items_bound",
        "iterates",
        "keys",
        "last",
        "limit",
        "live",
        "outputs",
        "remaining",
        "started",
        "step",
        "visit",
    )

    def __init__(
        self,
        frame: Frame,
        step: Step,
        count: int,
        data: JSON,
        items: list[JSON] | None,
        keys: list[str] | None = None,
    ) -> None:
        self.frame = frame
        self.step = step
        self.visit = frame.visit
        self.attempt = frame.attempt
        self.data = data
        self.items: list[JSON] = [] if items is None else items
        self.iterates = items is not None
        self.keys = keys
        self.outputs: list[JSON] = [None] * count
        self.remaining = count
        self.started = 0
        self.limit = count
        self.last = frame.previous
        self.live: dict[int, Frame] = {}
        self.data_bound = self.items_bound = 0
        self.bound = 2
