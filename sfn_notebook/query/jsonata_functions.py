"""The functions that AWS adds to JSONata.  (spec: intrinsics, JSONata additions)

Knows values and chance; must not know how jlens calls them, but for two things of its border: it hands over undefined
and null alike as None, and takes None for undefined. So a prelude written in JSONata stands before each function: its
signature sees to numbers and types of arguments, and results come packed as {"v": value}.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import count
from typing import Any, Final

import orjson

from sfn_notebook.values import JSON, LONG

from .compare import identity_key, is_number

MAX_RANGE: Final = 360_145
"""How many elements $range makes."""
MEMORY: Final = "Expression evaluation memory limit exceeded: Check for excessive memory usage"

_ALGORITHMS: Final = {
    "SHA-1": hashlib.sha1,
    "SHA-384": hashlib.sha384,
    "SHA-256": hashlib.sha256,
    "SHA-512": hashlib.sha512,
    "MD5": hashlib.md5,
}


class Fault(Exception):
    """A function cannot work with its arguments: JSONata's code ("" for a limit) and message."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(message)


Chance = Callable[[], int]
"""The next 128 bits."""

PRELUDES: Final = {
    "parse": "$parse:=function($s)<s?:x>{$lookup($sfn_parse({'s':$s}),'v')};",
    "partition": "$partition:=function($a,$n)<x?x?:x>{$lookup($sfn_partition({'a':$a,'n':$n}),'v')};",
    "range": "$range:=function($a,$b,$s)<nnn?:x>{$lookup($sfn_range({'a':$a,'b':$b,'s':$s}),'v')};",
    "hash": "$hash:=function($s,$a)<ss?:s>{$lookup($sfn_hash({'s':$s,'a':$a}),'v')};",
    "random": "$random:=function($s)<n?:n>{$lookup($sfn_random({'s':$s}),'v')};",
    "uuid": "$uuid:=function()<:s>{$lookup($sfn_uuid(),'v')};",
    # AWS has none, and calling nothing is its error: T1006.
    "eval": "$eval:=null;",
}
"""What defines each function in front of an expression."""

LINEAR_DISTINCT: Final = (
    "$distinct:=function($a)<x:x>{$type($a)='array'and $count($a)>1?$lookup($sfn_distinct({'a':$a}),'v'):$a};"
)
"""jlens compares each item with each other, minutes for 100,000, and cannot be stopped meanwhile."""


def chancy(chance: Chance) -> dict[str, Callable[..., JSON]]:
    """What the preludes of $random and $uuid call, by name: new for each evaluation."""
    return {
        "sfn_random": lambda given: {"v": _random(given.get("s"), chance)},
        "sfn_uuid": lambda: {"v": uuid4_text(chance())},
    }


def chances(draw: Callable[[str], int], site: str) -> Chance:
    """The draws of one evaluation: `site#0`, `site#1`, …  (DESIGN, law 3)"""
    numbers = count()
    return lambda: draw(f"{site}#{next(numbers)}")


# ---------------------------------------------------------------- the functions

_UNDEFINED: Final[dict[str, JSON]] = {}


def _parse(given: dict[str, JSON]) -> JSON:
    """Undefined gives undefined; text that is no JSON, empty text included, is an error."""
    text = given.get("s")
    if text is None:
        return _UNDEFINED
    try:
        return {"v": orjson.loads(text)}
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise Fault("D3137", "Invalid JSON") from None


def _partition(given: dict[str, JSON]) -> JSON:
    array, size = given.get("a"), given.get("n")
    if "a" not in given or array == []:
        return _UNDEFINED
    if type(array) is not list:
        raise Fault("T0412", 'Argument 1 of function "partition" must be an array of undefined')
    if "n" not in given:
        return {"v": [array]}
    length = _whole("partition", 2, size)
    if length < 0:
        raise Fault("D3137", "Second argument must be zero or greater")
    if length == 0:
        return _UNDEFINED
    return {"v": [array[start : start + length] for start in range(0, len(array), length)]}


def _range(given: dict[str, JSON]) -> JSON:
    """A range of one element is that element; a step that is missing, 0 or goes the other way gives undefined."""
    start, stop = _whole("range", 1, given.get("a")), _whole("range", 2, given.get("b"))
    if "s" not in given:
        return _UNDEFINED
    step = _whole("range", 3, given["s"])
    numbers = range(start, stop + (1 if step > 0 else -1), step) if step else ()
    if not numbers:
        return _UNDEFINED
    if len(numbers) > MAX_RANGE:
        raise Fault("", MEMORY)
    return {"v": numbers[0] if len(numbers) == 1 else list(numbers)}


def _hash(given: dict[str, JSON]) -> JSON:
    text, algorithm = given.get("s"), given.get("a")
    if text is None:
        raise _mismatch("hash", 1)
    if algorithm is None:
        return _UNDEFINED
    if algorithm not in _ALGORITHMS:
        known = ", ".join(_ALGORITHMS)
        raise Fault("D3137", f"Hash algorithm '{algorithm}' must be one of {known}")
    digest = _ALGORITHMS[algorithm](text.encode("utf-8", "replace"), usedforsecurity=False)
    return {"v": digest.hexdigest()}


def _distinct(given: dict[str, JSON]) -> JSON:
    firsts: dict[object, JSON] = {}
    for item in given["a"]:
        firsts.setdefault(identity_key(item), item)
    return {"v": list(firsts.values())}


def _random(seed: JSON, chance: Chance) -> float:
    if seed is None:
        return (chance() >> 75) / 2**53
    return _java_random(_whole("random", 1, seed))


def _java_random(seed: int) -> float:
    """What `new java.util.Random(seed).nextDouble()` is: a seed gives the same number here and on AWS."""
    state = (seed ^ 0x5DEECE66D) & (2**48 - 1)
    parts = []
    for bits in (26, 27):
        state = (state * 0x5DEECE66D + 0xB) & (2**48 - 1)
        parts.append(state >> (48 - bits))
    high, low = parts
    return ((high << 27) + low) / 2**53


def uuid4_text(chance: int) -> str:
    """A version 4 UUID of 128 bits of chance.  (RFC 9562, section 5.4)"""
    digits = f"{chance & ~(0xF000 << 64 | 0xC000 << 48) | (0x4000 << 64 | 0x8000 << 48):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _whole(function: str, argument: int, number: Any) -> int:
    """Rounded towards zero, and held within 64 bits, as a cast in Java does."""
    if not is_number(number):
        raise _mismatch(function, argument)
    return max(LONG[0], min(LONG[-1], int(number)))


def _mismatch(function: str, argument: int) -> Fault:
    return Fault("T0410", f'Argument {argument} of function "{function}" does not match function signature')


IMPLEMENTATIONS: Final[dict[str, Callable[..., JSON]]] = {
    "parse": _parse,
    "partition": _partition,
    "range": _range,
    "hash": _hash,
    "distinct": _distinct,
}
"""What the other preludes call, `sfn_` before each name."""
