"""Workers of activities, by HTTP: each task is done once, also when workers hang up."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from calls import ARNS, LONG, ROLE, definition

ACTIVITY = f"{ARNS}activity:work"
WORK = definition(states={"T": {"Type": "Task", "Resource": ACTIVITY, "End": True}})


@pytest.fixture
def machine(service):
    """The ARN of a machine whose only task is the activity's."""
    service("CreateActivity", name="work")
    return service("CreateStateMachine", name="m", definition=WORK, roleArn=ROLE)["stateMachineArn"]


def waiting(service):
    """How many workers wait."""
    return len(service.steps.open_calls._workers.get(ACTIVITY, ()))


def until(condition):
    """Wait for what happens on other threads."""
    pause = threading.Event()
    for _ in range(LONG * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")


@pytest.fixture
def connections():
    """Connections that end with the test."""
    with ExitStack() as stack:
        yield stack


def poll(client, connections):
    """A connection on which a worker waits for a task."""
    connection = connections.enter_context(closing(HTTPConnection(urlsplit(client.url).netloc, timeout=LONG)))
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AWSStepFunctions.GetActivityTask"}
    connection.request("POST", "/", json.dumps({"activityArn": ACTIVITY}), headers)
    return connection


def answered(connection):
    """What the worker gets."""
    with connection.getresponse() as response:
        assert response.status == 200
        return json.load(response)


def test_a_worker_by_boto3(server, machine):
    client = server.boto3()
    arn = client.start_execution(stateMachineArn=machine, input='{"n": 2}')["executionArn"]
    task = client.get_activity_task(activityArn=ACTIVITY, workerName="w")
    client.send_task_heartbeat(taskToken=task["taskToken"])
    client.send_task_success(taskToken=task["taskToken"], output=json.dumps(json.loads(task["input"])["n"] * 2))
    with pytest.raises(client.exceptions.TaskTimedOut):
        client.send_task_success(taskToken=task["taskToken"], output="5")
    until(lambda: client.describe_execution(executionArn=arn)["status"] != "RUNNING")
    assert client.describe_execution(executionArn=arn)["output"] == "4"


def test_workers_that_wait_hold_nobody_up(server, machine, service):
    client = server.boto3(max_pool_connections=60)
    with ThreadPoolExecutor(50) as pool:
        tasks = [pool.submit(client.get_activity_task, activityArn=ACTIVITY) for _ in range(50)]
        until(lambda: waiting(service) == 50)
        assert not any(task.done() for task in tasks)
        for number in range(50):
            client.start_execution(stateMachineArn=machine, input=str(number))
        assert sorted(int(task.result(LONG)["input"]) for task in tasks) == list(range(50))


def test_fifty_workers_share_three_hundred_tasks(server, machine, service):
    client = server.boto3(max_pool_connections=50)
    numbers = range(300)
    arns = [service.start(machine, input=str(number)) for number in numbers]
    done, lock = [], threading.Lock()

    def work():
        while True:
            task = client.get_activity_task(activityArn=ACTIVITY)
            if task["input"] == '"home"':
                client.send_task_success(taskToken=task["taskToken"], output="0")
                return
            with lock:
                done.append(int(task["input"]))
            client.send_task_success(taskToken=task["taskToken"], output=task["input"])

    with ThreadPoolExecutor(50) as pool:
        workers = [pool.submit(work) for _ in range(50)]
        runs = [service.steps.find_execution(arn) for arn in arns]
        assert all(run.wait(LONG) for run in runs)
        for _ in workers:
            service.start(machine, input='"home"')
    assert [worker.result() for worker in workers] == [None] * 50
    assert sorted(done) == list(numbers)
    assert [run.execution.output for run in runs] == list(numbers)


def test_whoever_hangs_up_takes_no_task_along(unsigned, machine, service, connections):
    gone = [poll(unsigned, connections) for _ in range(20)]
    until(lambda: waiting(service) == 20)
    for connection in gone:
        connection.close()
    runs = [service.steps.find_execution(service.start(machine, input=str(number))) for number in range(20)]
    inputs = set()
    for _ in runs:
        task = answered(poll(unsigned, connections))
        inputs.add(int(task["input"]))
        service("SendTaskSuccess", taskToken=task["taskToken"], output="1")
    assert inputs == set(range(20))
    assert all(run.wait(LONG) for run in runs)
    for run in runs:
        kinds = [event["type"] for event in run.execution.history()]
        assert kinds.count("ActivityStarted") == 1


def test_a_server_that_stops_takes_no_task_along(service, thread, machine, connections):
    first, client = thread(None)
    poll(client, connections)
    until(lambda: waiting(service) == 1)
    first.stop()
    assert waiting(service) == 0
    service.start(machine, input="1")
    assert service("GetActivityTask", activityArn=ACTIVITY)["input"] == "1"


def test_the_longest_that_a_worker_waits(unsigned, machine, monkeypatch, connections):
    monkeypatch.setattr("sfn_notebook.service.activities.POLL_SECONDS", 0.05)
    assert answered(poll(unsigned, connections)) == {}
