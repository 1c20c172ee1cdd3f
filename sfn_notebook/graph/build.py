"""Machine → scene: which boxes and lines there are, how large, and where.

Containers are measured from the inside out and placed from the outside in. Knows no colours and no
executions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from . import labels
from .layering import Link, Size
from .layout import COMFORTABLE_WIDTH, Arrangement, arrange
from .routing import Route, smooth
from .scene import Box, Edge, EdgeKind, Label, Node, NodeKind, Point, Scene
from .text import clip, visible, width, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfn_notebook.asl.model import Container, Machine, State, Transition

NAME_SIZE: Final = 13.0
CAPTION_SIZE: Final = 11.0
LABEL_SIZE: Final = 11.0
LINE_HEIGHT: Final = 15.0
LABEL_LINE_HEIGHT: Final = 13.0

TEXT_X: Final = 44.0
"""Where a state's text begins, right of its glyph."""

HEADER: Final = 46.0
"""How tall the header of a container is, and a state whose name fits on one line."""

_NAME_ROOM: Final = 176.0
_STATE_MIN: Final = 116.0
_TEXT_END: Final = 14.0
_LABEL_ROOM: Final = 168.0
_LABEL_LINES: Final = 3
_LANE_PAD: Final = 16.0
_LANE_GAP: Final = 10.0
_INSIDE_PAD: Final = 12.0
_MARKER: Final = Size(56.0, 24.0)
_DOT: Final = Size(10.0, 10.0)


def build_scene(machine: Machine) -> Scene:
    """The picture of a machine: the same machine gives the same scene."""
    plan = _plan(machine.root, is_root=True)
    parts = list(_place(plan, Point(0.0, 0.0), None, 0))
    return Scene(
        round(plan.size.width, 1),
        round(plan.size.height, 1),
        tuple(part for part in parts if isinstance(part, Node)),
        tuple(part for part in parts if isinstance(part, Edge)),
    )


# ---------------------------------------------------------------- measuring, from the inside out


