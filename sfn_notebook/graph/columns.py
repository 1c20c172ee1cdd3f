"""Fourth step of a layout: how far to the right each cell stands.

By Brandes and Köpf, "Fast and simple horizontal coordinate assignment" (2001): four extreme alignments, the
median of them. Lines that pass several rows are kept straight.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .grid import Grid

GAP = 28.0
LINE_GAP = 10.0

Conflicts = set[tuple[int, int]]


def columns(grid: Grid) -> list[float]:
    """The middle of each cell, the leftmost border being 0."""
    conflicts = _conflicts(grid) | _outranked(grid)
    runs = [
        _run(grid, conflicts, from_below=from_below, from_right=from_right)
        for from_below in (False, True)
        for from_right in (False, True)
    ]
    middles = _median(_align(grid, runs))
    left = min(x - size.width / 2 for x, size in zip(middles, grid.sizes, strict=True))
    return [x - left for x in middles]


def _partners(grid: Grid, cell: int, neighbours: Sequence[int]) -> Sequence[int]:
    """The neighbours to stand in line with: for a channel channels, for an item strong ones, if any."""
    if grid.is_channel(cell):
        return [n for n in neighbours if grid.is_channel(n)] or neighbours
    if not grid.is_line(cell):
        return [n for n in neighbours if n not in grid.weak] or neighbours
    return neighbours


def _outranked(grid: Grid) -> Conflicts:
    """Joins of turns, which may be anywhere, and weak ones where an item has a strong one on that side."""
    turns = [cell for cell in range(grid.items, len(grid.row)) if grid.is_turn(cell)]
    found = {(cell, n) for cell in turns for n in (*grid.up[cell], *grid.down[cell])}
    for item in range(grid.items):
        for neighbours in (grid.up[item], grid.down[item]):
            weak = [n for n in neighbours if n in grid.weak]
            if len(weak) < len(neighbours):
                found.update((item, n) for n in weak)
    return found


def _conflicts(grid: Grid) -> Conflicts:
    """Joins that cross a join of two channels: the channel is kept straight, they are not."""
    found: Conflicts = set()
    for upper, lower in pairwise(grid.rows):
        place = {cell: index for index, cell in enumerate(upper)}
        start, done = 0, 0
        for index, cell in enumerate(lower):
            channels = [place[u] for u in grid.up[cell] if grid.is_channel(u)] if grid.is_channel(cell) else []
            inner = min(channels, default=None)
            if inner is None and index < len(lower) - 1:
                continue
            end = len(upper) - 1 if inner is None else inner
            for other in lower[done : index + 1]:
                found.update((u, other) for u in grid.up[other] if not start <= place[u] <= end)
            start, done = end, index + 1
    return found


def _run(grid: Grid, conflicts: Conflicts, *, from_below: bool, from_right: bool) -> list[float]:
    """One extreme alignment: towards one side, each cell in line with its median neighbour above or below."""
    rows = [row[::-1] if from_right else row for row in (grid.rows[::-1] if from_below else grid.rows)]
    root = _blocks(grid, rows, grid.down if from_below else grid.up, conflicts)
    place = _compact(grid, rows, root)
    return [-place[r] if from_right else place[r] for r in root]


def _blocks(
    grid: Grid, rows: Sequence[Sequence[int]], neighbours: Sequence[Sequence[int]], conflicts: Conflicts
) -> list[int]:
    """For each cell the first cell of the vertical block it belongs to."""
    root = list(range(len(grid.row)))
    aligned = list(root)
    index = {cell: number for row in rows for number, cell in enumerate(row)}
    for row in rows:
        last = -1
        for cell in row:
            near = sorted(_partners(grid, cell, neighbours[cell]), key=index.__getitem__)
            for middle in sorted({(len(near) - 1) // 2, len(near) // 2}) if near else ():
                other = near[middle]
                free = aligned[cell] == cell and last < index[other]
                if free and (other, cell) not in conflicts and (cell, other) not in conflicts:
                    aligned[other] = cell
                    root[cell] = aligned[cell] = root[other]
                    last = index[other]
    return root


def _compact(grid: Grid, rows: Sequence[Sequence[int]], root: Sequence[int]) -> dict[int, float]:
    """The leftmost place of each block, then pulled right as far as its right neighbours let it."""
    left: dict[int, list[tuple[int, float]]] = {r: [] for row in rows for r in (root[c] for c in row)}
    right: dict[int, list[tuple[int, float]]] = {r: [] for r in left}
    for row in rows:
        for a, b in pairwise(row):
            apart = _apart(grid, a, b)
            left[root[b]].append((root[a], apart))
            right[root[a]].append((root[b], apart))
    place: dict[int, float] = {}
    order = _from_left(left, right)
    for block in order:
        place[block] = max((place[other] + apart for other, apart in left[block]), default=0.0)
    for block in reversed(order):
        if right[block]:
            place[block] = max(place[block], min(place[other] - apart for other, apart in right[block]))
    return place


def _from_left(left: dict[int, list[tuple[int, float]]], right: dict[int, list[tuple[int, float]]]) -> list[int]:
    waiting = {block: len(others) for block, others in left.items()}
    ready = [block for block, number in waiting.items() if not number]
    order = []
    while ready:
        block = ready.pop()
        order.append(block)
        for other, _ in right[block]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return order


def _apart(grid: Grid, a: int, b: int) -> float:
    gap = LINE_GAP if grid.is_line(a) and grid.is_line(b) else GAP
    return (grid.sizes[a].width + grid.sizes[b].width) / 2 + gap


def _align(grid: Grid, runs: Sequence[list[float]]) -> list[list[float]]:
    """The runs moved to the borders of the narrowest: left ones to its left, right ones to its right."""
    spans = [_span(grid, run) for run in runs]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    shifts = [high - span[1] if number % 2 else low - span[0] for number, span in enumerate(spans)]
    return [[x + shift for x in run] for run, shift in zip(runs, shifts, strict=True)]


def _span(grid: Grid, run: Iterable[float]) -> tuple[float, float]:
    ends = [(x - size.width / 2, x + size.width / 2) for x, size in zip(run, grid.sizes, strict=True)]
    return min(a for a, _ in ends), max(b for _, b in ends)


def _median(runs: Sequence[Sequence[float]]) -> list[float]:
    return [sum(sorted(places)[1:3]) / 2 for places in zip(*runs, strict=True)]
