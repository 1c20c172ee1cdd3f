"""Functions of Lambda as tasks: what is asked, what comes back, and how errors look, as AWS was recorded."""

import importlib
import json
import pickle
import re
import socket
import sys
from pathlib import Path

import emulator
import pytest
from emulator import ACCOUNT, REGION, Scripted
from house import arn
from stage import INVOKE, program, start_record

from sfn_notebook.asl.lambda_parameters import parameter_problems
from sfn_notebook.asl.resources import parse_resource
from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.stimuli import Target
from sfn_notebook.integrations.aws import AwsClients
from sfn_notebook.integrations.contract import Call, Failed, Succeeded
from sfn_notebook.integrations.lambda_service import LambdaHandler, is_function, obstacle
from sfn_notebook.values import dumps

START = start_record(program({"P": {"Type": "Pass", "End": True}}))
RECORDED = Path(__file__).parents[3] / "shared" / "conformance"


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch):
    """No settings of whoever runs the tests."""
    emulator.away(monkeypatch)


@pytest.fixture(scope="module")
def clients():
    """With target "local"; what a test does to the environment is seen."""
    made = AwsClients()
    yield made
    made.close()


def called(resource, payload):
    """A call of a resource."""
    return Call(RunTask(Target((), "T", 0, 0), parse_resource(resource), payload, None), payload, START)


@pytest.fixture
def ask(clients):
    """Calls a resource with a payload: the answer."""
    handler = LambdaHandler(clients)

    def asked(resource, payload):
        return handler.call(called(resource, payload))

    return asked


@pytest.fixture
def function(shared, monkeypatch, clients):
    """Makes a function of a named behaviour."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", emulator.backing(shared))

    def make(behaviour, timeout=30):
        emulator.create_function(clients.client("lambda", REGION), behaviour, behaviour, timeout)
        return behaviour

    return make


@pytest.fixture(scope="module")
def server():
    """A Lambda that says what it is told."""
    with Scripted() as running:
        yield running


@pytest.fixture
def scripted(server, monkeypatch):
    """Says what Lambda answers."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)

    def say(*args, **fields):
        server.answer(*args, **fields)
        return server

    return say


# ------------------------------------------------------------ as recorded


def recorded(name):
    """A module that stands beside the recorded cases."""
    sys.path.insert(0, str(RECORDED))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(RECORDED))


def attempts():
    """(case, behaviour, resource, payload, end) of each recorded call of a function that was answered.

    Recordings hold JSON text parsed where it begins with a brace.
    """
    for path in sorted(RECORDED.glob("cases/*/*.json")):
        case = json.loads(path.read_text())
        behaviours = {made["behaviour"] for made in case.get("lambdas", {}).values()}
        if len(behaviours) != 1:
            continue
        for expected in case["expected"].values():
            events = expected["content"].get("events", []) if isinstance(expected["content"], dict) else []
            followers = {event["previousEventId"]: event for event in events if isinstance(event["id"], int)}
            for event in events:
                if event["type"] == "LambdaFunctionScheduled":
                    payload = event["lambdaFunctionScheduledEventDetails"]["input"]
                    asked = None, json.loads(payload) if isinstance(payload, str) else payload
                elif (
                    event["type"] == "TaskScheduled" and event["taskScheduledEventDetails"]["resourceType"] == "lambda"
                ):
                    asked = INVOKE, event["taskScheduledEventDetails"]["parameters"]
                else:
                    continue
                end = followers.get(followers.get(event["id"], {}).get("id"), {})
                details = next((value for key, value in end.items() if key.endswith("EventDetails")), {})
                if details.get("error", "").startswith("States.") or end.get("type", "").endswith("TimedOut"):
                    continue  # Lambda answered; Step Functions did not like it
                if "output" in details or "cause" in details:
                    yield f"{case['id']}-{event['id']}", next(iter(behaviours)), *asked, details


ATTEMPTS = list(attempts())
AT_ALL = pytest.mark.skipif(not ATTEMPTS, reason="the recorded cases are not beside the project")


