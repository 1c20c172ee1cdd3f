"""Map Runs: children as executions of their own, and what becomes of their results.  (spec: distributed-map)"""

import gc
import json
import threading
import time
import tracemalloc

import pytest
from house import LONG, House, chain, outcome, parallel, story, task
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_notebook.integrations.binding import TaskNotFound
from sfn_notebook.integrations.contract import Succeeded
from sfn_notebook.integrations.mocks import MockError
from sfn_notebook.runners.driver import Driver
from sfn_notebook.runners.map_run import HistoryNotKept, MapRun
from sfn_notebook.runners.timeline import Timer, Timers
from sfn_notebook.service.api import StepFunctions
from sfn_notebook.service.origins import Repeatable
from sfn_notebook.store.contract import UnknownExecution

READ = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
WRITE = "arn:aws:states:::s3:putObject"
SAME = {"Same": {"Type": "Pass", "End": True}}
ODD_FAILS = {
    "Odd?": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "No"}], "Default": "Yes"},
    "No": {"Type": "Fail", "Error": "Odd", "Cause": "one"},
    "Yes": {"Type": "Succeed"},
}
THRESHOLD = "States.ExceedToleratedFailureThreshold"


def distributed(inner=SAME, kind="STANDARD", **fields):
    """A Distributed Map at the end of its container, and its label."""
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, "StartAt": next(iter(inner)), "States": inner}
    return {"Type": "Map", "Label": "L", "ItemProcessor": processor, "End": True, **fields}


def machine(inner=SAME, kind="STANDARD", **fields):
    return {"M": distributed(inner, kind, **fields)}


def reader(key, resource=READ, bucket="in", **config):
    where = {"Prefix": key} if resource == LIST else {"Key": key}
    return {"Resource": resource, "ReaderConfig": config, "Parameters": {"Bucket": bucket, **where}}


def writer(bucket="out", prefix="to", **config):
    given = {"Resource": WRITE, "Parameters": {"Bucket": bucket, "Prefix": prefix}}
    return {**given, "WriterConfig": config} if config else given


def map_run(run, index=-1):
    return run.all_map_runs[index]


def types(run):
    return [event["type"] for event in run.execution.history()]


def cause(run):
    return run.execution.failure.cause


def children(run, index=-1):
    """(name of the input's text, status) of each child, in the order of the inputs."""
    return [(child.input, child.status) for child in map_run(run, index).records()]


# ------------------------------------------------------------ results


@pytest.mark.parametrize("executor", ["inline", "threads"])
@pytest.mark.parametrize("clock", ["virtual", "real"])
@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_results_are_in_the_order_of_the_items(house, executor, clock, kind):
    tasks = {"f": lambda event: event * 2}
    run = house.run(machine({"T": task()}, kind), [*range(450)], tasks, executor=executor, clock=clock)
    assert outcome(run) == ("SUCCEEDED", [number * 2 for number in range(450)])


def test_results_are_in_the_order_of_the_items_though_the_last_is_ready_first(house):
    wait = {"W": {"Type": "Wait", "SecondsPath": "$", "End": True}}
    run = house.run(machine(wait), [30, 20, 10])
    assert outcome(run) == ("SUCCEEDED", [30, 20, 10])
    ended = {child.input: child.stop_date - child.start_date for child in map_run(run).records()}
    assert ended == {"30": 30_000, "20": 20_000, "10": 10_000}


def test_no_items_give_no_results(house):
    assert outcome(house.run(machine(), [])) == ("SUCCEEDED", [])


def test_the_members_of_an_object_are_items(house):
    select = {"key.$": "$$.Map.Item.Key", "value.$": "$$.Map.Item.Value"}
    run = house.run(machine(ItemSelector=select), {"a": 1, "b": [2]})
    assert run.execution.output == [{"key": "a", "value": 1}, {"key": "b", "value": [2]}]
    assert house.run(machine(), {"a": 1, "b": [2]}).execution.output == [1, [2]]


def test_results_of_state_output_can_be_told_in_full(house):
    run = house.run(
        machine(ResultWriter={"WriterConfig": {"Transformation": "NONE", "OutputType": "JSON"}}), [{"a": 1}]
    )
    [told] = run.execution.output
    assert (told["Input"], told["Output"], told["Status"]) == ('{"a":1}', '{"a":1}', "SUCCEEDED")
    assert told["ExecutionArn"] == f"arn:aws:states:us-east-1:123456789012:execution:m/L:{told['Name']}"
    assert told["StateMachineArn"] == "arn:aws:states:us-east-1:123456789012:stateMachine:m/L"


