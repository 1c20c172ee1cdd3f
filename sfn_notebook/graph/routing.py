"""Last step of a layout: how far down each row stands, and the points each line passes.

Inside a row a line is vertical and keeps to its cell; only in the gaps between rows does it move sideways. So
no line touches an item or a label that is not its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from .scene import Box, Point

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .grid import Grid

ROW_GAP = 36.0
LABEL_GAP = 20.0
TURN_GAP = 26.0
_TURN_DEPTH = 30.0  # of the control points of a turn: its curve reaches three quarters of it
ARROW = 7.0  # the length of an arrow's head
_INSET = 14.0  # lines keep away from the corners of an item
_PORT_GAP = 13.0
_LEAN = 0.25  # how much a port moves towards an item that stands to the side
_EASY_SLOPE = 160.0  # lines that move further sideways get more height to do it in
_MAX_EXTRA_GAP = 30.0


@dataclass(frozen=True, slots=True)
class Route:
    """The points of a line from its source to its target, and the box of its label."""

    points: tuple[Point, ...]
    label: Box | None


Ports = dict[tuple[int, int], float]


class Router:
    """Places the rows of an ordered grid whose columns are known, and lays the lines."""

    def __init__(self, grid: Grid, middles: Sequence[float]) -> None:
        self.grid = grid
        self.middles = middles
        self.heights = [max((grid.sizes[cell].height for cell in row), default=0.0) for row in grid.rows]
        self.below = {(item, other): x for item in range(grid.items) for other, x in self._ports(item, grid.down[item])}
        self.above = {(item, other): x for item in range(grid.items) for other, x in self._ports(item, grid.up[item])}
        self.tops = self._tops()
        self.tails: dict[int, tuple[Point, ...]] = {}

    @property
    def height(self) -> float:
        """How tall the whole is."""
        return self.tops[-1] + self.heights[-1]

    def box(self, item: int) -> Box:
        """Where an item stands. The items of a row share their upper border."""
        size = self.grid.sizes[item]
        return Box(self.middles[item] - size.width / 2, self.tops[self.grid.row[item]], *size)

    def route(self, number: int) -> Route:
        """The line of a link."""
        climbs = self.grid.backward[number]
        source, *lines, last = self.grid.paths[number]
        points = self._leave(source, [*lines, last], climbs=climbs)
        before = source
        for cell in lines:
            points += self._through(cell, climbs=climbs)
            before = cell
        tail = self._tail(last, climbs=climbs) if self.grid.is_line(last) else self._arrive(before, last, climbs=climbs)
        return Route(_corners((*points, *tail)), self._label_box(number))

    def _ports(self, item: int, others: Sequence[int]) -> Iterator[tuple[int, float]]:
        """Where on the border of an item its lines to `others` begin or end: apart, and in their order."""
        reach = max(self.grid.sizes[item].width / 2 - _INSET, 0.0)
        middle = self.middles[item]
        low, high = middle - reach, middle + reach
        ordered = sorted(others, key=lambda other: (self.middles[other], other))
        wanted = [self._towards(item, other, reach) for other in ordered]
        apart = min(_PORT_GAP, 2 * reach / max(len(ordered) - 1, 1))
        for index in range(1, len(wanted)):
            wanted[index] = max(wanted[index], wanted[index - 1] + apart)
        limit = high
        for index in reversed(range(len(wanted))):
            wanted[index] = max(low, min(wanted[index], limit))
            limit = wanted[index] - apart
        return zip(ordered, wanted, strict=True)

    def _towards(self, item: int, other: int, reach: float) -> float:
        offset = self.middles[other] - self.middles[item]
        wish = offset if self.grid.is_line(other) else offset * _LEAN
        return self.middles[item] + max(-reach, min(reach, wish))

    def _tops(self) -> list[float]:
        grid = self.grid
        widest = [
            max(
                (abs(self.middles[cell] - self.middles[n]) for cell in row for n in grid.down[cell]),
                default=0.0,
            )
            for row in grid.rows
        ]
        turns = self._rows_before_turns()
        holds_items = [any(not grid.is_line(cell) for cell in row) for row in grid.rows]
        tops = [0.0]
        for row in range(len(grid.rows) - 1):
            gap = TURN_GAP if row in turns else ROW_GAP if holds_items[row] and holds_items[row + 1] else LABEL_GAP
            extra = min(_MAX_EXTRA_GAP, max(0.0, widest[row] - _EASY_SLOPE) * 0.06)
            tops.append(tops[row] + self.heights[row] + gap + extra)
        return tops

    def _row_top(self, cell: int) -> float:
        return self.tops[self.grid.row[cell]]

    def _row_bottom(self, cell: int) -> float:
        return self.tops[self.grid.row[cell]] + self.heights[self.grid.row[cell]]

    def _rows_before_turns(self) -> set[int]:
        """The rows below which a line turns round."""
        grid = self.grid
        rows = {grid.row[path[0]] for path, climbs in zip(grid.paths, grid.backward, strict=True) if climbs}
        ends = [grid.row[cell] for cell in range(grid.items, len(grid.row)) if not grid.up[cell]]
        return rows.union(ends)

    def _leave(self, source: int, cells: Sequence[int], *, climbs: bool) -> list[Point]:
        """From the lower border of an item to the end of its row."""
        first = self._turn(source, cells[0], self.grid.down) if climbs else cells[0]
        x = self.below[source, first]
        return [
            Point(x, self._row_top(source) + self.grid.sizes[source].height),
            Point(x, self._row_bottom(source)),
        ]

    def _through(self, cell: int, *, climbs: bool) -> tuple[Point, Point]:
        x, top, bottom = self.middles[cell], self._row_top(cell), self._row_bottom(cell)
        return (Point(x, bottom), Point(x, top)) if climbs else (Point(x, top), Point(x, bottom))

    def _arrive(self, cell: int, target: int, *, climbs: bool) -> tuple[Point, ...]:
        port = self._turn(target, cell, self.grid.up) if climbs else cell
        return (Point(self.above[target, port], self._row_top(target)),)

    def _tail(self, cell: int, *, climbs: bool) -> tuple[Point, ...]:
        """From a shared cell to the target. Each is computed once, from the target up."""
        way = []
        while self.grid.is_line(cell) and cell not in self.tails:
            way.append(cell)
            cell = self.grid.onward[cell]
        tail = self.tails.get(cell, ())
        for line in reversed(way):
            tail = tail or self._arrive(line, cell, climbs=climbs)
            tail = self.tails[line] = _corners((*self._through(line, climbs=climbs), *tail))
        return tail

    @staticmethod
    def _turn(item: int, line: int, neighbours: Sequence[Sequence[int]]) -> int:
        """The cell through which a line turns round: the one that both have for a neighbour."""
        shared = set(neighbours[line])
        return next(cell for cell in neighbours[item] if cell in shared)

    def _label_box(self, number: int) -> Box | None:
        cell = self.grid.labels[number]
        if cell is None:
            return None
        size = self.grid.sizes[cell]
        room = self.heights[self.grid.row[cell]]
        if self.grid.backward[number]:  # it stands beside its source, which may be less tall than the row
            room = min(room, max(self.grid.sizes[self.grid.paths[number][0]].height, size.height))
        return Box(self.middles[cell] - size.width / 2, self._row_top(cell) + (room - size.height) / 2, *size)


def _corners(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points without those that lie within a straight part."""
    out: list[Point] = []
    for point in points:
        if len(out) > 1 and out[-2].x == out[-1].x == point.x:
            out[-1] = point
        elif not out or out[-1] != point:
            out.append(point)
    return tuple(out)