@AT_ALL
@pytest.mark.parametrize(
    ("behaviour", "resource", "payload", "end"), [a[1:] for a in ATTEMPTS], ids=[a[0] for a in ATTEMPTS]
)
def test_a_function_answers_as_it_did_on_aws(function, ask, behaviour, resource, payload, end):
    name = function(behaviour)
    matcher = recorded("compare").Matcher()
    if resource == INVOKE:
        answer = ask(INVOKE, {**payload, "FunctionName": arn(name) if "arn:" in payload["FunctionName"] else name})
    else:
        answer = ask(arn(name), payload)
    if "cause" in end:
        assert isinstance(answer, Failed)
        matcher.match(end["error"], answer.error)
        matcher.match(end["cause"], answer.cause)
        return
    assert isinstance(answer, Succeeded)
    output = answer.output
    if resource == INVOKE:  # HTTP is another test's
        http = output["SdkHttpMetadata"]
        assert set(http) == set(end["output"]["SdkHttpMetadata"])
        assert list(output) == sorted(output)
        output = {**output, "SdkHttpMetadata": 0, "SdkResponseMetadata": 0}
        matcher.match({**end["output"], "SdkHttpMetadata": 0, "SdkResponseMetadata": 0}, output)
    else:
        matcher.match(end["output"], output if isinstance(end["output"], dict) else dumps(output))


def test_enough_was_recorded():
    if not ATTEMPTS:
        pytest.skip("the recorded cases are not beside the project")
    assert len(ATTEMPTS) >= 40
    assert sum("cause" in attempt[4] for attempt in ATTEMPTS) >= 8


RESPONSE = "services/lambda_task_service_invoke_unsupported_param"


@AT_ALL
def test_the_whole_response_as_recorded(scripted, ask):
    end = next(attempt[4] for attempt in ATTEMPTS if attempt[0].startswith(RESPONSE))
    headers = {
        name: value[0] if isinstance(value, list) else value
        for name, value in end["output"]["SdkHttpMetadata"]["AllHttpHeaders"].items()
    }
    scripted(200, headers, b"{}")
    output = ask(INVOKE, {"FunctionName": "f", "LogType": "Tail", "Payload": None}).output
    # the recording's words stand for texts: in lists where the header is not one of those it puts a word for
    words = {"x-amzn-RequestId", "Date", "X-Amzn-Trace-Id"}
    listed = output["SdkHttpMetadata"]["AllHttpHeaders"]
    output["SdkHttpMetadata"]["AllHttpHeaders"] = {
        name: value[0] if name in words else value for name, value in listed.items()
    }
    assert output["SdkResponseMetadata"] == {"RequestId": "x-amzn-RequestId"}
    assert output == {**end["output"], "SdkResponseMetadata": output["SdkResponseMetadata"]}


@AT_ALL
def test_an_arns_cause_keeps_its_blanks_and_invokes_loses_them(function, ask):
    # recorded texts of one and the same error, taken from catchers' outputs
    blanks, compact = (
        recorded_cause("error_handling/task_lambda_raise_exception_catch"),
        recorded_cause("error_handling/task_service_lambda_raise_exception_catch_output_path_none"),
    )
    function("fail")
    assert emulator.unique(ask(arn("fail"), None).cause) == blanks
    assert emulator.unique(ask(INVOKE, {"FunctionName": "fail"}).cause) == compact


def recorded_cause(name):
    text = (RECORDED / "cases" / f"{name}.json").read_text()
    causes = {json.loads(found) for found in re.findall(r'"Cause": ("(?:[^"\\]|\\.)*")', text)}
    assert len(causes) == 1
    return causes.pop().replace("<uuid:1>", "<uuid>")


# ------------------------------------------------------------ what is asked of Lambda


def asked_of(server):
    """(path, headers of Lambda's own, body) of the latest request."""
    _, path, headers, body = server.asked[-1]
    return (
        path,
        {name: value for name, value in headers.items() if name.startswith("x-amz-") and "date" not in name},
        body,
    )


def test_an_arn_is_asked_in_its_own_region(scripted, ask):
    server = scripted(body=b"1")
    where = "arn:aws:lambda:eu-west-3:111122223333:function:f:live"
    assert ask(where, {"a": 1.0e10, "ß": None}) == Succeeded(1)
    path, headers, body = asked_of(server)
    assert path == f"/2015-03-31/functions/{where.replace(':', '%3A')}/invocations"
    assert body == '{"a":1.0E10,"ß":null}'.encode()
    assert "/eu-west-3/lambda/" in server.asked[-1][2]["authorization"]
    assert not any("invocation-type" in name or "log" in name for name in headers)