@dataclass(frozen=True, slots=True)
class _Line:
    """A line to draw: item numbers, and the label's text."""

    kind: EdgeKind
    source: int
    target: int
    lines: tuple[str, ...] = ()
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A container whose items (states and markers) are placed relative to its own corner."""

    container: Container
    items: tuple[_Item, ...]
    lines: tuple[_Line, ...]
    arrangement: Arrangement

    @property
    def size(self) -> Size:
        return self.arrangement.size


@dataclass(frozen=True, slots=True)
class _Item:
    """A state or marker, not placed yet; lanes: what is inside, with boxes relative to its corner."""

    node: Node
    lanes: tuple[tuple[_Plan, Box], ...] = ()


def _plan(container: Container, *, is_root: bool) -> _Plan:
    states = _start_first(container)
    items = [_item(state) for state in states]
    lines = list(_transitions(states))
    with_start = is_root or len(states) > 1
    if with_start:
        items.insert(0, _marker("start", container.pointer, _MARKER if is_root else _DOT))
        lines = [_Line("start", 0, 1)] + [
            replace(line, source=line.source + 1, target=line.target + 1) for line in lines
        ]
    if is_root:
        ends = [number for number, state in enumerate(states, start=1) if _ends_well(state)]
        lines += [_Line("end", number, len(items)) for number in ends]
        items += [_marker("end", container.pointer, _MARKER)] * bool(ends)
    sizes = [Size(item.node.box.width, item.node.box.height) for item in items]
    return _Plan(container, tuple(items), tuple(lines), arrange(sizes, [_link(line) for line in lines]))


def _start_first(container: Container) -> list[State]:
    """The states in the order of the text, but the first one first."""
    return sorted(container.states.values(), key=lambda state: state.name != container.start_at)


def _ends_well(state: State) -> bool:
    return state.type == "Succeed" or state.fields.get("End") is True


def _marker(kind: NodeKind, pointer: str, size: Size) -> _Item:
    return _Item(Node(f"{pointer}#{kind}", kind, "", None, Box(0.0, 0.0, *size)))


def _link(line: _Line) -> Link:
    size = _label_size(line.lines) if line.lines else None
    return Link(line.source, line.target, size, weak=line.kind == "catch")


def _label_size(lines: Sequence[str]) -> Size:
    widest = max(width(line, LABEL_SIZE) for line in lines)
    return Size(widest + 14.0, len(lines) * LABEL_LINE_HEIGHT + 5.0)


def _transitions(states: Sequence[State]) -> Iterator[_Line]:
    """The lines between states; rules of one kind that lead the same way share a line."""
    numbers = {state.name: number for number, state in enumerate(states)}
    for state in states:
        texts: dict[tuple[EdgeKind, int], list[str]] = {}
        for transition in state.transitions():
            if transition.target in numbers:  # a linter's business: here there is nothing to draw
                way = transition.kind, numbers[transition.target]
                texts.setdefault(way, []).append(_label_text(state, transition))
        for (kind, target), all_texts in texts.items():
            shown = [] if kind == "next" else [visible(text) for text in all_texts]
            yield _Line(kind, numbers[state.name], target, _label_lines(shown), "\n".join(all_texts))


def _label_text(state: State, transition: Transition) -> str:
    if transition.kind == "choice":
        return labels.condition(state.fields["Choices"][transition.rule])
    if transition.kind == "catch":
        return labels.errors(state.fields["Catch"][transition.rule])
    return transition.kind


def _label_lines(texts: Sequence[str]) -> tuple[str, ...]:
    """At most three lines: one long text is wrapped, several texts get a line each, the rest is counted."""
    if len(texts) == 1:
        return wrap(texts[0], _LABEL_ROOM, LABEL_SIZE, lines=2)
    if len(texts) > _LABEL_LINES:
        texts = [*texts[: _LABEL_LINES - 1], f"… or {len(texts) - _LABEL_LINES + 1} more"]
    return tuple(clip(text, _LABEL_ROOM, LABEL_SIZE) for text in texts)


def _item(state: State) -> _Item:
    face = labels.face(state)
    lines = wrap(visible(state.name), _NAME_ROOM, NAME_SIZE, bold=True)
    caption = clip(visible(face.caption), _NAME_ROOM, CAPTION_SIZE)
    text = max(*(width(line, NAME_SIZE, bold=True) for line in lines), width(caption, CAPTION_SIZE))
    size = Size(max(_STATE_MIN, TEXT_X + text + _TEXT_END), HEADER + LINE_HEIGHT * (len(lines) - 1))
    lanes, size = _lanes(state, size)
    node = Node(
        id=state.pointer,
        kind="container" if lanes else "state",
        name=state.name,
        type=state.type,
        box=Box(0.0, 0.0, *size),
        lines=lines,
        caption=caption,
        icon=face.icon,
        distributed=state.is_distributed,
        tooltip=labels.tooltip(state),
    )
    return _Item(node, lanes)


def _lanes(state: State, header: Size) -> tuple[tuple[tuple[_Plan, Box], ...], Size]:
    """What is inside a state, below its header, in rows that are not too wide; and the size of it all."""
    plans = [_plan(container, is_root=False) for container in state.containers]
    if not plans:
        return (), header
    sizes = [Size(plan.size.width + 2 * _LANE_PAD, plan.size.height + 2 * _LANE_PAD) for plan in plans]
    boxes: list[Box] = []
    y, right = header.height, header.width
    for row in _rows(sizes):
        x, height = _INSIDE_PAD, max(size.height for size in row)
        for size in row:
            boxes.append(Box(x, y, size.width, height))
            x += size.width + _LANE_GAP
        right = max(right, x - _LANE_GAP + _INSIDE_PAD)
        y += height + _LANE_GAP
    size = Size(right, y - _LANE_GAP + _INSIDE_PAD)
    return tuple(zip(plans, _stretched(boxes, size.width), strict=True)), size


def _rows(sizes: Sequence[Size]) -> list[list[Size]]:
    """The sizes in rows that are comfortably wide, if a row is more than one."""
    rows: list[list[Size]] = []
    used = 0.0
    for size in sizes:
        if not rows or used + size.width > COMFORTABLE_WIDTH:
            rows.append([])
            used = 0.0
        rows[-1].append(size)
        used += size.width + _LANE_GAP
    return rows


def _stretched(boxes: Sequence[Box], outer: float) -> list[Box]:
    """The boxes of lanes, those of each row widened alike to fill it."""
    out = []
    for y in dict.fromkeys(box.y for box in boxes):
        row = [box for box in boxes if box.y == y]
        more = (outer - _INSIDE_PAD - row[-1].right) / len(row)
        out += [Box(box.x + more * k, y, box.width + more, box.height) for k, box in enumerate(row)]
    return out


# ---------------------------------------------------------------- placing, from the outside in


def _place(plan: _Plan, corner: Point, parent: str | None, depth: int) -> Iterator[Node | Edge]:
    """The nodes and edges of a plan whose upper left corner is `corner`."""
    arrangement = plan.arrangement
    ids = [item.node.id for item in plan.items]
    for item, box in zip(plan.items, arrangement.boxes, strict=True):
        node = replace(item.node, box=_rounded(box.moved(*corner)), parent=parent, depth=depth)
        yield node
        for number, (inner, lane) in enumerate(item.lanes):
            yield from _place_lane(inner, lane.moved(node.box.x, node.box.y), node, number)
    for number, (line, route) in enumerate(zip(plan.lines, arrangement.routes, strict=True)):
        yield _edge(f"{plan.container.pointer}#{number}", line, route, ids, corner)


def _place_lane(plan: _Plan, box: Box, around: Node, number: int) -> Iterator[Node | Edge]:
    """A lane, and what is in it: in its middle, below its upper border."""
    lane = Node(
        f"{around.id}#lane{number}",
        "lane",
        around.name,
        None,
        _rounded(box),
        parent=around.id,
        depth=around.depth,
    )
    yield lane
    corner = Point(box.x + (box.width - plan.size.width) / 2, box.y + _LANE_PAD)
    yield from _place(plan, corner, lane.id, around.depth + 1)


def _edge(name: str, line: _Line, route: Route, ids: Sequence[str], corner: Point) -> Edge:
    points = tuple(Point(round(x + corner.x, 1), round(y + corner.y, 1)) for x, y in route.points)
    label = Label(line.lines, _rounded(route.label.moved(*corner)), line.tooltip) if route.label else None
    return Edge(name, line.kind, ids[line.source], ids[line.target], points, smooth(points), label)


def _rounded(box: Box) -> Box:
    return Box(*(round(value, 1) for value in box))
