"""Executions over the API: start, stop, describe, list.  (spec: api, Operation rules)"""

import gc
import json
import threading
from datetime import timedelta

import pytest
from calls import ARNS, FAILS, HOURS, LONG, Api, definition

from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES
from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.service import Service
from sfn_notebook.store.contract import UnknownExecution


def test_an_execution_from_start_to_end(api):
    arn = api.create()
    started = api("StartExecution", stateMachineArn=arn, name="e", input='{"a": 1}', traceHeader="Root=1-a-b")
    assert started == {"executionArn": f"{ARNS}execution:m:e", "startDate": started["startDate"]}
    described = api("DescribeExecution", executionArn=started["executionArn"])
    assert described == {
        "executionArn": f"{ARNS}execution:m:e",
        "stateMachineArn": arn,
        "name": "e",
        "status": "SUCCEEDED",
        "startDate": started["startDate"],
        "stopDate": described["stopDate"],
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "traceHeader": "Root=1-a-b",
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_one_that_runs(waiting):
    described = waiting("DescribeExecution", executionArn=waiting.start(waiting.create(text=HOURS)))
    assert (described["status"], described["redriveStatus"]) == ("RUNNING", "NOT_REDRIVABLE")
    assert described["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    assert not {"stopDate", "output", "outputDetails"} & described.keys()


def test_one_that_failed(api):
    described = api("DescribeExecution", executionArn=api.start(api.create(text=FAILS)))
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "E", "because")
    assert described["redriveStatus"] == "REDRIVABLE"
    assert not {"output", "redriveStatusReason"} & described.keys()


def test_one_that_timed_out(api):
    wait = {"Hours": {"Type": "Wait", "Seconds": 7200, "End": True}}
    arn = api.create(text=definition(states=wait, TimeoutSeconds=60))
    described = api("DescribeExecution", executionArn=api.start(arn))
    assert (described["status"], described["redriveStatus"]) == ("TIMED_OUT", "REDRIVABLE")
    assert not {"error", "cause", "output"} & described.keys()


def test_metadata_without_data(api):
    arn = api.start(api.create())
    described = api("DescribeExecution", executionArn=arn, includedData="METADATA_ONLY")
    assert (described["inputDetails"], described["outputDetails"]) == ({"included": False}, {"included": False})
    assert not {"input", "output"} & described.keys()


def test_one_is_stopped(waiting):
    arn = waiting.start(waiting.create(text=HOURS))
    stopped = waiting("StopExecution", executionArn=arn, error="E", cause="enough")
    described = waiting("DescribeExecution", executionArn=arn)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "E", "enough")
    assert described["stopDate"] == stopped["stopDate"]
    assert waiting("StopExecution", executionArn=arn, error="again") == stopped
    assert waiting("DescribeExecution", executionArn=arn) == described


# ------------------------------------------------------------ names


def test_the_same_execution_is_not_started_twice(waiting):
    arn = waiting.create(text=HOURS)
    first = waiting("StartExecution", stateMachineArn=arn, name="e", input="{}")
    assert waiting("StartExecution", stateMachineArn=arn, name="e") == first
    exists = ("ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'")
    assert waiting.refused("StartExecution", stateMachineArn=arn, name="e", input='{"a": 1}') == exists
    waiting("StopExecution", executionArn=first["executionArn"])
    assert waiting.refused("StartExecution", stateMachineArn=arn, name="e", input="{}") == exists


def test_many_start_the_same_execution(waiting):
    arn = waiting.create(text=HOURS)
    gate, answers = threading.Barrier(8), []

    def start():
        gate.wait(LONG)
        answers.append(waiting("StartExecution", stateMachineArn=arn, name="e"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert answers == [answers[0]] * 8
    assert len(waiting.steps.list_executions()) == 1


def test_a_task_may_start_executions():
    """Nothing is held while an execution runs in the caller's thread."""
    api = Api(lambda: FunctionTable({"f": lambda event: api.start(inner)}, registered={}))
    inner = api.create("inner")
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    described = api("DescribeExecution", executionArn=api.start(api.create("outer", definition(states={"T": task}))))
    assert described["status"] == "SUCCEEDED"
    assert f"{ARNS}execution:inner:" in described["output"]


@pytest.mark.parametrize("name", ["a b", "a/b", "a;"])
def test_names_that_are_refused(api, name):
    arn = api.create()
    assert api.refused("StartExecution", stateMachineArn=arn, name=name) == ("InvalidName", f"Invalid Name: '{name}'")


# ------------------------------------------------------------ input


VALUE = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Invalid execution input."),
        (" \n", "Invalid execution input."),
        (
            "not some json",
            f"Unrecognized token 'not': was expecting ({VALUE})",
        ),
        ("{'not': 'json'", "Unexpected character (''' (code 39)): was expecting double-quote to start field name"),
    ],
)
def test_input_that_is_no_json(api, text, message):
    refused = ("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{message}'")
    assert api.refused("StartExecution", stateMachineArn=api.create(), input=text) == refused


