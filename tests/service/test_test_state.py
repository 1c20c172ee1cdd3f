"""TestState: one state run by itself.  (spec: test-state)"""

import json
import threading
from contextlib import suppress

import pytest
from calls import ROLE, Api, Waiting

from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.faults import ServiceError

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
INVOKE = "arn:aws:states:::lambda:invoke"
START = "arn:aws:states:::states:startExecution"
INNER = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}
DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **INNER}
TOLERANCE = "The specified tolerated failure threshold was exceeded"
SCHEMA = "Mock result schema validation error: "
PREFIX = "An error occurred while executing the state 'StateName' (entered at the event id #2). "


def asked(state, input=None, mock=None, **parameters):
    """The request for a state; JSON parameters may be given as values, a mock's `result` too."""
    request = {"definition": state if isinstance(state, str) else json.dumps(state), "inspectionLevel": "DEBUG"}
    for name, value in {"input": input, **parameters}.items():
        if name in ("input", "variables", "context") and value is not None and not isinstance(value, str):
            request[name] = json.dumps(value)
        elif value is not None:
            request[name] = value
    if mock is not None:
        is_text = "result" not in mock or isinstance(mock["result"], str)
        request["mock"] = mock if is_text else {**mock, "result": json.dumps(mock["result"])}
    return request


def tried(api, state, *given, **parameters):
    return api("TestState", **asked(state, *given, **parameters))


def refused(api, state, *given, **parameters):
    return api.refused("TestState", **asked(state, *given, **parameters))


def parsed(inspection):
    """The data with its JSON texts read."""
    return {name: json.loads(value) if isinstance(value, str) else value for name, value in inspection.items()}


def task(resource=INVOKE, **fields):
    """A Task state; an invocation invokes something."""
    invoked = {"Parameters": {"FunctionName": "f"}} if resource == INVOKE and "Arguments" not in fields else {}
    return {"Type": "Task", "Resource": resource, "End": True, **invoked, **fields}


def map_state(processor=INNER, **fields):
    return {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}


PARALLEL = {"Type": "Parallel", "Branches": [INNER, INNER | {"StartAt": "O", "States": {"O": {"Type": "Succeed"}}}]}


# ---------------------------------------------------------------- the data


def test_all_filters_of_a_task_are_shown(api):
    state = task(
        InputPath="$.a",
        Parameters={"FunctionName": "f", "Payload.$": "$"},
        ResultSelector={"got.$": "$.Payload"},
        ResultPath="$.out",
        OutputPath="$.out",
    )
    answer = tried(api, state, {"a": {"b": 1}}, {"result": {"Payload": 7}})
    assert parsed(answer["inspectionData"]) == {
        "input": {"a": {"b": 1}},
        "afterInputPath": {"b": 1},
        "afterParameters": {"FunctionName": "f", "Payload": {"b": 1}},
        "result": {"Payload": 7},
        "afterResultSelector": {"got": 7},
        "afterResultPath": {"a": {"b": 1}, "out": {"got": 7}},
    }
    assert answer["output"] == '{"got":7}'


def test_the_example_of_the_developer_guide(api):
    state = {
        "Type": "Pass",
        "InputPath": "$.payload",
        "Parameters": {"data": 1},
        "ResultPath": "$.result",
        "OutputPath": "$.result.data",
        "Next": "Another State",
    }
    assert tried(api, state, '{"payload": {"foo": "bar"}}', roleArn=ROLE) == {
        "output": "1",
        "inspectionData": {
            "input": '{"payload": {"foo": "bar"}}',
            "afterInputPath": '{"foo":"bar"}',
            "afterParameters": '{"data":1}',
            "afterResultSelector": '{"data":1}',
            "afterResultPath": '{"payload":{"foo":"bar"},"result":{"data":1}}',
        },
        "nextState": "Another State",
        "status": "SUCCEEDED",
    }


def test_info_shows_no_data(api):
    answer = tried(api, {"Type": "Pass", "Next": "N"}, {}, inspectionLevel="INFO")
    assert answer == {"status": "SUCCEEDED", "output": "{}", "nextState": "N"}


def test_data_end_with_the_step_that_failed(api):
    state = task(Parameters={"FunctionName": "f"}, ResultSelector={"x.$": "$.missing"})
    answer = tried(api, state, {"a": 1}, {"result": {"Payload": 1}})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert answer["cause"].startswith(PREFIX)
    assert list(answer["inspectionData"]) == ["input", "afterInputPath", "afterParameters", "result"]


