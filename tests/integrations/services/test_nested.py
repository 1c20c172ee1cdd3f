"""Tasks that call Step Functions itself, in this process: nested executions, and words on other tasks' tokens."""

import json
import pickle
import queue
import threading
import time

import pytest
from attempts import called
from calls import FAILS, HOURS, LONG, Api, Waiting
from emulator import REGION

from sfn_notebook.integrations.contract import Failed, Pending, Succeeded
from sfn_notebook.integrations.open_calls import OpenCalls
from sfn_notebook.integrations.services.nested import ExecutionsOnAws, NestedHandler, Refusal, StepFunctionsHandler
from sfn_notebook.service.task_calls import TaskCalls

METADATA = {"SdkHttpMetadata", "SdkResponseMetadata"}
GUESSED = "AAAAAAAAAAAAAAAAAAAAAA=="


@pytest.fixture
def api():
    return Api()


def calls_of(api):
    return TaskCalls(api.service.call, api.steps)


@pytest.fixture
def ask(api):
    """Calls an action with parameters: the answer."""
    handler = StepFunctionsHandler(calls_of(api))
    return lambda action, **parameters: handler.call(called(action, parameters))


class Nested:
    """Starts an execution and waits for its end: what was answered at first, and the last word."""

    def __init__(self, api):
        self.open_calls, self.words, self.told = OpenCalls(), [], threading.Event()
        calls = calls_of(api)
        self.handler = NestedHandler(StepFunctionsHandler(calls), calls, self.open_calls)

    def start(self, pattern, **parameters):
        call = called(f"states:startExecution{pattern}", parameters)
        self.open_calls.open(call, self._tell)
        return call, self.handler.call(call)

    def last_word(self):
        assert self.told.wait(LONG)
        (word,) = self.words
        return word

    def _tell(self, word):
        self.words.append(word)
        self.told.set()


@pytest.fixture
def nested(api):
    return Nested(api)


# ------------------------------------------------------------ without a wait


def test_an_execution_is_started(api, ask):
    machine = api.create()
    started = ask("states:startExecution", StateMachineArn=machine, Input={"n": 1}).output
    assert list(started) == ["ExecutionArn", "SdkHttpMetadata", "SdkResponseMetadata", "StartDate"]
    assert api("DescribeExecution", executionArn=started["ExecutionArn"])["input"] == '{"n":1}'
    by_sdk = ask("aws-sdk:sfn:startExecution", StateMachineArn=machine, Input={"n": 1}, Name="mine").output
    assert list(by_sdk) == ["ExecutionArn", "StartDate"]
    assert by_sdk["ExecutionArn"].endswith(":mine")


def test_the_same_attempt_made_once_more_starts_nothing_twice(api):
    handler = StepFunctionsHandler(calls_of(api))
    machine = api.create()
    call = called("states:startExecution", {"StateMachineArn": machine})
    first = handler.call(call).output["ExecutionArn"]
    assert first.endswith(f":{call.request_id}")
    assert handler.call(call).error == "StepFunctions.ExecutionAlreadyExistsException"  # as it has ended by now
    assert len(api("ListExecutions", stateMachineArn=machine)["executions"]) == 1


def test_a_machine_that_is_not_there(ask):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
    failed = ask("states:startExecution", StateMachineArn=arn)
    assert failed.error == "StepFunctions.StateMachineDoesNotExistException"
    assert failed.cause.startswith(
        f"State Machine Does Not Exist: '{arn}' (Service: AWSStepFunctions; Status Code: 400; Error Code: "
        "StateMachineDoesNotExist; Request ID: "
    )
    failed = ask("aws-sdk:sfn:startExecution", StateMachineArn=arn)
    assert failed.error == "Sfn.StateMachineDoesNotExistException"


def test_a_synchronous_execution_that_fails_is_no_failure_of_the_task(api, ask):
    machine = api.create(text=FAILS, type="EXPRESS")
    result = ask("aws-sdk:sfn:startSyncExecution", StateMachineArn=machine).output
    assert (result["Status"], result["Error"], result["Cause"]) == ("FAILED", "E", "because")


def test_words_on_tokens(ask):
    """services/aws_sdk_task_service_sfn_send_task_outcome_with_no_such_token"""
    failed = ask("aws-sdk:sfn:sendTaskFailure", TaskToken="NoSuchTaskToken")
    assert failed.error == "Sfn.InvalidTokenException"
    assert failed.cause.startswith("Invalid Token: 'Invalid token' (Service: Sfn, Status Code: 400, Request ID: ")
    assert failed.cause.endswith(") (SDK Attempt Count: 1)")
    failed = ask("aws-sdk:sfn:sendTaskSuccess", TaskToken=GUESSED, Output={"n": 1})
    assert failed.error == "Sfn.TaskDoesNotExistException"


