"""Machines whose Tasks call Step Functions itself: nested executions and callbacks between executions."""

import json
import time

import pytest
from calls import FAILS, HOURS, LONG, definition

NESTED = "arn:aws:states:::states:startExecution"


def calling(resource, parameters, **fields):
    """A machine with one Task."""
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return definition(states={"T": task | fields})


def parent(api, child, pattern=".sync:2", **fields):
    """The ARN of a machine that starts `child` with its own input, and waits."""
    parameters = {
        "StateMachineArn": child,
        "Input": {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id", "given.$": "$"},
    }
    return api.create("parent", calling(NESTED + pattern, parameters, **fields))


def described(api, arn):
    return api("DescribeExecution", executionArn=arn)


def children(api, machine):
    return api("ListExecutions", stateMachineArn=machine)["executions"]


def until_ended(api, arn):
    """Wait for an execution, and how it is then."""
    assert api.steps.find_execution(arn).wait(LONG)
    return described(api, arn)


def test_an_execution_within_an_execution(api):
    child = api.create("child")
    arn = api.start(parent(api, child), input='{"n":1}')
    found = described(api, arn)
    assert found["status"] == "SUCCEEDED"
    output = json.loads(found["output"])
    assert output["Output"] == {"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": arn, "given": {"n": 1}}
    history = api("GetExecutionHistory", executionArn=arn)["events"]
    assert [event["type"] for event in history] == [
        "ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded",
        "TaskStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    (listed,) = children(api, child)
    assert listed["executionArn"] == output["ExecutionArn"]


def test_a_child_that_fails_can_be_caught(api):
    catch = [{"ErrorEquals": ["States.TaskFailed"], "Next": "P"}]
    parameters = {"StateMachineArn": api.create("child", FAILS)}
    task = {"Type": "Task", "Resource": f"{NESTED}.sync", "Parameters": parameters, "Catch": catch, "End": True}
    text = definition(states={"T": task, "P": {"Type": "Pass", "End": True}})
    found = described(api, api.start(api.create("parent", text)))
    caught = json.loads(found["output"])
    assert caught["Error"] == "States.TaskFailed"
    assert json.loads(caught["Cause"])["Error"] == "E"


def test_retries_start_anew(api):
    child = api.create("child", FAILS)
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
    assert described(api, api.start(parent(api, child, Retry=retry)))["status"] == "FAILED"
    assert len(children(api, child)) == 3


def test_children_of_children_on_threads(waiting):
    grandchild = waiting.create("grandchild")
    child = waiting.create("child", calling(f"{NESTED}.sync:2", {"StateMachineArn": grandchild}))
    found = until_ended(waiting, waiting.start(parent(waiting, child)))
    assert json.loads(found["output"])["Output"]["Output"] == {}


def test_a_parent_that_is_stopped_stops_its_child(waiting):
    child = waiting.create("child", HOURS)
    arn = waiting.start(parent(waiting, child))
    latest = time.monotonic() + LONG
    while not children(waiting, child) and time.monotonic() < latest:
        time.sleep(0.01)
    waiting("StopExecution", executionArn=arn)
    assert until_ended(waiting, arn)["status"] == "ABORTED"
    (listed,) = children(waiting, child)
    assert until_ended(waiting, listed["executionArn"])["status"] == "ABORTED"


def test_a_task_that_times_out_stops_its_child(waiting):
    child = waiting.create("child", HOURS)
    found = until_ended(waiting, waiting.start(parent(waiting, child, TimeoutSeconds=1)))
    assert found["error"] == "States.Timeout"
    (listed,) = children(waiting, child)
    assert until_ended(waiting, listed["executionArn"])["status"] == "ABORTED"


@pytest.mark.parametrize(("action", "more"), [
    ("Success", {"Output": {"said": 1}}),
    ("Failure", {"Error": "Said", "Cause": "because"}),
])  # fmt: skip
def test_one_execution_answers_another(waiting, action, more):
    resource = f"arn:aws:states:::aws-sdk:sfn:sendTask{action}"
    speaker = waiting.create("speaker", calling(resource, {"TaskToken.$": "$.token", **more}))
    parameters = {"StateMachineArn": speaker, "Input": {"token.$": "$$.Task.Token"}}
    asker = waiting.create("asker", calling(f"{NESTED}.waitForTaskToken", parameters))
    found = until_ended(waiting, waiting.start(asker))
    if action == "Success":
        assert json.loads(found["output"]) == {"said": 1}
    else:
        assert (found["error"], found["cause"]) == ("Said", "because")