def test_everything_that_invoke_takes(scripted, ask):
    server = scripted(headers={"X-Amz-Executed-Version": "3"}, body=b'"done"')
    parameters = {
        "FunctionName": "f",
        "InvocationType": "RequestResponse",
        "LogType": "None",
        "ClientContext": "e30=",
        "Qualifier": "live",
        "Payload": {"b": [1, 2.5]},
    }
    output = ask(INVOKE, parameters).output
    assert (output["ExecutedVersion"], output["Payload"], output["StatusCode"]) == ("3", "done", 200)
    path, headers, body = asked_of(server)
    assert path == "/2015-03-31/functions/f/invocations?Qualifier=live"
    assert headers["x-amz-invocation-type"] == "RequestResponse"
    assert headers["x-amz-log-type"] == "None"
    assert headers["x-amz-client-context"] == "e30="
    assert body == b'{"b":[1,2.5]}'
    assert f"/{REGION}/lambda/" in server.asked[-1][2]["authorization"]


@pytest.mark.parametrize(("payload", "body"), [
    ("0.0", b"0.0"),  # recorded: text is JSON text
    ('"text"', b'"text"'),
    ("{}", b"{}"),
    (0, b"0"),
    (False, b"false"),
    ([], b"[]"),
    ({}, b"{}"),
    (None, b""),  # recorded: the function sees {}
])  # fmt: skip
def test_payloads(scripted, ask, payload, body):
    server = scripted(body=b"null")
    assert ask(INVOKE, {"FunctionName": "f", "Payload": payload, "Qualifier": None}).output["Payload"] is None
    assert asked_of(server)[2] == body


def test_no_payload_at_all(scripted, ask):
    server = scripted(body=b"null")
    ask(INVOKE, {"FunctionName": f"{ACCOUNT}:function:f:2"})
    path, _, body = asked_of(server)
    assert (path, body) == (f"/2015-03-31/functions/{ACCOUNT}%3Afunction%3Af%3A2/invocations", b"")


@pytest.mark.parametrize(("kind", "status"), [("Event", 202), ("DryRun", 204)])
def test_nothing_is_waited_for(function, ask, kind, status):
    output = ask(INVOKE, {"FunctionName": function("echo"), "InvocationType": kind, "Payload": {"a": 1}}).output
    assert output["StatusCode"] == output["SdkHttpMetadata"]["HttpStatusCode"] == status
    assert output["Payload"] == ""
    assert "ExecutedVersion" not in output


# ------------------------------------------------------------ what comes back


@pytest.mark.parametrize(("body", "value"), [
    (b'{"a": 1.0, "b": [null]}', {"a": 1.0, "b": [None]}),
    (b"null", None),
    (b'""', ""),
    (b"not JSON, and kept", "not JSON, and kept"),
    (b" 7 ", 7),
    (b"", ""),
    ("\u00fc".encode(), "ü"),
    (b"\xff", "\ufffd"),
    (b'"\\ud83d\\ude00"', "😀"),
    (b"NaN", "NaN"),
    (b"123456789012345678901234567890", 123456789012345678901234567890.0),
])  # fmt: skip
@pytest.mark.parametrize("resource", [arn("f"), INVOKE])
def test_a_payload_is_a_value_where_it_is_json(scripted, ask, resource, body, value):
    scripted(body=body)
    output = ask(resource, {"FunctionName": "f"}).output
    output = output["Payload"] if resource == INVOKE else output
    assert (type(output), output) == (type(value), value)


def unhandled(body):
    return {"headers": {"X-Amz-Function-Error": "Unhandled"}, "body": body}


@pytest.mark.parametrize("resource", [arn("f"), INVOKE])
def test_a_timeout_of_the_function(scripted, ask, resource):
    text = '{"errorMessage":"2024-11-26T00:36:39.604Z 5b1c368c Task timed out after 3.00 seconds"}'
    scripted(**unhandled(text.encode()))
    cause = f"The cause could not be determined because Lambda did not return an error type. Returned payload: {text}"
    assert ask(resource, {"FunctionName": "f"}) == Failed("Lambda.Unknown", cause)
    text = (
        '{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 5b1c368c Error: Task timed out after 3.00 seconds"}'
    )
    scripted(**unhandled(text.encode()))
    assert ask(resource, {"FunctionName": "f"}) == Failed("Sandbox.Timedout", text)