def test_results_of_state_output_can_be_flattened(house):
    run = house.run(
        machine(ResultWriter={"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}), [[1, 2], 3, [[4]]]
    )
    assert run.execution.output == [1, 2, 3, [4]]


def test_tolerated_failures_are_described_among_the_results(house):
    run = house.run(machine(ODD_FAILS, ToleratedFailureCount=1), [0, 1, 2])
    zero, one, two = run.execution.output
    assert (zero, two) == (0, 2)
    assert (one["Error"], one["Cause"], one["Status"], one["Input"]) == ("Odd", "one", "FAILED", "1")


@pytest.mark.parametrize("kind", ["dict", "folder"])
@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("transformation", ["NONE", "COMPACT", "FLATTEN"])
def test_results_can_be_written_to_a_bucket(house, tmp_path, kind, lines, transformation):
    out = {} if kind == "dict" else tmp_path
    config = {"Transformation": transformation, "OutputType": "JSONL" if lines else "JSON"}
    select = {"n.$": "$$.Map.Item.Value"}
    inner = {"N": {"Type": "Pass", "InputPath": "$.n", "Next": "Odd?"}, **ODD_FAILS}
    states = machine(inner, ResultWriter=writer(**config), ToleratedFailureCount=1, ItemSelector=select)
    run = house.run(states, [0, 1, 2], buckets={"out": out})

    arn = map_run(run).work.map_run_arn
    folder = f"to/{arn.rpartition(':')[2]}"
    key = f"{folder}/manifest.json"
    assert outcome(run) == (
        "SUCCEEDED",
        {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": "out", "Key": key}},
    )
    written = contents(out)
    manifest = json.loads(written.pop(key))
    end = "jsonl" if lines else "json"
    assert set(written) == {f"{folder}/SUCCEEDED_0.{end}", f"{folder}/FAILED_0.{end}"}
    assert manifest["MapRunArn"], manifest["DestinationBucket"] == (arn, "out")
    assert {kind: [file["Key"] for file in files] for kind, files in manifest["ResultFiles"].items()} == {
        "SUCCEEDED": [f"{folder}/SUCCEEDED_0.{end}"],
        "FAILED": [f"{folder}/FAILED_0.{end}"],
        "PENDING": [],
    }
    [failed] = values(written[f"{folder}/FAILED_0.{end}"], lines)
    assert (failed["Error"], failed["Input"]) == ("Odd", '{"n":1}')
    succeeded = values(written[f"{folder}/SUCCEEDED_0.{end}"], lines)
    if transformation == "NONE":
        assert [(child["Status"], child["Output"]) for child in succeeded] == [("SUCCEEDED", "0"), ("SUCCEEDED", "2")]
    else:
        assert succeeded == [0, 2]


def contents(out):
    """The text of every object of a bucket."""
    if isinstance(out, dict):
        return {key: content.decode() for key, content in out.items()}
    return {path.relative_to(out).as_posix(): path.read_text() for path in out.rglob("*") if path.is_file()}


def values(text, lines):
    return [json.loads(line) for line in text.splitlines()] if lines else json.loads(text)


def test_a_writer_that_has_no_bucket_fails_before_children_run(house):
    calls = []
    states = machine({"T": task()}, ResultWriter={**writer(), "Parameters": {"Bucket.$": "$[0]", "Prefix": "p"}})
    run = house.run(states, ["nowhere"], {"f": calls.append}, buckets={"out": {}})
    assert outcome(run) == ("FAILED", "States.ResultWriterFailed")
    assert "nowhere" in cause(run)
    assert calls == []


def test_a_folder_that_cannot_be_written_fails_the_map(house, tmp_path):
    (tmp_path / "to").write_text("no folder")
    run = house.run(machine(ResultWriter=writer()), [1], buckets={"out": tmp_path})
    assert outcome(run) == ("FAILED", "States.ResultWriterFailed")


def test_results_over_the_limit_fail_the_map_unless_there_are_no_limits(house):
    big = "x" * 100_000
    inner = {"P": {"Type": "Pass", "Result": big, "End": True}}
    run = house.run(machine(inner), [1, 2, 3])
    assert outcome(run) == ("FAILED", "States.DataLimitExceeded")
    assert "'M'" in cause(run)
    assert outcome(house.run(machine(inner), [1, 2, 3], limits="none")) == ("SUCCEEDED", [big] * 3)
    exported = house.run(machine(inner, ResultWriter=writer()), [1, 2, 3], buckets={"out": {}})
    assert exported.execution.status == "SUCCEEDED"


def test_an_input_over_the_limit_fails_the_map_unless_there_are_no_limits(house):
    big = {"in": {"big.jsonl": '"small"\n' + json.dumps("x" * 300_000)}}
    states = machine(
        {"P": {"Type": "Pass", "Result": 0, "End": True}}, ItemReader=reader("big.jsonl", InputType="JSONL")
    )
    run = house.run(states, buckets=big)
    assert outcome(run) == ("FAILED", "States.DataLimitExceeded")
    assert outcome(house.run(states, buckets=big, limits="none")) == ("SUCCEEDED", [0, 0])


def test_an_item_over_the_limit_may_be_selected_from(house):
    big = {"in": {"big.jsonl": json.dumps({"id": 7, "text": "x" * 300_000})}}
    states = machine(ItemReader=reader("big.jsonl", InputType="JSONL"), ItemSelector={"id.$": "$$.Map.Item.Value.id"})
    assert outcome(house.run(states, buckets=big)) == ("SUCCEEDED", [{"id": 7}])


# ------------------------------------------------------------ where items come from

ROWS = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}]
FILES = {
    "rows.csv": "a,b\n1,x\n2,y\n",
    "rows.json": json.dumps(ROWS),
    "rows.jsonl": "\n".join(map(json.dumps, ROWS)),
}


@pytest.mark.parametrize("where", ["dict", "folder"])
@pytest.mark.parametrize(
    ("key", "config"),
    [
        ("rows.csv", {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}),
        ("rows.json", {"InputType": "JSON"}),
        ("rows.jsonl", {"InputType": "JSONL"}),
    ],
)
def test_items_are_read_from_files(house, tmp_path, where, key, config):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    states = machine(ItemReader=reader(key, **config))
    run = house.run(states, buckets={"in": FILES if where == "dict" else tmp_path})
    assert outcome(run) == ("SUCCEEDED", ROWS)
    [started] = [event for event in run.execution.history() if event["type"] == "MapStateStarted"]
    assert started["mapStateStartedEventDetails"] == {"length": 0}


def test_large_items_are_read_a_few_at_a_time(house):
    """Else two hundred of them would be in memory at once."""
    asked = []

    class Large(list):
        def __getitem__(self, at):
            asked.append(at.start)
            return super().__getitem__(at)

    begun = threading.Event()

    def work(event):
        begun.set()
        house.hang(event)

    states = machine({"T": task()}, MaxConcurrency=1, ItemReader=reader("x", InputType="JSON"))
    run = house.start(states, {}, {"f": work}, buckets={"in": {"x": Large(["x" * 200_000] * 300)}})
    assert begun.wait(LONG)
    assert max(asked) * 200_000 < 10_000_000
    assert map_run(run).item_counts.shown()["total"] < 50


def test_items_are_the_objects_of_a_bucket(house):
    select = {"key.$": "$$.Map.Item.Value.Key", "source.$": "$$.Map.Item.Source"}
    states = machine(ItemReader=reader("rows", LIST), ItemSelector=select)
    run = house.run(states, buckets={"in": {**FILES, "other": "1"}})
    assert run.execution.output == [{"key": key, "source": "S3://in"} for key in sorted(FILES)]


@pytest.mark.parametrize("executor", ["inline", "threads"])
@pytest.mark.parametrize(
    ("content", "config", "said"),
    [
        ('{"a": 1}\n{"a": \n', {"InputType": "JSONL"}, "line 2"),
        ('[1, 2, "', {"InputType": "JSON"}, "bad"),
        ("17", {"InputType": "JSON"}, "Attempting to map over non-iterable node."),
        (
            "a,a\n1,2\n",
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "CSV headers cannot contain duplicates.",
        ),
        ("[1]", {"InputType": "JSON", "MaxItemsPath": "$.least"}, "field MaxItems must be positive"),
    ],
)
def test_what_cannot_be_read_fails_the_map(house, executor, content, config, said):
    states = machine(ItemReader=reader("bad", **config))
    run = house.run(states, {"least": -1}, buckets={"in": {"bad": content}}, executor=executor)
    assert outcome(run) == ("FAILED", "States.ItemReaderFailed")
    assert said in cause(run)
    assert types(run)[-4:] == ["MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_key_that_is_missing_fails_the_map(house):
    run = house.run(machine(ItemReader=reader("none.json", InputType="JSON")), buckets={"in": {}})
    assert outcome(run) == ("FAILED", "States.ItemReaderFailed")
    assert "The specified key does not exist." in cause(run)
    assert "none.json" in cause(run)


def test_a_computed_bucket_that_nobody_gave_fails_the_map(house):
    given = {**reader("x.json", InputType="JSON"), "Parameters": {"Bucket.$": "$.b", "Key": "x.json"}}
    run = house.run(machine(ItemReader=given), {"b": "elsewhere"}, buckets={"in": {}})
    assert outcome(run) == ("FAILED", "States.ItemReaderFailed")
    assert "buckets={'elsewhere': folder or dict}" in cause(run)


def test_a_bucket_that_nobody_gave_is_told_before_anything_runs(house):
    with pytest.raises(TaskNotFound, match="elsewhere"):
        house.run(machine(ItemReader=reader("x.json", bucket="elsewhere", InputType="JSON")))


def test_children_run_before_a_line_that_cannot_be_read_and_are_stopped_then(house):
    """A chunk is 200 lines: the children of the first ones run while the rest is read."""
    lines = "\n".join([*("1" for _ in range(500)), "{"])
    states = machine(HANG, ItemReader=reader("x", InputType="JSONL"))
    run = house.run(states, {}, {"f": house.hang}, buckets={"in": {"x": lines}})
    assert outcome(run) == ("FAILED", "States.ItemReaderFailed")
    assert "line 501" in cause(run)
    assert {status for _, status in children(run)} == {"ABORTED"}


HANG = {"T": task()}


def test_a_selector_that_fails_ends_the_map_run(house):
    run = house.run(machine(ItemSelector={"x.$": "$$.Map.Item.Value.x"}), [{"x": 1}, {}])
    assert outcome(run) == ("FAILED", "States.Runtime")
    assert "'M' (entered at the event id #2)" in cause(run)
    assert types(run)[-4:] == ["MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]


# ------------------------------------------------------------ batches


def test_batches_carry_what_they_have_in_common(house):
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"n.$": "$.n"}}
    run = house.run(machine(ItemsPath="$.items", ItemBatcher=batcher), {"n": 7, "items": [1, 2, 3]})
    assert run.execution.output == [
        {"BatchInput": {"n": 7}, "Items": [1, 2]},
        {"BatchInput": {"n": 7}, "Items": [3]},
    ]
    counts = map_run(run)
    assert (counts.item_counts.shown()["succeeded"], counts.execution_counts.shown()["succeeded"]) == (3, 2)


def test_batches_of_the_specification(house):
    batcher = {"MaxItemsPerBatch": 100}
    run = house.run(machine(ItemBatcher=batcher), [*range(1130)])
    assert [len(batch["Items"]) for batch in run.execution.output] == [100] * 11 + [30]


def test_batches_are_limited_in_bytes(house):
    batcher = {"MaxInputBytesPerBatch": len('{"Items":["aaaa","bbbb"]}')}
    run = house.run(machine(ItemBatcher=batcher), ["aaaa", "bbbb", "cccc"])
    assert run.execution.output == [{"Items": ["aaaa", "bbbb"]}, {"Items": ["cccc"]}]


BATCH_OF_ONE_FAILS = {
    "Bad?": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.Items[0]", "NumericEquals": 1, "Next": "No"}],
        "Default": "Yes",
    },
    "No": {"Type": "Fail", "Error": "Bad"},
    "Yes": {"Type": "Succeed"},
}


