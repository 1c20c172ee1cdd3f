"""The eighteen intrinsic functions: what they take, give and do.  (spec: intrinsics, Functions)

Knows values; must not know syntax, paths or scopes: chance comes in as an argument.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sfn_notebook.values import INT64, JSON, MAX_DEPTH, NotJSON, dumps, loads, normalise

from .compare import identity_key, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_CHARACTERS: Final = 10_000
"""What Base64Encode, Base64Decode and Hash take."""
MAX_RANGE: Final = 1_000
"""How many items ArrayRange makes."""
_MAX_ADDEND: Final = 2**31 - 1
_ALGORITHMS: Final = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


class Fault(Exception):
    """Arguments that a function cannot work with."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What an argument has to be. `literal` is what a literal has to be, where that is narrower."""

    name: str
    accepts: Callable[[JSON], bool]
    literal: Callable[[JSON], bool] | None = None

    def takes_literal(self, value: JSON) -> bool:
        """Whether `value` may be written in the definition."""
        return (self.literal or self.accepts)(value)


@dataclass(frozen=True, slots=True)
class Function:
    """One function.

    growth: (constant, factor): the result has at most constant + factor × (size of all arguments) bytes.
    draws: `run` gets 128 bits of chance as its last argument, unless the optional one is given in its place.
    """

    usage: str
    kinds: tuple[Kind, ...]
    growth: tuple[int, int]
    run: Callable[..., JSON]
    optional: int = 0
    variadic: bool = False
    draws: bool = False

    @property
    def least(self) -> int:
        """How many arguments it needs; a variadic function can do without its last kind."""
        return len(self.kinds) - self.optional - self.variadic


ANY: Final = Kind("a value", lambda _: True)
FOUND: Final = Kind("a path or a nested function", lambda _: True, lambda _: False)
TEXT: Final = Kind("text", lambda value: isinstance(value, str))
ARRAY: Final = Kind("an array", lambda value: type(value) is list)
OBJECT: Final = Kind("an object", lambda value: type(value) is dict)
NUMBER: Final = Kind("a number", is_number)
INDEX: Final = Kind("a number that is not negative", lambda value: is_number(value) and value >= 0)
SIZE: Final = Kind("a positive number", lambda value: is_number(value) and value > 0)
STEP: Final = Kind("a number other than 0", lambda value: is_number(value) and value != 0)
ALGORITHM: Final = Kind(
    f"one of {', '.join(_ALGORITHMS)}",
    lambda value: isinstance(value, str) and value in _ALGORITHMS,
)
SHALLOW: Final = Kind("false, as the service merges shallowly only", lambda value: value is False)


# ---------------------------------------------------------------- text


_PLACEHOLDER: Final = re.compile(r"\\(.)|(\{\})", re.DOTALL)


def split_template(source: str) -> list[str]:
    """The texts round each `{}` of a literal template as it is written, escapes resolved."""
    pieces = [""]
    position = 0
    for found in _PLACEHOLDER.finditer(source):
        pieces[-1] += source[position : found.start()] + (found[1] or "")
        position = found.end()
        if found[2]:
            pieces.append("")
    pieces[-1] += source[position:]
    return pieces


def fill(pieces: Sequence[str], values: Sequence[JSON]) -> str:
    """The pieces with the values between them."""
    filled = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        filled += (_natural(value), piece)
    return "".join(filled)


def _format(template: str, *values: JSON) -> str:
    pieces = template.split("{}")
    if len(pieces) - 1 != len(values):
        raise Fault(f"the template has {len(pieces) - 1} {{}} for {len(values)} arguments")
    return fill(pieces, values)


def _natural(value: JSON) -> str:
    """A value in the service's words: text bare, objects and arrays as Java prints maps and lists."""
    if isinstance(value, str):
        return value
    if type(value) is dict:
        return "{" + ", ".join(f"{name}={_natural(item)}" for name, item in value.items()) + "}"
    if type(value) is list:
        return "[" + ", ".join(map(_natural, value)) + "]"
    return dumps(value)


def _string_to_json(text: str) -> JSON:
    if not text.strip():
        return None
    try:
        value = loads(text)
        deep = text.count("[") + text.count("{") > MAX_DEPTH
        return normalise(value) if deep else value
    except NotJSON as error:
        raise Fault(error.message) from None


def _string_split(text: str, delimiters: str) -> list[str]:
    if not delimiters:
        return [text] if text else []
    same = str.maketrans(delimiters, delimiters[0] * len(delimiters))
    return [piece for piece in text.translate(same).split(delimiters[0]) if piece]


