"""Map Runs as people see them."""

import threading
from datetime import UTC, datetime

import pandas as pd
import pytest

import sfn_notebook as sfn
from sfn_notebook.tables.children import COLUMNS, children

ODD_FAILS = {
    "Odd?": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "No"}], "Default": "Task"},
    "No": {"Type": "Fail", "Error": "Odd", "Cause": "<one>"},
    "Task": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True},
}
COUNTS = {
    "pending": 0, "running": 0, "succeeded": 0, "failed": 0, "timedOut": 0, "aborted": 0, "total": 0,
    "resultsWritten": 0, "failuresNotRedrivable": 0, "pendingRedrive": 0,
}  # fmt: skip
TASKS = {"f": lambda event: event}


def machine(inner=ODD_FAILS, kind="STANDARD", **fields):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, "StartAt": next(iter(inner)), "States": inner}
    each = {"Type": "Map", "Label": "L", "ItemProcessor": processor, "End": True, **fields}
    return sfn.StateMachine({"StartAt": "Each", "States": {"Each": each}}, name="m")


def run(items, inner=ODD_FAILS, kind="STANDARD", **fields):
    return machine(inner, kind, **fields).run(items, tasks=TASKS, clock="virtual")


def test_without_distributed_maps_there_are_none():
    assert sfn.StateMachine({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}).run().map_runs == []


def test_it_says_what_it_is():
    fields = {"MaxConcurrency": 7, "ToleratedFailureCount": 2, "ToleratedFailurePercentage": 50}
    execution = run([0, 1, 2], **fields)
    [found] = execution.map_runs
    account = "arn:aws:states:us-east-1:123456789012"
    assert found.arn.startswith(f"{account}:mapRun:m/L:")
    assert (found.label, found.state, found.status) == ("L", "Each", "SUCCEEDED")
    assert (found.max_concurrency, found.tolerated_failure_count, found.tolerated_failure_percentage) == (7, 2, 50.0)
    assert found.start_date == execution.start_date
    assert found.stop_date == execution.stop_date
    assert found.item_counts == found.execution_counts
    assert found.item_counts == {**COUNTS, "succeeded": 2, "failed": 1, "total": 3, "resultsWritten": 3}
    assert repr(found) == "<MapRun of Each: SUCCEEDED, 3 items (2 succeeded, 1 failed)>"


def test_what_was_not_given_is_nought():
    [found] = run([]).map_runs
    assert (found.max_concurrency, found.tolerated_failure_count, found.tolerated_failure_percentage) == (0, 0, 0.0)
    assert found.item_counts == COUNTS
    assert repr(found) == "<MapRun of Each: SUCCEEDED, 0 items>"


def test_its_executions():
    [found] = run([0, 1], ToleratedFailureCount=1).map_runs
    table = found.executions
    assert table["status"].tolist() == ["SUCCEEDED", "FAILED"]
    assert table["input"].tolist() == [0, 1]
    assert table["output"].tolist() == [0, None]
    assert table["items"].tolist() == [1, 1]
    assert table["error"].tolist() == [pd.NA, "Odd"]
    assert table["cause"].tolist() == [pd.NA, "<one>"]
    assert (table["duration"] == pd.Timedelta(0)).all()
    assert table["name"].is_unique


def test_the_columns_keep_their_dtypes():
    expected = {name: pd.api.types.pandas_dtype(dtype) for name, dtype in COLUMNS.items()}
    for table in (children([]), run([0, 1], ToleratedFailureCount=1).map_runs[0].executions):
        assert dict(table.dtypes) == expected


def test_the_history_of_a_child():
    [found] = run([0, 1], ToleratedFailureCount=1).map_runs
    good, bad = found.executions["name"]
    events = found.history(good)
    assert [event["type"] for event in events[-2:]] == ["TaskStateExited", "ExecutionSucceeded"]
    assert events[0]["timestamp"].tzinfo is not None
    assert found.history(bad)[-1]["executionFailedEventDetails"] == {"error": "Odd", "cause": "<one>"}
    with pytest.raises(LookupError, match="no child called 'x'"):
        found.history("x")