@pytest.mark.parametrize(("tolerated", "status"), [(2, "SUCCEEDED"), (1, "FAILED")])
def test_all_items_of_a_failed_batch_count(house, tolerated, status):
    fields = {"ItemBatcher": {"MaxItemsPerBatch": 2}, "ToleratedFailureCount": tolerated, "MaxConcurrency": 1}
    run = house.run(machine(BATCH_OF_ONE_FAILS, **fields), [0, 0, 1, 1, 0])
    assert run.execution.status == status
    assert map_run(run).item_counts.shown()["failed"] == 2


# ------------------------------------------------------------ tolerated failures


def failing(count):
    """`count` items of ten that fail, the last ones."""
    return [0] * (10 - count) + [1] * count


@pytest.mark.parametrize(
    ("fields", "failed", "status"),
    [
        ({}, 0, "SUCCEEDED"),
        ({}, 1, "FAILED"),
        ({"ToleratedFailureCount": 2}, 2, "SUCCEEDED"),
        ({"ToleratedFailureCount": 2}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 30}, 3, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 30}, 4, "FAILED"),
        ({"ToleratedFailurePercentage": 100}, 10, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 0}, 1, "FAILED"),
        ({"ToleratedFailurePercentage": 29.9}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 50, "ToleratedFailureCount": 2}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 20, "ToleratedFailureCount": 9}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 30, "ToleratedFailureCount": 3}, 3, "SUCCEEDED"),
    ],
)
@pytest.mark.parametrize("read", [False, True])
def test_how_many_may_fail(house, fields, failed, status, read):
    items = failing(failed)
    given = {"ItemReader": reader("x", InputType="JSON")} if read else {}
    run = house.run(machine(ODD_FAILS, **fields, **given), items, buckets={"in": {"x": json.dumps(items)}})
    assert run.execution.status == status
    if status == "FAILED":
        assert outcome(run)[1] == THRESHOLD
        assert types(run)[-4:] == ["MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_percentage_of_known_items_is_noticed_at_once(house):
    fields = {"ToleratedFailurePercentage": 10, "MaxConcurrency": 1}
    run = house.run(machine(ODD_FAILS, **fields), [1] * 1000)
    assert outcome(run) == ("FAILED", THRESHOLD)
    counts = map_run(run).execution_counts.shown()
    assert (counts["failed"], counts["aborted"], counts["pending"], counts["total"]) == (101, 0, 899, 1000)


def test_a_percentage_of_read_items_is_noticed_at_the_end(house):
    """A thousand lines: nobody knows before the last how many there are."""
    lines = "\n".join(["1"] * 3 + ["0"] * 997)
    fields = {"MaxConcurrency": 1, "ItemReader": reader("x", InputType="JSONL")}
    buckets = {"in": {"x": lines}}
    assert house.run(machine(ODD_FAILS, ToleratedFailurePercentage=0.3, **fields), buckets=buckets).execution.output
    run = house.run(machine(ODD_FAILS, ToleratedFailurePercentage=0.2, **fields), buckets=buckets)
    assert outcome(run) == ("FAILED", THRESHOLD)


def test_children_never_started_are_written_as_pending(house):
    out = {}
    lines = "\n".join(map(str, [1, *range(2, 1000)]))
    fields = {"MaxConcurrency": 1, "ItemReader": reader("x", InputType="JSONL"), "ResultWriter": writer()}
    run = house.run(machine(ODD_FAILS, **fields), buckets={"in": {"x": lines}, "out": out})
    assert outcome(run) == ("FAILED", THRESHOLD)
    written = {key.rpartition("/")[2]: json.loads(content) for key, content in out.items()}
    assert set(written) == {"manifest.json", "FAILED_0.json", "PENDING_0.json"}
    assert [child["Input"] for child in written["FAILED_0.json"]] == ["1"]
    pending = written["PENDING_0.json"]
    assert [child["Input"] for child in pending] == [str(number) for number in range(2, 1000)]
    assert {child["Status"] for child in pending} == {"PENDING"}
    assert len({child["Name"] for child in pending}) == 998
    counts = map_run(run).item_counts.shown()
    assert (counts["failed"], counts["pending"], counts["total"]) == (1, 998, 999)


def test_others_are_stopped_when_too_many_have_failed(house):
    inner = {
        "First?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "W"}],
            "Default": "Hours",
        },
        "W": {"Type": "Wait", "Seconds": 5, "Next": "No"},
        "No": {"Type": "Fail", "Error": "No"},
        "Hours": {"Type": "Wait", "Seconds": 7200, "End": True},
    }
    run = house.run(machine(inner), [0, 1, 2])
    assert outcome(run) == ("FAILED", THRESHOLD)
    assert children(run) == [("0", "FAILED"), ("1", "ABORTED"), ("2", "ABORTED")]
    assert story(run, "MapRunFailed") == [("MapRunFailed", 5)]