def smooth(points: Sequence[Point]) -> str:
    """SVG path data of a smooth line through `points`, drawn backwards: from where the arrow's head begins to
    the source.

    Points above one another are joined by a straight line, others by an S whose ends are vertical, and two at
    the same height by a turn: the first of a line below them, the second above. Backwards, so that the dashes
    of lines that share their last part fall on one another.
    """
    head = Point(points[-1].x, points[-1].y - ARROW)
    out = [f"M{number(head.x)} {number(head.y)}"]
    level = [index for index, (a, b) in enumerate(pairwise(points)) if a.y == b.y]
    for index in reversed(range(len(points) - 1)):
        start, end = points[index], head if index == len(points) - 2 else points[index + 1]
        if start.x == end.x:
            out.append(f"V{number(start.y)}")
        elif index in level:
            y = start.y + (_TURN_DEPTH if index == level[0] else -_TURN_DEPTH)
            out.append(_curve(Point(end.x, y), Point(start.x, y), start))
        else:
            y = (start.y + end.y) / 2
            out.append(_curve(Point(end.x, y), Point(start.x, y), start))
    return "".join(out)


def _curve(*points: Point) -> str:
    return "C" + " ".join(number(value) for point in points for value in point)


def number(value: float) -> str:
    """A coordinate as short text: a tenth of a pixel is enough."""
    return f"{round(value, 1):g}" if abs(value) < 1e5 else f"{round(value, 1)}"
