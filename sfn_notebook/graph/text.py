"""How wide text is, how it is cut to fit, and how it is made safe to draw.

Measured by a table, not by a font library, so that a picture is the same on every machine: the advance widths
that Helvetica, Arial and Liberation Sans share. Knows nothing of states or SVG.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

ELLIPSIS: Final = "…"

# Advance widths in thousandths of the font size; the metrics of Helvetica, which are those of Arial.
_REGULAR: Final = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[\\]ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
_BOLD: Final = {
    238: "'",
    278: " ,./I\\ijl",
    280: "|",
    333: "!()-:;[]`ft",
    389: "*r{}",
    474: '"',
    500: "z",
    556: "#$0123456789J_aceksvxy",
    584: "+<=>^~",
    611: "?FLTZbdghnopqu",
    667: "EPSVXY",
    722: "&ABCDHKNRU",
    778: "GOQw",
    833: "M",
    889: "%m",
    944: "W",
    975: "@",
}
_TABLES: Final = {
    bold: {character: width for width, characters in table.items() for character in characters}
    for bold, table in ((False, _REGULAR), (True, _BOLD))
}
_WIDE: Final = 1050  # CJK glyphs fill an em; emoji a little more
_CAPITAL: Final = 760
_OTHER: Final = 620  # wider than the mean of Greek, Cyrillic, Hebrew and Arabic: rather too much room than too little


@lru_cache(maxsize=4096)
def _foreign(character: str, bold: bool) -> int:  # noqa: FBT001 - lru_cache takes no keywords cheaply
    """The width of a character that is not in the table."""
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Cf"):
        return 0
    plain = unicodedata.normalize("NFD", character)[0]
    if plain in _TABLES[bold]:  # é is as wide as e
        return _TABLES[bold][plain]
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return _WIDE
    if category in ("So", "Co", "Cn"):
        return _WIDE
    return _CAPITAL if category == "Lu" else _OTHER


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide `text` is, in the units of `size`. An upper bound for letters that are not in the table."""
    table = _TABLES[bold]
    return sum(table[c] if c in table else _foreign(c, bold) for c in text) * size / 1000


def clip(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """`text`, or as much of its beginning as fits into `room`, with an ellipsis."""
    if width(text, size, bold=bold) <= room:
        return text
    return _fitting(text, room - width(ELLIPSIS, size, bold=bold), size, bold=bold).rstrip() + ELLIPSIS


def wrap(text: str, room: float, size: float, *, lines: int = 2, bold: bool = False) -> tuple[str, ...]:
    """`text` in at most `lines` lines that fit into `room`; the last is clipped.

    Breaks at blanks and behind `-`, `_`, `/`, `.` and the humps of camelCase, else anywhere.
    """
    out: list[str] = []
    rest = text
    while len(out) < lines - 1 and width(rest, size, bold=bold) > room:
        head = _fitting(rest, room, size, bold=bold) or rest[:1]
        cut = _last_break(head, rest) or len(head)
        out.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return (*out, clip(rest, room, size, bold=bold))


def _fitting(text: str, room: float, size: float, *, bold: bool) -> str:
    """The longest beginning of `text` that fits, never ending inside a combined character."""
    used = 0.0
    end = 0
    for end, character in enumerate(text):  # noqa: B007 - where the room ends is what is wanted
        used += width(character, size, bold=bold)
        if used > room:
            break
    else:
        return text
    while end and unicodedata.category(text[end]) in ("Mn", "Me", "Cf"):
        end -= 1
    return text[:end]


_BREAK: Final = re.compile(r"(?<=[\s\-_/.:])|(?<=[a-z0-9])(?=[A-Z])")


def _last_break(head: str, rest: str) -> int:
    """Where to break `rest`, whose beginning `head` fits. 0: there is no good place in its second half."""
    places = [found.start() for found in _BREAK.finditer(rest, 0, len(head) + 1) if found.start() <= len(head)]
    return places[-1] if places and places[-1] * 2 > len(head) else 0


# What XML 1.0 does not allow, and what would change the direction of the text around it.
_UNSAFE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_CONTROL_PICTURES: Final = 0x2400


def visible(text: str) -> str:
    """`text` on one line, with a sign for what cannot be drawn: `␊` for a newline, `�` for no character."""
    return _UNSAFE.sub(_picture, text)


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(_CONTROL_PICTURES + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def escape(text: str) -> str:
    """`text` for the content or an attribute of an XML element, whatever it holds."""
    return re.sub("[&<>\"']", lambda found: _ESCAPES[found[0]], visible(text))