# ------------------------------------------------------------ concurrency


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_no_more_children_than_allowed_run_at_once(house, clock):
    lock, working, most = threading.Lock(), [], []

    def work(event):
        with lock:
            working.append(event)
            most.append(len(working))
        time.sleep(0.002)  # others have time to come too
        with lock:
            working.remove(event)

    run = house.run(machine({"T": task()}, MaxConcurrency=3), [*range(40)], {"f": work}, clock=clock)
    assert run.execution.status == "SUCCEEDED"
    assert max(most) == 3


def test_children_work_beside_one_another(house):
    together = threading.Barrier(30)
    run = house.run(machine({"T": task()}), [*range(30)], {"f": lambda event: together.wait(LONG) and None})
    assert run.execution.status == "SUCCEEDED"


def test_ready_children_do_not_wait_for_the_next_chunk_to_be_worked_off(house):
    """300 at once, though 200 are read at once."""
    together = threading.Barrier(300)
    run = house.run(machine({"T": task()}), [*range(300)], {"f": lambda event: together.wait(LONG) and None})
    assert run.execution.status == "SUCCEEDED"


# ------------------------------------------------------------ time


def test_children_share_the_time_of_their_parent(house):
    wait = {"W": {"Type": "Wait", "Seconds": 10, "End": True}}
    run = house.run(machine(wait, MaxConcurrency=2), [*range(5)])
    assert story(run, "MapRunSucceeded") == [("MapRunSucceeded", 30)]
    begun = [(child.start_date - run.execution.start.now) // 1000 for child in map_run(run).records()]
    assert begun == [0, 0, 10, 10, 20]


def test_a_sibling_and_the_children_wait_on_one_clock(house):
    wait = {"W": {"Type": "Wait", "Seconds": 10, "End": True}}
    long = {"Long": {"Type": "Wait", "Seconds": 3600, "End": True}}
    run = house.run(parallel(machine(wait), long), [1, 2])
    assert story(run, "MapRunSucceeded", "WaitStateExited") == [("MapRunSucceeded", 10), ("WaitStateExited", 3600)]


def test_children_try_again(house):
    calls = []

    def work(event):
        calls.append(event)
        if calls.count(event) < 3:
            raise RuntimeError

    retry = {"ErrorEquals": ["RuntimeError"], "IntervalSeconds": 4, "BackoffRate": 2}
    run = house.run(machine({"T": task(Retry=[retry])}), [1, 2], {"f": work})
    assert story(run, "MapRunSucceeded") == [("MapRunSucceeded", 12)]
    assert sorted(calls) == [1, 1, 1, 2, 2, 2]


def everything(run):
    """All that can be known of a run and the children of its Map Runs."""
    told = [[map_run.records(), [map_run.history(c.name) for c in map_run.records()]] for map_run in run.all_map_runs]
    return run.execution.history(), told


def test_runs_on_a_virtual_clock_are_the_same_each_time(house):
    """Also which of two Map Runs, whose reading ends in any order, gets which response of a mock."""
    inner = chain({"Now": {"Type": "Wait", "Seconds": 1, "End": True}}, {"T": task()})
    other = {f"{name}2": state for name, state in inner.items()}
    other["Now2"] = {**other["Now2"], "Next": "T2"}
    second = distributed(other, MaxConcurrency=7, Label="L2")
    retry = {"ErrorEquals": ["E"], "MaxAttempts": 20, "BackoffRate": 1}
    inner["T"] = task(Retry=[retry])
    responses = [{"error": "E"} if number % 3 == 0 else {"return": number} for number in range(5000)]

    def ran(executor):
        house.service = StepFunctions(origin=Repeatable())  # which gives the same names again
        return house.run(
            parallel(machine(inner, MaxConcurrency=50), {"M2": second}),
            [*range(450)],
            mocks={"T": responses, "T2": responses[1:2]},
            executor=executor,
        )

    runs = [ran("threads"), ran("threads"), ran("inline")]
    assert {run.execution.status for run in runs} == {"SUCCEEDED"}
    first, again, inline = map(everything, runs)
    assert first == again
    assert first == inline


# ------------------------------------------------------------ stopping


class Waiting:
    """A task that waits until it is cancelled, and who has been."""

    def __init__(self):
        self.begun, self.told = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, event, context):
        self.begun.release()
        if context.cancelled.wait(LONG) if hasattr(context.cancelled, "wait") else self._poll(context):
            self.told.release()

    @staticmethod
    def _poll(context):
        end = time.monotonic() + LONG
        while not context.cancelled and time.monotonic() < end:
            time.sleep(0.001)
        return context.cancelled


