"""Distributed Map: what the state resolves for its Map Run, and the events around it.  (spec: distributed-map;
history-events, Distributed Map)
"""

import json

import pytest
from histories import check
from stage import Stage, inner, rebuilt

from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.commands import CancelTask, RunMap
from sfn_notebook.engine.failures import ItemFailed
from sfn_notebook.values import ABSENT

READ, LIST, WRITE = (f"arn:aws:states:::s3:{action}" for action in ("getObject", "listObjectsV2", "putObject"))
SAME = {"Same": {"Type": "Pass", "End": True}}
THRESHOLD = "States.ExceedToleratedFailureThreshold"
RETRY = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 3, "MaxAttempts": 1}
FAULT = "An error occurred while executing the state 'M' (entered at the event id #2). "


def distributed(states=SAME, kind="STANDARD", **fields):
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, **inner(states)}
    return {"Type": "Map", "Label": "L", "ItemProcessor": processor, "End": True, **fields}


class MapStage(Stage):
    """A machine of one Distributed Map, M, on stage. Its Map Run waits as a task does."""

    def __init__(self, states=SAME, input=(), *, kind="STANDARD", machine=None, after=None, record=None, **fields):
        given = distributed(states, kind, **fields)
        super().__init__(
            {"M": given, **(after or {})}, list(input) if input == () else input, machine=machine, **(record or {})
        )

    def advance(self, budget=None):
        commands = super().advance(budget)
        self.tasks |= {command.target: command for command in commands if isinstance(command, RunMap)}
        return commands

    @property
    def work(self):
        """What the Map Run is to do."""
        [command] = self.tasks.values()
        return command.work

    def refused(self):
        """How it failed before any Map Run began: the events after the Entered one, and the cause."""
        assert self.status == "FAILED"
        return [event["type"] for event in self.history[2:]], self.failure


def jsonata(input=(), **fields):
    return MapStage(input=input, machine={"QueryLanguage": "JSONata"}, **fields)


# ------------------------------------------------------------ events