# ------------------------------------------------------------ with one


def test_the_end_of_an_execution(api, nested):
    """callback/callback_start_execution_sync"""
    machine = api.create()
    _, answer = nested.start(".sync", StateMachineArn=machine, Input=None, Name="child")
    assert isinstance(answer, Pending)
    assert answer.submitted.keys() == METADATA | {"ExecutionArn", "StartDate"}
    word = nested.last_word()
    assert isinstance(word, Succeeded)
    assert list(word.output) == [
        "ExecutionArn", "Input", "InputDetails", "Name", "Output", "OutputDetails", "StartDate", "StateMachineArn",
        "Status", "StopDate",
    ]  # fmt: skip
    assert word.output["Input"] == word.output["Output"] == "{}"
    assert (word.output["Status"], word.output["InputDetails"]) == ("SUCCEEDED", {"Included": True})


def test_the_second_form_gives_values(api, nested):
    nested.start(".sync:2", StateMachineArn=api.create(), Input={"n": [1]})
    output = nested.last_word().output
    assert output["Input"] == output["Output"] == {"n": [1]}


@pytest.mark.parametrize("pattern", [".sync", ".sync:2"])
def test_a_child_that_fails(api, nested, pattern):
    nested.start(pattern, StateMachineArn=api.create(text=FAILS))
    word = nested.last_word()
    assert word.error == "States.TaskFailed"
    described = json.loads(word.cause)
    assert (described["Status"], described["Error"], described["Cause"]) == ("FAILED", "E", "because")
    assert "Output" not in described


def test_a_child_that_cannot_be_started_fails_the_task_at_once(nested):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
    _, answer = nested.start(".sync", StateMachineArn=arn)
    assert answer.error == "StepFunctions.StateMachineDoesNotExistException"


def test_a_child_that_goes_on_and_is_stopped():
    with Waiting() as api:
        nested = Nested(api)
        _, answer = nested.start(".sync", StateMachineArn=api.create(text=HOURS))
        assert nested.words == []
        api("StopExecution", executionArn=answer.submitted["ExecutionArn"], error="E")
        word = nested.last_word()
    assert word.error == "States.TaskFailed"
    assert json.loads(word.cause)["Status"] == "ABORTED"


def test_a_task_that_was_answered_before_is_told_nothing_more():
    with Waiting() as api:
        nested = Nested(api)
        call, answer = nested.start(".sync", StateMachineArn=api.create(text=HOURS))
        nested.open_calls.tell(call.token, Succeeded("early"))
        api("StopExecution", executionArn=answer.submitted["ExecutionArn"])
    assert nested.words == [Succeeded("early")]


def test_another_process_is_refused(api):
    with pytest.raises(TypeError, match="use executor=None"):
        pickle.dumps(StepFunctionsHandler(calls_of(api)))


def test_no_failure_is_a_traceback(ask):
    assert isinstance(ask("states:startExecution", StateMachineArn=1), Failed)
    assert isinstance(ask("aws-sdk:sfn:startExecution", StateMachineArn="a", Input="{"), Failed)


# ------------------------------------------------------------ elsewhere

ARN = "arn:aws:states:us-east-1:123456789012:execution:m:e"


def watched(clients, scripted):
    """What is said of an execution elsewhere, once the service has been asked for the first time."""
    told = queue.SimpleQueue()
    ExecutionsOnAws(clients).when_ended(ARN, REGION, told.put, lambda: True)
    latest = time.monotonic() + LONG
    while not scripted.asked and time.monotonic() < latest:
        time.sleep(0.01)
    return told


@pytest.mark.parametrize(("status", "body"), [
    (200, b'{"status":"RUNNING"}'), (400, b'{"__type":"ThrottlingException"}'), (503, b""), (None, b""),
])  # fmt: skip
def test_an_execution_elsewhere_is_asked_after_until_it_has_ended(clients, scripted, status, body):
    scripted.answer(status, body=body)
    told = watched(clients, scripted)
    assert told.empty()
    scripted.answer(body=b'{"status":"SUCCEEDED","output":"{}"}')
    assert told.get(timeout=LONG)["output"] == "{}"


def test_an_execution_elsewhere_that_is_gone(clients, scripted):
    scripted.answer(400, body=b'{"__type":"ExecutionDoesNotExist","message":"none"}')
    assert watched(clients, scripted).get(timeout=LONG) == Refusal("ExecutionDoesNotExist", "none")
