"""The shapes a picture is made of, as SVG elements: text, glyphs, arrows, badges.

Knows how things look, not what they mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import build
from .palette import GLYPHS, MARKER, PALE_TEXT, SURFACE, TEXT, TEXT_SOFT, TILES, Look
from .routing import ARROW, number
from .text import escape, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .scene import Box, Node, Point

BADGE: Final = 16.0


def element(name: str, *content: str, **attributes: str | float | None) -> str:
    """An XML element with escaped attributes; `_` in a name stands for `-`, None for no attribute."""
    shown = "".join(
        f' {key.replace("_", "-")}="{escape(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{shown}>{''.join(content)}</{name}>" if content else f"<{name}{shown}/>"


def rectangle(box: Box, **attributes: str | float | None) -> str:
    """A box as a rectangle."""
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, **attributes)


def write(
    words: str,
    x: float,
    y: float,
    size: float,
    fill: str,
    *,
    bold: bool = False,
    italic: bool = False,
    anchor: str | None = None,
) -> str:
    """Words that begin at x, or end or have their middle there, on the base line y."""
    return element(
        "text",
        escape(words),
        x=x,
        y=y,
        font_size=size,
        fill=fill,
        font_weight="bold" if bold else None,
        font_style="italic" if italic else None,
        text_anchor=anchor,
    )


def tooltip(node: Node) -> str:
    """What a reader sees who points at a node."""
    return element("title", *(escape(line) + "&#10;" for line in node.tooltip.split("\n")))


def contents(node: Node, look: Look | None) -> Iterator[str]:
    """Glyph, name and caption of a state."""
    pale = look is not None and not look.sign
    box = node.box
    yield element(
        "g",
        element("rect", width=28, height=28, rx=6, fill=TILES.get(node.icon, MARKER)),
        element(
            "path",
            d=GLYPHS.get(node.icon, GLYPHS["task"]),
            transform="translate(6 6)",
            fill="none",
            stroke="#ffffff",
            stroke_width=1.4,
            stroke_linecap="round",
            stroke_linejoin="round",
        ),
        transform=f"translate({number(box.x + 9)} {number(box.y + 9)})",
        opacity=0.45 if pale else None,
    )
    y = box.y + 19
    for line in node.lines:
        yield write(line, box.x + build.TEXT_X, y, build.NAME_SIZE, PALE_TEXT if pale else TEXT, bold=True)
        y += build.LINE_HEIGHT
    yield write(node.caption, box.x + build.TEXT_X, y + 1, build.CAPTION_SIZE, PALE_TEXT if pale else TEXT_SOFT)


def arrow(tip: Point, colour: str, half: float) -> str:
    """An arrow's head that points down; no marker, so that it needs no id."""
    corners = (tip.x - half, tip.y - ARROW - 1), (tip.x + half, tip.y - ARROW - 1), (tip.x, tip.y - 0.6)
    return element("path", d="M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners) + "Z", fill=colour)


def badge(look: Look, center: Point) -> str:
    """The sign of a status in a disc of its colour."""
    half = BADGE / 2
    return element(
        "g",
        element("circle", cx=8, cy=8, r=half + 0.5, fill=look.strong, stroke=SURFACE, stroke_width=1.5),
        element(
            "path",
            d=look.sign,
            fill="none",
            stroke="#ffffff",
            stroke_width=1.9,
            stroke_linecap="round",
            stroke_linejoin="round",
        )
        if look.sign
        else "",
        transform=f"translate({number(center.x - half)} {number(center.y - half)})",
    )


def counters(counts: list[str], right: float, y: float, look: Look) -> Iterator[str]:
    """How often, in a pill that straddles the right border and ends before the next column begins."""
    if not counts:
        return
    text = " ".join(counts)
    wide = width(text, 10, bold=True) + 10
    x = min(right - 10, right + 24 - wide)
    yield element("rect", x=x, y=y, width=wide, height=15, rx=7.5, fill=SURFACE, stroke=look.strong, stroke_width=1)
    yield write(text, x + wide / 2, y + 11, 10, look.strong, bold=True, anchor="middle")
