"""What a picture of a state machine consists of: boxes and lines, placed. Shared by the static SVG and the
live widget.

Frozen values that know neither colours nor executions. Coordinates are pixels from the upper left corner.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from sfn_notebook.asl.model import StateType

NodeKind: TypeAlias = Literal["state", "container", "lane", "start", "end"]
EdgeKind: TypeAlias = Literal["start", "next", "choice", "default", "catch", "end"]


class Point(NamedTuple):
    """A place in the picture."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Where it ends, to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """Where it ends, below."""
        return self.y + self.height

    def moved(self, dx: float, dy: float) -> Box:
        """The same box elsewhere."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Node:
    """A state, a lane of a container (a branch, or what a Map does with each item), or a marker of start or
    end.

    id: unique in the scene, derived from the state's place in the definition; name: of the state (for lanes
    and markers of the state around them, "" at the top); lines: the name as it is shown; caption: what it
    does, as it is shown; icon: the glyph that stands for it; parent: id of the lane around it, or of the
    container around a lane; tooltip: all of it, unclipped.
    """

    id: str
    kind: NodeKind
    name: str
    type: StateType | None
    box: Box
    lines: tuple[str, ...] = ()
    caption: str = ""
    icon: str = ""
    distributed: bool = False
    parent: str | None = None
    depth: int = 0
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Text on a line. lines: as shown; tooltip: unclipped."""

    lines: tuple[str, ...]
    box: Box
    tooltip: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A way from one node to another of the same lane. source and target are node ids.

    points: the corners, the last at the target; path: the smooth line through them as SVG path data, drawn
    from where the arrow's head begins back to the source. Every line arrives from above.
    """

    id: str
    kind: EdgeKind
    source: str
    target: str
    points: tuple[Point, ...]
    path: str
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture. nodes: outer before inner, in the order of the text."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def to_json(self) -> dict[str, Any]:
        """The scene as JSON values: boxes and points become arrays."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
