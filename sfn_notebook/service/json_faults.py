"""What AWS says of text that is no JSON: its parser's words, with the place where it stumbled.

(spec: api, InvalidExecutionInput; language, Message patterns)
"""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

_VALUE: Final = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_WORD: Final = re.compile(r"[\w$]+")
_EXPECTED: Final = {
    "Expecting property name enclosed in double quotes": "was expecting double-quote to start field name",
    "Illegal trailing comma before end of object": "was expecting double-quote to start field name",
    "Expecting ':' delimiter": "was expecting a colon to separate field name and value",
    "Expecting value": f"expected a valid value {_VALUE}",
    "Illegal trailing comma before end of array": f"expected a valid value {_VALUE}",
}


class JSONFault(NamedTuple):
    """AWS's message, and where: line and column from 1, the column as its parser counts."""

    message: str
    line: int
    column: int


def json_fault(text: str) -> JSONFault | None:
    """What is wrong with the text; None if it is JSON."""
    try:
        json.loads(text, parse_constant=_refuse, parse_int=len, parse_float=len)  # no value is wanted
    except _Constant as found:
        return _at(text, text.index(str(found)), str(found))
    except RecursionError:
        return JSONFault("Document nesting depth exceeds the maximum allowed", 1, 1)
    except json.JSONDecodeError as error:
        return _fault(text, error)
    return None


class _Constant(ValueError):
    """NaN and Infinity, which Python takes for JSON."""


def _refuse(name: str) -> object:
    raise _Constant(name)


def _at(text: str, position: int, word: str) -> JSONFault:
    message = f"Unrecognized token '{word}': was expecting {_VALUE}"
    return JSONFault(message, *_place(text, position + len(word)))


def _fault(text: str, error: json.JSONDecodeError) -> JSONFault:
    position, rest = error.pos, text[error.pos :]
    if not rest.strip():
        return JSONFault("Unexpected end-of-input", *_place(text, len(text)))
    if error.msg == "Expecting value" and (word := _WORD.match(rest)):
        return _at(text, position, word.group())
    if error.msg == "Extra data":
        return JSONFault("Unexpected trailing content", *_place(text, position))
    if (in_string := _fault_in_string(error.msg, rest)) is not None:
        return JSONFault(in_string, *_place(text, position))
    expected = _EXPECTED.get(error.msg)
    if expected is None:
        expected = f"was expecting comma to separate {'Object' if _is_in_object(text[:position]) else 'Array'} entries"
    character = rest[0]
    return JSONFault(
        f"Unexpected character ('{character}' (code {ord(character)})): {expected}", *_place(text, position)
    )


def _fault_in_string(message: str, rest: str) -> str | None:
    """What is wrong inside a string; None if the fault is elsewhere."""
    if message.startswith("Unterminated string"):
        return "Unexpected end-of-input: was expecting closing quote for a string value"
    if message.startswith("Invalid control character"):
        code = f"((CTRL-CHAR, code {ord(rest[0])}))"
        return f"Illegal unquoted character {code}: has to be escaped using backslash to be included in string value"
    if message.startswith("Invalid \\") and len(rest) > 1:
        return f"Unrecognized character escape '{rest[1]}' (code {ord(rest[1])})"
    return None


def _is_in_object(before: str) -> bool:
    """Is the innermost bracket that is open here a brace?"""
    opened: list[str] = []
    for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[{}\[\]]', before, re.DOTALL):
        if token.group() in "{[":
            opened.append(token.group())
        elif token.group() in "}]" and opened:
            opened.pop()
    return bool(opened) and opened[-1] == "{"


def _place(text: str, position: int) -> tuple[int, int]:
    line = text.count("\n", 0, position) + 1
    return line, position - text.rfind("\n", 0, position)
