"""Scene and status → a static SVG picture that any notebook, page or file can hold.

Presentation attributes only: no style sheets, classes, scripts, foreign objects or references, because those
who show pictures drop them. Must not know how a scene is laid out or how a status is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from . import build
from .palette import (
    BORDER,
    CARD,
    CARD_BORDER,
    CATCH,
    CATCH_PALE,
    FONT,
    INSIDE,
    LINE,
    LINE_PALE,
    LINE_TAKEN,
    LOOKS,
    MARKER,
    PALE_TEXT,
    SURFACE,
    TEXT,
    TEXT_SOFT,
    Look,
)
from .routing import number
from .scene import Box, Edge, Node, Point, Scene
from .shapes import BADGE, arrow, badge, contents, counters, element, rectangle, tooltip, write
from .status import StateStatus, Status, TakenEdge, Tally, edges, statuses, together
from .text import clip, escape, visible, width
from .visits import read_visits

if TYPE_CHECKING:
    from sfn_notebook.asl.model import Machine

MARGIN: Final = 28.0
_TITLE_SIZE: Final = 15.0
_TITLE_HEIGHT: Final = 26.0
_TITLE_ROOM: Final = 340.0  # a small picture may be made as wide as this for its title and legend
_LEGEND_HEIGHT: Final = 26.0
_NOT_RUN: Final = StateStatus()

Statuses = Mapping[str, StateStatus]


def draw(
    machine: Machine,
    history: Iterable[Mapping[str, Any]] | None = None,
    *,
    title: str | None = None,
    children: Iterable[Tally] = (),
) -> str:
    """The picture of a machine as SVG text; with a history, what became of each state in it.

    children: what became of the states inside Distributed Maps, of which the history does not tell.
    """
    scene = build.build_scene(machine)
    if history is None:
        return _Picture(scene, None, {}).svg(title)
    visited = read_visits(history, machine)
    found, taken = dict(statuses(visited, machine)), dict(edges(visited, machine))
    for tally in children:
        found |= {name: together(found.get(name, _NOT_RUN), status) for name, status in tally.statuses.items()}
        taken |= tally.edges
    return _Picture(scene, found, taken).svg(title)


class _Picture:
    def __init__(self, scene: Scene, statuses: Statuses | None, taken: Mapping[TakenEdge, int]) -> None:
        self.scene = scene
        self.statuses = statuses
        self.taken = taken
        self.nodes = {node.id: node for node in scene.nodes}
        self.touched = {end for edge in scene.edges if self._is_taken(edge) for end in (edge.source, edge.target)}

    def svg(self, title: str | None) -> str:
        legend = list(self._legend())
        inner = max(self.scene.width, min(_TITLE_ROOM, _title_width(title)), min(_TITLE_ROOM, _length(legend)))
        rows = _flow(legend, inner)
        top = MARGIN - 4 + (_TITLE_HEIGHT if title else 0.0)
        bottom = top + self.scene.height
        wide, tall = inner + 2 * MARGIN, bottom + MARGIN - 4 + _LEGEND_HEIGHT * len(rows)
        place = f"translate({number((wide - self.scene.width) / 2)} {number(top)})"
        body = [
            rectangle(Box(0.5, 0.5, wide - 1, tall - 1), rx=12, fill=CARD, stroke=CARD_BORDER),
            _heading(title, inner),
            element("g", *self._scene(), transform=place),
            *_legend_rows(rows, bottom + MARGIN - 8),
        ]
        return _document(wide, tall, title or "State machine", self._description(), "".join(body))

    def _scene(self) -> Iterator[str]:
        """From back to front: containers, lines not taken, lines taken, states, labels."""
        nodes, edges = self.scene.nodes, self.scene.edges
        yield from (self._container(node) for node in nodes if node.kind in ("container", "lane"))
        yield from (self._edge(edge) for edge in sorted(edges, key=self._is_taken))
        yield from (self._node(node) for node in nodes if node.kind not in ("container", "lane"))
        yield from (self._label(edge) for edge in edges if edge.label)
        yield from (self._signs(node) for node in nodes if node.kind in ("state", "container"))

    # ---------------------------------------------------------------- states

    def _status(self, node: Node) -> StateStatus:
        return (self.statuses or {}).get(node.name, _NOT_RUN)

    def _look(self, node: Node) -> Look | None:
        """How the status of a node looks; None when nothing is known of any execution."""
        return None if self.statuses is None else LOOKS[self._status(node).status]

    def _container(self, node: Node) -> str:
        if node.kind == "lane":
            return rectangle(node.box, rx=6, fill=INSIDE, stroke="#dbe2eb", stroke_width=1)
        look = self._look(node)
        stroke = look.strong if look else BORDER
        stack = [
            rectangle(
                node.box.moved(d, d),
                rx=8,
                fill=SURFACE,
                stroke=stroke,
                stroke_opacity=0.6,
            )
            for d in ((8, 4) if node.type == "Map" else ())
        ]
        return element("g", tooltip(node), *stack, self._panel(node, look), *contents(node, look))

    def _node(self, node: Node) -> str:
        if node.kind in ("start", "end"):
            return self._marker(node)
        look = self._look(node)
        return element("g", tooltip(node), self._panel(node, look), *contents(node, look))

    def _panel(self, node: Node, look: Look | None) -> str:
        fill, stroke = (look.soft, look.strong) if look else (SURFACE, BORDER)
        is_run = look is not None and bool(look.sign)
        dashes = "6 3" if node.distributed else None
        return rectangle(
            node.box,
            rx=8,
            fill=fill,
            stroke=stroke,
            stroke_width=1.8 if is_run else 1.2,
            stroke_dasharray=dashes,
        )

    def _marker(self, node: Node) -> str:
        box = node.box
        reached = self.statuses is None or node.id in self.touched
        fill = MARKER if reached else LINE_PALE
        middle = Point(box.x + box.width / 2, box.y + box.height / 2)
        if box.width <= 12:
            return element("circle", cx=middle.x, cy=middle.y, r=box.width / 2, fill=fill)
        return element(
            "g",
            rectangle(box, rx=box.height / 2, fill=fill),
            write(node.kind.capitalize(), middle.x, middle.y + 4, 12, "#ffffff", bold=True, anchor="middle"),
        )

    def _signs(self, node: Node) -> str:
        """The sign of a status at the upper right corner, and the counters on the right border below it."""
        look, status = self._look(node), self._status(node)
        if look is None or not look.sign:
            return ""
        center = Point(node.box.right - 4, node.box.y + 4)
        counts = [f"×{status.visits}"] * (status.visits > 1) + [f"↻{status.retries}"] * (status.retries > 0)
        return element("g", badge(look, center), *counters(counts, node.box.right, node.box.y + 20, look))

    # ---------------------------------------------------------------- lines

    def _is_taken(self, edge: Edge) -> bool:
        if self.statuses is None:
            return False
        source, target = self.nodes[edge.source], self.nodes[edge.target]
        if edge.kind == "start":
            return self._status(target).visits > 0
        if edge.kind == "end":
            return self._status(source).status == "succeeded"
        return TakenEdge(source.name, edge.kind, target.name) in self.taken

    def _edge_colour(self, edge: Edge) -> str:
        if self.statuses is None:
            return CATCH if edge.kind == "catch" else LINE
        if self._is_taken(edge):
            return CATCH if edge.kind == "catch" else LINE_TAKEN
        return CATCH_PALE if edge.kind == "catch" else LINE_PALE

    def _edge(self, edge: Edge) -> str:
        colour = self._edge_colour(edge)
        taken = self._is_taken(edge)
        return element(
            "g",
            element(
                "path",
                d=edge.path,
                fill="none",
                stroke=colour,
                stroke_width=2.4 if taken else 1.4,
                stroke_dasharray="5 3.5" if edge.kind == "catch" else None,
                stroke_linejoin="round",
            ),
            arrow(edge.points[-1], colour, 4.6 if taken else 3.9),
        )

    def _label(self, edge: Edge) -> str:
        if edge.label is None:
            return ""
        taken = self._is_taken(edge)
        box, colour = edge.label.box, self._edge_colour(edge)
        pale = self.statuses is not None and not taken
        ink = PALE_TEXT if pale else CATCH if edge.kind == "catch" else TEXT
        middle = box.x + box.width / 2
        return element(
            "g",
            element("title", escape(edge.label.tooltip)),
            rectangle(
                box,
                rx=min(9, box.height / 2),
                fill=SURFACE,
                stroke=colour,
                stroke_width=0.8,
            ),
            *(
                write(
                    line,
                    middle,
                    box.y + 13 + index * build.LABEL_LINE_HEIGHT,
                    build.LABEL_SIZE,
                    ink,
                    anchor="middle",
                    italic=edge.kind == "default",
                )
                for index, line in enumerate(edge.label.lines)
            ),
        )

    # ---------------------------------------------------------------- around the picture

    def _legend(self) -> Iterator[tuple[Status, float]]:
        """The statuses that occur, each with the room it needs: none without a history."""
        found = {status.status for status in (self.statuses or {}).values()}
        for status, look in LOOKS.items():
            if status in found:
                yield status, width(look.word, 11) + 40

    def _description(self) -> str:
        states = [node for node in self.scene.nodes if node.kind in ("state", "container")]
        return "; ".join(f"{node.name}: {self._word(node)}" for node in states)

    def _word(self, node: Node) -> str:
        return node.type or "" if self.statuses is None else LOOKS[self._status(node).status].word


def _document(wide: float, tall: float, title: str, description: str, body: str) -> str:
    """The whole file. Its ids are derived from what it holds: two pictures on one page never share one."""
    title, description = escape(title), escape(description)
    name = "sfn-" + hashlib.sha256(f"{title}\n{description}\n{body}".encode()).hexdigest()[:12]
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", description, id=f"{name}-desc"),
        body,
        xmlns="http://www.w3.org/2000/svg",
        width=wide,
        height=tall,
        viewBox=f"0 0 {number(wide)} {number(tall)}",
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        font_family=FONT,
    )


def _title_width(title: str | None) -> float:
    return width(visible(title or ""), _TITLE_SIZE, bold=True)


def _heading(title: str | None, room: float) -> str:
    if not title:
        return ""
    shown = clip(visible(title), room, _TITLE_SIZE, bold=True)
    return write(shown, MARGIN, 30, _TITLE_SIZE, TEXT, bold=True)


def _length(items: Iterable[tuple[Status, float]]) -> float:
    return sum(room for _, room in items)


def _flow(items: Iterable[tuple[Status, float]], room: float) -> list[list[tuple[Status, float]]]:
    """Items in rows that fit into `room`, if a row is more than one."""
    rows: list[list[tuple[Status, float]]] = []
    used = 0.0
    for item in items:
        if not rows or used + item[1] > room:
            rows.append([])
            used = 0.0
        rows[-1].append(item)
        used += item[1]
    return rows


def _legend_rows(rows: Iterable[list[tuple[Status, float]]], top: float) -> Iterator[str]:
    for index, row in enumerate(rows):
        x, y = MARGIN + BADGE / 2, top + index * _LEGEND_HEIGHT + _LEGEND_HEIGHT / 2
        for status, room in row:
            look = LOOKS[status]
            yield badge(look, Point(x, y))
            yield write(look.word, x + 13, y + 4, 11, TEXT_SOFT)
            x += room
