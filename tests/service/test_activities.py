"""Activities over the API, and workers that ask for their tasks.  (spec: activities-and-callbacks)"""

import json
import signal
import threading

import pytest
from calls import ARNS, LONG, definition

from sfn_notebook.integrations import open_calls
from sfn_notebook.service.pending import Pending

ACTIVITY = f"{ARNS}activity:work"
WORK = definition(states={"T": {"Type": "Task", "Resource": ACTIVITY, "End": True}})


@pytest.fixture
def work(waiting):
    """A service with an activity, and a machine `m` whose only task it is."""
    waiting("CreateActivity", name="work")
    waiting.create(text=WORK)
    return waiting


def start(work, *inputs):
    """ARNs of new executions, with these inputs."""
    return [work.start(f"{ARNS}stateMachine:m", input=json.dumps(value)) for value in inputs]


def ended(work, arn):
    """(status, output) of an execution, at its end."""
    assert work.steps.find_execution(arn).wait(LONG)
    described = work("DescribeExecution", executionArn=arn)
    return described["status"], described.get("output")


def ask(work, worker=None):
    """A worker that waits for a task, as a Pending."""
    parameters = {"activityArn": ACTIVITY} | ({} if worker is None else {"workerName": worker})
    pending = work.service.begin("GetActivityTask", parameters)
    assert isinstance(pending, Pending)
    return pending


def answered(pending):
    """What the worker gets, once it is there."""
    pending.wait(LONG)
    return pending.answer()


# ------------------------------------------------------------ what there is


def test_an_activity_from_creation_to_deletion(api):
    created = api("CreateActivity", name="work")
    assert created == {"activityArn": ACTIVITY, "creationDate": created["creationDate"]}
    assert api("CreateActivity", name="work", tags=[{"key": "a", "value": "b"}]) == created
    assert api("DescribeActivity", activityArn=ACTIVITY) == {
        **created,
        "name": "work",
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }
    assert api("DeleteActivity", activityArn=ACTIVITY) == {}
    assert api("DeleteActivity", activityArn=ACTIVITY) == {}
    gone = ("ActivityDoesNotExist", f"Activity Does Not Exist: '{ACTIVITY}'")
    assert api.refused("DescribeActivity", activityArn=ACTIVITY) == gone
    assert api.refused("GetActivityTask", activityArn=ACTIVITY) == gone
    assert api("ListActivities") == {"activities": []}


def test_tags_are_those_it_was_created_with(api):
    first, other = [{"key": "a", "value": "b"}], [{"key": "c", "value": "d"}]
    api("CreateActivity", name="work", tags=first)
    api("CreateActivity", name="work", tags=other)
    assert api("ListTagsForResource", resourceArn=ACTIVITY) == {"tags": first}
    api("DeleteActivity", activityArn=ACTIVITY)
    assert api.refused("ListTagsForResource", resourceArn=ACTIVITY)[0] == "ResourceNotFound"


def test_another_key_is_no_repetition(api):
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}
    api("CreateActivity", name="work", encryptionConfiguration=key)
    assert api("CreateActivity", name="work", encryptionConfiguration=key)["activityArn"] == ACTIVITY
    described = api("DescribeActivity", activityArn=ACTIVITY)
    assert described["encryptionConfiguration"] == {**key, "kmsDataKeyReusePeriodSeconds": 300}
    assert api.refused("CreateActivity", name="work")[0] == "ActivityAlreadyExists"


@pytest.mark.parametrize("name", ["a b", "a#b", "a\x85", "\uffff", "\ud800", "a\U0010ffff", "a,b"])
def test_names_that_are_refused(api, name):
    assert api.refused("CreateActivity", name=name) == ("InvalidName", f"Invalid Name: '{name}'")


def test_names_that_are_too_long(api):
    assert api("CreateActivity", name="a" * 80)["activityArn"].endswith("a" * 80)
    assert api.refused("CreateActivity", name="a" * 81)[0] == "ValidationException"


@pytest.mark.parametrize("operation", ["DescribeActivity", "DeleteActivity", "GetActivityTask"])
def test_arns_of_something_else(api, operation):
    assert api.refused(operation, activityArn="x") == ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: x'")
    wrong = "Invalid Arn: 'Resource type not valid in this context: stateMachine'"
    assert api.refused(operation, activityArn=f"{ARNS}stateMachine:m") == ("InvalidArn", wrong)


def test_activities_in_pages(api):
    for name in "cab":
        api("CreateActivity", name=name)
    first = api("ListActivities", maxResults=2)
    second = api("ListActivities", maxResults=2, nextToken=first["nextToken"])
    assert [found["name"] for found in first["activities"]] == ["c", "a"]
    assert [found["name"] for found in second["activities"]] == ["b"]
    assert second["activities"][0].keys() == {"activityArn", "name", "creationDate"}
    assert "nextToken" not in second
    assert api.refused("ListActivities", nextToken="x")[0] == "InvalidToken"


# ------------------------------------------------------------ what workers get