@pytest.mark.parametrize("text", ["{", "[1,", '{"a"', '{"a": 1,}', "[1 2]", '{"a": 1 "b": 2}', "NaN", "1 2", '"\\x"'])
def test_other_text_that_is_no_json(api, text):
    code, message = api.refused("StartExecution", stateMachineArn=api.create(), input=text)
    assert code == "InvalidExecutionInput"
    assert message.startswith("Invalid State Machine Execution Input: '")


def test_input_that_is_too_long(api):
    arn = api.create()
    most = f'"{"ä" * (MAX_PAYLOAD_BYTES // 2 - 1)}"'
    assert api.start(arn, input=most)
    assert api.refused("StartExecution", stateMachineArn=arn, input=f" {most}")[0] == "ValidationException"


# ------------------------------------------------------------ what is not there


def test_what_is_not_there(api):
    arn = api.create()
    nothing = ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}x'")
    assert api.refused("StartExecution", stateMachineArn=f"{arn}x") == nothing
    assert api.refused("ListExecutions", stateMachineArn=f"{arn}x") == nothing
    assert api.refused("StartExecution", stateMachineArn=f"{arn}:1")[0] == "StateMachineDoesNotExist"
    assert api.refused("StartExecution", stateMachineArn=f"{arn}/label")[0] == "ValidationException"
    execution = f"{ARNS}execution:m:e"
    for operation in ("DescribeExecution", "StopExecution", "GetExecutionHistory", "DescribeStateMachineForExecution"):
        refused = ("ExecutionDoesNotExist", f"Execution Does Not Exist: '{execution}'")
        assert api.refused(operation, executionArn=execution) == refused
        assert api.refused(operation, executionArn="e") == ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: e'")


# ------------------------------------------------------------ lists


def test_executions_are_listed_the_latest_first(api):
    arn, other = api.create(), api.create("other")
    started = [api.start(arn, name=f"e{n}") for n in range(3)]
    api.start(other)
    listed = api("ListExecutions", stateMachineArn=arn)["executions"]
    assert [execution["executionArn"] for execution in listed] == started[::-1]
    assert listed[0] == {
        "executionArn": started[2],
        "stateMachineArn": arn,
        "name": "e2",
        "status": "SUCCEEDED",
        "startDate": listed[0]["startDate"],
        "stopDate": listed[0]["stopDate"],
        "redriveCount": 0,
    }


def test_executions_in_pages(api):
    arn = api.create()
    started = [api.start(arn) for _ in range(5)]
    first = api("ListExecutions", stateMachineArn=arn, maxResults=2)
    api.start(arn)  # comes before the first page, and shifts nothing
    second = api("ListExecutions", stateMachineArn=arn, maxResults=3, nextToken=first["nextToken"])
    listed = [execution["executionArn"] for page in (first, second) for execution in page["executions"]]
    assert listed == started[::-1]
    assert "nextToken" not in second


@pytest.mark.parametrize("token", ["x", "eA==", "W10=", "ä", "WyJleGVjdXRpb25zIiwgMV0="])
def test_tokens_that_are_none(api, token):
    refused = api.refused("ListExecutions", stateMachineArn=api.create(), nextToken=token)
    assert refused == ("InvalidToken", "Invalid Token: 'Invalid token'")


def test_a_token_belongs_to_its_list(api):
    arn, other = api.create(), api.create("other")
    for _ in range(2):
        api.start(arn)
        api.start(other)
    token = api("ListExecutions", stateMachineArn=arn, maxResults=1)["nextToken"]
    assert api.refused("ListExecutions", stateMachineArn=other, nextToken=token)[0] == "InvalidToken"


