"""JSON with JSONata expressions in it.  (spec: data-flow, JSONata pipeline)"""

from __future__ import annotations

import contextlib
import json
import re

import pytest
from query.jsonata_suite import STATES, Scope

from sfn_notebook.query.jsonata import EvaluationError, States
from sfn_notebook.query.jsonata_template import compile_typed, compile_value, expression_in, expressions_in, type_name
from sfn_notebook.query.template import TemplateSyntaxError
from sfn_notebook.values import dumps


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ({}, {}),
        ("{% $states.input.x %}", 1),
        ("{%$states.input.x%}", 1),
        (" {% $states.input.x %}", " {% $states.input.x %}"),
        ("{% $states.input.x %} ", "{% $states.input.x %} "),
        ("{%}", "{%}"),
        ("$states.input", "$states.input"),
        ({"{% 1 %}": "{% 1 + 1 %}"}, {"{% 1 %}": 2}),
        ([None, 0, 0.1, True, "s", [], "{% $states.input.nothing %}", {"k": "{% true %}"}], None),
        ({"z": 1, "a": "{% 2 %}", "b": {"c": ["{% 3 %}", 4]}}, {"z": 1, "a": 2, "b": {"c": [3, 4]}}),
        ({"a.$": "$.x"}, {"a.$": "$.x"}),
    ],
)
def test_value(template, value):
    if value is None:
        value = [None, 0, 0.1, True, "s", [], None, {"k": True}]
    assert dumps(compile_value(template, "Output").evaluate(STATES, Scope())) == dumps(value)


def test_what_is_constant_is_shared_and_the_template_stays():
    template = {"n": "{% $states.input.n %}", "big": {"x": [1]}}
    compiled = compile_value(template, "Output")
    first, second = (compiled.evaluate(States({"n": n}), Scope()) for n in (1, 2))
    assert first["big"] is second["big"] is template["big"]
    assert (first["n"], second["n"]) == (1, 2)
    assert template == {"n": "{% $states.input.n %}", "big": {"x": [1]}}
    assert not compiled.constant


def test_a_value_without_expressions_is_constant():
    compiled = compile_value({"a": [1]}, "Output")
    assert compiled.constant
    assert compiled.value == {"a": [1]}
    assert compiled.evaluate(STATES, Scope()) is compiled.value


def test_undefined_is_an_error_at_its_place():
    compiled = compile_value({"a": {"b": [1, "{% $no %}"]}}, "Choices[1]/Output")
    with pytest.raises(EvaluationError) as raised:
        compiled.evaluate(STATES, Scope())
    assert raised.value.location == "Choices[1]/Output/a/b[1]"
    assert raised.value.cause == (
        "The JSONata expression '$no' specified for the field 'Choices[1]/Output/a/b[1]' returned nothing (undefined)."
    )


def test_chance_is_keyed_by_the_place():
    scope = Scope()
    compile_value({"a": ["{% $uuid() %}"], "b": "{% $uuid() %}"}, "Output").evaluate(STATES, scope)
    assert scope.sites == ["Output/a[0]#0", "Output/b#0"]


def test_a_mistake_is_found_at_its_place_when_compiling():
    with pytest.raises(TemplateSyntaxError) as raised:
        compile_value({"a": ["{% 1 + %}"]}, "Output")
    assert raised.value.place == ("a", 0)
    assert raised.value.offset == len("{% 1 + ")


def test_expressions_in():
    assert expressions_in({"a": ["{% 1 %}", 2], "b": "{%x%}"}) == [(("a", 0), " 1 "), (("b",), "x")]
    assert expression_in(5) is None