def test_the_backings_timeout(function, ask):
    failed = ask(arn(function("sleep_60", timeout=1)), {})
    assert failed.error == "Lambda.Unknown"
    assert "Task timed out after 1.00 seconds" in failed.cause


@pytest.mark.parametrize("body", [b"", b"[]", b"no JSON", b'{"errorType": 5}', b'{"errorType": ""}', b"null"])
@pytest.mark.parametrize("resource", [arn("f"), INVOKE])
def test_an_error_without_a_type_is_unknown(scripted, ask, resource, body):
    scripted(**unhandled(body))
    failed = ask(resource, {"FunctionName": "f"})
    assert failed.error == "Lambda.Unknown"
    assert failed.cause.endswith(f"Returned payload: {body.decode()}")


def test_a_long_error_is_cut(scripted, ask):
    scripted(**unhandled(json.dumps({"errorType": "E" * 300, "errorMessage": "m" * 40_000}).encode()))
    failed = ask(arn("f"), {})
    assert (len(failed.error), len(failed.cause)) == (256, 32_768)


# ------------------------------------------------------------ errors of the service


@pytest.mark.parametrize("resource", [arn("none"), INVOKE])
@pytest.mark.usefixtures("function")
def test_a_function_that_is_not_there(ask, resource):
    failed = ask(resource, {"FunctionName": "none"})
    assert failed.error == "Lambda.ResourceNotFoundException"
    assert re.fullmatch(
        rf"Function not found: {arn('none')}:\$LATEST \(Service: AWSLambda; Status Code: 404; Error Code: "
        r"ResourceNotFoundException; Request ID: [0-9a-f-]{36}; Proxy: null\)",
        failed.cause,
    )


@pytest.mark.parametrize(("status", "code", "error"), [
    (429, "TooManyRequestsException", "Lambda.TooManyRequestsException"),
    (500, "ServiceException", "Lambda.ServiceException"),
    (502, "EC2UnexpectedException", "Lambda.EC2UnexpectedException"),
    (409, "ResourceConflictException", "Lambda.ResourceConflictException"),
    (403, "AccessDeniedException", "Lambda.AWSLambdaException"),
    (403, "ExpiredTokenException", "Lambda.AWSLambdaException"),
])  # fmt: skip
def test_what_lambda_says(scripted, ask, status, code, error):
    server = scripted(status, {"x-amzn-ErrorType": code, "x-amzn-RequestId": "r-1"}, b'{"Message": "Rate Exceeded."}')
    end = f"(Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: r-1; Proxy: null)"
    assert ask(arn("f"), {}) == Failed(error, f"Rate Exceeded. {end}")
    assert len(server.asked) == 1


@pytest.mark.usefixtures("function")
def test_a_text_that_is_no_json_is_lambdas_to_refuse(ask, function):
    failed = ask(INVOKE, {"FunctionName": function("echo"), "Payload": "hello"})
    assert failed.error == "Lambda.InvalidRequestContentException"
    assert failed.cause.startswith("Could not parse request body into json")


def test_nobody_listens(monkeypatch, ask):
    port = emulator.free_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    cause = f"Unable to execute HTTP request: Connect to 127.0.0.1:{port} failed: Connection refused"
    assert ask(arn("f"), {}) == Failed("Lambda.SdkClientException", cause)


def test_a_payload_that_breaks_off(scripted, ask):
    scripted(headers={"Content-Length": "100", "Connection": "close"}, body=b'{"a":')
    assert ask(arn("f"), {}).error == "Lambda.SdkClientException"


# ------------------------------------------------------------ what cannot be asked