def all_of(semaphore, count):
    assert all(semaphore.acquire(timeout=LONG) for _ in range(count))


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_children_stop_with_their_parent_and_tasks_are_told(house, clock):
    work = Waiting()
    run = house.start(machine({"T": task()}), [1, 2, 3], {"f": work}, clock=clock)
    all_of(work.begun, 3)
    house.service.stop_execution(run, "Why", "because")
    assert run.wait(LONG)
    assert outcome(run) == ("ABORTED", "Why")
    all_of(work.told, 3)
    assert children(run) == [("1", "ABORTED"), ("2", "ABORTED"), ("3", "ABORTED")]
    assert map_run(run).status == "ABORTED"
    assert map_run(run).execution_counts.shown()["aborted"] == 3


def test_children_stop_when_their_parent_is_out_of_time(house):
    hours = {"W": {"Type": "Wait", "Seconds": 7200, "End": True}}
    run = house.run(machine(hours), [1, 2], machine={"TimeoutSeconds": 60})
    assert run.execution.status == "TIMED_OUT"
    assert story(run)[-1] == ("ExecutionTimedOut", 60)
    assert children(run) == [("1", "ABORTED"), ("2", "ABORTED")]


def test_a_parent_whose_children_hang_is_out_of_time_in_real_time(house):
    run = house.run(machine({"T": task()}), [1], {"f": house.hang}, machine={"TimeoutSeconds": 1})
    assert run.execution.status == "TIMED_OUT"
    assert children(run) == [("1", "ABORTED")]


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_sibling_that_fails_aborts_the_map_run(house, clock):
    work = Waiting()

    def fail(event):
        all_of(work.begun, 2)
        raise ValueError

    run = house.run(
        parallel(machine({"T": task()}), {"F": task("fail")}), [1, 2], {"f": work, "fail": fail}, clock="real"
    )
    assert outcome(run) == ("FAILED", "ValueError")
    assert "MapStateAborted" in types(run)
    assert map_run(run).status == "ABORTED"
    all_of(work.told, 2)


def test_a_parent_that_is_stopped_while_items_are_read(house, tmp_path):
    gate, begun = threading.Event(), threading.Event()

    class Slow(dict):
        def __getitem__(self, key):
            begun.set()
            gate.wait(LONG)
            return super().__getitem__(key)

    states = machine(ItemReader=reader("x", InputType="JSON"), ResultWriter=writer())
    run = house.start(states, buckets={"in": Slow(x="[1, 2]"), "out": tmp_path})
    assert begun.wait(LONG)
    house.service.stop_execution(run)
    assert run.wait(LONG)
    assert run.execution.status == "ABORTED"
    gate.set()
    house.run(machine(), [1])  # the driver goes on
    assert map_run(run).records() == []


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_parent_whose_items_never_come_is_out_of_time(house, clock):
    class Never(dict):
        def __getitem__(self, key):
            house.gate.wait(LONG)
            return super().__getitem__(key)

    states = machine(ItemReader=reader("x", InputType="JSON"))
    run = house.run(states, buckets={"in": Never(x="[1]")}, machine={"TimeoutSeconds": 1}, clock=clock)
    assert run.execution.status == "TIMED_OUT"


