"""RFC 3339 timestamps: text → nanoseconds, milliseconds → text.  (Wait: Timestamp; Choice: Timestamp…)

Knows the calendar; must not know what time it is.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

_RFC3339: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))",
)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_NANOSECONDS: Final = 10**9


def parse_timestamp(text: str) -> int | None:
    """Nanoseconds since 1970 of an RFC 3339 timestamp; None if `text` is none.

    The profile of the States Language: capital `T`, capital `Z` or a numeric offset, the fraction optional.
    Digits after the ninth are dropped; leap seconds are refused, as Java's parser does.
    """
    found = _RFC3339.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    fraction, sign, offset_hours, offset_minutes = found.groups()[6:]
    east = _offset(sign, offset_hours, offset_minutes)
    if hour > 23 or minute > 59 or second > 59 or east is None:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - east
    return seconds * _NANOSECONDS + int((fraction or "")[:9].ljust(9, "0"))


def _offset(sign: str | None, hours: str, minutes: str) -> int | None:
    """Seconds east of Greenwich, None if there is no such offset."""
    if sign is None:
        return 0
    if int(hours) > 23 or int(minutes) > 59:
        return None
    seconds = int(hours) * 3600 + int(minutes) * 60
    return -seconds if sign == "-" else seconds


def format_timestamp(milliseconds: int) -> str:
    """A time in UTC as the service writes it: `2023-02-24T12:00:00Z`, milliseconds only if there are any."""
    seconds, thousandths = divmod(milliseconds, 1000)
    days, seconds = divmod(seconds, 86_400)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    fraction = f".{thousandths:03d}" if thousandths else ""
    return f"{date.fromordinal(days + _EPOCH)}T{hour:02d}:{minute:02d}:{second:02d}{fraction}Z"
