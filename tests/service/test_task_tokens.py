"""What is said of a task by its token.  (spec: activities-and-callbacks, SendTask* errors)"""

import threading

import pytest
from calls import LONG, Waiting, definition

from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES
from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.faults import ServiceError

INVALID = ("InvalidToken", "Invalid Token: 'Invalid token'")
OVER = ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
GUESSED = "AAAAAAAAAAAAAAAAAAAAAA=="


def asking(**fields):
    """A machine whose function is given its token."""
    resource = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    parameters = {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    return definition(states={"T": task | fields})


class Asked(Waiting):
    """Executions that wait for somebody: `asked(…)` gives the ARN of one, and its token."""

    def __init__(self):
        self.tokens, self.given = [], threading.Semaphore(0)
        super().__init__(lambda: FunctionTable({"ask": self.ask}, registered={}))

    def ask(self, event):
        self.tokens.append(event["token"])
        self.given.release()

    def asked(self, **fields):
        arn = self.start(self.create(text=asking(**fields)))
        assert self.given.acquire(timeout=LONG)
        return arn, self.tokens[-1]

    def ended(self, arn):
        assert self.steps.find_execution(arn).wait(LONG)
        return self("DescribeExecution", executionArn=arn)


@pytest.fixture
def api():
    with Asked() as service:
        yield service


@pytest.mark.parametrize("output", ['{"a": [1, null]}', "1", '"abc"', "null", " [] "])
def test_a_success(api, output):
    arn, token = api.asked()
    assert api("SendTaskSuccess", taskToken=token, output=output) == {}
    described = api.ended(arn)
    assert (described["status"], described["output"]) == ("SUCCEEDED", output.replace(" ", ""))


def test_a_failure(api):
    arn, token = api.asked()
    assert api("SendTaskFailure", taskToken=token, error="No", cause="because") == {}
    described = api.ended(arn)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "No", "because")


def test_a_failure_without_words(api):
    arn, token = api.asked()
    api("SendTaskFailure", taskToken=token)
    assert not {"error", "cause"} & api.ended(arn).keys()


def test_only_the_first_answer_counts(api):
    arn, token = api.asked()
    api("SendTaskSuccess", taskToken=token, output="1")
    assert api.refused("SendTaskSuccess", taskToken=token, output="2") == OVER
    assert api.refused("SendTaskFailure", taskToken=token) == OVER
    assert api.refused("SendTaskHeartbeat", taskToken=token) == OVER
    assert api.ended(arn)["output"] == "1"


def test_many_answers_at_once(api):
    """All but one are told that they come too late."""
    arn, token = api.asked()
    gate, taken, late = threading.Barrier(8), [], []

    def answer(number):
        gate.wait(LONG)
        try:
            api("SendTaskSuccess", taskToken=token, output=str(number))
        except ServiceError as error:
            late.append(error.code)
        else:
            taken.append(number)

    threads = [threading.Thread(target=answer, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert [api.ended(arn)["output"]] == [str(number) for number in taken]
    assert late == ["TaskTimedOut"] * 7


def test_a_heartbeat(api):
    arn, token = api.asked(HeartbeatSeconds=1)
    run = api.steps.find_execution(arn)
    for _ in range(3):
        assert not run.wait(0.5)
        assert api("SendTaskHeartbeat", taskToken=token) == {}
    assert (api.ended(arn)["status"], api.ended(arn)["error"]) == ("FAILED", "States.Timeout")
    assert api.refused("SendTaskHeartbeat", taskToken=token) == OVER


def test_the_execution_is_over(api):
    arn, token = api.asked()
    api("StopExecution", executionArn=arn)
    assert api.refused("SendTaskSuccess", taskToken=token, output="1") == OVER


@pytest.mark.parametrize("token", ["NoSuchTaskToken", "x", "AAAA", "é" * 24, GUESSED + GUESSED, "\ud800", " " * 24])
def test_what_is_no_token(api, token):
    assert api.refused("SendTaskSuccess", taskToken=token, output="1") == INVALID
    assert api.refused("SendTaskFailure", taskToken=token) == INVALID
    assert api.refused("SendTaskHeartbeat", taskToken=token) == INVALID


def test_a_token_that_nobody_was_given(api):
    assert api.refused("SendTaskSuccess", taskToken=GUESSED, output="1")[0] == "TaskDoesNotExist"
    assert api.refused("SendTaskFailure", taskToken=GUESSED)[0] == "TaskDoesNotExist"
    assert api.refused("SendTaskHeartbeat", taskToken=GUESSED)[0] == "TaskDoesNotExist"


@pytest.mark.parametrize("output", ["", "{", "{'a': 1}", "NaN", "1 2", '"\x00"'])
def test_an_output_that_is_no_json_uses_no_token_up(api, output):
    arn, token = api.asked()
    assert api.refused("SendTaskSuccess", taskToken=token, output=output)[0] == "InvalidOutput"
    api("SendTaskSuccess", taskToken=token, output="1")
    assert api.ended(arn)["output"] == "1"


def test_outputs_and_causes_that_are_too_long(api):
    arn, token = api.asked()
    for output in (f'"{"a" * MAX_PAYLOAD_BYTES}"', f'"{"é" * (MAX_PAYLOAD_BYTES // 2)}"'):
        code, message = api.refused("SendTaskSuccess", taskToken=token, output=output)
        assert code == "ValidationException"
        assert (
            "at 'output' failed to satisfy constraint: Member must have length less than or equal to 262144" in message
        )
    assert api.refused("SendTaskFailure", taskToken=token, error="e" * 257)[0] == "ValidationException"
    assert api.refused("SendTaskFailure", taskToken=token, cause="c" * 32769)[0] == "ValidationException"
    assert api.refused("SendTaskHeartbeat", taskToken="A" * 2049)[0] == "ValidationException"
    api("SendTaskSuccess", taskToken=token, output=f'"{"a" * (MAX_PAYLOAD_BYTES - 2)}"')
    assert api.ended(arn)["status"] == "SUCCEEDED"