def test_reading_that_nobody_waits_for_holds_nobody(house):
    """A sibling fails while items are read, and the state around is tried again."""
    reading, calls, failures = threading.Event(), [], []

    class Slow(dict):
        def __getitem__(self, key):
            calls.append(key)
            if len(calls) == 1:
                reading.set()
                house.gate.wait(LONG)
            return super().__getitem__(key)

    def sibling(event):
        assert reading.wait(LONG)
        if not failures:
            failures.append(event)
            raise ValueError
        return "well"

    states = parallel(machine(ItemReader=reader("x", InputType="JSON")), {"S": task("sibling")})
    states["Both"]["Retry"] = [{"ErrorEquals": ["ValueError"], "IntervalSeconds": 1}]
    run = house.run(states, {}, {"sibling": sibling}, buckets={"in": Slow(x="[1, 2]")}, clock="real")
    assert outcome(run) == ("SUCCEEDED", [[1, 2], "well"])
    assert [each.status for each in run.all_map_runs] == ["ABORTED", "SUCCEEDED"]


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_parent_may_be_stopped_at_any_moment(house, clock):
    select = {"text.$": "States.Format('{} {}', $$.Map.Item.Index, $$.State.EnteredTime)"}
    states = machine(
        {"T": task()}, ItemSelector=select, ItemReader=reader("x", InputType="JSON"), ResultWriter=writer()
    )
    runs = []
    for moment in range(12):
        buckets = {"in": {"x": [*range(1000)]}, "out": {}}
        runs.append(house.start(states, {}, {"f": lambda event: event}, buckets=buckets, clock=clock))
        time.sleep(moment / 500)
        house.service.stop_execution(runs[-1])
    for run in runs:
        assert run.wait(LONG)
        assert run.execution.status in ("ABORTED", "SUCCEEDED")
        for each in run.all_map_runs:
            assert each.status == run.execution.status
            assert each.execution_counts.shown()["running"] == 0


def test_too_many_failures_while_items_are_read_are_the_reason(house):
    """The second chunk cannot be read, but that is seen when too many have failed already."""
    reading, failed = threading.Event(), threading.Event()

    class Lines(list):
        def __getitem__(self, at):
            if at.start < 220:
                return super().__getitem__(at)
            reading.set()
            failed.wait(LONG)
            return [object()]

    def work(event):
        if event:
            return house.hang(event)
        assert reading.wait(LONG)
        raise ValueError

    states = machine({"T": task()}, MaxConcurrency=150, ItemReader=reader("x", InputType="JSON"))
    items = Lines([0, *[1] * 249])
    run = house.start(states, {}, {"f": work}, buckets={"in": {"x": items}}, clock="real")
    while not run.all_map_runs or not map_run(run).execution_counts.shown()["failed"]:
        time.sleep(0.001)
    assert map_run(run).status == "RUNNING"
    failed.set()
    assert run.wait(LONG)
    assert outcome(run) == ("FAILED", THRESHOLD)


def test_what_was_being_written_is_removed_when_the_parent_is_stopped(house):
    """The results of 200 children are written, and the last file is not finished."""
    gate, begun = threading.Event(), threading.Event()

    class Slow(dict):
        def __setitem__(self, key, content):
            begun.set()
            gate.wait(LONG)
            super().__setitem__(key, content)

    out = Slow()
    inner = {**ODD_FAILS}
    states = machine(inner, ResultWriter=writer(), ToleratedFailureCount=1)
    run = house.start(states, [0, 1], buckets={"out": out})
    assert begun.wait(LONG)
    house.service.stop_execution(run)
    assert run.wait(LONG)
    gate.set()
    assert run.execution.status == "ABORTED"
    house.run(machine(), [1])  # the driver goes on


# ------------------------------------------------------------ children


def test_a_child_sees_its_own_input_and_names(house):
    seen = {
        "id.$": "$$.Execution.Id",
        "input.$": "$$.Execution.Input",
        "name.$": "$$.Execution.Name",
        "machine.$": "$$.StateMachine.Id",
    }
    inner = {"P": {"Type": "Pass", "Parameters": seen, "End": True}}
    run = house.run(machine(inner), ["x"])
    [told], [child] = run.execution.output, map_run(run).records()
    assert told == {
        "id": f"arn:aws:states:us-east-1:123456789012:execution:m/L:{child.name}",
        "input": "x",
        "name": child.name,
        "machine": "arn:aws:states:us-east-1:123456789012:stateMachine:m/L",
    }


def test_an_express_child_has_an_express_arn(house):
    inner = {"P": {"Type": "Pass", "Parameters": {"id.$": "$$.Execution.Id"}, "End": True}}
    run = house.run(machine(inner, "EXPRESS"), [1])
    [told] = run.execution.output
    assert told["id"].startswith("arn:aws:states:us-east-1:123456789012:express:m/L:")


def test_the_map_run_has_an_arn_of_the_machine_and_label(house):
    run = house.run(machine(), [1])
    [started] = [event for event in run.execution.history() if event["type"] == "MapRunStarted"]
    arn = started["mapRunStartedEventDetails"]["mapRunArn"]
    assert arn.rpartition(":")[0] == "arn:aws:states:us-east-1:123456789012:mapRun:m/L"
    assert arn == map_run(run).work.map_run_arn


def test_a_label_is_made_where_none_is_given(house):
    states = machine()
    del states["M"]["Label"]
    labels = {map_run(house.run(states, [1])).work.label for _ in range(2)}
    assert len(labels) == 1
    assert 0 < len(labels.pop()) <= 40


def test_a_map_run_within_a_map_run(house):
    inner = {"N": distributed({"T": task()}, Label="Inner")}
    run = house.run(machine(inner, MaxConcurrency=2), [[1, 2], [3], []], {"f": lambda event: -event})
    assert outcome(run) == ("SUCCEEDED", [[-1, -2], [-3], []])
    assert len(run.all_map_runs) == 4
    arns = {each.work.map_run_arn for each in run.all_map_runs}
    assert len(arns) == 4
    assert sum(":mapRun:m/Inner:" in arn for arn in arns) == 3


def test_a_failure_within_goes_out_through_both(house):
    inner = {"N": distributed(ODD_FAILS, Label="Inner")}
    run = house.run(machine(inner, ToleratedFailureCount=1), [[0], [1]])
    good, bad = run.execution.output
    assert good == [0]
    assert bad["Error"] == THRESHOLD


def test_stopping_reaches_the_innermost(house):
    work = Waiting()
    run = house.start(machine({"N": distributed({"T": task()}, Label="Inner")}), [[1], [2]], {"f": work})
    all_of(work.begun, 2)
    house.service.stop_execution(run)
    assert run.wait(LONG)
    all_of(work.told, 2)
    assert {each.status for each in run.all_map_runs} == {"ABORTED"}


