"""Map Runs and their children over the API.  (spec: distributed-map, Map Run)"""

import json
import threading

import pytest
from calls import ARNS, HOURS, LONG, Waiting, definition

from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.service import Service

PASS = {"P": {"Type": "Pass", "End": True}}
FAIL_ODD = {
    "C": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "F"}], "Default": "P"},
    "F": {"Type": "Fail", "Error": "Odd", "Cause": "one"},
    **PASS,
}


def distributed(states=PASS, type="STANDARD", **fields):
    """A machine with a Distributed Map, labelled L."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": type},
        "StartAt": next(iter(states)),
        "States": states,
    }
    state = {"Type": "Map", "Label": "L", "ItemProcessor": processor, "ItemsPath": "$.items", "End": True}
    return definition(states={"M": state | fields})


def start(api, text, items=3):
    """The ARN of an execution over items {"n": 0}, {"n": 1}, …, and that of its Map Run once that runs."""
    given = json.dumps({"items": [{"n": number} for number in range(items)]})
    arn = api.start(api.create(text=text), input=given)
    pause = threading.Event()
    for _ in range(LONG * 100):
        if found := api("ListMapRuns", executionArn=arn)["mapRuns"]:
            return arn, found[0]["mapRunArn"]
        pause.wait(0.01)
    raise AssertionError("no Map Run has begun")


def children(api, map_run, **parameters):
    return api("ListExecutions", mapRunArn=map_run, **parameters)["executions"]


def until(condition):
    """Wait for what happens on other threads."""
    pause = threading.Event()
    for _ in range(LONG * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


# ------------------------------------------------------------ Map Runs


def test_a_map_run(api):
    arn, map_run = start(api, distributed(MaxConcurrency=2, ToleratedFailurePercentage=50))
    assert map_run.startswith(f"{ARNS}mapRun:m/L:")
    described = api("DescribeMapRun", mapRunArn=map_run)
    counts = {
        "pending": 0, "running": 0, "succeeded": 3, "failed": 0, "timedOut": 0, "aborted": 0, "total": 3,
        "resultsWritten": 3,
    }  # fmt: skip
    assert described == {
        "mapRunArn": map_run,
        "executionArn": arn,
        "status": "SUCCEEDED",
        "startDate": described["startDate"],
        "stopDate": described["stopDate"],
        "maxConcurrency": 2,
        "toleratedFailureCount": 0,
        "toleratedFailurePercentage": 50.0,
        "itemCounts": counts,
        "executionCounts": counts,
        "redriveCount": 0,
    }
    assert isinstance(described["toleratedFailurePercentage"], float)
    assert api("ListMapRuns", executionArn=arn)["mapRuns"] == [
        {
            "mapRunArn": map_run,
            "executionArn": arn,
            "stateMachineArn": f"{ARNS}stateMachine:m/L",
            "startDate": described["startDate"],
            "stopDate": described["stopDate"],
        }
    ]


def test_one_that_runs(waiting):
    _, map_run = start(waiting, distributed(json.loads(HOURS)["States"], MaxConcurrency=2))
    until(lambda: waiting("DescribeMapRun", mapRunArn=map_run)["executionCounts"]["running"] == 2)
    described = waiting("DescribeMapRun", mapRunArn=map_run)
    assert (described["status"], described["itemCounts"]["pending"]) == ("RUNNING", 1)
    assert "stopDate" not in described


def test_an_execution_without_map_runs(api):
    assert api("ListMapRuns", executionArn=api.start(api.create())) == {"mapRuns": []}


def test_the_latest_map_run_comes_first_and_in_pages(api):
    """Each attempt at the Map is a Map Run."""
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
    arn, _ = start(api, distributed(FAIL_ODD, Retry=retry))
    found = api("ListMapRuns", executionArn=arn)["mapRuns"]
    starts = [map_run["startDate"] for map_run in found]
    assert len(found) == 3
    assert starts == sorted(starts, reverse=True)
    first = api("ListMapRuns", executionArn=arn, maxResults=2)
    second = api("ListMapRuns", executionArn=arn, maxResults=2, nextToken=first["nextToken"])
    assert first["mapRuns"] + second["mapRuns"] == found
    assert "nextToken" not in second
    assert api.refused("ListMapRuns", executionArn=arn, nextToken="x")[0] == "InvalidToken"


def test_map_runs_of_children_are_the_childrens(api):
    inner = json.loads(distributed(PASS))["States"]["M"] | {"Label": "I", "ItemsPath": "$.inner"}
    outer = json.loads(distributed({"N": inner}))["States"]["M"]
    text = definition(states={"O": outer})
    arn = api.start(api.create(text=text), input=json.dumps({"items": [{"inner": [1, 2]}, {"inner": []}]}))
    [outer] = api("ListMapRuns", executionArn=arn)["mapRuns"]
    second, first = children(api, outer["mapRunArn"])
    [found] = api("ListMapRuns", executionArn=first["executionArn"])["mapRuns"]
    assert found["executionArn"] == first["executionArn"]
    assert found["stateMachineArn"] == f"{ARNS}stateMachine:m/I"
    assert len(children(api, found["mapRunArn"])) == 2
    [empty] = api("ListMapRuns", executionArn=second["executionArn"])["mapRuns"]
    assert children(api, empty["mapRunArn"]) == []


def test_what_is_no_map_run(api):
    arn = f"{ARNS}mapRun:m/L:none"
    missing = ("ResourceNotFound", f"Resource not found: '{arn}'")
    assert api.refused("DescribeMapRun", mapRunArn=arn) == missing
    assert api.refused("UpdateMapRun", mapRunArn=arn, maxConcurrency=1) == missing
    assert api.refused("ListExecutions", mapRunArn=arn) == missing
    assert api.refused("DescribeMapRun", mapRunArn="x") == ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'")
    wrong = "Invalid Arn: 'Resource type not valid in this context: activity'"
    for operation in ("DescribeMapRun", "ListExecutions"):
        assert api.refused(operation, mapRunArn=f"{ARNS}activity:a") == ("InvalidArn", wrong)
    assert api.refused("ListMapRuns", executionArn=f"{ARNS}execution:m:none")[0] == "ExecutionDoesNotExist"
    assert api.refused("ListMapRuns", executionArn=f"{ARNS}execution:m/L:none")[0] == "ExecutionDoesNotExist"


# ------------------------------------------------------------ changes


class Gated(Waiting):
    """Children that work until the gate opens."""

    def __init__(self):
        self.gate, self.lock = threading.Event(), threading.Lock()
        self.now = self.most = 0
        super().__init__(lambda: FunctionTable({"f": self.work}, registered={}))

    def work(self, event):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.gate.wait(LONG)
        with self.lock:
            self.now -= 1

    def __exit__(self, *_):
        self.gate.set()
        super().__exit__()


@pytest.fixture
def gated():
    with Gated() as service:
        yield service


WORK = {"T": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}}


def test_more_children_at_once(gated):
    arn, map_run = start(gated, distributed(WORK, MaxConcurrency=1), items=5)
    until(lambda: gated.now == 1)
    assert gated("UpdateMapRun", mapRunArn=map_run, maxConcurrency=4) == {}
    assert gated("DescribeMapRun", mapRunArn=map_run)["maxConcurrency"] == 4
    until(lambda: gated.now == 4)
    gated.gate.set()
    assert gated.steps.find_execution(arn).wait(LONG)
    assert gated.most == 4


def test_other_tolerances(gated):
    _, map_run = start(gated, distributed(WORK))
    gated("UpdateMapRun", mapRunArn=map_run, toleratedFailureCount=2, toleratedFailurePercentage=12.5)
    described = gated("DescribeMapRun", mapRunArn=map_run)
    assert (described["toleratedFailureCount"], described["toleratedFailurePercentage"]) == (2, 12.5)
    gated("UpdateMapRun", mapRunArn=map_run, toleratedFailurePercentage=10)
    described = gated("DescribeMapRun", mapRunArn=map_run)
    assert (described["toleratedFailureCount"], described["toleratedFailurePercentage"]) == (2, 10.0)


def test_less_tolerance_than_has_failed_already(waiting):
    """The Map Run fails, and what still runs of it is stopped."""
    states = {"C": FAIL_ODD["C"] | {"Default": "Hours"}, "F": FAIL_ODD["F"], **json.loads(HOURS)["States"]}
    arn, map_run = start(waiting, distributed(states, ToleratedFailureCount=1))
    until(lambda: waiting("DescribeMapRun", mapRunArn=map_run)["itemCounts"]["failed"] == 1)
    assert waiting("DescribeMapRun", mapRunArn=map_run)["status"] == "RUNNING"
    waiting("UpdateMapRun", mapRunArn=map_run, toleratedFailureCount=0)
    assert waiting.steps.find_execution(arn).wait(LONG)
    described = waiting("DescribeMapRun", mapRunArn=map_run)
    assert (described["status"], described["itemCounts"]["aborted"]) == ("FAILED", 2)
    assert waiting("DescribeExecution", executionArn=arn)["error"] == "States.ExceedToleratedFailureThreshold"


def test_changes_that_are_refused(api):
    _, map_run = start(api, distributed())
    with pytest.raises(Exception, match="ValidationException") as found:
        api("UpdateMapRun", mapRunArn=map_run, maxConcurrency=1)
    assert found.value.fields == {"reason": "CANNOT_UPDATE_COMPLETED_MAP_RUN"}
    with pytest.raises(Exception, match="ValidationException") as found:
        api("UpdateMapRun", mapRunArn=map_run)
    assert found.value.fields == {"reason": "MISSING_REQUIRED_PARAMETER"}
    for wrong in ({"maxConcurrency": -1}, {"toleratedFailurePercentage": 101}, {"toleratedFailureCount": -1}):
        assert api.refused("UpdateMapRun", mapRunArn=map_run, **wrong)[0] == "ValidationException"
    code = api.refused("UpdateMapRun", mapRunArn=map_run, toleratedFailurePercentage=True)[0]
    assert code == "SerializationException"


# ------------------------------------------------------------ children


def test_the_children_of_a_map_run(api):
    _, map_run = start(api, distributed(FAIL_ODD, ToleratedFailureCount=1))
    found = children(api, map_run)
    assert [child["status"] for child in found] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    last = found[0]
    assert last == {
        "executionArn": f"{ARNS}execution:m/L:{last['name']}",
        "stateMachineArn": f"{ARNS}stateMachine:m/L",
        "name": last["name"],
        "status": "SUCCEEDED",
        "startDate": last["startDate"],
        "stopDate": last["stopDate"],
        "mapRunArn": map_run,
        "itemCount": 1,
        "redriveCount": 0,
    }
    assert children(api, map_run, statusFilter="FAILED") == [found[1]]
    assert children(api, map_run, statusFilter="PENDING_REDRIVE") == []
    assert children(api, map_run, redriveFilter="REDRIVEN") == []
    assert children(api, map_run, redriveFilter="NOT_REDRIVEN") == found


def test_items_in_batches(api):
    _, map_run = start(api, distributed(ItemBatcher={"MaxItemsPerBatch": 2}))
    assert [child["itemCount"] for child in children(api, map_run)] == [1, 2]


def test_many_children_in_pages(api):
    _, map_run = start(api, distributed(), items=1203)
    pages, token = [], {}
    while True:
        page = api("ListExecutions", mapRunArn=map_run, maxResults=500, **token)
        pages.append(page["executions"])
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert [len(page) for page in pages] == [500, 500, 203]
    names = [child["name"] for page in pages for child in page]
    assert len(set(names)) == 1203
    last = api("DescribeExecution", executionArn=pages[0][0]["executionArn"])
    assert json.loads(last["input"]) == {"n": 1202}
    assert api.refused("ListExecutions", mapRunArn=map_run, statusFilter="FAILED", **token)[0] == "InvalidToken"


def test_pages_of_what_runs_while_it_ends(waiting):
    _, map_run = start(waiting, distributed(json.loads(HOURS)["States"]))
    until(lambda: len(children(waiting, map_run)) == 3)
    first = waiting("ListExecutions", mapRunArn=map_run, statusFilter="RUNNING", maxResults=1)
    [child] = first["executions"]
    waiting("UpdateMapRun", mapRunArn=map_run, toleratedFailureCount=3)
    waiting("StopExecution", executionArn=child["executionArn"])
    second = waiting("ListExecutions", mapRunArn=map_run, statusFilter="RUNNING", nextToken=first["nextToken"])
    assert len(second["executions"]) == 2
    assert [found["status"] for found in children(waiting, map_run)] == ["ABORTED", "RUNNING", "RUNNING"]


def test_a_child_that_has_ended(api):
    _, map_run = start(api, distributed())
    child = children(api, map_run)[0]
    described = api("DescribeExecution", executionArn=child["executionArn"])
    assert described == {
        **{key: child[key] for key in ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate")},
        "mapRunArn": map_run,
        "input": '{"n":2}',
        "inputDetails": {"included": True},
        "output": '{"n":2}',
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
    }
    bare = api("DescribeExecution", executionArn=child["executionArn"], includedData="METADATA_ONLY")
    assert not {"input", "output"} & bare.keys()
    events = api("GetExecutionHistory", executionArn=child["executionArn"])["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert api("GetExecutionHistory", executionArn=child["executionArn"], reverseOrder=True)["events"] == events[::-1]
    stopped = api("StopExecution", executionArn=child["executionArn"])
    assert stopped == {"stopDate": child["stopDate"]}


def test_a_child_that_has_failed(api):
    _, map_run = start(api, distributed(FAIL_ODD))
    [child] = children(api, map_run, statusFilter="FAILED")
    described = api("DescribeExecution", executionArn=child["executionArn"])
    assert (described["error"], described["cause"]) == ("Odd", "one")
    assert described["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN"
    assert not {"output", "redriveStatusReason"} & described.keys()


def test_a_child_that_runs(waiting):
    arn, map_run = start(waiting, distributed(json.loads(HOURS)["States"]), items=1)
    until(lambda: children(waiting, map_run))
    [child] = children(waiting, map_run)
    described = waiting("DescribeExecution", executionArn=child["executionArn"])
    assert (described["status"], described["mapRunArn"]) == ("RUNNING", map_run)
    assert not {"stopDate", "output"} & described.keys()
    until(lambda: len(waiting("GetExecutionHistory", executionArn=child["executionArn"])["events"]) == 2)
    waiting("StopExecution", executionArn=child["executionArn"], error="E", cause="enough")
    described = waiting("DescribeExecution", executionArn=child["executionArn"])
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "E", "enough")
    assert waiting.steps.find_execution(arn).wait(LONG)


def test_express_children_are_described_and_listed_only(api):
    _, map_run = start(api, distributed(type="EXPRESS"))
    child = children(api, map_run)[0]
    assert child["executionArn"].startswith(f"{ARNS}express:m/L:{child['name']}:")
    described = api("DescribeExecution", executionArn=child["executionArn"])
    assert (described["status"], described["output"], described["mapRunArn"]) == ("SUCCEEDED", '{"n":2}', map_run)
    context = ("InvalidArn", "Invalid Arn: 'Resource type not valid in this context: express'")
    for operation in ("GetExecutionHistory", "StopExecution", "DescribeStateMachineForExecution"):
        assert api.refused(operation, executionArn=child["executionArn"]) == context


@pytest.mark.parametrize("arn", [f"{ARNS}execution:m/L:none", f"{ARNS}execution:m/X:none", f"{ARNS}express:m/L:a:b"])
def test_what_is_no_child(api, arn):
    start(api, distributed())
    gone = ("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    assert api.refused("DescribeExecution", executionArn=arn) == gone


def test_the_arn_of_another_kind_names_no_child(api):
    _, map_run = start(api, distributed())
    name = children(api, map_run)[0]["name"]
    assert api.refused("DescribeExecution", executionArn=f"{ARNS}execution:n/L:{name}")[0] == "ExecutionDoesNotExist"
    assert api.refused("DescribeExecution", executionArn=f"{ARNS}express:m/L:{name}:u")[0] == "ExecutionDoesNotExist"


# ------------------------------------------------------------ what children run


def test_the_machine_of_a_child(api):
    _, map_run = start(api, distributed())
    machine = api("DescribeStateMachine", stateMachineArn=f"{ARNS}stateMachine:m")
    child = children(api, map_run)[0]
    described = api("DescribeStateMachineForExecution", executionArn=child["executionArn"])
    assert json.loads(described["definition"]) == {"QueryLanguage": "JSONPath", "StartAt": "P", "States": PASS}
    assert described["stateMachineArn"] == f"{ARNS}stateMachine:m/L"
    assert (described["label"], described["mapRunArn"], described["name"]) == ("L", map_run, "m")
    for same in ("roleArn", "loggingConfiguration", "tracingConfiguration", "encryptionConfiguration"):
        assert described[same] == machine[same]


def test_a_machine_by_its_label(api):
    api.create(text=distributed(type="EXPRESS"))
    described = api("DescribeStateMachine", stateMachineArn=f"{ARNS}stateMachine:m/L")
    assert (described["label"], described["type"], described["name"]) == ("L", "EXPRESS", "m")
    assert json.loads(described["definition"])["States"] == PASS
    assert described["stateMachineArn"] == f"{ARNS}stateMachine:m/L"
    bare = api("DescribeStateMachine", stateMachineArn=f"{ARNS}stateMachine:m/L", includedData="METADATA_ONLY")
    assert bare["definition"] == "{}"
    assert "label" not in api("DescribeStateMachine", stateMachineArn=f"{ARNS}stateMachine:m")
    for missing in ("m/X", "x/L", "m/L:1"):
        arn = f"{ARNS}stateMachine:{missing}"
        assert api.refused("DescribeStateMachine", stateMachineArn=arn)[0] == "StateMachineDoesNotExist"


def test_variables_that_children_read(api):
    inner = {
        "S": {"Type": "Pass", "Assign": {"x": 1}, "Next": "R"},
        "R": {"Type": "Pass", "Parameters": {"x.$": "$x"}, "End": True},
    }
    api.create(text=distributed(inner))
    described = api("DescribeStateMachine", stateMachineArn=f"{ARNS}stateMachine:m/L")
    assert described["variableReferences"] == {"R": ["x"]}


def test_a_label_that_was_not_given_is_the_same_everywhere(api):
    text = json.loads(distributed())
    del text["States"]["M"]["Label"]
    arn, _ = start(api, json.dumps(text))
    [found] = api("ListMapRuns", executionArn=arn)["mapRuns"]
    described = api("DescribeStateMachine", stateMachineArn=found["stateMachineArn"])
    assert found["stateMachineArn"].endswith(described["label"])


def test_a_door_of_another_service_sees_the_same(api):
    _, map_run = start(api, distributed())
    other = Service(api.steps, account=api.service.account)
    described = other.call("DescribeMapRun", {"mapRunArn": map_run})
    assert described == api("DescribeMapRun", mapRunArn=map_run)
