"""JSON values: in, out, copied, measured."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sfn_notebook.values import ABSENT, JSONText, NotJSON, copy, dumps, java_double, loads, normalise, pretty, size

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8")),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=30,
)


def same(left, right):
    """Equal, and of the same types all through (1, 1.0 and True are three things)."""
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return type(left) is type(right) and left == right


@given(VALUES)
@example([1.0, 1e7, 1e-4, 12345678.5, -0.0, 5e-324, 1.7976931348623157e308, 0.001, 9999999.0])
@example({"a": {"b": []}, "": {}, "nul\x00": "\x7f\u2028"})
def test_reading_what_was_written_gives_the_same(value):
    assert same(loads(dumps(value)), value)
    assert same(json.loads(dumps(value)), value)  # another reader agrees
    assert size(value) == len(dumps(value).encode())


@given(VALUES)
def test_a_copy_is_equal_and_shares_nothing(value):
    fresh = copy(value)
    assert same(fresh, value)
    assert containers(fresh).isdisjoint(containers(value))
    assert same(normalise(value), value)
    assert containers(normalise(value)).isdisjoint(containers(value))


def containers(value):
    """The identities of all arrays and objects in a value."""
    if isinstance(value, dict):
        return {id(value)}.union(*map(containers, value.values()))
    if isinstance(value, list):
        return {id(value)}.union(*map(containers, value))
    return set()


@given(VALUES, VALUES)
def test_whatever_stands_beside_it_changes_nothing(value, other):
    """Fast and careful ways through the border give the same."""
    assert same(normalise([value, other, None])[0], normalise(value))
    assert dumps([value, 1e10])[1:-8] == dumps(value)


@pytest.mark.parametrize(("number", "text"), [
    (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (100.5, "100.5"), (9999999.0, "9999999.0"), (1e7, "1.0E7"),
    (12345678.9, "1.23456789E7"), (0.001, "0.001"), (0.00099, "9.9E-4"), (1e-5, "1.0E-5"), (-1e10, "-1.0E10"),
    (1e22, "1.0E22"), (1e100, "1.0E100"), (123456789012345680.0, "1.2345678901234568E17"),
])  # fmt: skip
def test_doubles_are_written_as_java_does(number, text):
    assert java_double(number) == text
    assert dumps({"n": [number]}) == f'{{"n":[{text}]}}'


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_is_lost(number):
    assert float(java_double(number)) == number


def test_text_that_only_looks_like_a_number_stays():
    assert dumps("1e10 0.0001 12345678.5") == '"1e10 0.0001 12345678.5"'


def test_lone_surrogates_are_escaped():
    assert dumps({"a\ud800": "\udfff"}) == '{"a\\ud800":"\\udfff"}'


class Colour(Enum):
    RED = "red"


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(("value", "expected"), [
    (np.int64(5), 5), (np.float32(0.5), 0.5), (np.bool_(True), True), (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (pd.Timestamp("2024-01-01"), "2024-01-01T00:00:00"), (pd.NaT, None), (pd.NA, None),
    (pd.Series([1.0, None]), [1.0, None]), (pd.DataFrame({"a": [1, 2]}), [{"a": 1}, {"a": 2}]),
    (datetime(2024, 1, 1, tzinfo=UTC), "2024-01-01T00:00:00+00:00"), (date(2024, 1, 1), "2024-01-01"),
    (Decimal(5), 5), (Decimal("0.5"), 0.5), (Colour.RED, "red"), ((1, (2,)), [1, [2]]), (2**70, float(2**70)),
    (JSONText("text"), "text"), ([None, np.int64(1)], [None, 1]),
])  # fmt: skip
def test_what_people_have_at_hand_comes_in(value, expected):
    assert same(normalise(value), expected)
    assert same(normalise({"deep": [value]}), {"deep": [expected]})


@pytest.mark.parametrize(("value", "path"), [
    ({"rows": [{"n": math.nan}]}, "$.rows[0].n"), ({"a b": math.inf}, "$['a b']"), ([{1, 2}], "$[0]"),
    ({"a": b"x"}, "$.a"), ({"a": {1: 2}}, "$.a"), ([object()], "$[0]"), ([Point(1)], "$[0]"), (10**400, "$"),
    ({"f": len}, "$.f"), ([iter([])], "$[0]"), (Decimal("NaN"), "$"), (1j, "$"),
])  # fmt: skip
def test_what_is_no_json_is_refused_with_its_path(value, path):
    with pytest.raises(NotJSON) as caught:
        normalise(value)
    assert caught.value.path == path
    assert caught.value.hint


def test_endless_values_are_refused():
    value = []
    value.append(value)
    with pytest.raises(NotJSON, match="250 levels"):
        normalise(value)


def test_deep_values_are_copied_and_written():
    value = 1.5e10
    for _ in range(5000):
        value = {"in": [value]}
    assert dumps(copy(value)) == '{"in":[' * 5000 + "1.5E10" + "]}" * 5000


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "[1,]", "NaN", "nul", "1 2", '"\x01"', "[" * 2000])
def test_what_is_no_json_text_is_told(text):
    with pytest.raises(NotJSON):
        loads(text)


def test_absent_is_neither_true_nor_false():
    assert repr(ABSENT) == "ABSENT"
    with pytest.raises(TypeError):
        bool(ABSENT)


@given(VALUES)
def test_pretty_text_holds_the_same(value):
    assert same(loads(pretty(value)), value)
