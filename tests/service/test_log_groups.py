"""Whether there is a log group is asked of the emulator that there is, and else not at all."""

import json

import pytest
from calls import ROLE, Api, definition
from emulator import Scripted, away

ARN = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/g:*"
LOGGING = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": ARN}}]}


@pytest.fixture
def logs(monkeypatch):
    """An emulator of CloudWatch Logs."""
    away(monkeypatch)
    with Scripted() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", server.url)
        yield server


def groups(*names):
    return json.dumps({"logGroups": [{"logGroupName": name} for name in names]}).encode()


def test_a_group_that_is_there(logs):
    logs.answer(body=groups("/aws/g", "/aws/g2"))
    assert Api().create(loggingConfiguration=LOGGING)
    [(_, _, headers, body)] = logs.asked
    assert headers["x-amz-target"] == "Logs_20140328.DescribeLogGroups"
    assert json.loads(body) == {"logGroupNamePrefix": "/aws/g"}


def test_a_group_that_is_not_there(logs):
    logs.answer(body=groups("/aws/g2"))
    parameters = {"name": "m", "definition": definition(), "roleArn": ROLE, "loggingConfiguration": LOGGING}
    refused = ("InvalidLoggingConfiguration", "Invalid Logging Configuration: Log Destination not found.")
    assert Api().refused("CreateStateMachine", **parameters) == refused


def test_an_emulator_that_does_not_know(logs):
    logs.answer(status=500, body=b"{}")
    assert Api().create(loggingConfiguration=LOGGING)


def test_no_emulator(monkeypatch):
    away(monkeypatch)
    assert Api().create(loggingConfiguration=LOGGING)