def test_an_input_path_that_leads_nowhere_leaves_the_input_alone(api):
    answer = tried(api, {"Type": "Succeed", "InputPath": "$.b"}, {"a": 1})
    assert answer["cause"] == f"{PREFIX}Invalid path '$.b' : No results for path: $['b']"
    assert answer["inspectionData"] == {"input": '{"a": 1}'}


def test_text_that_nothing_has_touched_stays_as_it_came(api):
    assert tried(api, {"Type": "Succeed"}, "[1,  2]")["output"] == "[1,  2]"
    assert tried(api, PARALLEL | {"End": True}, None, {"result": "[1,  2]"})["output"] == "[1,  2]"


def test_variables_are_seen_and_shown_with_those_that_were_assigned(api):
    state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $old %}", "Assign": {"new": "{% $old + 1 %}"}}
    answer = tried(api, state | {"End": True}, {}, variables={"old": 1})
    assert answer["output"] == "1"
    assert parsed(answer["inspectionData"]) == {"input": {}, "variables": {"old": 1, "new": 2}}


def test_a_jsonata_task_shows_its_arguments(api):
    state = task(QueryLanguage="JSONata", Arguments={"FunctionName": "{% $states.input.f %}"}, Output="{% 1 %}")
    answer = tried(api, state, {"f": "g"}, {"result": {"Payload": 2}})
    shown = {"input": {"f": "g"}, "afterArguments": {"FunctionName": "g"}, "result": {"Payload": 2}}
    assert parsed(answer["inspectionData"]) == shown


# ---------------------------------------------------------------- Map and Parallel


def test_a_map_shows_its_items_and_the_inputs_of_all_iterations(api):
    selector = {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index"}
    state = map_state(ItemsPath="$.x", ItemSelector=selector, MaxConcurrency=1, ResultPath="$.y")
    shown = tried(api, state, {"x": ["a", "b", "c"]}, {"result": [1, 2, 3]})["inspectionData"]
    assert shown["afterItemsPath"] == '["a", "b", "c"]'
    assert shown["afterItemSelector"] == '[{"v":"a","i":0}, {"v":"b","i":1}, {"v":"c","i":2}]'
    assert shown["maxConcurrency"] == 1
    assert json.loads(shown["afterResultPath"]) == {"x": ["a", "b", "c"], "y": [1, 2, 3]}


def test_a_map_without_items_takes_its_mock(api):
    assert tried(api, map_state(), [], {"result": [5]})["output"] == "[5]"
    assert tried(api, map_state(), [], {"errorOutput": {"error": "E"}})["error"] == "E"


def test_items_must_be_an_array(api):
    answer = tried(api, map_state(ItemsPath="$.x"), {"x": 5}, {"result": []})
    assert answer["cause"] == f'{PREFIX}Reference path "$.x" must point to array.'
    assert "afterItemsPath" not in answer["inspectionData"]


@pytest.mark.parametrize("processor", [INNER, DISTRIBUTED])
def test_an_item_that_cannot_be_selected_fails_the_state(api, processor):
    state = map_state(processor, ItemSelector={"q.$": "$$.Map.Item.Value.q"}, MaxConcurrency=1)
    answer = tried(api, state, [{"q": 1}, {}], {"result": []})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")
    assert "afterItemSelector" not in answer["inspectionData"]


def test_items_are_batched(api):
    state = map_state(DISTRIBUTED, ItemBatcher={"MaxItemsPerBatch": 2, "BatchInput": {"k": 1}})
    shown = tried(api, state, [1, 2, 3], {"result": []})["inspectionData"]
    batches = '[{"BatchInput":{"k":1},"Items":[1,2]}, {"BatchInput":{"k":1},"Items":[3]}]'
    assert shown["afterItemBatcher"] == batches


READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
    "Parameters": {"Bucket": "b", "Key": "k"},
}


def test_an_item_reader_reads_what_the_test_gives(api):
    state = map_state(DISTRIBUTED, ItemReader=READER, ItemSelector={"v.$": "$$.Map.Item.Value.n"})
    answer = tried(api, state, {}, {"result": [1]}, stateConfiguration={"mapItemReaderData": "n,m\n1,2\n3,4"})
    assert answer["inspectionData"]["afterItemSelector"] == '[{"v":"1"}, {"v":"3"}]'
    assert "afterItemsPath" not in answer["inspectionData"]


