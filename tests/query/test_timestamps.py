"""RFC 3339 timestamps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query.timestamps import format_timestamp, parse_timestamp

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", SECOND * 3 // 2),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01T00:00:00.0000000019Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:30:00-00:30", 0),
        ("1969-12-31T23:59:59Z", -SECOND),
        ("2024-02-29T12:00:00Z", 1709208000 * SECOND),
        ("2016-08-18T17:33:00Z", 1471541580 * SECOND),
    ],
)
def test_is_a_timestamp(text, nanoseconds):
    assert parse_timestamp(text) == nanoseconds


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "2012-10-09", "2012-10-09T19:00:55", "2012-10-09 19:00:55Z", "2012-10-09t19:00:55Z",
        "2012-10-09T19:00:55z", "2012-10-09T19:00Z", "2012-10-09T19:00:55.Z", "2012-10-09T19:00:55+0100",
        "2012-10-09T19:00:55+24:00", "2012-10-09T19:00:55+01:60",
        "05-12-2016T21:29:29Z", "2016-13-05T21:29:29Z",
        "2023-02-29T00:00:00Z", "2016-12-05T24:00:00Z", "2016-12-05T23:60:00Z", "2016-12-05T23:59:60Z",
        "0000-01-01T00:00:00Z", "2016-12-05T21:29:29Z\n", " 2016-12-05T21:29:29Z", "٢٠١٦-12-05T21:29:29Z",
    ],
)  # fmt: skip
def test_is_none(text):
    assert parse_timestamp(text) is None


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (1_677_239_999_120, "2023-02-24T11:59:59.120Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_written(milliseconds, text):
    assert format_timestamp(milliseconds) == text


@given(st.datetimes(timezones=st.just(UTC)))
def test_reads_what_python_writes(moment):
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // (moment.resolution) * 1000
    assert parse_timestamp(moment.isoformat()) == expected


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_reads_what_it_writes(milliseconds):
    assert parse_timestamp(format_timestamp(milliseconds)) == milliseconds * 1_000_000
