"""Third step of a layout: the order of the cells in each row, with few crossings.

Starts from the order of the text and changes it only where that saves crossings; ties keep it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .grid import Grid

_SWEEPS = 10
_SWEEPS_OF_MANY = 4
_MANY = 1500  # cells: more than that, and order matters less than time
_PATIENCE = 4  # sweeps without a gain before giving up
_SWAP_ROUNDS = 3


def order_rows(grid: Grid) -> None:
    """Put the cells of each row of `grid` into an order with few crossings."""
    _by_first_visit(grid)
    best, fewest, idle = _copy(grid.rows), crossings(grid), 0
    for sweep in range(_SWEEPS if len(grid.row) <= _MANY else _SWEEPS_OF_MANY):
        if not fewest or idle >= _PATIENCE:
            break
        _sweep(grid, downwards=sweep % 2 == 0)
        _swap_neighbours(grid)
        found = crossings(grid)
        idle += 1
        if found < fewest:
            best, fewest, idle = _copy(grid.rows), found, 0
    grid.rows = best


def crossings(grid: Grid) -> int:
    """How many pairs of joins cross, with the rows as they stand."""
    place = _places(grid)
    total = 0
    for upper, lower in pairwise(grid.rows):
        ends: list[int] = []
        for cell in upper:
            below = grid.down[cell]
            ends += [place[below[0]]] if len(below) == 1 else sorted(place[other] for other in below)
        total += _inversions(ends, len(lower))
    return total


def _inversions(sequence: Sequence[int], limit: int) -> int:
    """How many pairs of `sequence` (numbers below `limit`) are out of order, by a Fenwick tree."""
    if len(sequence) < 2:
        return 0
    tree = [0] * (limit + 1)
    total = 0
    for seen, value in enumerate(sequence):
        index, not_greater = value + 1, 0
        while index:
            not_greater += tree[index]
            index &= index - 1
        total += seen - not_greater
        index = value + 1
        while index <= limit:
            tree[index] += 1
            index += index & -index
    return total


def _copy(rows: Sequence[Sequence[int]]) -> list[list[int]]:
    return [list(row) for row in rows]


def _places(grid: Grid) -> list[int]:
    """For each cell its place in its row."""
    places = [0] * len(grid.row)
    for row in grid.rows:
        _note(row, places)
    return places


def _note(row: Sequence[int], places: list[int]) -> None:
    for place, cell in enumerate(row):
        places[cell] = place


def _by_first_visit(grid: Grid) -> None:
    """Order each row by when a walk, depth first, reaches its cells: trees come out uncrossed."""
    seen: dict[int, None] = {}
    roots = sorted((cell for cell in range(len(grid.row)) if not grid.up[cell]), key=lambda c: (grid.is_line(c), c))
    for root in roots:
        stack = [root]
        while stack:
            cell = stack.pop()
            if cell not in seen:
                seen[cell] = None
                stack.extend(reversed(grid.down[cell]))
    when = {cell: number for number, cell in enumerate(seen)}
    for row in grid.rows:
        row.sort(key=when.__getitem__)


def _sweep(grid: Grid, *, downwards: bool) -> None:
    """Order each row by the mean place of its cells' neighbours in the row before."""
    neighbours = grid.up if downwards else grid.down
    place = _places(grid)
    for row in grid.rows if downwards else reversed(grid.rows):
        if len(row) > 1:
            mean = {cell: _mean(place, neighbours[cell], place[cell]) for cell in row}
            row.sort(key=mean.__getitem__)  # a stable sort: ties stay as they are
            _note(row, place)


def _mean(place: Sequence[int], cells: Sequence[int], otherwise: float) -> float:
    return sum([place[cell] for cell in cells]) / len(cells) if cells else otherwise


def _swap_neighbours(grid: Grid) -> None:
    """Swap cells that stand side by side wherever that saves crossings."""
    place = _places(grid)
    for row in grid.rows:
        if len(row) > 1:
            ups = {cell: [place[n] for n in grid.up[cell]] for cell in row}
            downs = {cell: [place[n] for n in grid.down[cell]] for cell in row}
            for _ in range(_SWAP_ROUNDS):
                if not _swap_round(row, ups, downs):
                    break
            _note(row, place)


def _swap_round(row: list[int], ups: dict[int, list[int]], downs: dict[int, list[int]]) -> bool:
    swapped = False
    for index in range(len(row) - 1):
        left, right = row[index], row[index + 1]
        gain = _gain(ups[left], ups[right]) + _gain(downs[left], downs[right])
        if gain > 0:
            row[index], row[index + 1] = right, left
            swapped = True
    return swapped


def _gain(left: Sequence[int], right: Sequence[int]) -> int:
    """How many crossings swapping two cells saves, by the places of their neighbours on one side."""
    return sum([(a > b) - (a < b) for a in left for b in right])