def test_an_items_pointer_is_followed(api):
    reader = READER | {"ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/a"}}
    state = map_state(DISTRIBUTED, ItemReader=reader)
    answer = tried(api, state, {}, {"result": [1]}, stateConfiguration={"mapItemReaderData": '{"a": [7, 8]}'})
    assert answer["inspectionData"]["afterItemsPointer"] == "[7, 8]"


def test_data_that_the_reader_cannot_read_fail_the_state(api):
    state = map_state(DISTRIBUTED, ItemReader=READER | {"ReaderConfig": {"InputType": "JSON"}})
    answer = tried(api, state, {}, {"result": [1]}, stateConfiguration={"mapItemReaderData": "nope"})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.ItemReaderFailed")


@pytest.mark.parametrize(
    ("tolerance", "failures", "error"),
    [
        ({"ToleratedFailureCount": 1}, 1, None),
        ({"ToleratedFailureCount": 1}, 2, "States.ExceedToleratedFailureThreshold"),
        ({"ToleratedFailurePercentage": 50}, 2, None),
        ({"ToleratedFailurePercentage": 50}, 3, "States.ExceedToleratedFailureThreshold"),
        ({}, 3, None),  # as recorded: what is not set is not exceeded
    ],
)
def test_failed_iterations_count_against_the_tolerance(api, tolerance, failures, error):
    configuration = {"mapIterationFailureCount": failures}
    state = map_state(DISTRIBUTED, **tolerance)
    answer = tried(api, state, [1, 2, 3, 4], {"result": [0]}, stateConfiguration=configuration)
    assert answer.get("error") == error
    assert answer.get("cause") == (None if error is None else TOLERANCE)


def test_no_more_iterations_fail_than_there_are(api):
    mocked, configuration = {"result": [1]}, {"mapIterationFailureCount": 3}
    message = "Map iteration failure count must be less than or equal to the number of Map iterations"
    assert refused(api, map_state(DISTRIBUTED), [1, 2], mocked, stateConfiguration=configuration)[1] == message


# ---------------------------------------------------------------- errors

RETRIED = [{"ErrorEquals": ["A"]}, {"ErrorEquals": ["B"], "IntervalSeconds": 2, "MaxAttempts": 3, "BackoffRate": 2.0}]
CAUGHT = [
    {"ErrorEquals": ["A"], "Next": "First"},
    {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Second"},
]


def failing(api, state, retries=0, error="B"):
    mock = {"errorOutput": {"error": error, "cause": "why"}}
    return tried(api, state, {"a": 1}, mock, stateConfiguration={"retrierRetryCount": retries})


def test_a_retrier_says_when_it_would_try_again(api):
    answer = failing(api, task(Retry=RETRIED), 1)
    assert (answer["status"], answer["error"], answer["cause"]) == ("RETRIABLE", "B", "why")
    assert answer["inspectionData"]["errorDetails"] == {"retryIndex": 1, "retryBackoffIntervalSeconds": 4}
    assert "output" not in answer


def test_a_retrier_that_is_used_up_fails_the_state(api):
    answer = failing(api, task(Retry=RETRIED), 3)
    assert answer["status"] == "FAILED"
    assert answer["inspectionData"]["errorDetails"] == {"retryIndex": 1}


def test_a_catcher_takes_what_no_retrier_does(api):
    answer = failing(api, task(Retry=RETRIED, Catch=CAUGHT), 3)
    assert (answer["status"], answer["nextState"], answer["error"]) == ("CAUGHT_ERROR", "Second", "B")
    assert json.loads(answer["output"]) == {"a": 1, "error": {"Error": "B", "Cause": "why"}}
    assert answer["inspectionData"]["errorDetails"] == {"catchIndex": 1}


@pytest.mark.parametrize("state", [map_state(), map_state(DISTRIBUTED), PARALLEL | {"End": True}, task()])
def test_an_error_of_the_work_fails_the_state(api, state):
    answer = tried(api, state, [1, 2], {"errorOutput": {"error": "E"}})
    assert (answer["status"], answer["error"]) == ("FAILED", "E")
    assert "cause" not in answer
    assert "errorDetails" not in answer["inspectionData"]


def test_what_cannot_be_computed_is_retried_too(api):
    state = task(QueryLanguage="JSONata", Arguments="{% $gone %}", Retry=[{"ErrorEquals": ["States.ALL"]}])
    answer = tried(api, state, {}, {"result": {}}, stateConfiguration={"retrierRetryCount": 2})
    assert (answer["status"], answer["error"]) == ("RETRIABLE", "States.QueryEvaluationError")
    assert answer["inspectionData"]["errorDetails"] == {"retryIndex": 0, "retryBackoffIntervalSeconds": 4}


def test_the_state_that_caused_an_error_must_be_there(api):
    mock = {"errorOutput": {"error": "E"}}
    assert tried(api, map_state(), [1], mock, stateConfiguration={"errorCausedByState": "Inner"})["status"] == "FAILED"
    code, message = refused(api, map_state(), [1], mock, stateConfiguration={"errorCausedByState": "Outer"})
    assert (code, "'Outer'" in message) == ("ValidationException", True)


# ---------------------------------------------------------------- whole machines and context

MACHINE = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "StartAt": "See",
                "States": {"See": {"Type": "Pass", "Parameters": {"item.$": "$$.Map.Item"}, "Next": "After"}},
            },
            "End": True,
        },
        "Broken": {"Type": "Pas"},
    },
}


