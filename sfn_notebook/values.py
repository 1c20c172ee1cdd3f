"""JSON values: what they are, how they come in, how they are copied, measured and written.

Inside the product values are never changed in place, so they may be shared; they are copied at every border.
Knows nothing of states, histories or notebooks.
"""

from __future__ import annotations

import base64
import enum
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

import orjson

JSON: TypeAlias = Any
"""None, bool, int, float, str, list of JSON or dict of str to JSON."""


class Absent(enum.Enum):
    """The type of ABSENT: no value at all, which is neither null nor empty."""

    ABSENT = "ABSENT"

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        raise TypeError("ABSENT is neither true nor false: compare with `is`")


ABSENT: Final = Absent.ABSENT

MAX_DEPTH: Final = 250
"""How deep arrays and objects may nest. Far above what AWS's 256 KiB payloads hold in practice."""

LONG: Final = range(-(2**63), 2**63)
"""Integers of 64 bits, as AWS computes with them."""

INT64: Final = range(-(2**63), 2**64)
"""Integers of 64 bits, signed or not: what the JSON reader keeps exact. Others become floats."""


class JSONText(str):
    """Text that holds JSON and must stay as it came, blanks included (inputs, a function's raw payload)."""

    __slots__ = ()


class NotJSON(ValueError):
    """A value or text that is no JSON.

    Attributes: message, path (like ``$.rows[3].when``), hint (may be empty).
    """

    def __init__(self, message: str, path: str = "$", hint: str = "") -> None:
        self.message, self.path, self.hint = message, path, hint
        super().__init__(f"{path}: {message}" + (f" {hint}" if hint else ""))


# ---------------------------------------------------------------- in


def normalise(value: object) -> JSON:
    """A JSON value equal to `value` that shares nothing with it.

    Takes what people have at hand: numpy scalars and arrays, pandas timestamps and frames (as records), datetimes (ISO
    8601), Decimals, tuples. Integers over 64 bits become floats, as they do on AWS.

    Raises: NotJSON with path and hint for NaN, infinities, sets, bytes, keys that are no text, and unknown types.
    """
    try:
        text = orjson.dumps(value, option=_STRICT)
    except TypeError:
        return _normalise(value, [])
    if b"null" in text:  # None, or a NaN that orjson hides
        return _normalise(value, [])
    return orjson.loads(text)


_STRICT: Final = orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def _normalise(value: Any, path: list[str | int]) -> JSON:
    kind = type(value)
    if kind is str:
        return _text(value, path)
    if value is None or kind is bool:
        return value
    if kind is int:
        return value if value in INT64 else _big(value, path)
    if kind is float:
        if math.isfinite(value):
            return value
        raise NotJSON(f"{value} is no JSON number.", _show(path), "Use None (null) for a missing number.")
    if len(path) > MAX_DEPTH:
        raise NotJSON(f"nested deeper than {MAX_DEPTH} levels.", _show(path[:3]) + "…")
    if kind is dict:
        out = {}
        for name, item in value.items():
            key = name if type(name) is str else _key(name, path)
            path.append(key)
            out[key] = _normalise(item, path)
            path.pop()
        return out
    if kind is list or kind is tuple:
        items = []
        for index, item in enumerate(value):
            path.append(index)
            items.append(_normalise(item, path))
            path.pop()
        return items
    return _normalise_foreign(value, path)


def _text(value: str, path: list[str | int]) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        lone = f"\\u{ord(value[error.start]):04x}"
        hint = "Decode it with errors='replace'."
        raise NotJSON(f"text with a lone surrogate ({lone}), which UTF-8 cannot hold.", _show(path), hint) from None
    return value


def _big(value: int, path: list[str | int]) -> float:
    try:
        return float(value)
    except OverflowError:
        raise NotJSON("an integer too large for a JSON number.", _show(path), "Use text.") from None


def _key(key: object, path: list[str | int]) -> str:
    if isinstance(key, str):
        return str(key)
    raise NotJSON(
        f"the key {key!r} is a {type(key).__name__}; keys of a JSON object are text.",
        _show(path),
        f"Use str(key): {str(key)!r}.",
    )