def test_mocks_are_counted_over_parent_and_children(house):
    mocks = {"T": [{"return": number} for number in (10, 20, 30)]}
    run = house.run(machine({"T": task()}), ["a", "b", "c"], mocks=mocks)
    assert outcome(run) == ("SUCCEEDED", [10, 20, 30])
    again = chain({"M": distributed({"T": task()})}, {"M2": {"Type": "Pass"}})
    again["M2"] = {
        "Type": "Choice",
        "Choices": [{"Variable": "$[0]", "NumericEquals": 10, "Next": "M"}],
        "Default": "E",
    }
    again["E"] = {"Type": "Succeed"}
    assert outcome(house.run(again, ["a"], mocks=mocks)) == ("SUCCEEDED", [20])


def test_a_mock_for_a_state_that_is_nowhere_is_refused(house):
    with pytest.raises(MockError):
        house.run(machine({"T": task()}), [1], mocks={"Nowhere": [{"return": 1}]})


def test_children_print_for_whoever_waits_for_the_parent(house):
    run = house.run(machine({"T": task()}, MaxConcurrency=1), ["a", "b"], {"f": lambda event: print(event, end="")})
    assert list(run.take_printed()) == ["a", "b"]


def test_the_history_of_a_child_is_told_again(house):
    def work(event):
        if event:
            raise ValueError("lone \ud800")
        return event

    run = house.run(machine({"T": task()}, ToleratedFailureCount=1), [0, 1], {"f": work})
    zero, one = map_run(run).records()
    told = map_run(run).history(zero.name)
    assert [event["type"] for event in told][-3:] == [
        "LambdaFunctionSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    failed = map_run(run).history(one.name)[-1]
    assert failed["executionFailedEventDetails"]["error"] == "ValueError" == one.error
    assert "lone \ud800" in json.loads(failed["executionFailedEventDetails"]["cause"])["errorMessage"]


def test_the_history_of_a_child_that_runs_can_be_read(house):
    begun = threading.Event()

    def work(event):
        begun.set()
        house.hang(event)

    run = house.start(machine({"T": task()}), [1], {"f": work})
    assert begun.wait(LONG)
    [child] = map_run(run).records()
    assert child.status == "RUNNING"
    assert map_run(run).history(child.name)[-1]["type"] == "LambdaFunctionStarted"
    assert map_run(run).execution_counts.shown()["running"] == 1


def test_of_express_children_that_succeed_no_history_is_kept(house):
    run = house.run(machine(ODD_FAILS, "EXPRESS", ToleratedFailureCount=1), [0, 1])
    zero, one = map_run(run).records()
    with pytest.raises(HistoryNotKept, match="ExecutionType STANDARD"):
        map_run(run).history(zero.name)
    assert map_run(run).history(one.name)[-1]["type"] == "ExecutionFailed"


def test_a_child_that_nobody_knows(house):
    with pytest.raises(UnknownExecution, match="'M' has no child called 'nobody'"):
        map_run(house.run(machine(), [1])).history("nobody")


def test_counts_say_what_became_of_items(house):
    run = house.run(machine(ODD_FAILS, ToleratedFailurePercentage=100), [0, 1, 2])
    assert map_run(run).item_counts.shown() == {
        "pending": 0, "running": 0, "succeeded": 2, "failed": 1, "timedOut": 0, "aborted": 0, "total": 3,
        "resultsWritten": 3, "failuresNotRedrivable": 0, "pendingRedrive": 0,
    }  # fmt: skip


ASK = task(
    Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
    Parameters={"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token", "n.$": "$"}},
)


def test_somebody_outside_answers_for_children(house):
    """Each child has a token of its own."""
    given, tokens = threading.Semaphore(0), {}

    def ask(event):
        tokens[event["n"]] = event["token"]
        given.release()

    run = house.start(machine({"T": ASK}), [1, 2, 3], {"ask": ask})
    all_of(given, 3)
    for number, token in tokens.items():
        house.service.open_calls.tell(token, Succeeded(number * 10))
    assert run.wait(LONG)
    assert outcome(run) == ("SUCCEEDED", [10, 20, 30])
    [first, *_] = map_run(run).records()
    assert "TaskSubmitted" in [event["type"] for event in map_run(run).history(first.name)]


def test_histories_are_told_again_as_they_were(house, monkeypatch):
    """What the child itself wrote down, and what its journal makes of it."""
    seen, ended = {}, MapRun.child_ended

    def keep(self, driver, child):
        seen[child.execution.start.name] = child.execution.history()
        ended(self, driver, child)

    def work(event):
        if event % 3 == 0:
            raise ValueError(event)
        return {"n": event / 4}

    monkeypatch.setattr(MapRun, "child_ended", keep)
    inner = {
        "W": {"Type": "Wait", "SecondsPath": "$", "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "T", "States": {"T": task(Retry=[{"ErrorEquals": ["ValueError"], "MaxAttempts": 1}])}},
                {"StartAt": "Hours", "States": {"Hours": {"Type": "Wait", "Seconds": 7200, "End": True}}},
            ],
            "End": True,
        },
    }
    run = house.run(machine(inner, ToleratedFailureCount=2, MaxConcurrency=3), [*range(12)], {"f": work})
    assert outcome(run) == ("FAILED", THRESHOLD)
    told = {child.name: map_run(run).history(child.name) for child in map_run(run).records()}
    assert told == seen
    assert {child.status for child in map_run(run).records()} >= {"FAILED", "ABORTED"}


# ------------------------------------------------------------ defects


def test_a_defect_in_a_child_reaches_whoever_waits_and_the_driver_goes_on(house, monkeypatch):
    work, take_in = Waiting(), Driver._take_in

    def defective(driver, run, target, answer, now):
        if target.state == "G":
            raise RuntimeError("a defect")
        take_in(driver, run, target, answer, now)

    inner = {
        "Which?": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "T"}], "Default": "G"},
        "T": task(),
        "G": task("g"),
    }
    monkeypatch.setattr(Driver, "_take_in", defective)
    tasks = {"f": work, "g": lambda event: all_of(work.begun, 2)}
    run = house.start(machine(inner), [0, 0, 1], tasks, clock="real")
    with pytest.raises(RuntimeError, match="a defect"):
        run.wait(LONG)
    house.started.remove(run)
    all_of(work.told, 2)
    assert map_run(run).status == "ABORTED"
    counts = map_run(run).item_counts.shown()
    assert (counts["running"], counts["aborted"]) == (0, 3)
    assert outcome(house.run(machine(), [1])) == ("SUCCEEDED", [1])


