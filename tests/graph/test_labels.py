"""What is written on lines and states."""

import pytest
from graph_cases import machine

from sfn_notebook.graph.labels import condition, errors, face, tooltip


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"Variable": "$.x", "NumericGreaterThan": 5, "Next": "A"}, "$.x > 5"),
        ({"Variable": "$.x", "NumericLessThanEquals": 5}, "$.x ≤ 5"),
        ({"Variable": "$.x", "NumericGreaterThanEqualsPath": "$.y"}, "$.x ≥ $.y"),
        ({"Variable": "$.s", "StringEquals": "done"}, '$.s = "done"'),
        ({"Variable": "$.s", "StringEqualsPath": "$.t"}, "$.s = $.t"),
        ({"Variable": "$.s", "StringMatches": "a*"}, '$.s matches "a*"'),
        ({"Variable": "$.b", "BooleanEquals": False}, "$.b = false"),
        ({"Variable": "$.t", "TimestampLessThan": "2026-01-01T00:00:00Z"}, '$.t < "2026-01-01T00:00:00Z"'),
        ({"Variable": "$.x", "IsPresent": True}, "$.x is present"),
        ({"Variable": "$.x", "IsNull": False}, "$.x is not null"),
        ({"Next": "A", "NumericEquals": 1, "Variable": "$.x"}, "$.x = 1"),
        ({"Not": {"Variable": "$.x", "IsNumeric": True}}, "not $.x is a number"),
        (
            {
                "And": [
                    {"Variable": "$.a", "NumericEquals": 1},
                    {"Or": [{"Variable": "$.b", "IsPresent": True}, {"Variable": "$.c", "IsNull": True}]},
                ]
            },
            "$.a = 1 and ($.b is present or $.c is null)",
        ),
        ({"Condition": "{% $states.input.n\n   > 5 %}"}, "$states.input.n > 5"),
        ({"Condition": True}, "true"),
        ({}, ""),
        ("nonsense", '"nonsense"'),
    ],
)
def test_a_condition_in_short(rule, text):
    assert condition(rule) == text


@pytest.mark.parametrize(
    ("catcher", "text"),
    [
        ({"ErrorEquals": ["States.Timeout", "Busy"]}, "States.Timeout, Busy"),
        ({}, "any error"),
        (None, "any error"),
    ],
)
def test_the_errors_of_a_catcher(catcher, text):
    assert errors(catcher) == text


def task(resource, **fields):
    return {"Type": "Task", "Resource": resource, "End": True, **fields}


INVOKE = "arn:aws:states:::lambda:invoke"


@pytest.mark.parametrize(
    ("state", "icon", "caption"),
    [
        (task("arn:aws:lambda:REGION:ACCOUNT_ID:function:score"), "lambda", "score"),
        (task(INVOKE, Parameters={"FunctionName": "score:$LATEST"}), "lambda", "score"),
        (
            task(INVOKE + ".waitForTaskToken", Arguments={"FunctionName": "ask"}),
            "lambda",
            "ask.waitForTaskToken",
        ),
        (task(INVOKE, Parameters={"FunctionName.$": "$.f"}), "lambda", "lambda:invoke"),
        (task("arn:aws:states:::dynamodb:putItem"), "task", "dynamodb:putItem"),
        (task("arn:aws:states:::aws-sdk:s3:getObject"), "task", "s3:getObject"),
        (task("arn:aws:states:::glue:startJobRun.sync"), "task", "glue:startJobRun.sync"),
        (task("arn:aws:states:us-east-1:123456789012:activity:ask"), "activity", "ask"),
        (task(None), "task", "null"),
        ({"Type": "Wait", "Seconds": 10, "End": True}, "wait", "Wait 10 s"),
        ({"Type": "Wait", "SecondsPath": "$.s", "End": True}, "wait", "Wait $.s"),
        ({"Type": "Wait", "Timestamp": "{% $t %}", "End": True}, "wait", "Wait until $t"),
        ({"Type": "Fail", "Error": "Oops"}, "fail", "Fail Oops"),
        ({"Type": "Succeed"}, "succeed", "Succeed"),
        ({"Type": "Pass", "End": True}, "pass", "Pass"),
    ],
)
def test_the_face_of_a_state(state, icon, caption):
    assert face(machine({"S": state}).root.states["S"]) == (icon, caption)


def test_a_tooltip_says_it_all():
    state = machine({"S": task("arn:aws:states:::sns:publish", Comment="Tell them.")}).root.states["S"]
    assert tooltip(state) == "S\nTask arn:aws:states:::sns:publish\nTell them."
