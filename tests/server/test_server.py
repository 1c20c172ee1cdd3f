"""AWS JSON over HTTP: boto3 is answered as by AWS, and nobody else gets in."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from calls import ARNS, HOURS, LONG, ROLE, definition

from sfn_notebook.server.app import names_loopback
from sfn_notebook.server.protocol import MAX_BODY
from sfn_notebook.service.operations import Operations, operation
from sfn_notebook.service.pending import Pending
from sfn_notebook.service.validation import model


def create(client, name="m", text=None, **parameters):
    created = client.create_state_machine(name=name, definition=text or definition(), roleArn=ROLE, **parameters)
    return created["stateMachineArn"]


def task(name="add"):
    resource = f"arn:aws:lambda:us-east-1:123456789012:function:{name}"
    return definition(states={"T": {"Type": "Task", "Resource": resource, "End": True}})


def ended(client, arn):
    """The description of an execution that has ended."""
    for _ in range(600):
        described = client.describe_execution(executionArn=arn)
        if described["status"] != "RUNNING":
            return described
        threading.Event().wait(0.05)
    raise AssertionError("it still runs")


# ------------------------------------------------------------ what is answered


def test_an_execution_by_boto3(server):
    client = server.boto3()
    before = datetime.now(UTC)
    started = client.start_execution(stateMachineArn=create(client, text=task()), input='{"n": 1}')
    described = ended(client, started["executionArn"])
    assert (described["status"], described["output"]) == ("SUCCEEDED", "2")
    assert abs((described["startDate"] - before).total_seconds()) < 30
    events = client.get_execution_history(executionArn=started["executionArn"])["events"]
    assert [event["type"] for event in events][-1] == "ExecutionSucceeded"
    assert events[0]["timestamp"] == described["startDate"]


def test_a_synchronous_execution_by_boto3(server):
    client = server.boto3()
    answer = client.start_sync_execution(stateMachineArn=create(client, text=task(), type="EXPRESS"), input='{"n": 1}')
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", "2")


def test_errors_by_boto3(server):
    client = server.boto3()
    with pytest.raises(client.exceptions.StateMachineDoesNotExist) as found:
        client.describe_state_machine(stateMachineArn=f"{ARNS}stateMachine:none")
    message = f"State Machine Does Not Exist: '{ARNS}stateMachine:none'"
    assert found.value.response["Error"] == {"Code": "StateMachineDoesNotExist", "Message": message}
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_an_answer_as_it_is(unsigned):
    status, headers, body = unsigned.ask(
        json.dumps({"name": "m", "definition": definition(), "roleArn": ROLE}), "CreateStateMachine"
    )
    assert status == 200
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert len(headers["x-amzn-requestid"]) == 36
    assert "server" not in headers
    assert body["stateMachineArn"] == f"{ARNS}stateMachine:m"
    assert isinstance(body["creationDate"], float)  # seconds since the epoch


def test_an_error_as_it_is(unsigned):
    status, headers, body = unsigned.ask(b'{"stateMachineArn": "x"}', "DescribeStateMachine")
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidArn")
    assert body == {"__type": "InvalidArn", "message": "Invalid Arn: 'Invalid ARN prefix: x'"}


def test_the_reason_of_an_error(unsigned):
    body = {"stateMachineArn": f"{ARNS}stateMachine:m/label", "roleArn": ROLE}
    _, _, body = unsigned.ask(json.dumps(body), "UpdateStateMachine")
    assert body["reason"] == "API_DOES_NOT_SUPPORT_LABELED_ARNS"


def test_text_that_utf_8_cannot_hold(unsigned):
    text = definition(states={"P": {"Type": "Pass", "Result": "\\ud800", "End": True}}).replace("\\\\u", "\\u")
    answered, _, body = unsigned.ask(json.dumps({"definition": text}), "ValidateStateMachineDefinition")
    assert (answered, body["result"]) == (200, "FAIL")


def test_one_that_waits_holds_nobody_up(server):
    client = server.boto3(max_pool_connections=40)
    wait = definition(states={"W": {"Type": "Wait", "Seconds": 2, "End": True}})
    slow = create(client, "slow", wait, type="EXPRESS")
    with ThreadPoolExecutor(30) as pool:
        answers = [pool.submit(client.start_sync_execution, stateMachineArn=slow) for _ in range(30)]
        quick = client.list_state_machines()
        assert not any(answer.done() for answer in answers)
        assert len(quick["stateMachines"]) == 1
        assert {answer.result()["status"] for answer in answers} == {"SUCCEEDED"}


def test_many_at_once_and_none_is_lost(server):
    client = server.boto3(max_pool_connections=16)
    arn = create(client, text=task())
    with ThreadPoolExecutor(16) as pool:
        starts = [pool.submit(client.start_execution, stateMachineArn=arn, input=f'{{"n": {n}}}') for n in range(200)]
    started = {start.result()["executionArn"] for start in starts}
    pages = client.get_paginator("list_executions").paginate(stateMachineArn=arn, PaginationConfig={"PageSize": 30})
    assert {execution["executionArn"] for page in pages for execution in page["executions"]} == started
    assert len(started) == 200
    outputs = {int(ended(client, execution)["output"]) for execution in started}
    assert outputs == set(range(1, 201))


class Poll:
    """An operation whose answer never comes."""

    def __init__(self):
        self.asked, self.given_up = threading.Event(), threading.Event()

    @operation
    def get_activity_task(self, *, activity_arn, worker_name=None):
        self.asked.set()
        return Pending(lambda _: None, self.given_up.wait, dict, self.given_up.set)


def test_whoever_hangs_up_waits_no_more(unsigned, service):
    poll = Poll()
    service.service._operations = Operations(poll)
    connection = HTTPConnection(urlsplit(unsigned.url).netloc, timeout=LONG)
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions.GetActivityTask"}
    connection.request("POST", "/", f'{{"activityArn": "{ARNS}activity:a"}}', headers)
    assert poll.asked.wait(LONG)
    assert not poll.given_up.is_set()
    connection.close()
    assert poll.given_up.wait(LONG)


# ------------------------------------------------------------ who gets in


def code(found):
    return found.value.response["Error"]["Code"]


def test_requests_that_are_not_signed(server):
    status, headers, body = server.ask()
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    assert body == {"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"}


def test_another_key(server):
    with pytest.raises(ClientError) as found:
        server.boto3(key="AKIAIOSFODNN7EXAMPLE").list_state_machines()
    assert code(found) == "UnrecognizedClientException"


def test_another_secret(server):
    with pytest.raises(ClientError) as found:
        server.boto3("123456789012", "other").list_state_machines()
    assert code(found) == "InvalidSignatureException"


def test_another_name_of_this_machine(unsigned):
    assert unsigned.ask(Host="localhost:1")[0] == 200
    assert unsigned.ask(Host="sync-localhost")[0] == 200
    for host in ("example.com", "localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "sync-example.com"):
        status, _, body = unsigned.ask(Host=host)
        assert (status, body["__type"]) == (403, "AccessDeniedException"), host
    for host in ("user@localhost", "localhost,example.com", "local host", ""):
        assert unsigned.ask(b"", Host=host)[0] in (400, 403), host


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("127.0.0.1", True), ("127.0.0.1:80", True), ("127.9.9.9", True), ("LOCALHOST:1", True), ("[::1]:80", True),
        ("sync-localhost", True), ("a.localhost", True), ("", False), ("localhost:", False), ("localhost:x", False),
        ("localhost.example.com", False), ("::1", False), ("sync-", False), ("127.0.0.1@example.com", False),
        ("example.com#localhost", False), ("10.0.0.1", False), ("localhost\n", False),
    ],
)  # fmt: skip
def test_names_of_this_machine(host, named):
    assert names_loopback(host) == named


@pytest.mark.parametrize("origin", ["http://example.com", "http://127.0.0.1:8888", "null"])
def test_web_pages(unsigned, origin):
    status, headers, body = unsigned.ask(Origin=origin)
    assert (status, body["__type"]) == (403, "AccessDeniedException")
    assert not [name for name in headers if name.startswith("access-control")]


def test_a_form_of_a_web_page(unsigned):
    status, _, body = unsigned.ask(Content_Type="text/plain")
    assert (status, body["__type"]) == (400, "UnknownOperationException")


# ------------------------------------------------------------ what makes no sense


@pytest.mark.parametrize(
    ("parameters", "status", "type"),
    [
        ({"target": "Nothing"}, 400, "UnknownOperationException"),
        ({"target": "begin"}, 400, "UnknownOperationException"),
        ({"target": "__init__"}, 400, "UnknownOperationException"),
        ({"target": "list_state_machines"}, 400, "UnknownOperationException"),
        ({"X_Amz_Target": "DynamoDB_20120810.ListTables"}, 400, "UnknownOperationException"),
        ({"X_Amz_Target": None}, 400, "UnknownOperationException"),
        ({"method": "GET"}, 404, "UnknownOperationException"),
        ({"method": "OPTIONS"}, 404, "UnknownOperationException"),
        ({"path": "/etc/passwd"}, 404, "UnknownOperationException"),
        ({"body": b"{"}, 400, "SerializationException"),
        ({"body": b"\xff"}, 400, "SerializationException"),
        ({"body": b"[]"}, 400, "SerializationException"),
        ({"body": b"[" * 100_000}, 400, "SerializationException"),
        ({"body": b'{"maxResults": "1"}'}, 400, "SerializationException"),
        ({"body": b'{"maxResults": 1e400}'}, 400, "SerializationException"),
    ],
)
def test_requests_that_make_no_sense(unsigned, parameters, status, type):
    answered, headers, body = unsigned.ask(**parameters)
    assert (answered, body["__type"], headers["x-amzn-errortype"]) == (status, type, type)


@pytest.mark.parametrize("body", [b"{}", b'{"stateMachineArn": "\\ud800"}', '{"name": "\ud7ff"}'.encode()])
def test_no_operation_breaks(unsigned, body):
    for name in model().operation_names:
        status, _, answer = unsigned.ask(body, name)
        assert status in (200, 400), (name, answer)


def test_requests_that_are_too_large(unsigned):
    status, _, body = unsigned.ask(b" " * (MAX_BODY + 1))
    assert (status, body["__type"]) == (413, "RequestEntityTooLargeException")
    assert unsigned.ask(b"{}" + b" " * (MAX_BODY - 2))[0] == 200


def test_what_breaks_inside_is_not_shown(unsigned, service, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(service.service, "begin", broken)
    status, _, body = unsigned.ask()
    assert (status, body["__type"]) == (500, "InternalFailure")
    assert "secret" not in str(body)
    assert "secret detail" in caplog.text  # whoever runs the server is told


# ------------------------------------------------------------ what a machine may reach


@pytest.mark.parametrize("name", ["system", "print", "eval", "os.system", "missing"])
def test_a_machine_reaches_only_what_is_served(server, name):
    client = server.boto3()
    started = client.start_execution(stateMachineArn=create(client, text=task(name)), input='"id"')
    described = ended(client, started["executionArn"])
    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert "Nothing answers" in described["cause"]


def test_a_machine_reaches_no_aws(server):
    client = server.boto3()
    parameters = {"TableName": "t", "Item": {}}
    state = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem", "Parameters": parameters, "End": True}
    started = client.start_execution(stateMachineArn=create(client, text=definition(states={"T": state})))
    described = ended(client, started["executionArn"])
    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")


def test_the_server_stops_and_executions_go_on(service, thread):
    first, asked = thread()
    client = asked.boto3()
    execution = client.start_execution(stateMachineArn=create(client, text=HOURS))["executionArn"]
    asked.close()
    first.stop()
    first.stop()
    assert service("DescribeExecution", executionArn=execution)["status"] == "RUNNING"
    _, again = thread()
    assert again.ask()[0] == 403


def test_a_port_that_is_taken(thread, server):
    with pytest.raises(OSError, match="in use"):
        thread(port=int(server.url.rpartition(":")[2]))


def test_unsigned_requests_are_for_this_machine_only(thread):
    with pytest.raises(ValueError, match=r"on loopback only, not on 0\.0\.0\.0"):
        thread(None, host="0.0.0.0")  # noqa: S104 - what is refused