def test_a_map_run_that_succeeds():
    stage = MapStage(input=[1, 2])
    stage.succeed("M", ["a", "b"])
    assert stage.chain == [
        "1<0 ExecutionStarted", "2<0 MapStateEntered", "3<2 MapStateStarted", "4<3 MapRunStarted",
        "5<4 MapRunSucceeded", "6<5 MapStateSucceeded", "7<5 MapStateExited", "8<7 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.details(3) == {"length": 2}
    arn = "arn:aws:states:us-east-1:123456789012:mapRun:m/L:"
    assert stage.details(4)["mapRunArn"].startswith(arn)
    assert "mapRunSucceededEventDetails" not in stage.history[4]
    assert stage.output == ["a", "b"]
    check(stage.history)


def test_the_length_is_unknown_where_items_are_read():
    reader = {"Resource": LIST, "Parameters": {"Bucket": "b"}}
    assert MapStage(input={}, ItemReader=reader).details(3) == {"length": 0}


@pytest.mark.parametrize("error", ["States.ItemReaderFailed", "States.ResultWriterFailed", THRESHOLD])
def test_a_map_run_that_fails(error):
    stage = MapStage(input=[1])
    stage.fail("M", error, "why")
    assert stage.chain[4:] == ["5<4 MapRunFailed", "6<5 MapStateFailed", "7<6 ExecutionFailed"]
    assert stage.details(5) == {"error": error, "cause": "why"}
    assert "mapStateFailedEventDetails" not in stage.history[5]
    assert stage.failure == (error, "why")
    check(stage.history)


def test_a_map_run_that_fails_is_caught():
    catch = {"ErrorEquals": [THRESHOLD], "ResultPath": "$.error", "Next": "After"}
    stage = MapStage(input={"items": []}, ItemsPath="$.items", Catch=[catch], after={"After": {"Type": "Succeed"}})
    stage.fail("M", THRESHOLD, "too many")
    assert stage.chain[4:8] == [
        "5<4 MapRunFailed",
        "6<5 MapStateFailed",
        "7<6 MapStateExited",
        "8<7 SucceedStateEntered",
    ]
    assert stage.output == {"items": [], "error": {"Error": THRESHOLD, "Cause": "too many"}}


@pytest.mark.parametrize("name", ["States.ItemReaderFailed", "States.TaskFailed", "States.ALL"])
def test_who_catches_a_reader_that_failed(name):
    catch = {"ErrorEquals": [name], "Next": "After"}
    stage = MapStage(Catch=[catch], after={"After": {"Type": "Succeed"}})
    stage.fail("M", "States.ItemReaderFailed", "no such key")
    assert stage.status == "SUCCEEDED"


def test_nobody_catches_a_fault_of_the_selector():
    catch = {"ErrorEquals": ["States.ALL"], "Next": "After"}
    stage = MapStage(Catch=[catch], Retry=[RETRY], after={"After": {"Type": "Succeed"}})
    stage.fail("M", "States.Runtime", "no such path")
    assert stage.failure == ("States.Runtime", "no such path")


def test_a_retry_is_a_new_map_run():
    stage = MapStage(input=[1], Retry=[RETRY])
    first = stage.work
    stage.fail("M", THRESHOLD)
    assert stage.tasks == {}
    assert stage.ring() == 3
    second = stage.work
    assert first.map_run_arn != second.map_run_arn
    assert second.items == [1]
    stage.succeed("M", [2])
    assert stage.chain[4:] == [
        "5<4 MapRunFailed", "6<5 MapStateStarted", "7<6 MapRunStarted", "8<7 MapRunSucceeded", "9<8 MapStateSucceeded",
        "10<8 MapStateExited", "11<10 ExecutionSucceeded",
    ]  # fmt: skip
    check(stage.history)


def test_a_retry_that_fails_too_gives_up_once():
    stage = MapStage(Retry=[RETRY])
    stage.fail("M", THRESHOLD)
    stage.ring()
    stage.fail("M", THRESHOLD)
    assert [event["type"] for event in stage.history[4:]] == [
        "MapRunFailed", "MapStateStarted", "MapRunStarted", "MapRunFailed", "MapStateFailed", "ExecutionFailed",
    ]  # fmt: skip


def test_every_visit_is_a_map_run_of_its_own():
    again = {"Type": "Choice", "Choices": [{"Variable": "$[0]", "NumericEquals": 1, "Next": "M"}], "Default": "End"}
    states = {"M": {**distributed(), "End": False, "Next": "Again"}, "Again": again, "End": {"Type": "Succeed"}}
    del states["M"]["End"]
    stage = Stage(states, [0])
    arns = []
    for output in ([1], [1], [2]):
        [command] = [command for command in stage.commands if isinstance(command, RunMap)]
        arns.append(command.work.map_run_arn)
        stage.tasks[command.target] = command
        stage.succeed("M", output)
    assert stage.status == "SUCCEEDED"
    assert len(set(arns)) == 3


def test_the_result_of_a_map_run_is_a_states_result():
    stage = MapStage(
        input={"items": [1], "keep": True}, ItemsPath="$.items", ResultSelector={"all.$": "$"}, ResultPath="$.out"
    )
    stage.succeed("M", [5])
    assert stage.output == {"items": [1], "keep": True, "out": {"all": [5]}}


def test_the_result_of_a_jsonata_map_run():
    stage = jsonata([1, 2], Output="{% $sum($states.result) %}", Assign={"n": "{% $count($states.result) %}"})
    stage.succeed("M", [3, 4])
    assert stage.output == 7
    assert stage.details(7)["assignedVariables"] == {"n": "2"}


def test_a_fault_after_the_result():
    stage = MapStage(ResultSelector={"x.$": "$.none"})
    stage.succeed("M", [])
    assert [event["type"] for event in stage.history[4:]] == ["MapRunSucceeded", "MapStateSucceeded", "ExecutionFailed"]
    assert stage.failure[0] == "States.Runtime"


def test_a_result_over_the_limit_fails_the_map_run():
    stage = MapStage()
    stage.succeed("M", "x" * 262_145)
    assert [event["type"] for event in stage.history[4:]] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    assert stage.failure[0] == "States.DataLimitExceeded"
    unlimited = MapStage(record={"limits": "none"})
    unlimited.succeed("M", "x" * 262_145)
    assert unlimited.status == "SUCCEEDED"


def test_a_stop_gives_the_map_run_up():
    stage = MapStage()
    [target] = stage.tasks
    stage.stop()
    assert CancelTask(target) in stage.commands
    assert stage.chain[-1] == "5<0 ExecutionAborted"


def test_a_sibling_that_fails_gives_the_map_run_up():
    branches = [
        inner({"M": distributed()}),
        inner({"F": {"Type": "Wait", "Seconds": 1, "Next": "No"}, "No": {"Type": "Fail"}}),
    ]
    stage = Stage({"Both": {"Type": "Parallel", "Branches": branches, "End": True}}, [])
    [command] = [command for command in stage.commands if isinstance(command, RunMap)]
    stage.ring()
    assert CancelTask(command.target) in stage.commands
    types = [event["type"] for event in stage.history]
    assert types[-3:] == ["MapStateAborted", "ParallelStateFailed", "ExecutionFailed"]


def test_the_journal_rebuilds_the_history():
    stage = MapStage(input=[1], Retry=[RETRY])
    stage.fail("M", THRESHOLD, "why")
    stage.ring()
    stage.succeed("M", [{"deep": [1.5, None]}])
    again = rebuilt(stage.program, stage.start, stage.journal, stage.execution.transitions)
    assert again.history() == stage.history


# ------------------------------------------------------------ faults, and when they come


@pytest.mark.parametrize(
    ("fields", "input", "cause"),
    [
        (
            {"ToleratedFailureCountPath": "$.p"},
            {"p": "many"},
            'The ToleratedFailureCountPath field refers to value "many" which is not a valid integer: $.p',
        ),
        ({"ToleratedFailureCountPath": "$.p"}, {"p": -1}, "ToleratedFailureCount cannot be negative."),
        (
            {"ToleratedFailurePercentagePath": "$.p"},
            {"p": "half"},
            'The ToleratedFailurePercentagePath field refers to value "half" which is not a valid float: $.p',
        ),
        (
            {"ToleratedFailurePercentagePath": "$.p"},
            {"p": 100.1},
            "ToleratedFailurePercentage must be between 0 and 100.",
        ),
        (
            {"ToleratedFailurePercentagePath": "$.p"},
            {"p": -0.1},
            "ToleratedFailurePercentage must be between 0 and 100.",
        ),
        (
            {"ItemReader": {"Resource": LIST, "Parameters": {"Bucket": "b"}, "ReaderConfig": {"MaxItemsPath": "$.p"}}},
            {"p": "all"},
            'The MaxItemsPath field refers to value "all" which is not a valid integer: $.p',
        ),
        (
            {"ItemBatcher": {"MaxItemsPerBatchPath": "$.p"}},
            {"p": True},
            'The MaxItemsPerBatchPath field refers to value "true" which is not a valid integer: $.p',
        ),
    ],
)
def test_fields_that_do_not_compute_fail_before_the_map_run_starts(fields, input, cause):
    where = {} if "ItemReader" in fields else {"ItemsPath": "$.items"}
    stage = MapStage(input={"items": [], **input}, **where, **fields)
    assert stage.refused() == (["MapStateStarted", "ExecutionFailed"], ("States.Runtime", FAULT + cause))


@pytest.mark.parametrize(
    ("fields", "input", "cause"),
    [
        ({"ItemsPath": "$.items"}, {"items": 1}, 'Reference path "$.items" must point to array.'),
        (
            {"MaxConcurrencyPath": "$.n", "ItemsPath": "$.items"},
            {"n": "x", "items": 1},
            'The MaxConcurrencyPath field refers to value "x" which is not a valid integer: $.n',
        ),
    ],
)
def test_without_items_the_map_does_not_even_start(fields, input, cause):
    assert MapStage(input=input, **fields).refused() == (["ExecutionFailed"], ("States.Runtime", FAULT + cause))


def test_items_that_are_none_are_a_jsonata_fault():
    stage = jsonata({}, Items="{% 7 %}")
    assert stage.chain[1:] == [
        "2<0 MapStateEntered",
        "3<0 EvaluationFailed",
        "4<3 MapStateFailed",
        "5<4 ExecutionFailed",
    ]
    assert stage.details(3)["location"] == "Items"
    assert stage.failure[0] == "States.QueryEvaluationError"


@pytest.mark.parametrize(
    ("fields", "location"),
    [
        ({"ToleratedFailureCount": "{% 'x' %}"}, "ToleratedFailureCount"),
        ({"ToleratedFailurePercentage": "{% 'x' %}"}, "ToleratedFailurePercentage"),
        ({"ItemReader": {"Resource": LIST, "Arguments": "{% 'x' %}"}}, "ItemReader/Arguments"),
        (
            {"ItemReader": {"Resource": LIST, "Arguments": {"Bucket": "{% $error('x') %}"}}},
            "ItemReader/Arguments/Bucket",
        ),
        ({"ItemBatcher": {"MaxItemsPerBatch": "{% 0 %}"}}, "ItemBatcher/MaxItemsPerBatch"),
        ({"ItemBatcher": {"MaxInputBytesPerBatch": "{% 'x' %}"}}, "ItemBatcher/MaxInputBytesPerBatch"),
        ({"ItemBatcher": {"MaxItemsPerBatch": 1, "BatchInput": "{% $error('x') %}"}}, "ItemBatcher/BatchInput"),
        ({"ResultWriter": {"Resource": WRITE, "Arguments": "{% [] %}"}}, "ResultWriter/Arguments"),
    ],
)
def test_jsonata_faults_say_where(fields, location):
    stage = jsonata([1], **fields)
    types, (error, _) = stage.refused()
    assert types == ["MapStateStarted", "EvaluationFailed", "MapStateFailed", "ExecutionFailed"]
    assert error == "States.QueryEvaluationError"
    assert stage.details(4)["location"] == location


# ------------------------------------------------------------ what a Map Run is to do


def test_what_is_not_said():
    work = MapStage(input=[1]).work
    assert (work.items, work.max_concurrency, work.execution_type) == ([1], 0, "STANDARD")
    assert work[5:9] == (None, None, None, None)  # select, reader, batcher, writer
    assert (work.tolerated_failure_count, work.tolerated_failure_percentage) == (None, None)


@pytest.mark.parametrize(
    ("path", "jsonata_text", "literal", "value"),
    [
        ("MaxConcurrencyPath", "MaxConcurrency", "MaxConcurrency", "max_concurrency"),
        ("ToleratedFailureCountPath", "ToleratedFailureCount", "ToleratedFailureCount", "tolerated_failure_count"),
        (
            "ToleratedFailurePercentagePath",
            "ToleratedFailurePercentage",
            "ToleratedFailurePercentage",
            "tolerated_failure_percentage",
        ),
    ],
)
def test_numbers_are_written_out_or_computed(path, jsonata_text, literal, value):
    data = {"n": 7, "text": "7", "items": []}
    at = {"ItemsPath": "$.items"}
    assert getattr(MapStage(input=data, **at, **{literal: 7}).work, value) == 7
    assert getattr(MapStage(input=data, **at, **{path: "$.n"}).work, value) == 7
    assert getattr(MapStage(input=data, **at, **{path: "$.text"}).work, value) == 7
    items = {"Items": "{% $states.input.items %}"}
    assert getattr(jsonata(data, **items, **{jsonata_text: "{% $states.input.n %}"}).work, value) == 7
    assert getattr(jsonata(data, **items, **{literal: 7}).work, value) == 7


def test_a_percentage_may_have_a_fraction():
    fields = {"ItemsPath": "$.items", "ToleratedFailurePercentagePath": "$.p"}
    assert MapStage(input={"items": [], "p": "2.5"}, **fields).work.tolerated_failure_percentage == 2.5
    assert MapStage(input={"items": [], "p": 2.5}, **fields).work.tolerated_failure_percentage == 2.5


def test_a_reader_is_resolved():
    reader = {
        "Resource": READ,
        "Parameters": {"Bucket.$": "$.b", "Key.$": "States.Format('{}.csv', $.k)"},
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItemsPath": "$.n"},
    }
    work = MapStage(input={"b": "bucket", "k": "key", "n": "5"}, ItemReader=reader).work
    assert work.items is None
    assert work.reader == {
        "Resource": READ,
        "Parameters": {"Bucket": "bucket", "Key": "key.csv"},
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 5},
    }


