"""What people write when they mean JSON: one hint per slip, found by looking at the text at an offset."""

from __future__ import annotations

import re
from typing import Final

_COMMENT: Final = re.compile(r"//|/\*|#|<!--")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][\w-]*")
_WORDS: Final = {
    "True": "JSON writes true.",
    "TRUE": "JSON writes true.",
    "False": "JSON writes false.",
    "FALSE": "JSON writes false.",
    "None": "JSON writes null.",
    "NULL": "JSON writes null.",
    "Null": "JSON writes null.",
    "nil": "JSON writes null.",
    "undefined": "JSON writes null, or leaves the key out.",
    "NaN": "JSON has no such number: use null.",
    "nan": "JSON has no such number: use null.",
    "Infinity": "JSON has no such number: use null, or a large number.",
    "inf": "JSON has no such number: use null, or a large number.",
}


def show(text: str) -> str:
    """`text` for a message: quoted, shortened in the middle when long."""
    quote = '"' if "'" in text else "'"
    return f"{quote}{shorten(text)}{quote}"


def shorten(text: str) -> str:
    """`text` on one line, at most 80 characters of it."""
    short = f"{text[:50]}…{text[-20:]}" if len(text) > 80 else text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in short)


def comment_hint(text: str, at: int) -> str:
    """The hint when a comment stands at `at`, else empty."""
    if _COMMENT.match(text, at):
        return 'JSON has no comments: use a field "Comment".'
    return ""


def start_hint(text: str, at: int) -> str:
    """The hint for what stands at `at` where a definition should start."""
    if text.startswith("\ufeff", at):
        return "Delete the invisible byte order mark."
    return comment_hint(text, at) or "A definition is a JSON object with StartAt and States."


def key_hint(text: str, at: int) -> str:
    """The hint for what stands at `at` where a key is expected, else empty."""
    return quoted_hint(text, at) or comment_hint(text, at)


def quoted_hint(text: str, at: int) -> str:
    """The hint when something stands at `at` that should be in double quotes, else empty."""
    if text.startswith("{%", at) or (text.startswith("%", at) and text[at - 1 : at] == "{"):
        return 'A JSONata expression is a string: "{% … %}".'
    if text[at : at + 1] in ("'", "`"):
        return "JSON quotes with \", not with '."
    if text[at : at + 1] in ("“", "”", "„", "«", "‘", "’"):
        return 'Typographic quotes are no JSON: use ".'
    if word := _IDENTIFIER.match(text, at):
        return f'Put it in double quotes: "{shorten(word[0])}".'
    return ""


def value_hint(text: str, at: int) -> str:
    """The hint for what stands at `at` where a key or value is expected, else empty."""
    word = _IDENTIFIER.match(text, at)
    if word and word[0] in _WORDS:
        return _WORDS[word[0]]
    if text.startswith(("-Infinity", "+Infinity"), at):
        return _WORDS["Infinity"]
    if text.startswith("${", at):
        return "Fill the placeholder in, or put it in double quotes."
    return comment_hint(text, at) or quoted_hint(text, at)
