"""One fault each in a small machine: found, once, at its place, with what instead.  (corpus/README.md)"""

from __future__ import annotations

import json

import pytest

from sfn_notebook.asl.lint import lint

TEXT = """{
  "StartAt": "Cart",
  "States": {
    "Cart": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "f", "Payload.$": "$"},
      "TimeoutSeconds": 60,
      "Retry": [{"ErrorEquals": ["States.Timeout"]}],
      "Next": "Enough"
    },
    "Enough": {
      "Type": "Choice",
      "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Both"}],
      "Default": "Charge"
    },
    "Both": {
      "Type": "Parallel",
      "Branches": [
        {"StartAt": "Left", "States": {"Left": {"Type": "Pass", "End": true}}},
        {"StartAt": "Right", "States": {"Right": {"Type": "Pass", "End": true}}}
      ],
      "Next": "Charge"
    },
    "Charge": {"Type": "Pass", "Parameters": {"a.$": "$.b", "id.$": "States.UUID()"}, "End": true}
  }
}"""


def test_the_machine_itself_is_right():
    assert lint(TEXT) == []


@pytest.mark.parametrize(
    ("before", "after", "code", "path", "hint"),
    [
        ('"Next": "Enough"', '"Next": "Enuogh"', "ASL302", "/States/Cart/Next", "'Enough'"),
        ('"Resource"', '"Resorce"', "ASL203", "/States/Cart/Resorce", "'Resource'"),
        (',\n      "Next": "Enough"', "", "ASL304", "/States/Cart", "Next"),
        ('"Next": "Enough"', '"next": "Enough"', "ASL203", "/States/Cart/next", "'Next'"),
        ('"TimeoutSeconds": 60', '"TimeoutSeconds": "60"', "ASL205", "/States/Cart/TimeoutSeconds", "quotes"),
        ('"a.$": "$.b"', '"a.$": "b"', "ASL401", "/States/Charge/Parameters/a.$", "$"),
        ("States.UUID()", "States.UUDI()", "ASL403", "/States/Charge/Parameters/id.$", "States.UUID"),
        ("States.UUID()", "States.UUID(1)", "ASL403", "/States/Charge/Parameters/id.$", ""),
        ('"a.$": "$.b"', '"a.$": "$x.b"', "ASL418", "/States/Charge/Parameters/a.$", "Assign"),
        ('"Default": "Charge"', '"Default": "Cart"', None, "", ""),
        ('"Charge": {"Type"', '"Free": {"Type": "Succeed"}, "Charge": {"Type"', "ASL306", "/States/Free", ""),
        ("lambda:invoke", "lambda:invok", "ASL604", "/States/Cart/Resource", "'invoke'"),
        ('"NumericLessThan": 3, ', "", "ASL209", "/States/Enough/Choices/0", ""),
        ("NumericLessThan", "NumericLesThan", "ASL203", "/States/Enough/Choices/0/NumericLesThan",
         "'NumericLessThan'"),
        ('"States.Timeout"', '"E", "States.ALL"', "ASL501", "/States/Cart/Retry/0/ErrorEquals/1", "own"),
        (
            '[{"ErrorEquals": ["States.Timeout"]}]',
            '[{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]',
            "ASL502",
            "/States/Cart/Retry/0/ErrorEquals/0",
            "end",
        ),
        ("States.Timeout", "States.TimeOut", "ASL503", "/States/Cart/Retry/0/ErrorEquals/0",
         "'States.Timeout'"),
        (
            '{"StartAt": "Right", "States": {"Right"',
            '{"StartAt": "Left", "States": {"Left"',
            "ASL214",
            "/States/Both/Branches/1/States/Left",
            "unique",
        ),
        (
            '"Left": {"Type": "Pass", "End": true}',
            '"Left": {"Type": "Pass", "Next": "Right"}',
            "ASL303",
            "/States/Both/Branches/0/States/Left/Next",
            "/States/Both/Branches/1",
        ),
        (
            '"Left": {"Type": "Pass", "End": true}',
            '"Left": {"Type": "Pass", "Next": "Left"}',
            "ASL307",
            "/States/Both/Branches/0/States",
            "End",
        ),
        ("lambda:invoke", "lambda:invoke.waitForTaskToken", "ASL608", "/States/Cart/Resource",
         "$$.Task.Token"),
        ('"TimeoutSeconds": 60', '"TimeoutSeconds": 60, "HeartbeatSeconds": 90', "ASL504",
         "/States/Cart/HeartbeatSeconds", ""),
        ('"a.$": "$.b"', '"a": "$.b"', "ASL407", "/States/Charge/Parameters/a", "'a.$'"),
        ('"Type": "Task"', '"Type": "Task", "Type": "Task"', "ASL108", "/States/Cart/Type", "delete"),
        ('"Default": "Charge"', '"Default": "Charge",', "ASL105", "/States/Enough/Default", "comma"),
        ('"Type": "Choice",', '"Type": "Choice"', "ASL104", "/States/Enough/Type", ""),
        ('"Type": "Task"', '"QueryLanguage": "JSONata", "Type": "Task"', "ASL204", "/States/Cart/Parameters",
         "Arguments"),
        ('"StartAt": "Cart"', '"StartAt": "cart"', "ASL301", "/StartAt", "'Cart'"),
        ('"StartAt": "Left"', '"StartAt": "Right"', "ASL301", "/States/Both/Branches/0/StartAt",
         "Branches/1"),
        ('"Type": "Task"', '"Type": "Tsk"', "ASL206", "/States/Cart/Type", "'Task'"),
        ('"Type": "Task"', '"Tpye": "Task"', "ASL203", "/States/Cart/Tpye", "'Type'"),
    ],
)  # fmt: skip
def test_one_fault_is_one_diagnostic_with_place_and_hint(before, after, code, path, hint):
    assert TEXT.count(before) >= 1
    found = lint(TEXT.replace(before, after, 1))
    assert [one.code for one in found] == ([code] if code else [])
    assert [one.path for one in found] == ([path] if code else [])
    assert all(hint in one.hint for one in found)


def test_a_fault_inside_a_path_is_told_where_it_is_in_the_string():
    text = TEXT.replace('"$.b"', r'"$[\"x\"].a[b"')
    [found] = lint(text)
    line = text.split("\n")[found.line - 1]
    assert found.code == "ASL401"
    assert line[found.column - 1 :].startswith(("[b", "b"))


def test_findings_come_in_the_order_of_the_text():
    text = TEXT.replace("NumericLessThan", "NumericLess").replace('"$.b"', '"b"').replace("invoke", "invok")
    found = lint(text)
    assert len(found) == 3
    assert found == sorted(found, key=lambda one: (one.line, one.column))


def test_there_are_no_more_than_500():
    states = {f"S{n}": {"Type": "Pass", "End": True, "Color": n} for n in range(2_000)}
    assert len(lint(json.dumps({"StartAt": "S0", "States": states}))) == 500


def test_a_state_named_as_a_field_is_a_state():
    states = {name: {"Type": "Pass", "End": True} for name in ("Iterator",)}
    assert lint(json.dumps({"StartAt": "Iterator", "States": states})) == []


def test_an_unresolved_transition_says_nothing_about_reachability():
    text = TEXT.replace('"Next": "Both"', '"Next": "Elsewhere"')
    assert [one.code for one in lint(text)] == ["ASL302"]