def test_a_nested_state_is_that_of_the_first_iteration(api):
    answer = tried(api, MACHINE, {"a": 1}, stateName="See")
    item = json.loads(answer["output"])["item"]
    assert (answer["nextState"], item["Index"], item["Value"]) == ("After", 0, {"a": 1})


def test_only_the_chosen_state_must_be_valid(api):
    code, message = refused(api, MACHINE, {}, stateName="Broken")
    assert code == "InvalidDefinition"
    assert "/States/Broken/Type" in message
    assert refused(api, MACHINE, {}, stateName="Nobody")[1] == "State not found in definition"


def test_a_state_of_a_jsonata_machine_speaks_jsonata(api):
    machine = {"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": {"Type": "Pass", "Output": "{% 1 %}"}}}
    machine["States"]["P"]["End"] = True
    assert tried(api, machine, {}, stateName="P")["output"] == "1"


CONTEXT = {"FunctionName": "f", "Payload.$": "$$"}


def test_the_context_is_the_one_given_and_nothing_else(api):
    context = {"State": {"RetryCount": 7}, "Execution": {"Input": [1]}}
    shown = tried(api, task(Parameters=CONTEXT), {}, {"result": {}}, context=context)["inspectionData"]
    assert json.loads(shown["afterParameters"])["Payload"] == context


def test_without_one_there_is_a_context_of_an_express_execution(api):
    shown = tried(api, task(Parameters=CONTEXT), {"a": 1}, {"result": {}})["inspectionData"]
    context = json.loads(shown["afterParameters"])["Payload"]
    execution, machine = context["Execution"], context["StateMachine"]
    assert execution["Id"].endswith(f":express:{machine['Name']}:{execution['Name']}")
    assert (execution["Input"], execution["RoleArn"]) == ({"a": 1}, None)
    assert (context["State"]["Name"], context["State"]["RetryCount"]) == ("StateName", 0)


def test_a_given_task_token_is_used(api):
    state = task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters={"MessageBody.$": "$$.Task.Token"})
    answer = tried(api, state, {}, {"result": "5"}, context={"Task": {"Token": "abc"}})
    assert json.loads(answer["inspectionData"]["afterParameters"]) == {"MessageBody": "abc"}
    assert answer["output"] == "5"


NOBODY_ANSWERS = (
    "Context object contains 'Task' when state is not a Task state with a '.sync' or '.waitForTaskToken' service "
    "integration pattern"
)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"Map": {}}, "'Map' field is not supported when mocking a Context object"),
        ({"Machine": {}}, "Field 'Machine' is not allowed"),
        ({"State": {"Colour": 1}}, "Field 'Colour' is not allowed"),
        ({"State": {"Name": 1}}, "State.Name must be a string"),
        ({"State": {"RetryCount": True}}, "State.RetryCount must be a number"),
        ({"State": 1}, "State must be an object"),
        ({"Task": {}}, NOBODY_ANSWERS),
        ("[]", "it must be a JSON object"),
        ("{", "it must be valid JSON"),
    ],
)
def test_a_context_of_another_form_is_refused(api, context, message):
    said = refused(api, task(), {}, {"result": {}}, context=context)
    assert said == ("ValidationException", f"Invalid Context object provided: {message}")


# ---------------------------------------------------------------- mocks


