"""ResultPath: where a result goes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query.jsonpath import compile_path
from sfn_notebook.query.reference_path import compile_result_path
from sfn_notebook.query.scope import QueryError, QuerySyntaxError


@pytest.mark.parametrize(
    ("path", "raw", "updated"),
    [
        ("$", {"a": 1}, "R"),
        ("$.a", {}, {"a": "R"}),
        ("$.a", {"a": 1, "b": 2}, {"a": "R", "b": 2}),
        ("$.a.b.c", {}, {"a": {"b": {"c": "R"}}}),
        ("$.a.b", {"a": {"x": 1}}, {"a": {"x": 1, "b": "R"}}),
        ("$['a b'].c", {}, {"a b": {"c": "R"}}),
        (r"$.store\.book", {}, {"store.book": "R"}),
        ("$.a[0]", {"a": [1, 2]}, {"a": ["R", 2]}),
        ("$.a[-1].b", {"a": [1, {}]}, {"a": [1, {"b": "R"}]}),
        ("$[0]", [1], ["R"]),
    ],
)
def test_puts_the_result_in_its_place(path, raw, updated):
    assert compile_result_path(path)(raw, "R") == updated


def test_a_replaced_member_keeps_its_place():
    assert list(compile_result_path("$.a")({"a": 1, "b": 2}, 3)) == ["a", "b"]


def test_what_is_beside_the_path_is_shared():
    raw = {"a": {"b": {}}, "rest": {"big": [1]}}
    assert compile_result_path("$.a.b.c")(raw, 1)["rest"] is raw["rest"]


@pytest.mark.parametrize(
    ("path", "raw", "cause"),
    [
        ("$.a", [1], 'Unable to apply step "a" to input [1]'),
        ("$.a", None, 'Unable to apply step "a" to input null'),
        ("$.a.b", {"a": "text"}, 'Unable to apply step "b" to input "text"'),
        ("$.a[0]", {"a": []}, 'Unable to apply step "0" to input []'),
        ("$.a[0]", {}, 'Unable to apply step "0" to input {}'),
        ("$.a[0].b", {"a": {"0": 1}}, 'Unable to apply step "0" to input {"0":1}'),
    ],
)
def test_no_such_place(path, raw, cause):
    with pytest.raises(QueryError) as caught:
        compile_result_path(path)(raw, "R")
    assert (caught.value.error, caught.value.cause) == ("States.ResultPathMatchFailure", cause)


@pytest.mark.parametrize("path", ["$$", "$$.a", "$x", "$.a[*]", "$..a", "$.a[0:1]", "$['a','b']", "$[?(@.a)]", "a", ""])
def test_is_no_result_path(path):
    with pytest.raises(QuerySyntaxError):
        compile_result_path(path)


NAMES = st.sampled_from(["a", "b"])
JSON = st.recursive(
    st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=10,
)
PATHS = st.lists(NAMES.map(".{}".format) | st.integers(-2, 2).map("[{}]".format), max_size=4).map(
    lambda s: "$" + "".join(s)
)


@given(PATHS, JSON, JSON)
def test_the_input_never_changes_and_the_path_finds_the_result(path, raw, result):
    before, placed = json.dumps(raw), True
    try:
        updated = compile_result_path(path)(raw, result)
    except QueryError:
        placed = False
    assert json.dumps(raw) == before
    if placed:
        assert compile_path(path)(updated, None) is result