def test_a_jsonata_reader_is_resolved():
    reader = {
        "Resource": LIST,
        "Arguments": {"Bucket": "{% $states.input.b %}", "Prefix": "p"},
        "ReaderConfig": {"MaxItems": "{% 2 + 3 %}"},
    }
    assert jsonata({"b": "bucket"}, ItemReader=reader).work.reader == {
        "Resource": LIST,
        "Parameters": {"Bucket": "bucket", "Prefix": "p"},
        "ReaderConfig": {"MaxItems": 5},
    }
    whole = {"Resource": LIST, "Arguments": "{% $states.input %}"}
    assert jsonata({"Bucket": "b"}, ItemReader=whole).work.reader["Parameters"] == {"Bucket": "b"}


def test_a_batcher_is_resolved():
    batcher = {
        "MaxItemsPerBatchPath": "$.n",
        "MaxInputBytesPerBatchPath": "$.bytes",
        "BatchInput": {"n.$": "$.n", "id.$": "$$.Execution.Name"},
    }
    data = {"n": 3, "bytes": "1000", "items": []}
    resolved = {"MaxItemsPerBatch": 3, "MaxInputBytesPerBatch": 1000, "BatchInput": {"n": 3, "id": "run"}}
    assert MapStage(input=data, ItemsPath="$.items", ItemBatcher=batcher).work.batcher == resolved
    written = {
        "MaxItemsPerBatch": "{% $states.input.n %}",
        "MaxInputBytesPerBatch": "{% 500 * 2 %}",
        "BatchInput": {"n": "{% $states.input.n %}", "id": "{% $states.context.Execution.Name %}"},
    }
    assert jsonata(data, Items=[], ItemBatcher=written).work.batcher == resolved


