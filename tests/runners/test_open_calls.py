"""Tasks that somebody outside answers: callbacks with a token, workers of activities."""

import threading

import pytest
from house import LONG, House, outcome, story, task
from stage import ACTIVITY

from sfn_notebook.integrations.contract import Failed, Succeeded
from sfn_notebook.integrations.open_calls import Alive, OpenCalls, TaskDoesNotExist, TaskTimedOut
from sfn_notebook.service.api import StepFunctions
from sfn_notebook.service.origins import Repeatable

ASK = task(
    Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
    Parameters={"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
)
WORK = task(Resource=ACTIVITY)


@pytest.fixture
def home():
    """A house with a service of its own: no other test's workers."""
    with House() as house:
        house.service = StepFunctions(origin=Repeatable())
        yield house


def asked(home, **fields):
    """A run whose function was given a token, and the token."""
    given, tokens = threading.Event(), []

    def ask(event):
        tokens.append(event["token"])
        given.set()
        return "asked"

    run = home.start({"T": ASK | fields}, tasks={"ask": ask}, clock="real")
    assert given.wait(LONG)
    return run, tokens[0]


def test_whoever_has_the_token_answers(home):
    run, token = asked(home)
    home.service.open_calls.tell(token, Succeeded({"a": 1}))
    assert run.wait(LONG)
    assert outcome(run) == ("SUCCEEDED", {"a": 1})
    submitted = next(event for event in run.execution.history() if event["type"] == "TaskSubmitted")
    assert '"Payload":"asked"' in submitted["taskSubmittedEventDetails"]["output"]


def test_a_token_is_used_once(home):
    run, token = asked(home)
    home.service.open_calls.tell(token, Failed("No", "because"))
    assert run.wait(LONG)
    assert (run.execution.failure.error, run.execution.failure.cause) == ("No", "because")
    with pytest.raises(TaskTimedOut):
        home.service.open_calls.tell(token, Succeeded(1))
    with pytest.raises(TaskDoesNotExist):
        home.service.open_calls.tell("guessed", Succeeded(1))


def test_an_answer_from_inside_the_call_comes_after_it(home):
    """The function itself knows the token, and may have it answered before it returns."""

    def ask(event):
        home.service.open_calls.tell(event["token"], Succeeded("early"))
        return "late"

    for executor in ("threads", "inline"):
        run = home.run({"T": ASK}, tasks={"ask": ask}, clock="virtual", executor=executor)
        assert outcome(run) == ("SUCCEEDED", "early")
        kinds = [kind for kind, _ in story(run) if kind.startswith("Task") and "State" not in kind]
        assert kinds == ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]


def test_an_open_token_holds_the_virtual_clock(home):
    given, tokens = threading.Event(), []

    def ask(event):
        tokens.append(event["token"])
        given.set()

    wait = {"Type": "Wait", "Seconds": 5, "End": True}
    branches = [{"StartAt": "W", "States": {"W": wait}}, {"StartAt": "T", "States": {"T": ASK}}]
    run = home.start({"B": {"Type": "Parallel", "Branches": branches, "End": True}}, tasks={"ask": ask})
    assert given.wait(LONG)
    assert not run.wait(0.05)
    home.service.open_calls.tell(tokens[0], Succeeded("x"))
    assert run.wait(LONG)
    assert run.execution.output == [{}, "x"]


def test_a_heartbeat_puts_the_end_off(home):
    run, token = asked(home, HeartbeatSeconds=1)
    for _ in range(3):
        assert not run.wait(0.5)
        home.service.open_calls.tell(token, Alive())
    assert run.wait(LONG)
    assert (run.execution.status, run.execution.failure.error) == ("FAILED", "States.Timeout")
    assert 2400 <= run.execution.now - run.execution.start.now < 3900  # one interval after the last, not more


def test_a_stopped_run_wants_no_answer(home):
    run, token = asked(home)
    home.service.stop_execution(run)
    assert run.wait(LONG)
    with pytest.raises(TaskTimedOut):
        home.service.open_calls.tell(token, Succeeded(1))


# ------------------------------------------------------------ activities


def test_a_worker_does_the_task(home):
    calls = home.service.open_calls
    calls.create_activity(ACTIVITY)
    run = home.start({"T": WORK}, {"n": 2}, clock="real")
    call = calls.take(ACTIVITY, "w", LONG)
    assert call.payload == {"n": 2}
    calls.tell(call.token, Succeeded(4))
    assert run.wait(LONG)
    assert outcome(run) == ("SUCCEEDED", 4)
    assert [kind for kind, _ in story(run, "ActivityScheduled", "ActivityStarted", "ActivitySucceeded")] == [
        "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
    ]  # fmt: skip


def test_each_task_goes_to_one_worker_first_come_first_served(home):
    calls = home.service.open_calls
    calls.create_activity(ACTIVITY)
    runs = [home.start({"T": WORK}, n, clock="real") for n in range(20)]
    taken, lock = [], threading.Lock()

    def worker():
        while (call := calls.take(ACTIVITY, None, 0.5)) is not None:
            with lock:
                taken.append(call.payload)
            calls.tell(call.token, Succeeded(call.payload))

    workers = [threading.Thread(target=worker) for _ in range(4)]
    for thread in workers:
        thread.start()
    assert all(run.wait(LONG) for run in runs)
    for thread in workers:
        thread.join(LONG)
    assert sorted(taken) == list(range(20))
    assert [run.execution.output for run in runs] == list(range(20))


def test_nobody_takes_what_is_over(home):
    calls = home.service.open_calls
    calls.create_activity(ACTIVITY)
    run = home.start({"T": WORK}, clock="real")
    while not run.flights:
        assert not run.wait(0.01)
    home.service.stop_execution(run)
    assert run.wait(LONG)
    assert calls.take(ACTIVITY, None, 0) is None


def test_there_is_no_such_activity(home):
    run = home.run({"T": WORK}, strict=False)
    assert [event["type"] for event in run.execution.history()] == [
        "ExecutionStarted", "TaskStateEntered", "ExecutionFailed",
    ]  # fmt: skip
    assert run.execution.failure.cause.endswith(f"The activity {ACTIVITY} does not exist.")


def test_a_worker_waits_until_a_task_comes():
    calls, got = OpenCalls(), []
    waiting = threading.Thread(target=lambda: got.append(calls.take(ACTIVITY, None, 0.05)))
    waiting.start()
    waiting.join(LONG)
    assert got == [None]
