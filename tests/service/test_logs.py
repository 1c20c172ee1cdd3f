"""What is logged of an execution, and how a record looks.  (spec: metrics-and-logs)"""

import json
import logging
import threading
from datetime import UTC, datetime

import pytest
from calls import FAILS, LONG, definition
from hypothesis import given
from hypothesis import strategies as st

from sfn_notebook.service.logs import MAX_ESCAPED, log_records

LOG_GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:g:*"


def event(type, id=1, details=None, **fields):
    time = datetime.fromtimestamp(1700000000.123, UTC)
    named = {} if details is None else {f"{details}EventDetails": fields}
    return {"id": id, "previousEventId": id - 1, "timestamp": time, "type": type, **named}


def logged(*events, level="ALL", with_data=True):
    return list(log_records(events, "arn", level, with_data=with_data))


ENTERED = event("PassStateEntered", 2, "stateEntered", name="X", input="{}", inputDetails={"truncated": False})


def test_a_record():
    assert logged(ENTERED) == [
        {
            "id": "2",
            "type": "PassStateEntered",
            "details": {"name": "X", "input": "{}", "inputDetails": {"truncated": False}},
            "previous_event_id": "1",
            "event_timestamp": "1700000000123",
            "execution_arn": "arn",
            "redrive_count": "0",
        }
    ]


def test_a_record_without_data():
    started = event(
        "ExecutionStarted", 1, "executionStarted", input="{}", inputDetails={"truncated": False}, roleArn="r"
    )
    failed = event("ExecutionFailed", 3, "executionFailed", error="E", cause="c")
    records = logged(started, ENTERED, failed, with_data=False)
    assert [record["details"] for record in records] == [
        {"roleArn": "r"},
        {"name": "X"},
        {"error": "E", "cause": "c"},
    ]


TYPES = {
    "ALL": ("PassStateExited", "LambdaFunctionSucceeded", "MapRunStarted", "ExecutionSucceeded"),
    "ERROR": (
        "FailStateEntered", "LambdaFunctionFailed", "TaskTimedOut", "WaitStateAborted", "MapIterationFailed",
        "TaskSubmitFailed", "LambdaFunctionScheduleFailed", "EvaluationFailed",
    ),
    "FATAL": ("ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut"),
}  # fmt: skip
LEVELS = ("ALL", "ERROR", "FATAL", "OFF")


@pytest.mark.parametrize(("least", "kind"), [(level, kind) for level, kinds in TYPES.items() for kind in kinds])
def test_levels(least, kind):
    """What is logged at a level is logged at all levels that log more."""
    levels = [level for level in LEVELS if logged(event(kind), level=level)]
    assert levels == list(LEVELS[: LEVELS.index(least) + 1])


@given(st.text(st.sampled_from('a"é\x00😀'), min_size=1, max_size=4), st.integers(0, 400_000))
def test_what_is_too_long_is_cut(text, length):
    whole = (text * (length // len(text) + 1))[:length]
    [record] = logged(event("PassStateExited", 1, "stateExited", output=whole, outputDetails={"truncated": False}))
    kept, cut = record["details"]["output"], record["details"]["outputDetails"]["truncated"]
    assert whole.startswith(kept)
    assert len(json.dumps(kept, ensure_ascii=False).encode()) <= MAX_ESCAPED
    assert cut == (kept != whole)
    assert not cut or len(json.dumps(whole[: len(kept) + 20], ensure_ascii=False).encode()) > MAX_ESCAPED


class Lines(logging.Handler):
    """Keeps what is logged until a test has seen enough."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append((record.levelname, json.loads(record.getMessage())))

    def wait_for(self, type):
        for _ in range(LONG * 100):
            if any(line["type"] == type for _, line in self.lines):
                return self.lines
            threading.Event().wait(0.01)
        raise AssertionError(self.lines)


@pytest.fixture
def lines():
    handler, logger = Lines(), logging.getLogger("sfn_notebook.executions")
    logger.addHandler(handler)
    level, propagates = logger.level, logger.propagate
    logger.setLevel(logging.INFO)
    logger.propagate = False
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)
    logger.propagate = propagates


def logging_to(level, *, with_data=True):
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": LOG_GROUP}}]
    return {"level": level, "includeExecutionData": with_data, "destinations": destinations}


def test_an_express_execution_is_logged(api, lines):
    arn = api.create(type="EXPRESS", loggingConfiguration=logging_to("ALL"))
    execution = api.start(arn, input='{"a": 1}')
    found = lines.wait_for("ExecutionSucceeded")
    types = ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    assert [(level, line["type"], line["execution_arn"]) for level, line in found] == [
        ("INFO", name, execution) for name in types
    ]


def test_failures_are_errors_and_others_are_not_logged(api, lines):
    quiet = api.create("quiet")
    loud = api.create("loud", FAILS, loggingConfiguration=logging_to("ERROR", with_data=False))
    api.start(quiet, input='{"secret": 1}')
    api.start(loud, input='{"secret": 1}')
    found = lines.wait_for("ExecutionFailed")
    assert [(level, line["type"]) for level, line in found] == [
        ("INFO", "FailStateEntered"),
        ("ERROR", "ExecutionFailed"),
    ]
    assert "secret" not in str(found)


def test_a_machine_that_is_told_to_log(api, lines):
    """What counts is how the machine was when the execution began."""
    arn = api.create()
    api.start(arn)
    api("UpdateStateMachine", stateMachineArn=arn, loggingConfiguration=logging_to("ALL"), definition=definition("new"))
    execution = api.start(arn)
    found = lines.wait_for("ExecutionSucceeded")
    assert {line["execution_arn"] for _, line in found} == {execution}