def test_the_history_of_an_express_child():
    [found] = run([0, 1], kind="EXPRESS", ToleratedFailureCount=1).map_runs
    good, bad = found.executions["name"]
    assert found.history(bad)[-1]["type"] == "ExecutionFailed"
    with pytest.raises(LookupError, match=r"only a summary is\. Use ExecutionType STANDARD"):
        found.history(good)


def test_a_retry_is_another_map_run():
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    first, second = run([1], Retry=retry).map_runs
    assert (first.status, second.status) == ("FAILED", "FAILED")
    assert first.arn != second.arn
    assert first.stop_date < second.start_date


def test_it_can_be_looked_at_while_it_runs():
    begun, gate = threading.Semaphore(0), threading.Event()

    def work(event):
        begun.release()
        gate.wait(30)
        return event

    execution = machine(MaxConcurrency=2).start([0, 2, 4], tasks={"f": work})
    assert all(begun.acquire(timeout=30) for _ in range(2))
    [found] = execution.map_runs
    assert (found.status, found.stop_date) == ("RUNNING", None)
    assert found.item_counts == {**COUNTS, "running": 2, "pending": 1, "total": 3}
    table = found.executions
    assert table["status"].tolist() == ["RUNNING"] * 2
    assert table["stop_date"].isna().all()
    assert table["duration"].isna().all()
    assert found.history(table["name"][1])[-1]["type"] == "LambdaFunctionStarted"
    assert "running" in found._repr_mimebundle_()["text/plain"]
    assert "Each: running; Odd?: succeeded; No: not run; Task: running" in execution.svg()
    gate.set()
    assert execution.wait(30).output == [0, 2, 4]
    assert found.item_counts == {**COUNTS, "succeeded": 3, "total": 3, "resultsWritten": 3}


def test_counts_never_contradict_themselves_while_it_runs():
    execution = machine().start([0] * 2000, tasks=TASKS)
    while not execution.done():
        for found in execution.map_runs:
            for counts in (found.item_counts, found.execution_counts):
                assert min(counts.values()) >= 0
                now = sum(counts[key] for key in ("pending", "running", "succeeded", "failed", "timedOut", "aborted"))
                assert now == counts["total"] == 2000
            places = found.executions["input"]
            assert len(places) <= 2000


def test_it_shows_first_what_went_wrong():
    [found] = run([0] * 30 + [1], ToleratedFailureCount=1).map_runs
    bundle = found._repr_mimebundle_()
    text, html = bundle["text/plain"], bundle["text/html"]
    lines = text.splitlines()
    assert lines[0] == "Map Run of Each: SUCCEEDED, 31 items (30 succeeded, 1 failed), 0 s"
    assert lines[1].split() == ["name", "status", "duration", "input", "error", "cause"]
    assert "Odd" in lines[2]
    assert lines[3] == "… 31 child executions in all: see .executions"
    assert "&lt;one&gt;" in html
    assert "<one>" not in html


def test_it_shows_some_where_nothing_went_wrong():
    batches = run([[0], [1], [2]], {"Same": {"Type": "Pass", "End": True}}, ItemBatcher={"MaxItemsPerBatch": 2})
    text = batches.map_runs[0]._repr_mimebundle_()["text/plain"]
    lines = text.splitlines()
    assert lines[0] == "Map Run of Each: SUCCEEDED, 3 items (all succeeded), 2 child executions, 0 s"
    assert lines[1].split() == ["name", "status", "items", "duration", "input"]
    assert len(lines) == 4


def test_the_picture_shows_what_became_of_the_states_inside():
    svg = run([0, 1, 2], ToleratedFailureCount=1).svg()
    assert "Each: succeeded; Odd?: succeeded; No: failed; Task: succeeded" in svg
    assert "×3" in svg


def test_after_a_retry_the_picture_shows_the_last_attempt():
    calls = []

    def work(event):
        calls.append(event)
        if len(calls) == 1:
            raise ValueError
        return event

    each = machine(Retry=[{"ErrorEquals": ["States.ALL"]}])
    svg = each.run([0], tasks={"f": work}, clock="virtual").svg()
    assert "Task: succeeded" in svg


def test_all_times_are_in_utc():
    [found] = run([0]).map_runs
    assert found.start_date.tzinfo is UTC
    assert isinstance(found.stop_date, datetime)