def test_a_batcher_without_the_other_limit():
    assert MapStage(ItemBatcher={"MaxItemsPerBatch": 2}).work.batcher == {
        "MaxItemsPerBatch": 2,
        "MaxInputBytesPerBatch": None,
    }


def test_a_writer_is_resolved():
    config = {"OutputType": "JSONL", "Transformation": "FLATTEN"}
    resolved = {"Resource": WRITE, "Parameters": {"Bucket": "b", "Prefix": "p"}, "WriterConfig": config}
    written = {"Resource": WRITE, "Parameters": {"Bucket.$": "$[0]", "Prefix": "p"}, "WriterConfig": config}
    assert MapStage(input=["b"], ResultWriter=written).work.writer == resolved
    arguments = {
        "Resource": WRITE,
        "Arguments": {"Bucket": "{% $states.input[0] %}", "Prefix": "p"},
        "WriterConfig": config,
    }
    assert jsonata(["b"], ResultWriter=arguments).work.writer == resolved


def test_input_path_comes_first():
    stage = MapStage(
        input={"in": {"items": [4], "n": 2}}, InputPath="$.in", ItemsPath="$.items", MaxConcurrencyPath="$.n"
    )
    assert (stage.work.items, stage.work.max_concurrency) == ([4], 2)


# ------------------------------------------------------------ ItemSelector


