"""Choice rules.  (spec: language, Choice)"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.query.choice import OPERATORS, compile_rule
from sfn_notebook.query.scope import QueryError, QuerySyntaxError

EARLY, LATE = "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5Z"
NOON_THERE, NOON_HERE = "2020-01-01T12:00:00+02:00", "2020-01-01T10:00:00Z"


def test_there_are_39_operators():
    assert len(OPERATORS) == 39
    assert OPERATORS["NumericLessThanPath"] == ("number", True)
    assert OPERATORS["IsNull"] == ("boolean", False)


@pytest.mark.parametrize(
    ("value", "operator", "operand", "matches"),
    [
        ("a", "StringEquals", "a", True),
        ("a ", "StringEquals", "a", False),
        (1, "StringEquals", "1", False),
        ("", "StringEquals", "", True),
        ("a", "StringLessThan", "ab", True),
        ("B", "StringLessThan", "a", True),
        ("\U0001f600", "StringLessThan", "\uffff", True),
        ("a", "StringLessThanEquals", "a", True),
        ("b", "StringGreaterThan", "a", True),
        ("a", "StringGreaterThanEquals", "b", False),
        ("log-1.txt", "StringMatches", "log-*.txt", True),
        (5, "StringMatches", "*", False),
        ("a*", "StringMatches", "a\\*", True),
        (0, "NumericEquals", 0.0, True),
        (False, "NumericEquals", 0, False),
        ("1", "NumericEquals", 1, False),
        (2**53 + 1, "NumericEquals", 2**53, False),
        (1, "NumericLessThan", 1.5, True),
        (1, "NumericLessThanEquals", 1, True),
        (2, "NumericGreaterThan", 1, True),
        (1, "NumericGreaterThanEquals", 2, False),
        (None, "NumericLessThan", 1, False),
        (True, "BooleanEquals", True, True),
        (1, "BooleanEquals", True, False),
        ("true", "BooleanEquals", True, False),
        (False, "BooleanEquals", False, True),
        (NOON_THERE, "TimestampEquals", NOON_HERE, True),
        (EARLY, "TimestampLessThan", LATE, True),
        (EARLY, "TimestampLessThanEquals", EARLY, True),
        (LATE, "TimestampGreaterThan", EARLY, True),
        (EARLY, "TimestampGreaterThanEquals", LATE, False),
        ("2020-01-01", "TimestampEquals", EARLY, False),
        (5, "TimestampLessThan", EARLY, False),
        (None, "IsNull", True, True),
        (None, "IsNull", False, False),
        (0, "IsNull", False, True),
        (None, "IsPresent", True, True),
        (None, "IsPresent", False, False),
        (1.5, "IsNumeric", True, True),
        (True, "IsNumeric", True, False),
        ("1", "IsNumeric", False, True),
        (None, "IsNumeric", False, True),
        ("", "IsString", True, True),
        (True, "IsBoolean", True, True),
        (0, "IsBoolean", True, False),
        (EARLY, "IsTimestamp", True, True),
        ("2012-10-09T19:00:55", "IsTimestamp", True, False),
        ("x", "IsTimestamp", False, True),
    ],
)
def test_comparison(value, operator, operand, matches, frame):
    data = {"v": value, "other": operand}
    assert compile_rule({"Variable": "$.v", operator: operand, "Next": "N"})(data, frame) is matches
    if operator + "Path" in OPERATORS:
        assert compile_rule({operator + "Path": "$.other", "Variable": "$.v"})(data, frame) is matches


@pytest.mark.parametrize("operator", [name for name, (_, is_path) in OPERATORS.items() if is_path])
def test_a_path_to_something_of_another_type_never_matches(operator, frame):
    rule = compile_rule({"Variable": "$.v", operator: "$.w"})
    assert rule({"v": "2020-01-01T00:00:00Z", "w": []}, frame) is False
    assert rule({"v": {}, "w": {}}, frame) is False


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({"Variable": "$$.State.Name", "StringEquals": "S"}, True),
        ({"Variable": "$name", "StringEqualsPath": "$x.a[1].b"}, False),
        ({"Variable": "$.no.such", "IsPresent": False}, True),
        ({"Variable": "$.no.such", "IsPresent": True}, False),
        ({"Variable": "$unset", "IsPresent": False}, True),
        ({"Variable": "$.list[*]", "IsPresent": True}, True),
        ({"And": [{"Variable": "$.n", "IsNumeric": True}, {"Variable": "$.n", "NumericLessThan": 9}]}, True),
        ({"And": [{"Variable": "$.n", "IsString": True}, {"Variable": "$.no", "NumericLessThan": 9}]}, False),
        (
            {"Or": [{"Variable": "$.n", "NumericEquals": 1}, {"Not": {"Variable": "$.n", "IsNull": True}}]},
            True,
        ),
        ({"Or": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.no", "IsNull": True}]}, True),
        ({"And": [{"Variable": "$.n", "NumericEquals": 5}]}, True),
        (
            {
                "Not": {"Not": {"Variable": "$.n", "NumericEquals": 5}},
                "Next": "N",
                "Comment": "c",
                "Assign": {},
            },
            True,
        ),
    ],
)
def test_rule(rule, matches, frame):
    assert compile_rule(rule)({"n": 5}, frame) is matches


@pytest.mark.parametrize("rule", [{"Variable": "$.x", "IsNull": True}, {"Variable": "$.n", "NumericEqualsPath": "$.x"}])
def test_a_missing_variable_fails(rule, frame):
    with pytest.raises(QueryError) as caught:
        compile_rule(rule)({"n": 1}, frame)
    assert (caught.value.error, caught.value.cause) == (
        "States.Runtime",
        "Invalid path '$.x': The choice state's condition path references an invalid value.",
    )


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("rule", "an object"),
        ({}, "needs an operator"),
        ({"Variable": "$.a", "StringEqual": "x"}, "Did you mean StringEquals?"),
        ({"Variable": "$.a", "StringEquals": "x", "IsNull": True}, "StringEquals and IsNull"),
        ({"StringEquals": "x"}, "needs a Variable"),
        ({"Variable": "a", "StringEquals": "x"}, "starts with '$'"),
        ({"Variable": "$.a", "StringEquals": 1}, "must be a string"),
        ({"Variable": "$.a", "StringMatches": "\\x"}, "backslash"),
        ({"Variable": "$.a", "NumericEquals": True}, "must be a number"),
        ({"Variable": "$.a", "BooleanEquals": 1}, "must be a boolean"),
        ({"Variable": "$.a", "IsNull": "true"}, "must be a boolean"),
        ({"Variable": "$.a", "TimestampEquals": "today"}, "must be an RFC 3339 timestamp"),
        ({"Variable": "$.a", "StringEqualsPath": 1}, "must be a path"),
        ({"And": []}, "non-empty array"),
        ({"Or": {}}, "non-empty array"),
        ({"Not": []}, "an object"),
    ],
)
def test_is_no_rule(rule, says):
    with pytest.raises(QuerySyntaxError) as caught:
        compile_rule(rule)
    assert says in f"{caught.value.message} {caught.value.hint}"


def test_deep_rules_are_refused():
    rule = {"Variable": "$.a", "IsNull": True}
    for _ in range(1000):
        rule = {"Not": rule}
    with pytest.raises(QuerySyntaxError, match="nest deeper"):
        compile_rule(rule)


@given(st.text(), st.text())
def test_text_is_ordered_by_utf16_code_units(left, right):
    units = [text.encode("utf-16-be", "surrogatepass") for text in (left, right)]
    rule = compile_rule({"Variable": "$.v", "StringLessThan": right})
    assert rule({"v": left}, None) is (units[0] < units[1])
