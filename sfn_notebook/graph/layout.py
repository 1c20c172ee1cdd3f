"""The layered layout of one container: sizes and links → boxes and lines.

A flat graph is all there is, because transitions never leave their container: what is inside a Parallel or
Map has been laid out before and is one box here. The steps: layering → grid → ordering → columns → routing.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from .columns import GAP, columns
from .grid import build_grid
from .layering import Link, Size, backward, ranks
from .ordering import order_rows
from .routing import ROW_GAP, Route, Router

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scene import Box

COMFORTABLE_WIDTH = 1080.0
"""Pictures wider than this are scaled down by a notebook: rows are broken before."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Boxes in the order of the sizes, routes in that of the links, and the size of the whole."""

    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    size: Size


def arrange(sizes: Sequence[Size], links: Sequence[Link]) -> Arrangement:
    """Place items of these sizes, the first being the start, and the links between them."""
    climbs = backward(len(sizes), links)
    ways = [
        (link.target, link.source) if up else (link.source, link.target)
        for link, up in zip(links, climbs, strict=True)
        if link.source != link.target
    ]
    widths = [size.width + GAP for size in sizes]
    grid = build_grid(sizes, links, climbs, ranks(widths, ways, _room(sizes)))
    order_rows(grid)
    middles = columns(grid)
    router = Router(grid, middles)
    right = max(x + size.width / 2 for x, size in zip(middles, grid.sizes, strict=True))
    return Arrangement(
        tuple(router.box(item) for item in range(len(sizes))),
        tuple(router.route(number) for number in range(len(links))),
        Size(right, router.height),
    )


def _room(sizes: Sequence[Size]) -> float:
    """How wide a row may get: comfortably so, and more where many items would make a tower of it."""
    area = sum((size.width + GAP) * (size.height + ROW_GAP) for size in sizes)
    return max(COMFORTABLE_WIDTH, 1.5 * sqrt(area))
