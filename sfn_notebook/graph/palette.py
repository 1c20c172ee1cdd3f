"""Colours and glyphs of the pictures.

The colours are told apart by people who see red and green alike (after Okabe and Ito), and none of them
stands alone: every status has a sign as well. Glyphs are path data in a square of 16 units, drawn with a
line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from .status import Status

FONT: Final = "Helvetica, Arial, 'Liberation Sans', sans-serif"

CARD: Final = "#f6f8fb"  # pleasant on a white page and on a dark one: an image cannot see which it is on
CARD_BORDER: Final = "#d5dce6"
SURFACE: Final = "#ffffff"
INSIDE: Final = "#eef2f7"
BORDER: Final = "#b8c2d0"
TEXT: Final = "#1f2937"
TEXT_SOFT: Final = "#5b6676"
PALE_TEXT: Final = "#8a94a3"
LINE: Final = "#7b8798"
LINE_TAKEN: Final = "#1f4f82"
LINE_PALE: Final = "#c6ced9"
CATCH: Final = "#b4540a"
CATCH_PALE: Final = "#e2c3a6"
MARKER: Final = "#475569"


class Look(NamedTuple):
    """How a status is drawn: strong colour, soft fill, its sign, and its name."""

    strong: str
    soft: str
    sign: str
    word: str


LOOKS: Final[dict[Status, Look]] = {
    "succeeded": Look("#007a5a", "#e3f4ee", "M4.3 8.4 7 11l4.8-5.6", "succeeded"),
    "caught": Look("#b4540a", "#fdf0df", "M4.4 4.8v2.4a3 3 0 0 0 3 3h3.8M9 7.8l2.5 2.4L9 12.6", "caught"),
    "failed": Look("#b3261e", "#fce8e6", "M5 5l6 6M11 5l-6 6", "failed"),
    "timed_out": Look("#8e3b86", "#f6e7f4", "M8 4.2V8l2.6 1.8", "timed out"),
    "aborted": Look("#4b5563", "#e8eaee", "M5.6 5.6h4.8v4.8H5.6z", "aborted"),
    "running": Look("#0068b5", "#e2effa", "M6.4 4.9v6.2L11.2 8z", "running"),
    "not_run": Look("#aab4c2", "#fafbfd", "", "not run"),
}

GLYPHS: Final = {
    "lambda": "M4.6 2.8h1.5c.8 0 1.2.4 1.5 1.2l3.3 8c.3.8.7 1.2 1.5 1.2M7.9 6.4 4 13.2",
    "task": "M8 1.8 13.4 4.9v6.2L8 14.2 2.6 11.1V4.9zM2.6 4.9 8 8l5.4-3.1M8 8v6.2",
    "activity": "M8 7.4a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM3 13.8c0-2.8 2.2-4.4 5-4.4s5 1.6 5 4.4",
    "pass": "M2.4 8h10.4M9 4.2 12.8 8 9 11.8",
    "choice": "M8 1.8 14.2 8 8 14.2 1.8 8zM8 5.2v3.2M8 10.6v.2",
    "wait": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.4 1.8",
    "succeed": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM5.2 8.2 7.2 10.2l3.6-4",
    "fail": "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
    "parallel": "M8 1.8v2.4M3 13.8V8.6c0-2.6 1.6-4.4 5-4.4s5 1.8 5 4.4v5.2M8 4.2v9.6",
    "map": "M5.6 2.4h8v8M3.8 4.4h8v8M2 6.4h8v8H2z",
}

TILES: Final = {
    "lambda": "#c05a12",
    "task": "#3f5f9a",
    "activity": "#3f5f9a",
    "pass": "#64748b",
    "choice": "#74569b",
    "wait": "#7d6a2c",
    "succeed": "#1f7a5c",
    "fail": "#a8362e",
    "parallel": "#2f6f80",
    "map": "#2f6f80",
}
