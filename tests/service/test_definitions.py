"""Definitions in AWS's words: codes, messages and locations as they were recorded.  (spec: language, Validation)"""

import json

import pytest
from calls import definition

from sfn_notebook.service.json_faults import json_fault

SCHEMA = "SCHEMA_VALIDATION_FAILED"
ESCAPE = "has to be escaped using backslash to be included in string value"


def state(**fields):
    return definition(states={"X": {"End": True, **fields}})


def found(api, text, **parameters):
    answer = api("ValidateStateMachineDefinition", definition=text, **parameters)
    return answer["result"], [
        tuple(one.get(key) for key in ("code", "message", "location")) for one in answer["diagnostics"]
    ]


@pytest.mark.parametrize(
    ("text", "type", "finding"),
    [
        ("{}", "STANDARD", (SCHEMA, "These fields are required: [States, StartAt]", "/")),
        (
            '{"States": {"A": {"Type": "Pass", "End": true}}}',
            "EXPRESS",
            (SCHEMA, "These fields are required: [StartAt]", "/"),
        ),
        (
            definition(
                states={"P": {"Type": "Pass", "End": True, "QueryLanguage": "JSONPath"}}, QueryLanguage="JSONata"
            ),
            "STANDARD",
            (SCHEMA, "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", "/States/P"),
        ),
        (
            state(Type="Passing"),
            "STANDARD",
            (
                SCHEMA,
                (
                    "The field 'Type' should have one of these values: "
                    "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]"
                ),
                "/States/X/Type",
            ),
        ),
        (state(Type="Parallel", Branches=[]), "STANDARD", (SCHEMA, "Value cannot be empty", "/States/X/Branches")),
        (
            state(Type="Wait", Timestamp="tomorrow"),
            "STANDARD",
            (SCHEMA, "String does not match RFC3339 timestamp", "/States/X/Timestamp"),
        ),
        (
            state(Type="Pass", Parameters={"k.$": "States.Nothing("}),
            "STANDARD",
            (
                SCHEMA,
                "The value for the field 'k.$' must be a valid JSONPath or a valid intrinsic function call",
                "/States/X/Parameters",
            ),
        ),
        (
            state(Type="Task", Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters={}),
            "EXPRESS",
            (
                SCHEMA,
                "Express state machine does not support '.waitForTaskToken' service integration ",
                "/States/X/Resource",
            ),
        ),
        (
            state(Type="Task", Resource="arn:aws:states:::states:startExecution.sync", Parameters={}),
            "EXPRESS",
            (SCHEMA, "Express state machine does not support '.sync' service integration", "/States/X/Resource"),
        ),
        (
            state(Type="Task", Resource="arn:aws:states:us-east-1:123456789012:activity:a"),
            "EXPRESS",
            (SCHEMA, "Express state machine does not support Activity ARN", "/States/X/Resource"),
        ),
        ("", "STANDARD", (SCHEMA, "Definition must be a valid JSON object", None)),
        ("[1]", "STANDARD", (SCHEMA, "Definition must be a valid JSON object", None)),
    ],
)
def test_recorded_findings(api, text, type, finding):
    assert found(api, text, type=type) == ("FAIL", [finding])


def test_text_that_is_no_json(api):
    where = '[Source: (String)"not a definition"; line: 1, column: 4]'
    message = (
        "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or "
        f"'false')\n at {where}"
    )
    assert found(api, "not a definition") == ("FAIL", [("INVALID_JSON_DESCRIPTION", message, where)])


def test_a_good_definition(api):
    answer = api("ValidateStateMachineDefinition", definition=definition())
    assert answer == {"result": "OK", "diagnostics": [], "truncated": False}


def test_warnings_are_asked_for_and_change_no_result(api):
    text = state(Type="Pass", Parameters={"k": "$.a"})
    assert found(api, text) == ("OK", [])
    result, [(code, _, location)] = found(api, text, severity="WARNING")
    assert (result, code, location) == ("OK", "NO_DOLLAR", "/States/X/Parameters/k")


def test_the_first_findings_of_many(api):
    states = {f"S{n}": {"Type": "Passing", "Next": f"S{n + 1}"} for n in range(9)} | {"S9": {"Type": "Succeed"}}
    text = definition(states=states)
    answer = api("ValidateStateMachineDefinition", definition=text, maxResults=4)
    assert (len(answer["diagnostics"]), answer["truncated"]) == (4, True)
    assert not api("ValidateStateMachineDefinition", definition=text)["truncated"]


def test_several_errors_in_one_message(api):
    text = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Parallel", "Branches": [], "End": True}}, "X": 1})
    code, message = api.refused("CreateStateMachine", name="m", definition=text, roleArn="arn:aws:iam::1:role/r")
    assert code == "InvalidDefinition"
    assert f"{SCHEMA}: Value cannot be empty at /States/A/Branches" in message
    assert ", SCHEMA" in message


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("x" * 41, "['Label cannot exceed 40 characters']"),
        ("label_\n", """["Label contains invalid character: '\\\\n'"]"""),
        ("a*b", """["Label contains invalid character: '*'"]"""),
    ],
)
def test_labels_that_are_refused(api, label, said):
    inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, **json.loads(definition())}
    text = state(Type="Map", Label=label, ItemProcessor=inner)
    refused = api.refused("CreateStateMachine", name="m", definition=text, roleArn="arn:aws:iam::1:role/r")
    assert refused == ("InvalidDefinition", f"Error=ValueError Args={said} in definition '{text}'.")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": 1}', None),
        ("{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
        ('{"a": 1,}', "Unexpected character ('}' (code 125)): was expecting double-quote to start field name"),
        ('{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and value"),
        ('{"a": 1 "b": 2}', "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries"),
        ('[{"a": "}"} 2]', "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries"),
        ('{"a": ', "Unexpected end-of-input"),
        ('{"a": "b', "Unexpected end-of-input: was expecting closing quote for a string value"),
        ('["\\x"]', "Unrecognized character escape 'x' (code 120)"),
        ('["a\nb"]', f"Illegal unquoted character ((CTRL-CHAR, code 10)): {ESCAPE}"),
    ],
)
def test_faults_of_json(text, fault):
    said = json_fault(text)
    assert (said and said.message) == fault


def test_where_a_fault_of_json_is():
    """Behind the word that is none, as AWS's parser counts."""
    assert json_fault('{"a": 1,\n "b": nope}')[1:] == (2, 11)
    assert json_fault("not")[1:] == (1, 4)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "1" * 9999, "1e999", "NaN", '{"a": -Infinity}', '"\ud800', "\x00", '"\\u12"', '"a\nb"']
)
def test_no_text_breaks_it(text):
    fault = json_fault(text)
    assert fault is None or fault.message


def test_long_texts_take_no_time():
    """A search that began anew at each quote would take hours."""
    quotes = '\\"' * 500_000
    assert json_fault(f'["{quotes}\n"]').line == 1
    assert json_fault(f'{{"a": "{quotes}" "b"}}').message.endswith("to separate Object entries")
    assert json_fault("[" + '"",' * 300_000 + "x").message.startswith("Unrecognized token 'x'")