def test_a_defect_in_reading_reaches_whoever_waits_and_the_driver_goes_on(house):
    class Broken(dict):
        def __getitem__(self, key):
            raise RuntimeError("a defect")

    run = house.start(machine(ItemReader=reader("x", InputType="JSON")), buckets={"in": Broken(x="[]")})
    with pytest.raises(RuntimeError, match="a defect"):
        run.wait(LONG)
    house.started.remove(run)
    assert outcome(house.run(machine(), [1])) == ("SUCCEEDED", [1])


# ------------------------------------------------------------ any Map Run


@st.composite
def map_runs(draw):
    """Fields of a Map over items, of which those that are 1 fail, and whether they are read from a file."""
    items = draw(st.lists(st.sampled_from([0, 0, 0, 1, 2]), max_size=12)) * draw(st.sampled_from([1, 1, 40]))
    fields = {}
    if draw(st.booleans()):
        fields["MaxConcurrency"] = draw(st.integers(1, 30))
    if draw(st.booleans()):
        fields["ToleratedFailureCount"] = draw(st.integers(0, 20))
    if draw(st.booleans()):
        fields["ToleratedFailurePercentage"] = draw(st.integers(0, 100))
    batch = draw(st.sampled_from([None, None, 1, 3, 7]))
    return items, fields, batch, draw(st.booleans())


def expected(items, fields, batch):
    """The status, and the inputs of children that succeed: counted anew."""
    groups = [items[at : at + (batch or 1)] for at in range(0, len(items), batch or 1)]
    failed = sum(len(group) for group in groups if group[0] == 1)
    count, percentage = fields.get("ToleratedFailureCount"), fields.get("ToleratedFailurePercentage")
    over = [
        count is not None and failed > count,
        percentage is not None and failed * 100 > percentage * len(items),
        count is None and percentage is None and failed > 0,
    ]
    good = [group for group in groups if group[0] != 1]
    return "FAILED" if any(over) else "SUCCEEDED", [{"Items": group} if batch else group[0] for group in good]


@given(map_runs(), st.sampled_from(["STANDARD", "EXPRESS"]))
@settings(max_examples=60)
def test_any_map_run(drawn, kind):
    items, fields, batch, read = drawn
    inner = ODD_FAILS if batch is None else BATCH_OF_ONE_FAILS
    given_fields = {**fields, **({"ItemBatcher": {"MaxItemsPerBatch": batch}} if batch else {})}
    if read:
        given_fields["ItemReader"] = reader("x", InputType="JSON")
    with House() as house:
        run = house.run(machine(inner, kind, **given_fields), items, buckets={"in": {"x": items}}, executor="inline")
        status, good = expected(items, fields, batch)
        assert run.execution.status == status
        counts, children = map_run(run).item_counts.shown(), map_run(run).execution_counts.shown()
        for shown in (counts, children):
            ended = ("succeeded", "failed", "timedOut", "aborted")
            assert shown["pending"] + sum(shown[key] for key in ended) == shown["total"]
            assert (min(shown.values()), shown["running"], shown["timedOut"]) == (0, 0, 0)
        if status == "SUCCEEDED":
            assert [value for value in run.execution.output if not is_failure(value)] == good
            assert counts["total"] == len(items)
            assert children["total"] == len(run.execution.output)
        else:
            assert outcome(run)[1] == THRESHOLD
        if not read:
            assert counts["total"] == len(items)


def is_failure(value):
    return isinstance(value, dict) and value.get("Status") == "FAILED"


def test_what_became_of_the_states_inside_is_counted_however_they_went(house):
    """Each child goes another way: so many that not all ways are kept."""
    inner = {
        "Again?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericGreaterThan": 0, "Next": "Less"}],
            "Default": "End",
        },
        "Less": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($, -1)"}, "OutputPath": "$.n", "Next": "Again?"},
        "End": {"Type": "Succeed"},
    }
    run = house.run(machine(inner), [*range(150)])
    tally = map_run(run).outcomes.tally()
    turns = sum(range(150))
    assert {name: (status.status, status.visits) for name, status in tally.statuses.items()} == {
        "Again?": ("succeeded", turns + 150),
        "Less": ("succeeded", turns),
        "End": ("succeeded", 150),
    }
    assert sum(tally.edges.values()) == 2 * turns + 150


# ------------------------------------------------------------ memory


def peak(house, folder, count):
    """The most memory that a Map Run over `count` items took."""
    source = folder / "items.jsonl"
    source.write_text("\n".join(f'{{"id": {number}, "text": "{"x" * 1500}"}}' for number in range(count)))
    given = {"ItemReader": reader(source.name, InputType="JSONL"), "ResultWriter": writer()}
    gc.collect()
    tracemalloc.start()
    try:
        run = house.run(
            machine(kind="EXPRESS", MaxConcurrency=5, **given),
            executor="inline",
            buckets={"in": folder, "out": folder},
        )
        assert map_run(run).item_counts.shown()["succeeded"] == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_number_of_items(house, tmp_path):
    """Some megabytes of a file are read at once, so that the smaller one has several too."""
    few, many = peak(house, tmp_path, 1_200), peak(house, tmp_path, 4_000)
    assert many < few * 1.2 + 100_000, (few, many)


def test_timers_that_nobody_waits_for_are_forgotten():
    timers = Timers()
    for number in range(10_000):
        timer = Timer(object(), number, "timeout", number)
        timers.push(number, number, timer)
        if number % 1000:
            timer.cancel()
    assert len(timers._heap) <= 1001
    found = []
    while timers.next_time() is not None:
        found.append(timers.pop().due)
    assert found == [*range(0, 10_000, 1000)]