def _normalise_foreign(value: Any, path: list[str | int]) -> JSON:
    if isinstance(value, str):
        return _text(str(value), path)
    if isinstance(value, enum.Enum):
        return _normalise(value.value, path)
    if isinstance(value, bool | int | float):
        base = next(t for t in (bool, int, float) if isinstance(value, t))
        return _normalise(base(value), path)
    if isinstance(value, Decimal):
        if not value.is_finite():
            return _normalise(math.nan, path)
        return _normalise(int(value) if value == value.to_integral_value() else float(value), path)
    if isinstance(value, datetime | date):
        text = value.isoformat()
        return text if text != "NaT" else None
    if isinstance(value, Mapping):
        return _normalise(dict(value), path)
    if isinstance(value, list | tuple):
        return _normalise(list(value), path)
    return _normalise_by_shape(value, path)


def _normalise_by_shape(value: Any, path: list[str | int]) -> JSON:
    # These are recognised by name and by what they can do, so that nothing needs to be imported here.
    name = type(value).__name__
    if name in ("NAType", "NaTType"):
        return None
    if name == "UUID":
        return str(value)
    if name == "DataFrame" and hasattr(value, "to_dict"):
        return _normalise(_records(value, path), path)
    if name == "Series" and type(value.index).__name__ != "RangeIndex":  # a row, or values with names
        return _normalise(_missing_to_none(value.to_dict()), path)
    if hasattr(value, "to_pydatetime") and hasattr(value, "isoformat"):
        return str(value.isoformat())
    if hasattr(value, "tolist"):  # numpy scalars and arrays, pandas Series and Index
        plain = _with_datetimes(value).tolist()
        if not isinstance(plain, type(value)):
            return _normalise(_missing_to_none(plain) if name in ("Series", "Index") else plain, path)
    raise NotJSON(f"a {name} is no JSON value.", _show(path), _remedy(value, name))


def _records(frame: Any, path: list[str | int]) -> Any:
    names = list(frame.columns)
    odd = [name for name in names if not isinstance(name, str)]
    if odd or len(set(names)) < len(names):
        problem = (
            f"a DataFrame whose column {odd[0]!r} is no text" if odd else "a DataFrame with two columns of one name"
        )
        raise NotJSON(f"{problem}.", _show(path), "Rename them: df.columns = ['a', 'b', …].")
    return _missing_to_none(frame.to_dict(orient="records"))


def _with_datetimes(value: Any) -> Any:
    """Numpy gives nanoseconds as integers and microseconds as datetimes."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return value.astype("datetime64[us]") if kind == "M" and hasattr(value.dtype, "num") else value


def _missing_to_none(value: Any) -> Any:
    """Pandas marks a missing cell with NaN; JSON has null for it."""
    if isinstance(value, dict):
        return {key: _missing_to_none(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_missing_to_none(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _remedy(value: object, name: str) -> str:
    if isinstance(value, set | frozenset):
        return "Use sorted(...) or list(...)."
    if isinstance(value, bytes | bytearray):
        return f"Use .decode() or base64: {base64.b64encode(bytes(value[:6])).decode()!r}…"
    if callable(value):
        return f"Call it: {getattr(value, '__name__', name)}(...)."
    if hasattr(value, "__dataclass_fields__"):
        return "Use dataclasses.asdict(...)."
    if hasattr(value, "__iter__"):
        return "Use list(...)."
    return "Return numbers, text, booleans, None, lists and dicts of them."


def _show(path: list[str | int]) -> str:
    out = "$"
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z_]\w*", step):
            out += f".{step}"
        else:
            out += f"[{step!r}]"
    return out


def loads(text: str | bytes) -> JSON:
    """The value that JSON `text` holds. Integers over 64 bits become floats, as on AWS.

    Raises: NotJSON with the line and column in its message.
    """
    try:
        return orjson.loads(text if isinstance(text, bytes) else str(text))  # orjson takes no subclass
    except orjson.JSONDecodeError as error:
        raise NotJSON(f"no valid JSON: {error}.") from None


def copy(value: JSON) -> JSON:
    """A deep copy of a JSON value. Not recursive: a loop of states may nest its data deeper than Python's stack."""
    kind = type(value)
    if kind is not dict and kind is not list:
        return value
    root = value.copy()
    unfinished = None
    for key, item in root.items() if kind is dict else enumerate(root):
        if type(item) in _CONTAINERS:
            root[key] = inner = item.copy()
            if unfinished is None:
                unfinished = [inner]
            else:
                unfinished.append(inner)
    while unfinished:
        container = unfinished.pop()
        for key, item in container.items() if type(container) is dict else enumerate(container):
            if type(item) in _CONTAINERS:
                container[key] = inner = item.copy()
                unfinished.append(inner)
    return root


