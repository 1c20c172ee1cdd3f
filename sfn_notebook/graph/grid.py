"""Second step of a layout: items and links become rows of cells.

Rows of items alternate with rows for labels and turns. A link that passes a row occupies a cell of it, so
lines, labels and items never share a place. Links of one strength to one target share their cells: they run
together like streams into a river. Where many labelled links leave one source they share a river the other
way round and part above their targets. A backward link leaves its source below like any other, turns, climbs
through cells of its own, turns again above its target and arrives from above.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from .layering import Link, Size

if TYPE_CHECKING:
    from collections.abc import Sequence

LINE = Size(10.0, 0.0)  # what a line needs of a row
TURN = Size(8.0, 0.0)  # what it needs where it turns round
CROWD = 6  # an item with more labelled links out than this has their labels spread over the rows below


@dataclass(slots=True)
class Grid:
    """Cells in rows. The first `items` cells are the items themselves.

    up, down: joined cells in the row above and below; paths: for each link its source and the cells it
    passes, without turns, until it reaches its target or a cell that is shared on the way there: `onward`
    tells how it goes on from that. labels: for each link the cell that holds its label; backward: for each
    link, does it climb? weak: the cells of weak links.
    """

    items: int
    sizes: list[Size]
    row: list[int]
    up: list[list[int]]
    down: list[list[int]]
    rows: list[list[int]] = field(default_factory=list)
    paths: list[list[int]] = field(default_factory=list)
    onward: dict[int, int] = field(default_factory=dict)
    labels: list[int | None] = field(default_factory=list)
    backward: list[bool] = field(default_factory=list)
    weak: set[int] = field(default_factory=set)

    def is_line(self, cell: int) -> bool:
        """Does only a line pass here, with or without a label?"""
        return cell >= self.items

    def is_turn(self, cell: int) -> bool:
        """Does a line turn round here?"""
        return self.sizes[cell] is TURN

    def is_channel(self, cell: int) -> bool:
        """Does a line pass here without a label? Channels are kept straight."""
        return cell >= self.items and self.sizes[cell] is LINE


def build_grid(sizes: Sequence[Size], links: Sequence[Link], backward: Sequence[bool], ranks: Sequence[int]) -> Grid:
    """The grid of items of these sizes and ranks; `backward` says which links climb."""
    return _Builder(sizes, links, backward, ranks).build()


class _Builder:
    def __init__(
        self, sizes: Sequence[Size], links: Sequence[Link], backward: Sequence[bool], ranks: Sequence[int]
    ) -> None:
        self.links = links
        self.ranks = ranks
        self.crowded = _crowded(len(sizes), links)
        # Items stand in even rows, labels and turns in odd ones, of which only those in use are kept.
        odd = {row for link, climbs in zip(links, backward, strict=True) for row in self._odd_rows(link, climbs=climbs)}
        self.position = {row: index for index, row in enumerate(sorted({2 * rank for rank in ranks} | odd))}
        self.grid = Grid(
            items=len(sizes),
            sizes=list(sizes),
            row=[self.position[2 * rank] for rank in ranks],
            up=[[] for _ in sizes],
            down=[[] for _ in sizes],
            backward=list(backward),
        )
        self.shared: dict[tuple[int, bool, str, int], int] = {}
        self.joined: set[tuple[int, int]] = set()

    def build(self) -> Grid:
        for link, climbs in zip(self.links, self.grid.backward, strict=True):
            if climbs:
                self._climb(link)
            else:
                self._descend(link)
        rows: list[list[int]] = [[] for _ in self.position]
        for cell, row in enumerate(self.grid.row):
            rows[row].append(cell)
        self.grid.rows = rows
        return self.grid

    def _label_row(self, link: Link) -> int:
        """The row of a forward link's label: below its source, or above its target if there are many."""
        return 2 * self.ranks[link.target] - 1 if self.crowded[link.source] else 2 * self.ranks[link.source] + 1

    def _odd_rows(self, link: Link, *, climbs: bool) -> tuple[int, ...]:
        if climbs:
            return 2 * self.ranks[link.source] + 1, 2 * self.ranks[link.target] - 1
        return (self._label_row(link),) if link.label else ()

    def _descend(self, link: Link) -> None:
        """Lay a link downwards: shared from its source to its label if there are many, then in a river."""
        label_row = self.position[self._label_row(link)] if link.label else -1
        path, label = [link.source], None
        rows = range(self.grid.row[link.source] + 1, self.grid.row[link.target])
        for row in rows:
            if row < label_row:
                path.append(self._shared_cell(link, link.source, "from", row))
            elif link.label and row == label_row:
                label = self._cell(link, row, link.label)
                path.append(label)
            else:
                path.append(self._river(link, "down", rows[row - rows.start :]))
                break
        else:
            path.append(link.target)
        self._join_all(path)
        self._keep(path, label)

    def _climb(self, link: Link) -> None:
        """Lay a link upwards: a turn below its source, its label, a river, a turn above its target."""
        bottom, top = self.grid.row[link.source], self.grid.row[link.target]
        own = [self._cell(link, bottom, link.label or LINE)] if link.label or bottom == top else []
        rows = range(bottom - len(own), top - 1, -1)
        path = own + ([self._river(link, "up", rows)] if rows else [])
        below = self._cell(link, self.position[2 * self.ranks[link.source] + 1], TURN)
        self._join_all([link.source, below, *path])
        if not rows:
            self._turn_above(link, path[0])
            path.append(link.target)
        self._keep([link.source, *path], own[0] if link.label else None)

    def _river(self, link: Link, name: str, rows: range) -> int:
        """The first of the cells through `rows` by which every link like this reaches its target."""
        target = link.target
        first = before = self._shared_cell(link, target, name, rows[0])
        for row in rows[1:]:
            if before in self.grid.onward:  # from here on it has been laid
                return first
            cell = self._shared_cell(link, target, name, row)
            self.grid.onward[before] = cell
            self._join(before, cell)
            before = cell
        if before not in self.grid.onward:
            self.grid.onward[before] = target
            if rows.step < 0:
                self._turn_above(link, before)
            else:
                self._join(before, target)
        return first

    def _turn_above(self, link: Link, line: int) -> None:
        above = self._cell(link, self.position[2 * self.ranks[link.target] - 1], TURN)
        self._join(above, line)
        self._join(above, link.target)

    def _keep(self, path: list[int], label: int | None) -> None:
        self.grid.paths.append(path)
        self.grid.labels.append(label)

    def _join_all(self, cells: Sequence[int]) -> None:
        for one, other in pairwise(cells):
            self._join(one, other)

    def _cell(self, link: Link, row: int, size: Size = LINE) -> int:
        grid = self.grid
        if link.weak:
            grid.weak.add(len(grid.row))
        grid.sizes.append(size)
        grid.row.append(row)
        grid.up.append([])
        grid.down.append([])
        return len(grid.row) - 1

    def _shared_cell(self, link: Link, end: int, name: str, row: int) -> int:
        key = (end, link.weak, name, row)
        if key not in self.shared:
            self.shared[key] = self._cell(link, row)
        return self.shared[key]

    def _join(self, one: int, other: int) -> None:
        """Join two cells of neighbouring rows."""
        upper, lower = (one, other) if self.grid.row[one] < self.grid.row[other] else (other, one)
        if (upper, lower) not in self.joined:
            self.joined.add((upper, lower))
            self.grid.down[upper].append(lower)
            self.grid.up[lower].append(upper)


def _crowded(count: int, links: Sequence[Link]) -> list[bool]:
    labelled = [0] * count
    for link in links:
        labelled[link.source] += link.label is not None
    return [number > CROWD for number in labelled]