@pytest.mark.parametrize(
    ("resource", "mock", "message"),
    [
        (INVOKE, {"result": "[1]"}, "Mocked result must be a JSON object."),
        (INVOKE, {"result": "{"}, "Mocked result must be valid JSON"),
        (INVOKE, {"result": {"StatusCode": "200"}}, f"{SCHEMA}Field 'StatusCode' must be a number"),
        (START, {"result": {"ExecutionArn": "a"}}, f"{SCHEMA}Required field 'StartDate' is missing"),
        (f"{START}.sync:2", {"result": {"ExecutionArn": "a"}}, f"{SCHEMA}Required field 'StateMachineArn' is missing"),
        (
            f"{START}.sync",
            {"result": {"Status": "DONE"}, "fieldValidationMode": "PRESENT"},
            f"{SCHEMA}Field 'Status' is not an expected value",
        ),
        (
            "arn:aws:states:::aws-sdk:kms:encrypt",
            {"result": {"CiphertextBlob": ""}},
            f"{SCHEMA}Field 'CiphertextBlob' is smaller than the minimum length",
        ),
        (
            "arn:aws:states:::aws-sdk:sfn:describeExecution",
            {"result": {"InputDetails": {"Included": "yes"}}, "fieldValidationMode": "PRESENT"},
            f"{SCHEMA}Field 'Included' must be a boolean",
        ),
        (
            "arn:aws:states:::dynamodb:getItem",
            {"result": {"Item": {"id": {"S": 1}}}},
            f"{SCHEMA}Field 'S' must be a string",
        ),
        (INVOKE, {}, "A test mock should have only one of the following fields: [result, errorOutput]."),
        (INVOKE, {"errorOutput": {"cause": "c"}}, "A test mock's errorOutput must specify an error."),
    ],
)
def test_a_mock_that_the_api_could_not_answer_is_refused(api, resource, mock, message):
    assert refused(api, task(resource), {}, mock) == ("ValidationException", message)


@pytest.mark.parametrize(
    ("resource", "mock"),
    [
        (INVOKE, {"result": {"Payload": {"any": ["thing"]}}}),
        (INVOKE, {"result": {"StatusCode": "200"}, "fieldValidationMode": "NONE"}),
        (START, {"result": {}, "fieldValidationMode": "PRESENT"}),
        (START, {"result": {"executionArn": 1}, "fieldValidationMode": "PRESENT"}),
        (f"{START}.sync:2", {"result": {"Output": {"a": 1}}, "fieldValidationMode": "PRESENT"}),
        ("arn:aws:states:::aws-sdk:s3:getObject", {"result": {"ContentLength": 5, "SsekmsKeyId": "k"}}),
        ("arn:aws:states:::apigateway:invoke", {"result": {"StatusCode": "any"}}),
        ("arn:aws:states:::http:invoke", {"result": {"StatusCode": "any"}}),
        ("arn:aws:states:us-east-1:123456789012:activity:a", {"result": "1"}),
        (f"{FUNCTION}f", {"result": "null"}),
    ],
)
def test_a_mock_that_it_could_answer_is_the_result(api, resource, mock):
    answer = tried(api, task(resource), {}, mock)
    assert answer["status"] == "SUCCEEDED"
    assert json.loads(answer["output"]) == (
        json.loads(mock["result"]) if isinstance(mock["result"], str) else mock["result"]
    )


# ---------------------------------------------------------------- what is not asked so


@pytest.mark.parametrize(
    ("state", "code", "part"),
    [
        (PARALLEL | {"End": True}, "InvalidDefinition", "does not support Map or Parallel states"),
        (task(f"{START}.sync"), "InvalidDefinition", "'.sync'"),
        (task("arn:aws:states:us-east-1:123456789012:activity:a"), "InvalidDefinition", "Activity tasks"),
        (task(), "ValidationException", "RoleArn must be specified when testing a Task state"),
        ({"Type": "Pass"}, "InvalidDefinition", "/States/StateName"),
        ("nope", "InvalidDefinition", "INVALID_JSON_DESCRIPTION"),
        ("[]", "InvalidDefinition", "Definition must be a valid JSON object"),
    ],
)
def test_what_cannot_be_tested_without_a_mock(api, state, code, part):
    said = refused(api, state, {})
    assert (said[0], part in said[1]) == (code, True), said


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        (
            {"context": "{}"},
            "ValidationException",
            "TestState does not support Context when a mock is not specified.",
        ),
        ({"variables": "[]"}, "ValidationException", "Variables must be a JSON object."),
        ({"variables": '{"states": 1}'}, "ValidationException", "'states' is no name of a variable."),
        ({"input": "{"}, "InvalidExecutionInput", "Invalid State Machine Execution Input: 'Unexpected end-of-input'"),
        ({"roleArn": "me"}, "InvalidArn", "Invalid Role Arn: 'me'"),
    ],
)
def test_a_request_that_makes_no_sense(api, parameters, code, message):
    assert refused(api, {"Type": "Succeed"}, **parameters) == (code, message)