def test_executions_by_status(waiting):
    arn = waiting.create(text=HOURS)
    first, second = (waiting.start(arn) for _ in range(2))
    waiting("StopExecution", executionArn=first)

    def listed(**filters):
        found = waiting("ListExecutions", stateMachineArn=arn, **filters)
        return [execution["executionArn"] for execution in found["executions"]]

    assert listed(statusFilter="RUNNING") == [second]
    assert listed(statusFilter="ABORTED") == [first]
    assert listed(statusFilter="FAILED") == []
    assert listed(redriveFilter="NOT_REDRIVEN") == [second, first]
    assert listed(redriveFilter="REDRIVEN") == []


def test_lists_that_are_refused(api):
    arn = api.create()
    assert api.refused("ListExecutions")[0] == "ValidationException"
    both = {"stateMachineArn": arn, "mapRunArn": f"{ARNS}mapRun:m/l:u"}
    assert api.refused("ListExecutions", **both)[0] == "ValidationException"
    assert (
        api.refused("ListExecutions", stateMachineArn=arn, statusFilter="PENDING_REDRIVE")[0] == "ValidationException"
    )


# ------------------------------------------------------------ EXPRESS


def test_a_synchronous_execution(api):
    arn = api.create(type="EXPRESS")
    answer = api("StartSyncExecution", stateMachineArn=arn, name="e", input='{"a": 1}', traceHeader="Root=1-a-b")
    assert answer["executionArn"].startswith(f"{ARNS}express:m:e:")
    assert answer == {
        "executionArn": answer["executionArn"],
        "stateMachineArn": arn,
        "name": "e",
        "status": "SUCCEEDED",
        "startDate": answer["startDate"],
        "stopDate": answer["stopDate"],
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": '{"a":1}',
        "outputDetails": {"included": True},
        "traceHeader": "Root=1-a-b",
        "billingDetails": {"billedDurationInMilliseconds": 100, "billedMemoryUsedInMB": 64},
    }


def test_a_synchronous_execution_that_fails(api):
    answer = api("StartSyncExecution", stateMachineArn=api.create(text=FAILS, type="EXPRESS"))
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "because")
    assert "output" not in answer
    assert answer["outputDetails"] == {"included": True}


def test_what_a_synchronous_execution_costs(api):
    """Wall time, in steps of 100 ms.  (spec: pricing-quotas)"""
    wait = {"W": {"Type": "Wait", "Seconds": 2, "End": True}}
    answer = api("StartSyncExecution", stateMachineArn=api.create(text=definition(states=wait), type="EXPRESS"))
    assert answer["billingDetails"] == {"billedDurationInMilliseconds": 2000, "billedMemoryUsedInMB": 64}