SEEN = {"index.$": "$$.Map.Item.Index", "value.$": "$$.Map.Item.Value", "source.$": "$$.Map.Item.Source", "n.$": "$.n"}


def test_a_selector_sees_the_item_and_the_states_input():
    stage = MapStage(input={"n": 9, "items": ["a"]}, ItemsPath="$.items", ItemSelector=SEEN)
    seen = {"index": 4, "value": "a", "source": "STATE_DATA", "n": 9}
    assert stage.work.select(4, "a", ABSENT, "STATE_DATA") == seen


def test_a_selector_sees_the_key_of_an_objects_member():
    stage = MapStage(input={"k": "v"}, ItemSelector={"key.$": "$$.Map.Item.Key"})
    assert stage.work.select(0, "v", "k", "STATE_DATA") == {"key": "k"}


def test_a_jsonata_selector():
    seen = {"item": "{% $states.context.Map.Item %}", "n": "{% $states.input.n & $v %}"}
    start = {"Start": {"Type": "Pass", "Assign": {"v": "!"}, "Next": "M"}}
    states = {**start, "M": distributed(Items=["a"], ItemSelector=seen)}
    stage = Stage(states, {"n": 9}, machine={"QueryLanguage": "JSONata"})
    [command] = [command for command in stage.commands if isinstance(command, RunMap)]
    assert command.work.select(1, "a", ABSENT, "S3://b/k") == {
        "item": {"Index": 1, "Value": "a", "Source": "S3://b/k"},
        "n": "9!",
    }


