"""Every code has an example that earns it: text → the codes it is told, nothing more."""

from __future__ import annotations

import json

import pytest

from sfn_notebook.asl.codes import CODES
from sfn_notebook.asl.lint import lint

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
END = {"Type": "Pass", "End": True}


def machine(**states):
    """A machine of these states that starts at the first one."""
    return json.dumps({"StartAt": next(iter(states)), "States": states}, indent=2)


def only(**state):
    return machine(A={"End": True, **state})


def task(**fields):
    return only(Type="Task", **({"Resource": FUNCTION} | fields))


def passing(**fields):
    return only(Type="Pass", **fields)


def jsonata(**fields):
    return passing(QueryLanguage="JSONata", **fields)


def mapping(processor=None, **fields):
    inner = {"StartAt": "I", "States": {"I": END}} if processor is None else processor
    return only(Type="Map", ItemProcessor=inner, **fields)


def distributed(states=None, **fields):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    states = states or {"I": END}
    return mapping({"ProcessorConfig": config, "StartAt": next(iter(states)), "States": states}, **fields)


def choosing(rule, **fields):
    choice = {"Type": "Choice", "Choices": [rule], "Default": "B"}
    return machine(A=choice | fields, B={"Type": "Succeed"})


def retrying(*retriers):
    return task(Retry=list(retriers))


def parallel(*branches, **fields):
    starts = [{"StartAt": next(iter(states)), "States": states} for states in branches]
    return only(Type="Parallel", Branches=starts, **fields)