def test_only_express_machines_answer_at_once(api):
    unsupported = ("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    assert api.refused("StartSyncExecution", stateMachineArn=api.create()) == unsupported


def test_express_executions_are_started_and_not_looked_at(api):
    arn = api.create(type="EXPRESS")
    first, second = (api.start(arn, name="e") for _ in range(2))
    assert first != second  # the same name, as often as one likes
    context = ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")
    for operation in ("DescribeExecution", "GetExecutionHistory", "StopExecution"):
        assert api.refused(operation, executionArn=first) == context
    unsupported = ("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
    assert api.refused("ListExecutions", stateMachineArn=arn) == unsupported


@pytest.mark.parametrize(
    ("seconds", "limits", "status"),
    [(299, "aws", "SUCCEEDED"), (301, "aws", "TIMED_OUT"), (301, "none", "SUCCEEDED")],
)
def test_an_express_execution_has_five_minutes(seconds, limits, status):
    api = Api(limits=limits)
    wait = definition(states={"W": {"Type": "Wait", "Seconds": seconds, "End": True}}, TimeoutSeconds=1000)
    answer = api("StartSyncExecution", stateMachineArn=api.create(text=wait, type="EXPRESS"))
    took = (answer["stopDate"] - answer["startDate"]).total_seconds()
    assert (answer["status"], took) == (status, min(seconds, 300) if limits == "aws" else seconds)


def test_a_timeout_that_comes_before_five_minutes(api):
    wait = definition(states={"W": {"Type": "Wait", "Seconds": 100, "End": True}}, TimeoutSeconds=10)
    answer = api("StartSyncExecution", stateMachineArn=api.create(text=wait, type="EXPRESS"))
    assert (answer["status"], answer["stopDate"] - answer["startDate"]) == ("TIMED_OUT", timedelta(seconds=10))


def test_the_context_of_a_synchronous_execution_has_no_redrives(api):
    text = definition(states={"P": {"Type": "Pass", "Parameters": {"is.$": "$$.Execution"}, "End": True}})
    arn = api.create(text=text, type="EXPRESS")
    answer = api("StartSyncExecution", stateMachineArn=arn)
    assert json.loads(answer["output"])["is"].keys() == {"Id", "Input", "StartTime", "Name", "RoleArn"}
    api.start(arn)
    [run] = [run for run in api.steps.list_executions() if run.execution.start.execution_arn != answer["executionArn"]]
    assert run.execution.output["is"]["RedriveCount"] == 0


def test_express_executions_that_have_ended_are_forgotten(api, monkeypatch):
    monkeypatch.setattr("sfn_notebook.service.api.MOST_EXPRESS", 2)
    express, standard = api.create(type="EXPRESS"), api.start(api.create("other"), name="s")
    arns = [api.start(express, name=name) for name in "abcd"]
    names = [run.execution.start.name for run in api.steps.list_executions()]
    assert names == ["d", "c", "s"]
    gc.collect()
    assert len(api.service.account.started) == 3
    with pytest.raises(UnknownExecution):
        api.steps.store.read(arns[1])
    assert api("DescribeExecution", executionArn=standard)["status"] == "SUCCEEDED"


def test_express_executions_that_run_are_remembered(waiting, monkeypatch):
    monkeypatch.setattr("sfn_notebook.service.api.MOST_EXPRESS", 0)
    arn = waiting.create(text=HOURS, type="EXPRESS")
    runs = [waiting.steps.find_execution(waiting.start(arn)) for _ in range(3)]
    assert set(waiting.steps.list_executions()) == set(runs)
    waiting.steps.stop_execution(runs[1])
    assert runs[1].wait(LONG)
    assert waiting.steps.list_executions() == [runs[2], runs[0]]


# ------------------------------------------------------------ history


def history(api, arn, **parameters):
    return api("GetExecutionHistory", executionArn=arn, **parameters)


def test_the_history_in_pages(api):
    arn = api.start(api.create())
    whole = history(api, arn)
    assert [event["id"] for event in whole["events"]] == [1, 2, 3, 4]
    first = history(api, arn, maxResults=3)
    rest = history(api, arn, maxResults=3, nextToken=first["nextToken"])
    assert first["events"] + rest["events"] == whole["events"]
    assert "nextToken" not in rest
    backwards = history(api, arn, reverseOrder=True, maxResults=1)
    following = history(api, arn, reverseOrder=True, nextToken=backwards["nextToken"])
    assert [event["id"] for event in backwards["events"] + following["events"]] == [4, 3, 2, 1]
    assert api.refused("GetExecutionHistory", executionArn=arn, nextToken=backwards["nextToken"])[0] == "InvalidToken"


def test_a_history_without_data(api):
    arn = api.start(api.create(), input='{"secret": 1}')
    events = history(api, arn, includeExecutionData=False)["events"]
    assert "secret" not in str(events)
    assert set(events[0]["executionStartedEventDetails"]) == {"roleArn"}
    assert set(events[1]["stateEnteredEventDetails"]) == {"name"}


def test_a_history_grows(waiting):
    arn = waiting.start(waiting.create(text=HOURS))
    waiting("StopExecution", executionArn=arn)
    assert history(waiting, arn)["events"][-1]["type"] == "ExecutionAborted"


# ------------------------------------------------------------ what a machine reaches


def test_a_machine_reaches_what_its_writer_may():
    """Whichever door it is started by.  (DESIGN, decision 7)"""
    notebook = Api(lambda: FunctionTable({"f": lambda _: "notebook"}, registered={}))
    wire = Api()
    wire.service = Service(notebook.steps, lambda: FunctionTable({}, registered={}), account=notebook.service.account)
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    text = definition(states={"T": task})
    ours, theirs = notebook.create("ours", text), wire.create("theirs", text)

    def outcome(door, arn):
        execution = notebook.steps.find_execution(door.start(arn))
        assert execution.wait(LONG)
        described = door("DescribeExecution", executionArn=execution.execution.start.execution_arn)
        return described.get("output") or described["error"]

    assert [outcome(door, ours) for door in (notebook, wire)] == ['"notebook"'] * 2
    assert [outcome(door, theirs) for door in (notebook, wire)] == ["States.Runtime"] * 2
    wire("UpdateStateMachine", stateMachineArn=ours, definition=definition("changed", {"T": task}))
    assert outcome(notebook, ours) == "States.Runtime"