@pytest.mark.parametrize(("parameters", "problems"), [
    ({"FunctionName": "f"}, []),
    ({}, ["The field 'FunctionName' is required but was missing"]),
    ({"FunctionName": None}, ["The field 'FunctionName' is required but was missing"]),
    ({"FunctionName": ""}, ["The field 'FunctionName' is required but was missing"]),
    ({"FunctionName": 0}, ["The value of the field 'FunctionName' has an invalid format"]),
    ({"FunctionName": 5}, ["The value of the field 'FunctionName' has an invalid format"]),
    ({"FunctionName": "f", "TaskToken": "t"}, ['The field "TaskToken" is not supported by Step Functions']),
    ({"FunctionName": "f", "Qualifier": 1, "payload": 2}, [
        'The field "payload" is not supported by Step Functions',
        "The value of the field 'Qualifier' has an invalid format",
    ]),
    ("text", ["The field 'FunctionName' is required but was missing"]),
])  # fmt: skip
def test_parameters_that_cannot_be_used(scripted, ask, parameters, problems):
    server = scripted(body=b"1")
    assert list(parameter_problems(parameters)) == problems
    answer = ask(INVOKE, parameters)
    if problems:
        what = f"could not be used to start the Task: [{', '.join(problems)}]"
        assert answer == Failed("States.Runtime", f"The Parameters '{dumps(parameters)}' {what}")
    assert len(server.asked) == (not problems)


@pytest.mark.parametrize(("reference", "part"), [
    ("arn:aws:lambda:REGION:ACCOUNT_ID:function:f", "'REGION' is no Region"),
    (f"arn:aws:lambda:us-east-1:ACCOUNT_ID:function:f", "'ACCOUNT_ID' is no account"),  # noqa: F541
    (f"arn:aws:lambda::{ACCOUNT}:function:f:live", "'' is no Region"),
    ("arn:aws:lambda:${AWS::Region}:1:function:f", None),
])  # fmt: skip
@pytest.mark.parametrize("written", ["arn", "invoke"])
def test_placeholders_are_no_functions(scripted, ask, clients, reference, part, written):
    server = scripted(body=b"1")
    resource = parse_resource(reference if written == "arn" else INVOKE)
    answer = ask(resource.text, {"FunctionName": reference})
    assert server.asked == [] or part is None
    if part is not None:
        said = f"{reference} names no function of Lambda: {part}. Write a real one."
        assert answer == Failed("States.Runtime", said)
        assert obstacle(resource, clients, reference) == said


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1"])
def test_regions_are_regions(scripted, clients, region):
    scripted()
    assert obstacle(parse_resource(f"arn:aws:lambda:{region}:{ACCOUNT}:function:f"), clients) is None


# ------------------------------------------------------------ may Lambda be asked?


@pytest.mark.parametrize(("resource", "expected"), [
    (arn("f"), True),
    (INVOKE, True),
    (INVOKE + ".waitForTaskToken", False),
    ("arn:aws:states:::sqs:sendMessage", False),
    ("arn:aws:states:::aws-sdk:lambda:invoke", False),
    ("arn:aws:states:us-east-1:123456789012:activity:a", False),
])  # fmt: skip
def test_what_is_a_function(monkeypatch, clients, resource, expected):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    resource = parse_resource(resource)
    assert is_function(resource) is expected
    assert (obstacle(resource, clients) is None) is expected


def test_without_an_emulator_nothing_is_sent(monkeypatch, clients, ask):
    def refuse(*_, **__):
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    said = obstacle(parse_resource(arn("f")), clients)
    assert said == (
        "With target='local' nothing is sent to AWS. Set AWS_ENDPOINT_URL_LAMBDA to an emulator on this machine, or "
        "choose target='aws'."
    )
    assert ask(arn("f"), {}) == Failed("States.Runtime", said)
    assert ask(INVOKE, {"FunctionName": "f"}) == Failed("States.Runtime", said)


def test_with_aws_chosen_credentials_are_what_is_needed(monkeypatch):
    chosen = AwsClients("aws")
    assert "no AWS credentials" in obstacle(parse_resource(arn("f")), chosen)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert obstacle(parse_resource(arn("f")), chosen) is None


def test_a_handler_can_be_sent_to_another_process(clients):
    handler = pickle.loads(pickle.dumps(LambdaHandler(clients)))  # noqa: S301 - as a process pool does
    assert handler.call(called(arn("f"), {})).error == "States.Runtime"
    assert (handler.instant, handler.asynchronous) == (False, False)