def test_a_worker_does_a_task(work):
    [arn] = start(work, {"n": 2})
    task = work("GetActivityTask", activityArn=ACTIVITY, workerName="w")
    assert task.keys() == {"taskToken", "input"}
    assert json.loads(task["input"]) == {"n": 2}
    work("SendTaskSuccess", taskToken=task["taskToken"], output='{"n": 4}')
    assert ended(work, arn) == ("SUCCEEDED", '{"n":4}')
    events = work("GetExecutionHistory", executionArn=arn)["events"]
    details = next(event for event in events if event["type"] == "ActivityStarted")["activityStartedEventDetails"]
    assert details == {"workerName": "w"}


def test_a_worker_that_came_first(work):
    first, second = ask(work), ask(work)
    start(work, 1, 2)
    assert [answered(pending)["input"] for pending in (first, second)] == ["1", "2"]


def test_nothing_has_come(work):
    pending = ask(work)
    assert pending.seconds == 60
    pending.wait(0)
    assert pending.answer() == {}
    [arn] = start(work, 1)
    assert answered(ask(work))["input"] == "1"  # and not the one that went home
    assert work("DescribeExecution", executionArn=arn)["status"] == "RUNNING"


def test_a_worker_that_goes_away_leaves_its_task_to_the_next(work):
    gone, left = ask(work, "gone"), ask(work, "left")
    [arn] = start(work, 1)
    gone.wait(LONG)
    gone.give_up()
    task = answered(left)
    assert task["input"] == "1"
    assert gone.answer() == {}
    work("SendTaskSuccess", taskToken=task["taskToken"], output="1")
    assert ended(work, arn)[0] == "SUCCEEDED"
    events = work("GetExecutionHistory", executionArn=arn)["events"]
    started = [event["activityStartedEventDetails"] for event in events if event["type"] == "ActivityStarted"]
    assert started == [{"workerName": "left"}]


def test_a_task_that_was_left_comes_before_later_ones(work):
    gone = ask(work)
    first, _ = start(work, 1, 2)
    gone.wait(LONG)
    gone.give_up()
    assert [answered(ask(work))["input"] for _ in range(2)] == ["1", "2"]
    assert work("DescribeExecution", executionArn=first)["status"] == "RUNNING"


def test_a_task_that_is_over_is_given_to_nobody(work):
    pending = ask(work)
    [arn] = start(work, 1)
    pending.wait(LONG)
    work("StopExecution", executionArn=arn)
    assert pending.answer() == {}


def test_a_worker_in_the_kernel_that_is_interrupted(work):
    """Ctrl-C, while a cell waits for a task."""
    workers = work.steps.open_calls._workers

    def interrupt():
        while not workers.get(ACTIVITY):
            threading.Event().wait(0.01)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        work("GetActivityTask", activityArn=ACTIVITY)
    thread.join(LONG)
    assert not workers[ACTIVITY]
    start(work, 1)
    assert work("GetActivityTask", activityArn=ACTIVITY)["input"] == "1"


def test_too_many_workers(work, monkeypatch):
    monkeypatch.setattr(open_calls, "MOST_WORKERS", 2)
    waiting = [ask(work), ask(work)]
    assert work.refused("GetActivityTask", activityArn=ACTIVITY)[0] == "ActivityWorkerLimitExceeded"
    waiting[0].give_up()
    assert ask(work) is not None


def test_as_many_workers_as_aws_has(work):
    waiting = [ask(work) for _ in range(1000)]
    assert work.refused("GetActivityTask", activityArn=ACTIVITY)[0] == "ActivityWorkerLimitExceeded"
    for pending in waiting:
        pending.give_up()


def test_tasks_of_a_deleted_activity_wait_until_it_is_there_again(work):
    [arn] = start(work, 1)
    while not work.steps.find_execution(arn).flights:
        assert not work.steps.find_execution(arn).wait(0.01)
    work("DeleteActivity", activityArn=ACTIVITY)
    assert work.refused("GetActivityTask", activityArn=ACTIVITY)[0] == "ActivityDoesNotExist"
    work("CreateActivity", name="work")
    assert work("GetActivityTask", activityArn=ACTIVITY)["input"] == "1"


def test_an_execution_of_an_activity_that_is_not_there(api):
    described = api("DescribeExecution", executionArn=api.start(api.create(text=WORK)))
    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert ACTIVITY in described["cause"]


def test_many_workers_and_tasks(work):
    """Each task is done once, and every answer goes to the execution that asked."""
    arns = start(work, *range(200))
    done, lock, over = [], threading.Lock(), threading.Event()

    def worker():
        while not over.is_set():
            task = answered(ask(work))
            if task and task["input"] != '"home"':
                with lock:
                    done.append(int(task["input"]))
                work("SendTaskSuccess", taskToken=task["taskToken"], output=str(int(task["input"]) * 2))

    def vanishing_worker():
        while not over.is_set():
            pending = ask(work)
            pending.wait(0.001)
            pending.give_up()

    threads = [threading.Thread(target=target) for target in (worker, worker, worker, vanishing_worker)]
    for thread in threads:
        thread.start()
    outputs = [ended(work, arn) for arn in arns]
    over.set()
    start(work, *["home"] * 3)  # those that still wait
    for thread in threads:
        thread.join(LONG)
    assert outputs == [("SUCCEEDED", str(number * 2)) for number in range(200)]
    assert sorted(done) == list(range(200))