EXAMPLES = {
    "ASL101": [None, 7, {"StartAt": "A"}, b"{}"],
    "ASL102": ["", " \n\t "],
    "ASL103": ["StartAt: A", "{'a': 1}", '{"a": True}', '{"a" 1}', '{"a": 1 // why\n}', "[, 2]", '{"a": }'],
    "ASL104": ['{"a": 1 "b": 2}', "[1 2]", '{"a": {}\n"b": []}'],
    "ASL105": ['{"a": 1,}', "[1, 2, ]"],
    "ASL106": ['{"a": 1', "[1, 2", '{"a": [1}', '{"a": {"b": 1}'],
    "ASL107": [passing() + "}", passing() + " x"],
    "ASL108": ['{"StartAt": "A", "States": {"A": {"Type": "Pass", "Type": "Pass", "End": true}}}'],
    "ASL109": ['{"a": "b}', '{"a": "b\n"}', '{"a": "\\d"}', '{"a": "\t"}', '{"a": "\\u12"}'],
    "ASL110": ['{"a": "\\ud800"}', '{"a": "\udc00"}'],
    "ASL111": ['{"a": NaN}', "[01]", "[+1]", "[.5]", "[1.]", "[1e999]", "[-Infinity]"],
    "ASL112": ['{"a": "' + "x" * 2**20 + '"}', '{"a": "' + "é" * 2**19 + '"}'],
    "ASL113": ["[" * 2**20, '{"a":' * 251],
    "ASL201": ["[]", '"A"', "null"],
    "ASL202": [json.dumps({"StartAt": "A"}), machine(A={"Type": "Task", "End": True})],
    "ASL203": [passing(Resorce="x"), passing(Commment="x")],
    "ASL204": [passing(Output=1), jsonata(ResultPath="$.a"), task(Catch=[
        {"ErrorEquals": ["E"], "Next": "A", "Output": 1}])],
    "ASL205": [task(TimeoutSeconds="5"), passing(Comment=1), task(Retry={}), passing(Parameters=None)],
    "ASL206": [machine(A={"Type": "Pss", "End": True}), passing(QueryLanguage="jsonata")],
    "ASL207": [task(TimeoutSeconds=0), retrying({"ErrorEquals": ["E"], "BackoffRate": 0.5})],
    "ASL208": [task(TimeoutSeconds=1, TimeoutSecondsPath="$.t")],
    "ASL209": [only(Type="Wait"), only(Type="Map"), task(Credentials={})],
    "ASL210": [parallel(), '{"StartAt": "A", "States": {}}', retrying({"ErrorEquals": []})],
    "ASL211": [json.dumps({"QueryLanguage": "JSONata"} | json.loads(passing(QueryLanguage="JSONPath")))],
    "ASL212": [json.dumps({"QueryLanguage": "JSONata"} | json.loads(
        parallel({"B": END | {"QueryLanguage": "JSONPath"}})))],
    "ASL213": [machine(**{"A" * 81: END}), machine(**{"": END})],
    "ASL214": [parallel({"A": END}), parallel({"B": END}, {"B": END})],
    "ASL215": [distributed(Label="a b"), distributed(Label="x" * 41)],
    "ASL216": [parallel(*(
        json.loads(distributed(Label="L").replace('"A"', f'"A{n}"').replace('"I"', f'"I{n}"'))["States"]
        for n in (1, 2)))],
    "ASL217": [mapping(Label="L")],
    "ASL218": [
        mapping({"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "I", "States": {"I": END}}),
        distributed(ResultWriter={"Resource": "arn:aws:states:::s3:putObject"}),
    ],
    "ASL301": [json.dumps({"StartAt": "a", "States": {"A": END}})],
    "ASL302": [machine(A={"Type": "Pass", "Next": "Chrage"}, Charge=END)],
    "ASL303": [machine(
        A={"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "C"}}}],
           "Next": "C"}, C=END)],
    "ASL304": [machine(A={"Type": "Pass"}), passing(End=False)],
    "ASL305": [passing(Next="A")],
    "ASL306": [
        machine(A=END, B=END),
        machine(A=END, B={"Type": "Pass", "Next": "C"}, C={"Type": "Pass", "Next": "B"}),
    ],
    "ASL307": [machine(A={"Type": "Pass", "Next": "A"}), parallel({"B": {"Type": "Pass", "Next": "B"}})],
    "ASL308": [machine(A={"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "B"}]},
                       B={"Type": "Succeed"})],
    "ASL401": [passing(InputPath="$.a["), passing(ResultPath="a"), passing(Parameters={"a.$": "b"})],
    "ASL402": [passing(ResultPath="$.a[*]"), passing(ResultPath="$$.a"), passing(ResultPath="$..a")],
    "ASL403": [
        passing(Parameters={"a.$": "States.Formt('x')"}),
        passing(Parameters={"a.$": "States.MathAdd(1)"}),
        passing(Parameters={"a.$": "States.MathAdd(1, '-1')"}),
        passing(Parameters={"a.$": "States.Array(1"}),
    ],
    "ASL404": [passing(Parameters={"a.$": 1}), passing(Parameters=[{"b": {"a.$": None}}])],
    "ASL405": [passing(Parameters={"a.$": "$.a", "a": 1})],
    "ASL406": [passing(InputPath="States.UUID()"), choosing(
        {"Variable": "States.UUID()", "IsNull": True, "Next": "B"})],
    "ASL407": [passing(Parameters={"a": "$.b"}), task(Parameters={"a": {"b": "States.UUID()"}})],
    "ASL408": [choosing({"Variable": "$.a", "StringEquals": "$.b", "Next": "B"}),
               machine(A={"Type": "Fail", "Error": "$.error"})],
    "ASL409": [passing(Result={"a.$": "$.b"}), passing(Result="$.b")],
    "ASL410": [only(Type="Wait", Timestamp="tomorrow"), choosing(
        {"Variable": "$.a", "TimestampEquals": "2026-01-01", "Next": "B"})],
    "ASL411": [jsonata(Output="{% 1 %"), jsonata(Output={"a": ["1 %}"]}), jsonata(Output="{%}")],
    "ASL412": [jsonata(Output="{%10%}")],
    "ASL413": [jsonata(Output=" {% 1 %} ")],
    "ASL414": [passing(Parameters={"a": "{% 1 %}"})],
    "ASL415": [jsonata(Output={"a.$": "x"})],
    "ASL416": [passing(Assign={"states": 1}), passing(Assign={"a-b": 1}), jsonata(Assign={"x" * 81: 1})],
    "ASL417": [machine(
        A={"Type": "Pass", "Assign": {"x": 1}, "Next": "P"},
        P={"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": END | {"Assign": {"x": 2}}}}],
           "End": True})],
    "ASL418": [passing(InputPath="$x.a"), passing(Parameters={"a.$": "States.Array($x)"})],
    "ASL419": [machine(
        V={"Type": "Pass", "Assign": {"x": 1}, "Next": "A"},
        A=json.loads(distributed({"I": END | {"InputPath": "$x"}}))["States"]["A"])],
    "ASL420": [choosing({"StringEquals": "a", "Next": "B"}), choosing(
        {"Variable": "$.a", "Not": {"Variable": "$.a", "IsNull": True}, "Next": "B"})],
    "ASL421": [machine(A={"Type": "Fail", "ErrorPath": "States.Array(1)"})],
    "ASL422": [only(Type="Wait", SecondsPath="$.a[*]"), only(Type="Wait", SecondsPath="$..a")],
    "ASL423": [jsonata(Output="{% 1 + %}"), jsonata(Output="{% $$.a %}"), jsonata(Output="{% phone %}")],
    "ASL501": [retrying({"ErrorEquals": ["E", "States.ALL"]})],
    "ASL502": [retrying({"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]})],
    "ASL503": [retrying({"ErrorEquals": ["States.Tiemout"]}), retrying({"ErrorEquals": ["State.ALL"]})],
    "ASL504": [task(HeartbeatSeconds=20, TimeoutSeconds=10)],
    "ASL505": [retrying({"ErrorEquals": ["E"], "IntervalSeconds": 5, "MaxDelaySeconds": 5})],
    "ASL506": [retrying({"ErrorEquals": ["States.Runtime"]})],
    "ASL507": [task(HeartbeatSeconds=10, TimeoutSeconds=10)],
    "ASL601": [task(Resource="score"), task(Resource="foo:bar"), task(Resource="${f")],
    "ASL602": [task(Resource="${Function}"), task(Resource={"Fn::GetAtt": ["F", "Arn"]})],
    "ASL603": [task(Resource="arn:aws:swf:us-east-1:123456789012:task:X")],
    "ASL604": [
        task(Resource="arn:aws:states:::dynamodb:query"),
        task(Resource="arn:aws:states:::snss:publish"),
    ],
    "ASL605": [
        task(Resource="arn:aws:states:::sns:publish.sync"),
        task(Resource="arn:aws:states:::glue:startJobRun.synk"),
        task(Resource="arn:aws:states:::glue:startJobRun.sync:2"),
        task(Resource="arn:aws:states:::aws-sdk:s3:getObject.sync"),
    ],
    "ASL606": [task(Resource="arn:aws:states:::dynamodb:putItem.waitForTaskToken",
                    Parameters={"t.$": "$$.Task.Token"})],
    "ASL608": [task(Resource="arn:aws:states:::sns:publish.waitForTaskToken", Parameters={"Message": "x"})],
    "ASL609": [distributed(ItemReader={"Resource": "arn:aws:states:::s3:putObject"})],
}  # fmt: skip
EXPRESS = {
    "ASL607": [
        task(Resource="arn:aws:states:::ecs:runTask.sync"),
        task(Resource="arn:aws:states:us-east-1:123456789012:activity:a"),
        distributed(),
    ],
}


def test_the_list_of_codes_and_the_examples_are_the_same():
    assert sorted(CODES) == sorted(EXAMPLES | EXPRESS)


@pytest.mark.parametrize(
    ("code", "text", "machine_type"),
    [(code, text, "STANDARD") for code, texts in EXAMPLES.items() for text in texts]
    + [(code, text, "EXPRESS") for code, texts in EXPRESS.items() for text in texts],
    ids=str,
)
def test_an_example_earns_its_code_and_no_other(code, text, machine_type):
    assert {found.code for found in lint(text, type=machine_type)} == {code}


@pytest.mark.parametrize("code", CODES)
def test_a_code_has_a_severity_and_one_line(code):
    known = CODES[code]
    assert known.severity in ("error", "warning", "info")
    assert known.title.endswith(".")
    assert "\n" not in known.title
    assert bool(known.aws) == (known.severity == "error")