def test_a_selector_draws_chance_for_each_item_the_same_each_time():
    stage = MapStage(input=[0, 1], ItemSelector={"id.$": "States.UUID()"})
    first, second = (stage.work.select(index, None, ABSENT, "STATE_DATA") for index in (0, 1))
    assert first != second
    assert stage.work.select(0, None, ABSENT, "STATE_DATA") == first


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_a_selector_that_fails_says_where(language):
    if language == "JSONPath":
        stage = MapStage(input=[{}], ItemSelector={"x.$": "$$.Map.Item.Value.x"})
    else:
        stage = jsonata([{}], ItemSelector="{% $error('no') %}")
    with pytest.raises(ItemFailed) as caught:
        stage.work.select(0, {}, ABSENT, "STATE_DATA")
    failure = caught.value.failure
    assert failure.error == ("States.Runtime" if language == "JSONPath" else "States.QueryEvaluationError")
    assert failure.cause.startswith(FAULT)
    assert stage.execution.status == "RUNNING"


# ------------------------------------------------------------ the children's program


def test_the_program_of_children_is_a_machine_of_its_own():
    work = MapStage({"P": {"Type": "Pass", "Result": 1, "End": True}}, kind="EXPRESS").work
    assert work.execution_type == "EXPRESS"
    definition = json.loads(work.program.machine.text)
    assert definition == {
        "QueryLanguage": "JSONPath",
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "Result": 1, "End": True}},
    }
    machine, _ = parse(work.program.machine.text)
    assert [state.name for state in machine.walk()] == ["P"]
    assert Stage(None, given=work.program).output == 1


def test_children_speak_their_parents_language():
    work = jsonata([1], states={"P": {"Type": "Pass", "Output": "{% 1 + 1 %}", "End": True}}).work
    assert Stage(None, given=work.program).output == 2


def test_children_do_not_see_outer_variables():
    outer = {"Type": "Pass", "Assign": {"v": 1}, "Next": "M"}
    within = {"P": {"Type": "Pass", "Output": "{% $exists($v) %}", "End": True}}
    stage = Stage({"Start": outer, "M": distributed(within, Items=[1])}, machine={"QueryLanguage": "JSONata"})
    [command] = [command for command in stage.commands if isinstance(command, RunMap)]
    assert Stage(None, given=command.work.program).output is False


def test_generated_labels_are_of_the_definition():
    def label(**fields):
        given = distributed(**fields)
        del given["Label"]
        stage = Stage({"M": given}, [])
        [command] = [command for command in stage.commands if isinstance(command, RunMap)]
        return command.work.label

    assert label() == label()
    assert label() != label(MaxConcurrency=1)
    assert len(label()) <= 40