def _limited(text: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise Fault(f"the text has {len(text)} characters, at most {MAX_CHARACTERS} are allowed")
    return text


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _base64_encode(text: str) -> str:
    return base64.b64encode(_bytes(_limited(text))).decode()


def _base64_decode(text: str) -> str:
    try:
        return base64.b64decode(_bytes(_limited(text))).decode("utf-8", "replace")
    except binascii.Error:
        raise Fault("the text is not Base64") from None


def _hash(data: JSON, algorithm: str) -> str:
    text = data if isinstance(data, str) else dumps(data)
    return _ALGORITHMS[algorithm](_bytes(_limited(text)), usedforsecurity=False).hexdigest()


# ---------------------------------------------------------------- arrays and objects


def _array_partition(array: list[JSON], size: float) -> list[JSON]:
    length = _rounded(size)
    if length < 1:
        raise Fault("the size of a chunk rounds to 0")
    return [array[start : start + length] for start in range(0, len(array), length)]


def _array_contains(array: list[JSON], value: JSON) -> bool:
    sought = identity_key(value)
    return any(identity_key(item) == sought for item in array)


def _array_range(first: float, last: float, step: float) -> list[JSON]:
    start, stop, stride = _rounded(first), _rounded(last), _rounded(step)
    if stride == 0:
        raise Fault("the step rounds to 0")
    numbers = range(start, stop + (1 if stride > 0 else -1), stride)
    if len(numbers) > MAX_RANGE:
        raise Fault(f"the range has {len(numbers)} items, at most {MAX_RANGE} are allowed")
    return list(numbers)


def _array_get_item(array: list[JSON], index: float) -> JSON:
    number = _rounded(index)
    if number >= len(array):
        raise Fault(f"there is no index {number} in an array of {len(array)} items")
    return array[number]


def _array_unique(array: list[JSON]) -> list[JSON]:
    firsts: dict[object, JSON] = {}
    for item in array:
        firsts.setdefault(identity_key(item), item)
    return list(firsts.values())


def _json_merge(first: dict[str, JSON], second: dict[str, JSON], _deep: bool) -> JSON:  # noqa: FBT001 - as in ASL
    return {**first, **second}


# ---------------------------------------------------------------- numbers and chance


def _rounded(number: float) -> int:
    """The nearest integer, halves towards plus infinity, as Java's Math.round."""
    below = math.floor(number)
    nearest = below + 1 if number - below >= 0.5 else below
    if nearest not in INT64:
        raise Fault(f"{dumps(number)} is no 64-bit integer")
    return nearest


def _math_add(first: float, second: float) -> int:
    addends = _rounded(first), _rounded(second)
    for addend in addends:
        if abs(addend) > _MAX_ADDEND:
            raise Fault(f"{addend} is not between -{_MAX_ADDEND} and {_MAX_ADDEND}")
    return sum(addends)


def _math_random(first: float, last: float, seed: float) -> int:
    """Chance and a seed are treated alike, so a seed gives the same number everywhere."""
    start, end = _rounded(first), _rounded(last)
    if end <= start:
        raise Fault(f"the end {end} must be greater than the start {start}")
    digest = hashlib.sha256(repr(seed).encode()).digest()
    return start + int.from_bytes(digest) % (end - start)


def _uuid(chance: int) -> str:
    """A version 4 UUID of 128 bits of chance.  (RFC 9562, section 5.4)"""
    bits = chance & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
    digits = f"{bits:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


# ---------------------------------------------------------------- the table


def _constant(size: int) -> tuple[int, int]:
    return size, 0


_NUMBER_SIZE: Final = 21
_RANGE_SIZE: Final = MAX_RANGE * (_NUMBER_SIZE + 1) + 2

FUNCTIONS: Final[dict[str, Function]] = {
    "States.Format": Function("States.Format('Hello, {}!', $.name)", (TEXT, ANY), (0, 2), _format, variadic=True),
    "States.StringToJson": Function("States.StringToJson($.text)", (TEXT,), (4, 3), _string_to_json),
    "States.JsonToString": Function("States.JsonToString($.value)", (FOUND,), (2, 2), dumps),
    "States.Array": Function("States.Array(1, $.x)", (ANY,), (2, 2), lambda *values: list(values), variadic=True),
    "States.ArrayPartition": Function("States.ArrayPartition($.items, 10)", (ARRAY, SIZE), (2, 2), _array_partition),
    "States.ArrayContains": Function(
        "States.ArrayContains($.items, $.item)", (ARRAY, ANY), _constant(5), _array_contains
    ),
    "States.ArrayRange": Function(
        "States.ArrayRange(1, 9, 2)",
        (NUMBER, NUMBER, STEP),
        _constant(_RANGE_SIZE),
        _array_range,
    ),
    "States.ArrayGetItem": Function("States.ArrayGetItem($.items, 0)", (ARRAY, INDEX), (0, 1), _array_get_item),
    "States.ArrayLength": Function("States.ArrayLength($.items)", (ARRAY,), _constant(_NUMBER_SIZE), len),
    "States.ArrayUnique": Function("States.ArrayUnique($.items)", (ARRAY,), (0, 1), _array_unique),
    "States.Base64Encode": Function("States.Base64Encode($.text)", (TEXT,), (6, 2), _base64_encode),
    "States.Base64Decode": Function("States.Base64Decode($.text)", (TEXT,), (2, 5), _base64_decode),
    "States.Hash": Function("States.Hash($.data, 'SHA-256')", (ANY, ALGORITHM), _constant(130), _hash),
    "States.JsonMerge": Function("States.JsonMerge($.a, $.b, false)", (OBJECT, OBJECT, SHALLOW), (0, 1), _json_merge),
    "States.MathRandom": Function(
        "States.MathRandom(1, 100)",
        (NUMBER, NUMBER, NUMBER),
        _constant(_NUMBER_SIZE),
        _math_random,
        optional=1,
        draws=True,
    ),
    "States.MathAdd": Function("States.MathAdd($.n, 1)", (NUMBER, NUMBER), _constant(_NUMBER_SIZE), _math_add),
    "States.StringSplit": Function("States.StringSplit($.text, ',')", (TEXT, TEXT), (4, 3), _string_split),
    "States.UUID": Function("States.UUID()", (), _constant(38), _uuid, draws=True),
}
"""All functions by name."""
