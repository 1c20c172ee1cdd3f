"""The client of the kernel is boto3's own: its names, checks, exceptions and paginators."""

import os

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from calls import ARNS, ROLE, Api, definition
from emulator import away

from sfn_notebook.service.client import make_client


@pytest.fixture
def client(monkeypatch):
    away(monkeypatch)
    monkeypatch.setenv("AWS_PROFILE", "nobody")  # the user's settings do not matter
    return make_client(Api().service)


def test_calls_answer_as_boto3_does(client):
    created = client.create_state_machine(name="m", definition=definition(), roleArn=ROLE)
    assert created["stateMachineArn"] == f"{ARNS}stateMachine:m"
    assert created["ResponseMetadata"]["HTTPStatusCode"] == 200
    started = client.start_execution(stateMachineArn=created["stateMachineArn"], input="{}")
    described = client.describe_execution(executionArn=started["executionArn"])
    assert (described["status"], described["startDate"]) == ("SUCCEEDED", started["startDate"])


def test_refusals_are_boto3s_exceptions(client):
    with pytest.raises(client.exceptions.StateMachineDoesNotExist) as found:
        client.describe_state_machine(stateMachineArn=f"{ARNS}stateMachine:none")
    assert isinstance(found.value, ClientError)
    message = f"State Machine Does Not Exist: '{ARNS}stateMachine:none'"
    assert found.value.response["Error"] == {"Code": "StateMachineDoesNotExist", "Message": message}
    assert found.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_reason_of_a_refusal(client):
    arn = client.create_state_machine(name="m", definition=definition(), roleArn=ROLE)["stateMachineArn"]
    with pytest.raises(client.exceptions.ValidationException) as found:
        client.update_state_machine(stateMachineArn=f"{arn}/label", roleArn=ROLE)
    assert found.value.response["reason"] == "API_DOES_NOT_SUPPORT_LABELED_ARNS"


def test_parameters_are_checked_by_botocore(client):
    with pytest.raises(ParamValidationError, match="roleArn"):
        client.create_state_machine(name="m", definition=definition())


def test_operations_that_are_not_there(client):
    with pytest.raises(ClientError, match="UnknownOperationException"):
        client.redrive_execution(executionArn="x")


def test_paginators(client):
    for n in range(5):
        client.create_state_machine(name=f"m{n}", definition=definition(), roleArn=ROLE)
    pages = client.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2})
    assert [machine["name"] for page in pages for machine in page["stateMachines"]] == [f"m{n}" for n in range(5)]


def test_answers_are_copies(client):
    logging = {"level": "OFF", "includeExecutionData": False}
    arn = client.create_state_machine(name="m", definition=definition(), roleArn=ROLE)["stateMachineArn"]
    client.describe_state_machine(stateMachineArn=arn)["loggingConfiguration"]["level"] = "changed"
    assert client.describe_state_machine(stateMachineArn=arn)["loggingConfiguration"] == logging


def test_nothing_is_sent(client, monkeypatch):
    def no_socket(*_args, **_kwargs):
        raise AssertionError("something was sent")

    monkeypatch.setattr("socket.socket.connect", no_socket)
    assert client.list_state_machines()["stateMachines"] == []
    assert os.environ["AWS_PROFILE"] == "nobody"
