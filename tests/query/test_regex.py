"""Regular expressions of filters: the subset agrees with Python's, in linear time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query.regex import compile_regex
from sfn_notebook.query.scope import QuerySyntaxError


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "matches"),
    [
        ("t.*", "", "three", True),
        ("t.*", "", "Two", False),
        ("t.*", "i", "Two", True),
        ("T[a-w]O", "i", "two", True),
        ("a|b|", "", "", True),
        ("", "", "", True),
        ("^a$", "", "a", True),
        ("^$", "", "", True),
        ("a$b", "", "ab", False),
        (r"\d{3}-\d{2,}", "", "123-45", True),
        (r"\d{3}-\d{2,}", "", "123-4", False),
        (r"[^\W_]+", "", "ab1", True),
        (r"[]a]+", "", "]a", True),
        (r"[a-]+", "", "a-a", True),
        (r"\.\*\\", "", r".*\ ".strip(), True),
        ("a.b", "", "a\nb", False),
        ("a.b", "s", "a\nb", True),
        ("(?:ab)*?c", "", "ababc", True),
        ("(a?){30}a{30}", "", "a" * 30, True),
    ],
)
def test_matches(pattern, flags, text, matches):
    assert compile_regex(pattern, flags)(text) is matches


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        ")",
        "[a",
        "*a",
        "a**",
        "a{2,1}",
        "(?=a)",
        "(?<n>a)",
        r"(a)\1",
        r"\bx",
        "[[a]]",
        "a++",
        "((a{100}){100}){100}",
        "(" * 50 + ")" * 50,
        "((){1000}){1000}",
        "[z-a]",
        "a\\",
    ],
)
def test_is_refused(pattern):
    with pytest.raises(QuerySyntaxError):
        compile_regex(pattern)


def test_an_evil_pattern_takes_linear_time():
    assert compile_regex("(a*)*(a|aa)*b")("a" * 20_000) is False


@given(st.text("ab.*+?|()[]^$\\dw{}1,-", max_size=10), st.text("ab1.\n", max_size=6))
def test_agrees_with_python_where_both_accept(pattern, text):
    try:
        matches = compile_regex(pattern)
    except QuerySyntaxError:
        return
    if "$" in pattern or "^" in pattern:  # Python's $ also matches before a last newline
        text = text.replace("\n", "")
    try:
        expected = re.compile(pattern, re.ASCII)
    except re.error:
        return
    assert matches(text) is bool(expected.fullmatch(text))
