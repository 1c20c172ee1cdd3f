"""A JSON reader of our own, because a definition's faults need places: text → value, marks, faults.

One pass from left to right with a stack of its own: no text is too deep, none takes more than linear time.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from functools import cached_property
from typing import Any, Final, NamedTuple

from sfn_notebook.values import INT64, JSON, MAX_DEPTH

from .model import escape
from .slips import comment_hint, key_hint, shorten, show, start_hint, value_hint

MAX_BYTES: Final = 1_048_576
"""The largest definition AWS takes.  (spec: language, Limits)"""


class Mark(NamedTuple):
    """Where a value stands: its own ends, its key's ends (0 without a key), and the marks inside it."""

    start: int
    end: int
    key_start: int
    key_end: int
    inside: dict[str, Mark] | list[Mark] | None


class Lines:
    """Offsets of a text as lines and columns, both from 1."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer("\n", self._text))]

    def position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1


# ---------------------------------------------------------------- reading

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_COMMA: Final = re.compile(r"([ \t\n\r]*,)[ \t\n\r]*")
_SCALAR: Final = re.compile(
    r'"(?P<text>[^"\\\x00-\x1f]*)"'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?P<fraction>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?))(?![\w.+-])"
    r"|(?P<word>true|false|null)(?![\w$])",
)
_KEY: Final = re.compile(r'"([^"\\\x00-\x1f]*)"()[ \t\n\r]*:[ \t\n\r]*')
_PLAIN: Final = re.compile(r'[^"\\\x00-\x1f]*')
ESCAPED: Final = re.compile(
    r'\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["\\/bfnrt])'
)
_NUMBERLIKE: Final = re.compile(r"[+-]?[.\w]*[0-9][\w.+-]*")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_VALUE_START: Final = re.compile(r'["{\[0-9-]|(?:true|false|null)\b')
_WORDS: Final = {"true": True, "false": False, "null": None}
_ESCAPES: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CONTROL: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_CLOSER: Final = {"{": "}", "[": "]"}
_MOST_DUPLICATES: Final = 500


class Fault(Exception):
    """A fault of the text, and from where to where it reaches; path: a JSON pointer to what was read."""

    def __init__(self, code: str, message: str, hint: str, ends: tuple[int, int], path: str = "") -> None:
        self.code, self.message, self.hint, self.path = code, message, hint, path
        self.start, self.end = ends
        super().__init__(message)


class _Open:
    """An array or object that is being read."""

    __slots__ = ("comma", "key", "key_end", "key_start", "mark", "start", "value")

    def __init__(self, value: Any, mark: Any, start: int) -> None:
        self.value, self.mark, self.start = value, mark, start
        self.key, self.key_start, self.key_end, self.comma = "", 0, 0, -1


class Reader:
    """Reads one text from left to right, with a stack of its own: text nests as deep as it likes."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.stack, self.lines = text, 0, list[_Open](), Lines(text)
        self.faults: list[Fault] = []

    def check_size(self) -> None:
        size = len(self.text)
        if size <= MAX_BYTES:
            size = len(self.text.encode("utf-8", "surrogatepass"))
        if size > MAX_BYTES:
            message = f"the definition has {size:,} bytes; AWS takes {MAX_BYTES:,} at most."
            raise Fault("ASL112", message, "Move parts into state machines of their own.", (0, 0))
        if lone := _SURROGATE.search(self.text):
            raise Fault("ASL110", "half a character (a lone surrogate).", "Delete it.", lone.span())

    def read(self) -> tuple[JSON, Mark]:
        """The value and where its parts stand.

        Raises: Fault, the one that ended the reading; `faults` has the others.
        """
        self.check_size()
        self.blank()
        while True:
            ended = self.open() if self.text[self.at : self.at + 1] in _CLOSER else self.scalar()
            while ended is not None:
                value, start, inside = ended
                if not self.stack:
                    return value, self.finish(start, inside)
                self.attach(value, start, inside)
                ended = self.next()

    # Each step leaves `at` where the next one starts; one that ends a value returns it, its start and marks.

    def open(self) -> tuple[JSON, int, Any] | None:
        start = self.at
        bracket = self.text[start]
        if len(self.stack) >= MAX_DEPTH:
            raise self.fault("ASL113", f"more than {MAX_DEPTH} arrays and objects inside one another.", "", start)
        self.stack.append(_Open({}, {}, start) if bracket == "{" else _Open([], [], start))
        self.at += 1
        self.blank()
        if self.text[self.at : self.at + 1] == _CLOSER[bracket]:
            return self.close()
        if bracket == "{":
            self.key()
        return None

    def close(self) -> tuple[JSON, int, Any]:
        self.at += 1
        done = self.stack.pop()
        return done.value, done.start, done.mark

    def attach(self, value: JSON, start: int, inside: Any) -> None:
        around = self.stack[-1]
        mark = Mark(start, self.at, around.key_start, around.key_end, inside)
        if type(around.value) is list:
            around.value.append(value)
            around.mark.append(mark)
        else:
            around.value[around.key] = value
            around.mark[around.key] = mark

    def next(self) -> tuple[JSON, int, Any] | None:
        """After a value inside an array or object: on to the next one, or its end."""
        around, ended_at = self.stack[-1], self.at
        if comma := _COMMA.match(self.text, ended_at):
            around.comma = comma.end(1) - 1
            self.at = comma.end()
            if type(around.value) is dict:
                self.key()
            return None
        self.blank()
        if self.text[self.at : self.at + 1] == _CLOSER[self.text[around.start]]:
            return self.close()
        raise self.no_separator(ended_at)

    def key(self) -> None:
        around = self.stack[-1]
        if found := _KEY.match(self.text, self.at):
            around.key, around.key_start, around.key_end = found[1], self.at, found.start(2)
            self.at = found.end()
        else:
            if self.text[self.at : self.at + 1] != '"':
                raise self.no_key()
            around.key_start = self.at
            around.key = self.string()
            around.key_end = self.at
            self.colon(around)
        if around.key in around.value and len(self.faults) < _MOST_DUPLICATES:
            self.faults.append(self.twice(around))

    def colon(self, around: _Open) -> None:
        self.blank()
        if self.text[self.at : self.at + 1] != ":":
            message = f"expected a colon after the key {show(around.key)}, found {self.found()}."
            raise self.fault("ASL103", message, "A key and its value are joined by ':'.", self.at)
        self.at += 1
        self.blank()

    def scalar(self) -> tuple[JSON, int, None]:
        start = self.at
        found = _SCALAR.match(self.text, start)
        if found is None:
            if self.text[start : start + 1] != '"':
                raise self.no_value()
            return self.string(), start, None
        self.at = found.end()
        kind = found.lastgroup
        if kind == "text":
            return found["text"], start, None
        if kind == "word":
            return _WORDS[found["word"]], start, None
        return self.number(found), start, None

    def number(self, found: re.Match[str]) -> int | float:
        text = found["number"]
        if not found["fraction"] and len(text) <= 20:
            whole = int(text)
            return whole if whole in INT64 else float(whole)
        number = float(text)
        if math.isinf(number):
            raise self.fault(
                "ASL111", f"{shorten(text)} is too large for a number.", "Write it as text.", found.start()
            )
        return number

    def string(self) -> str:
        start, parts = self.at, []
        self.at += 1
        while True:
            plain = _PLAIN.match(self.text, self.at)
            parts.append(plain[0] if plain else "")
            self.at = plain.end() if plain else self.at
            sign = self.text[self.at : self.at + 1]
            if sign == '"':
                self.at += 1
                return "".join(parts)
            if sign != "\\":
                raise self.unclosed_string(start, sign)
            parts.append(self.escaped())

    def escaped(self) -> str:
        found = ESCAPED.match(self.text, self.at)
        if found is None:
            raise self.bad_escape()
        letters = found[0]
        self.at = found.end()
        if letters[1] != "u":
            return _ESCAPES.get(letters[1], letters[1])
        if len(letters) > 6:
            return bytes.fromhex(letters[2:6] + letters[8:]).decode("utf-16-be")
        character = chr(int(letters[2:6], 16))
        if _SURROGATE.match(character):
            hint = "Characters beyond U+FFFF are two escapes, or the character itself."
            raise self.fault(
                "ASL110",
                f"{letters} is half a character (a lone surrogate).",
                hint,
                found.start(),
                found.end(),
            )
        return character

    def finish(self, start: int, inside: Any) -> Mark:
        mark = Mark(start, self.at, 0, 0, inside)
        self.blank()
        if self.at < len(self.text):
            extra = self.text[self.at] in "]}"
            hint = "One closing bracket too many, or one opened too few." if extra else "Delete it."
            hint = comment_hint(self.text, self.at) or hint
            raise self.fault("ASL107", f"{self.found()} follows the end of the definition.", hint, self.at)
        return mark

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    # ------------------------------------------------------------ what to say

    def fault(self, code: str, message: str, hint: str, start: int, end: int | None = None) -> Fault:
        end = min(start + 1, len(self.text)) if end is None else end
        return Fault(code, message, hint, (start, end), self.path())

    def path(self) -> str:
        """A pointer to what is being read."""
        steps = (
            str(len(around.value)) if type(around.value) is list else escape(around.key)
            for around in self.stack
            if around.key or type(around.value) is list
        )
        return "".join(f"/{step}" for step in steps)

    def found(self) -> str:
        if self.at >= len(self.text):
            return "the end of the text"
        word = re.compile(r"[\w$.-]{1,40}").match(self.text, self.at)
        return show(word[0] if word else self.text[self.at])

    def twice(self, around: _Open) -> Fault:
        first = self.lines.position(around.mark[around.key].key_start)[0]
        message = f"the key {show(around.key)} stands twice in one object, first in line {first}."
        hint = "Only the last one would count: rename or delete one."
        return self.fault("ASL108", message, hint, around.key_start, around.key_end)

    def no_separator(self, ended_at: int) -> Fault:
        around = self.stack[-1]
        bracket = self.text[around.start]
        closer = _CLOSER[bracket]
        sign = self.text[self.at : self.at + 1]
        if not sign or sign in "]}":
            return self.unclosed()
        hint = comment_hint(self.text, self.at)
        if _VALUE_START.match(self.text, self.at):
            message = f"a comma is missing before {self.found()}."
            return self.fault("ASL104", message, hint, max(ended_at - 1, 0), ended_at)
        if sign == ":" and bracket == "[":
            hint = "An array has no keys: use { } for keys and values."
        elif not hint and self.text[ended_at - 1] == '"':
            hint = 'A quotation mark inside a string is written \\".'
        return self.fault("ASL103", f"expected ',' or '{closer}', found {self.found()}.", hint, self.at)

    def unclosed(self) -> Fault:
        around = self.stack[-1]
        bracket = self.text[around.start]
        where = f"line {self.lines.position(self.at)[0]} has" if self.at < len(self.text) else "the text has"
        message = f"this {bracket} is not closed: {where} {self.found()} where ',' or '{_CLOSER[bracket]}' belongs."
        if self.at >= len(self.text):
            message = f"this {bracket} is not closed: the text ends before its '{_CLOSER[bracket]}'."
        return self.fault("ASL106", message, "", around.start)

    def trailing_comma(self, around: _Open) -> Fault:
        closer = _CLOSER[self.text[around.start]]
        return self.fault("ASL105", f"a comma stands before '{closer}'.", "Delete the comma.", around.comma)

    def no_key(self) -> Fault:
        around = self.stack[-1]
        sign = self.text[self.at : self.at + 1]
        if sign == "}" and around.comma >= 0:
            return self.trailing_comma(around)
        if not sign or sign == "]":
            return self.unclosed()
        hint = key_hint(self.text, self.at)
        return self.fault("ASL103", f"expected a key in double quotes, found {self.found()}.", hint, self.at)

    def no_value(self) -> Fault:
        around = self.stack[-1] if self.stack else None
        sign = self.text[self.at : self.at + 1]
        if around is None:
            return self.no_definition(sign)
        if not sign:
            return self.unclosed()
        if sign == "]" and type(around.value) is list and around.comma >= 0:
            return self.trailing_comma(around)
        if numberlike := _NUMBERLIKE.match(self.text, self.at):
            message = f"{shorten(numberlike[0])} is no JSON number."
            hint = "Numbers look like 0, -1, 2.5 or 1e6: no plus, no leading zero, digits around the point."
            return self.fault("ASL111", message, hint, *numberlike.span())
        hint = value_hint(self.text, self.at)
        if sign in ",]}":
            missing = "a value is missing"
            after = f" after the key {show(around.key)}" if type(around.value) is dict else ""
            return self.fault("ASL103", f"{missing}{after}: found {self.found()}.", hint, self.at)
        code = "ASL111" if re.compile(r"[+-]?(?:NaN|Infinity|inf|nan)\b").match(self.text, self.at) else "ASL103"
        return self.fault(code, f"expected a value, found {self.found()}.", hint, self.at)

    def no_definition(self, sign: str) -> Fault:
        if not sign:
            return self.fault("ASL102", "the definition is empty.", "Write a JSON object with StartAt and States.", 0)
        hint = start_hint(self.text, self.at)
        return self.fault("ASL103", f"expected '{{', found {self.found()}.", hint, self.at)

    def unclosed_string(self, start: int, sign: str) -> Fault:
        if sign in ("", "\n", "\r"):
            end = "text" if not sign else "line"
            message = f"this string is not closed before the end of the {end}."
            return self.fault("ASL109", message, 'Close it with ". A line break inside a string is written \\n.', start)
        name = _CONTROL.get(sign, f"\\u{ord(sign):04x}")
        return self.fault("ASL109", "a control character inside a string.", f"Write {name} instead.", self.at)

    def bad_escape(self) -> Fault:
        letters = self.text[self.at : self.at + 2]
        message = f"{letters} is no escape of JSON."
        if letters[1:] == "u":
            return self.fault("ASL109", message, "\\u takes four hexadecimal digits.", self.at, self.at + 2)
        return self.fault("ASL109", message, f"A backslash itself is written \\\\: \\{letters}.", self.at, self.at + 2)
