"""StringMatches patterns."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query.scope import QuerySyntaxError
from sfn_notebook.query.wildcard import compile_wildcard


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("**", "any\nthing", True),
        ("foo*.log", "foo23.log", True),
        ("foo*.log", "foo.log", True),
        ("foo*.log", "foo.logs", False),
        ("foo*.*", "foobar.zebra", True),
        ("*ab*ab*", "abab", True),
        ("*ab*ab*", "aab", False),
        ("a*a", "a", False),
        ("a*b*b", "ab", False),
        (r"\*", "*", True),
        (r"\*", "x", False),
        (r"\\*", "\\rest", True),
        ("?[a]", "?[a]", True),
    ],
)
def test_matches(pattern, text, matches):
    assert compile_wildcard(pattern)(text) is matches


@pytest.mark.parametrize(("pattern", "offset"), [("\\", 0), ("a\\b", 1), ("*\\", 1), ("\\\\\\", 2)])
def test_a_stray_backslash_is_refused(pattern, offset):
    with pytest.raises(QuerySyntaxError) as caught:
        compile_wildcard(pattern)
    assert caught.value.offset == offset


def test_twelve_stars_are_no_trouble():
    start = time.perf_counter()
    assert compile_wildcard("*a" * 12 + "b")("a" * 100_000) is False
    assert time.perf_counter() - start < 1


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_equals_the_naive_definition(pattern, text):
    @cache
    def naive(p, t):
        if p == len(pattern):
            return t == len(text)
        if pattern[p] == "*":
            return any(naive(p + 1, after) for after in range(t, len(text) + 1))
        return t < len(text) and pattern[p] == text[t] and naive(p + 1, t + 1)

    assert compile_wildcard(pattern)(text) is naive(0, 0)
