"""Payload templates.  (spec: data-flow, Payload templates)"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query.jsonpath import default_miss
from sfn_notebook.query.scope import Growth, QueryError, QuerySyntaxError
from sfn_notebook.query.template import (
    TemplateSyntaxError,
    compile_payload,
    compile_template,
    paths_in_payload,
)
from sfn_notebook.values import dumps, size


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ({}, {}),
        (
            {"a": "$.n", "b": "States.UUID()", "c": [1, None]},
            {"a": "$.n", "b": "States.UUID()", "c": [1, None]},
        ),
        ({"z": 0, "a.$": "$.n", "b": 1}, {"z": 0, "a": 5, "b": 1}),
        ({"a": {"b": [{"c.$": "$.list[0]"}, "$.n"]}}, {"a": {"b": [{"c": 1}, "$.n"]}}),
        (
            {"all.$": "$", "ctx.$": "$$.State.Name", "var.$": "$name"},
            {"all": {"n": 5, "list": [1, 2]}, "ctx": "S", "var": "Ada"},
        ),
        ({"none.$": "$.list[?(@ > 9)]", "some.$": "$.list[1:]"}, {"none": [], "some": [2]}),
        ({"f.$": " States.Format('{}', $.n) "}, {"f": "5"}),
        ({".$": "$.n", "x.$.$": "$.n"}, {"": 5, "x.$": 5}),
        ([{"a.$": "$.n"}], [{"a": 5}]),
        ("$.n", "$.n"),
    ],
)
def test_value(template, value, frame):
    assert dumps(compile_template(template, "Parameters").evaluate({"n": 5, "list": [1, 2]}, frame)) == dumps(value)


def test_constant_parts_are_shared(frame):
    template = {"a.$": "$.n", "big": {"x": [1]}}
    compiled = compile_template(template, "Parameters")
    first, second = (compiled.evaluate({"n": n}, frame) for n in (1, 2))
    assert first["big"] is second["big"]
    assert (first["a"], second["a"]) == (1, 2)
    assert template == {"a.$": "$.n", "big": {"x": [1]}}


def test_a_template_without_lookups_is_constant(frame):
    compiled = compile_template({"a": {"b": 1}}, "Result")
    assert compiled.constant
    assert compiled.growth == Growth(size({"a": {"b": 1}}), 0)
    assert compiled.evaluate(None, frame) is compiled.evaluate({}, frame)


def test_a_miss_names_the_key(frame):
    with pytest.raises(QueryError) as caught:
        compile_template({"a": {"value.$": "States.Array($.x)"}}, "Parameters").evaluate({"k": 1}, frame)
    assert caught.value.cause == (
        "The JSONPath '$.x' specified for the field 'value.$' could not be found in the input '{\"k\":1}'"
    )


def test_draws_are_keyed_by_field_and_place(frame):
    compile_template({"a": [{"id.$": "States.UUID()"}], "b.$": "States.UUID()"}, "Assign").evaluate({}, frame)
    assert frame.sites == ["Assign/a/0/id.$#0", "Assign/b.$#0"]


@pytest.mark.parametrize(
    ("template", "place", "offset", "says"),
    [
        ({"a.$": 5}, ("a.$",), 0, "The value for the field 'a.$' must be a valid JSONPath"),
        ({"x": [{"a.$": "$.a["}]}, ("x", 0, "a.$"), 4, "Expected"),
        ({"a.$": "hello"}, ("a.$",), 5, "'('"),
        ({"a": 1, "a.$": "$"}, ("a.$",), 0, "twice"),
        ({"a.$": "$", "a": {"b": 1}}, ("a",), 0, "twice"),
    ],
)
def test_is_no_template(template, place, offset, says):
    with pytest.raises(TemplateSyntaxError) as caught:
        compile_template(template, "Parameters")
    assert (caught.value.place, caught.value.offset) == (place, offset)
    assert says in caught.value.message
    assert isinstance(caught.value, QuerySyntaxError)


def test_one_payload(frame):
    assert (
        compile_payload("States.Format('{}', $.Error)", "ErrorPath", default_miss).evaluate({"Error": "E"}, frame)
        == "E"
    )


def test_paths_of_a_payload():
    assert [path.variable for path in paths_in_payload("States.Array($a.b, $c)")] == ["a", "c"]
    assert [path.root for path in paths_in_payload("$$.x")] == ["$$"]


PAYLOADS = st.sampled_from(
    ["$", "$.a", "$.a[*]", "States.JsonToString($)", "States.Array($.a, 'x')", "States.Format('{}', $)"]
)
TEMPLATES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["k", "l"]), inner)
        | st.dictionaries(st.sampled_from(["k.$", "l.$"]), PAYLOADS)
    ),
    max_leaves=8,
)
DATA = st.fixed_dictionaries({"a": st.lists(st.integers() | st.text(max_size=5))})


@given(TEMPLATES, DATA)
def test_growth_is_an_upper_bound_and_nothing_changes(template, data):
    before = json.dumps([template, data])
    compiled = compile_template(template, "Parameters")
    value = compiled.evaluate(data, None)
    assert size(value) <= compiled.growth.constant + compiled.growth.factor * size(data)
    assert json.dumps([template, data]) == before


@pytest.mark.parametrize("template", [{"a.$": "$$.x"}, {"a.$": "$v"}, [{"a.$": "$..x"}]])
def test_growth_is_unknown_where_other_roots_show_through(template):
    assert compile_template(template, "Parameters").growth is None
