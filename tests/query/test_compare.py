"""Equality of JSON values."""

from __future__ import annotations

import pytest

from sfn_notebook.query.compare import equal


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (0, 0.0, True),
        (1, True, False),
        ([1], [True], False),
        ({"a": 1, "b": [2]}, {"b": [2.0], "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1, 2], [2, 1], False),
        ([], {}, False),
        (None, False, False),
        ("1", 1, False),
        (["boolean", True], [True], False),
        (["array"], ["array"], True),
    ],
)
def test_equal(left, right, same):
    assert equal(left, right) is same
    assert equal(right, left) is same