_CONTAINERS: Final = frozenset({dict, list})


# ---------------------------------------------------------------- out

# Doubles that AWS (Java) prints another way than orjson: 1.0E7 and up, below 0.001. Each pattern begins with a literal,
# so that it is searched for at the speed of memory; both in one pattern would take thirty times as long.
_EXPONENT = re.compile(rb"e(?<=\de)[-+]?\d{1,3}(?:[,\]}]|\Z)")
_LONG_OR_SMALL = re.compile(rb"\.(?:(?<=\d{8}\.)|(?<=0\.)000)")


def dumps(value: JSON) -> str:
    """Compact JSON text, numbers in AWS's form (1.0E10). The only JSON writer.

    Raises: ValueError for what no JSON value is; borders have refused it before (`normalise`).
    """
    return dump_bytes(value).decode()


def dump_bytes(value: JSON) -> bytes:
    """`dumps`, as UTF-8."""
    try:
        text = orjson.dumps(value)
    except TypeError:
        return _dumps(value).encode("utf-8", "surrogatepass")
    if _EXPONENT.search(text) or _LONG_OR_SMALL.search(text):
        return _dumps(value).encode("utf-8", "surrogatepass")
    return text


def size(value: JSON) -> int:
    """The bytes of the compact UTF-8 text of `value`, as AWS counts a payload."""
    return len(dump_bytes(value))


class _Written(str):
    """JSON text among values still to be written."""

    __slots__ = ()


def _dumps(value: JSON) -> str:
    out: list[str] = []
    ahead: list[Any] = [value]
    while ahead:
        item = ahead.pop()
        kind = type(item)
        if kind is _Written:
            out.append(item)
        elif kind is dict:
            ahead += _between("{", [part for key in item for part in (_Written(f"{_dumps(key)}:"), item[key])], 2, "}")
        elif kind is list:
            ahead += _between("[", item, 1, "]")
        else:
            out.append(_scalar(item))
    return "".join(out)


def _between(opening: str, parts: list[Any], width: int, closing: str) -> list[Any]:
    """What is to be written of an array or object, the first part last; `width`: parts from comma to comma."""
    out: list[Any] = [_Written(closing)]
    for end in range(len(parts), 0, -width):
        out += reversed(parts[end - width : end])
        if end > width:
            out.append(_Written(","))
    out.append(_Written(opening))
    return out


def _scalar(value: JSON) -> str:
    kind = type(value)
    if kind is float:
        return java_double(value)
    if kind is str:
        return quote(value)
    if kind is int:
        return str(value)
    return orjson.dumps(value).decode()


def quote(text: str) -> str:
    """A JSON string."""
    try:
        return orjson.dumps(text).decode()
    except TypeError:  # a lone surrogate: JSON can escape it, UTF-8 cannot hold it
        return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return f"\\u{ord(character):04x}"
    return orjson.dumps(character).decode()[1:-1]


def java_double(number: float) -> str:
    """A double as Java's Double.toString writes it: 0.1, 1.0E10, 1.5E-5."""
    if not math.isfinite(number):
        raise ValueError(f"{number} is no JSON number")
    if number == 0 or 1e-3 <= abs(number) < 1e7:
        return repr(number)
    digits, exponent = _shortest(abs(number))
    return f"{'-' if number < 0 else ''}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _shortest(number: float) -> tuple[str, int]:
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    return digits.rstrip("0") or "0", int(exponent or 0) + len(whole) - 1 - leading


def pretty(value: JSON) -> str:
    """JSON text for people: indented by two, keys in their order."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()