# ---------------------------------------------------------------- real work


def add(event):
    return {"n": event["n"] + 1}


def fail(event):
    raise ValueError(event["n"])


def functions():
    return FunctionTable({"add": add, "fail": fail, "wrong": lambda a, b, c: a}, registered={})


def test_a_function_of_the_notebook_does_the_work():
    answer = tried(Api(functions), task(f"{FUNCTION}add"), {"n": 1}, roleArn=ROLE)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"n":2}')
    assert answer["inspectionData"]["result"] == '{"n":2}'


def test_its_error_is_caught():
    state = task(f"{FUNCTION}fail", Catch=[{"ErrorEquals": ["ValueError"], "Next": "Mend"}])
    answer = tried(Api(functions), state, {"n": 1}, roleArn=ROLE)
    assert (answer["status"], answer["nextState"]) == ("CAUGHT_ERROR", "Mend")
    assert json.loads(answer["cause"])["errorMessage"] == "1"


@pytest.mark.parametrize(("name", "part"), [("gone", "Define it (def gone(event)"), ("wrong", "(event, context)")])
def test_what_cannot_do_the_work_says_why(name, part):
    answer = tried(Api(functions), task(f"{FUNCTION}{name}"), {"n": 1}, roleArn=ROLE)
    assert (answer["status"], answer["error"], part in answer["cause"]) == ("FAILED", "States.Runtime", True)


def test_a_task_that_takes_too_long_times_out():
    asleep = threading.Event()
    table = FunctionTable({"sleep": lambda _event: asleep.wait(30)}, registered={})
    with Waiting(lambda: table) as service:
        answer = tried(service, task(f"{FUNCTION}sleep", TimeoutSeconds=1), {}, roleArn=ROLE)
    asleep.set()
    assert (answer["status"], answer["error"], "cause" in answer) == ("FAILED", "States.Timeout", False)


def test_a_wait_is_not_slept_through(waiting):
    assert tried(waiting, {"Type": "Wait", "Seconds": 300, "Next": "N"}, {"a": 1})["nextState"] == "N"


def test_a_wait_over_five_minutes_times_out(api):
    answer = tried(api, {"Type": "Wait", "Seconds": 301, "Next": "N"}, {"a": 1})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Timeout")


def test_the_other_states_by_themselves(api):
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 2, "Next": "Two"}], "Default": "No"}
    assert tried(api, choice, '{"number": 1, "n": 2}')["nextState"] == "Two"
    assert tried(api, choice, {"n": 3})["nextState"] == "No"
    failed = tried(api, {"Type": "Fail", "Error": "E"}, {})
    assert {name: failed[name] for name in ("status", "error")} == {"status": "FAILED", "error": "E"}


EXAMPLES = [
    map_state(DISTRIBUTED, ItemReader=READER, ItemBatcher={"MaxItemsPerBatch": 2}, Catch=CAUGHT, Retry=RETRIED),
    map_state(ItemsPath="$.x", ItemSelector={"v.$": "$$.Map.Item.Value"}, MaxConcurrency=1),
    PARALLEL | {"End": True, "ResultPath": "$.r"},
    task(InputPath="$.a", ResultSelector={"a": 1}, TimeoutSeconds=5, Catch=CAUGHT),
    {"Type": "Pass", "QueryLanguage": "JSONata", "Output": 1, "Assign": {"a": 1}, "Next": "N"},
]
ODD = (None, 1, -1, "", "$.a", "{% $a %}", [], {}, [1], {"a": 1})


@pytest.mark.parametrize("state", EXAMPLES)
@pytest.mark.parametrize("mock", [None, {"result": [1, 2]}, {"result": {}}, {"errorOutput": {"error": "B"}}])
def test_whatever_stands_in_a_field_there_is_an_answer_or_a_refusal(api, state, mock):
    configuration = {"mapItemReaderData": "[1]"}
    for field in state:
        for odd in ODD:
            with suppress(ServiceError):
                answer = tried(api, state | {field: odd}, {"x": [1]}, mock, stateConfiguration=configuration)
                assert answer["status"] in ("SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR")


def test_a_test_leaves_no_execution_behind(api):
    tried(api, {"Type": "Succeed"}, {})
    assert api.steps.list_executions() == []
