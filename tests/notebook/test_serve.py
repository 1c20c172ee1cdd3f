"""The kernel's own API: `sfn.client()`, and `%sfn serve` beside it."""

import re

import boto3
import pytest
from botocore.exceptions import ClientError

import sfn_notebook as sfn
from sfn_notebook.notebook import workspace

DEFINITION = '{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}'


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A kernel that nobody has asked anything, and no settings of whoever runs the tests."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SFN_NOTEBOOK_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    workspace.api.cache_clear()
    workspace.client.cache_clear()
    workspace._defined.clear()
    yield
    workspace.api.cache_clear()
    workspace.client.cache_clear()
    workspace._defined.clear()


def test_a_client_knows_the_machines_of_cells():
    workspace.define("before", DEFINITION, "STANDARD")
    client = sfn.client()
    workspace.define("after", DEFINITION, "EXPRESS")
    machines = client.list_state_machines()["stateMachines"]
    assert {machine["name"]: machine["type"] for machine in machines} == {"before": "STANDARD", "after": "EXPRESS"}


def test_it_runs_them_and_raises_what_boto3_raises():
    workspace.define("m", DEFINITION, "EXPRESS")
    client = sfn.client()
    arn = client.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    assert client.start_sync_execution(stateMachineArn=arn, input='{"a": 1}')["output"] == '{"a":1}'
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        client.describe_state_machine(stateMachineArn=arn + "x")


def test_others_share_the_kernels_machines():
    workspace.define("m", DEFINITION, "STANDARD")
    served = workspace.serve()
    try:
        key = served.credentials
        assert key.made
        outside = boto3.client(
            "stepfunctions",
            endpoint_url=served.thread.url,
            region_name="us-east-1",
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret_access_key,
        )
        assert [machine["name"] for machine in outside.list_state_machines()["stateMachines"]] == ["m"]
        outside.create_state_machine(name="n", definition=DEFINITION, roleArn="arn:aws:iam::123456789012:role/r")
        assert {machine["name"] for machine in sfn.client().list_state_machines()["stateMachines"]} == {"m", "n"}
    finally:
        served.thread.stop()


def test_the_magic_says_how_to_reach_it(capsys):
    from IPython.core.error import UsageError

    from sfn_notebook.notebook.magics import StepFunctionsMagics

    magics = StepFunctionsMagics()
    magics.sfn("serve")
    said = capsys.readouterr().out
    assert re.search(r"ready at http://127\.0\.0\.1:\d+\n", said)
    assert "export AWS_SECRET_ACCESS_KEY=" in said
    magics.sfn("serve --stop")
    with pytest.raises(UsageError, match="nothing is served"):
        magics.sfn("serve --stop")


def test_a_machine_starts_another_of_the_notebook():
    workspace.define("inner", DEFINITION, "STANDARD")
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {
            "StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:inner",
            "Input": {"n": 1},
        },
        "OutputPath": "$.Output",
        "End": True,
    }
    run = sfn.StateMachine({"StartAt": "T", "States": {"T": task}}).run()
    assert (run.status, run.output, run.cause) == ("SUCCEEDED", {"n": 1}, None)