@pytest.mark.parametrize(
    ("expected", "good", "bad", "found"),
    [
        ("boolean", "true", "1", "Expected 'boolean', but was 'number' for value: 1"),
        ("array", "[1]", "{'a': 'b'}", "Expected 'array', but was 'object' for value: {\"a\":\"b\"}"),
        ("integer", "5", "'5'", "Expected 'number', but was 'string' for value: \"5\""),
        ("number", "0.5", "[1]", "Expected 'number', but was 'array' for value: [1]"),
        ("string", "'s'", "null", "Expected 'string', but was 'null' for value: null"),
        ("object", "{}", "false", "Expected 'object', but was 'boolean' for value: false"),
    ],
)
def test_types(expected, good, bad, found):
    compile_typed(f"{{% {good} %}}", "F", expected).evaluate(STATES, Scope())
    with pytest.raises(EvaluationError) as raised:
        compile_typed(f"{{% {bad} %}}", "F", expected).evaluate(STATES, Scope())
    assert raised.value.cause.endswith(f"for the field 'F' returned an unexpected result type. {found}")


def test_integers_and_timestamps_have_texts_of_their_own():
    with pytest.raises(EvaluationError, match=r"The Seconds field cannot be parsed as an integer: 1\.5"):
        compile_typed("{% 1.5 %}", "Seconds", "integer").evaluate(STATES, Scope())
    timestamp = compile_typed("{% $states.input %}", "Timestamp", "timestamp")
    assert timestamp.evaluate(States("2016-03-14T01:59:00Z"), Scope()) == "2016-03-14T01:59:00Z"
    with pytest.raises(EvaluationError, match="The Timestamp field cannot be parsed as an ISO-8601 extended"):
        timestamp.evaluate(States("05-12-2016T21:29:29Z"), Scope())


def test_literals_are_taken_as_they_are():
    assert compile_typed(["{% 1 %}", 2], "Items", "array").evaluate(STATES, Scope()) == [1, 2]
    assert compile_typed(True, "Condition", "boolean").constant


# ---------------------------------------------------------------- as recorded

_CAUSE = re.compile(r"The JSONata expression '(.*)' specified for the field '([^']*)' (.*)", re.DOTALL)
_VALUE = re.compile(r"Expected '(\w+)', but was '(\w+)' for value: (.*)", re.DOTALL)


def strings(value):
    if isinstance(value, str):
        yield value
        if value.startswith(("{", "[")):
            with contextlib.suppress(ValueError):
                yield from strings(json.loads(value))
    elif isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


@pytest.fixture(scope="module")
def recorded(shared):
    """Every text of the recordings, those inside texts included."""
    paths = (shared / "conformance" / "cases").glob("*/*.json")
    return {text for path in paths for text in strings(json.loads(path.read_text()))}


def test_every_recorded_cause_comes_out_to_the_letter(recorded):
    causes = {found[0] for text in recorded if (found := _CAUSE.search(text))}
    assert len(causes) >= 6
    for cause in causes:
        expression, field, what = _CAUSE.fullmatch(cause).groups()
        typed = _VALUE.search(what)
        variables = {expression.removeprefix("$"): json.loads(typed[3])} if typed else {}
        compiled = compile_typed(f"{{% {expression} %}}", field, typed[1] if typed else "string")
        with pytest.raises(EvaluationError) as raised:
            compiled.evaluate(States({"FunctionInput": "fst"}), Scope(variables))
        assert raised.value.cause == cause
        assert raised.value.location == field
        if typed:
            assert type_name(json.loads(typed[3])) == typed[2]


def test_every_recorded_timestamp_fault_comes_out_to_the_letter(recorded):
    pattern = re.compile(r"The Timestamp field cannot be parsed as an .*: (.*)")
    for found in filter(None, map(pattern.search, recorded)):
        with pytest.raises(EvaluationError) as raised:
            compile_typed("{% $t %}", "Timestamp", "timestamp").evaluate(STATES, Scope({"t": found[1]}))
        assert raised.value.cause == found[0]


def test_every_recorded_expression_compiles(recorded):
    expressions = {text for text in recorded if expression_in(text)}
    assert len(expressions) > 30
    for text in expressions:
        compile_value(text, "Output")
