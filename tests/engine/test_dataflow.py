"""What a state makes of its input and of its result.  (spec: data-flow; language)"""

import pytest
from stage import FUNCTION, NOON, Stage, inner

from sfn_notebook.values import dumps

PASS = {"Type": "Pass", "End": True}
ECHO = {"Type": "Pass", "Parameters": {"in.$": "$"}, "End": True}


def task(**fields):
    return {"Type": "Task", "Resource": FUNCTION, "End": True, **fields}


def after_task(fields, input, result):
    """(what the task got, what came out) of one Task."""
    stage = Stage({"T": task(**fields)}, input)
    [running] = stage.tasks.values()
    stage.succeed("T", result)
    return running.payload, stage.output


RAW = {"a": {"b": 1}, "c": [1, 2]}


@pytest.mark.parametrize(("fields", "payload", "output"), [
    ({}, RAW, "R"),
    ({"InputPath": "$.a"}, {"b": 1}, "R"),
    ({"InputPath": None}, {}, "R"),
    ({"OutputPath": None}, RAW, {}),
    ({"ResultPath": None}, RAW, RAW),
    ({"ResultPath": None, "OutputPath": "$.a"}, RAW, {"b": 1}),
    ({"ResultPath": "$.r"}, RAW, {**RAW, "r": "R"}),
    ({"ResultPath": "$.a.x.y"}, RAW, {"a": {"b": 1, "x": {"y": "R"}}, "c": [1, 2]}),
    ({"InputPath": "$.a", "ResultPath": "$.r"}, {"b": 1}, {**RAW, "r": "R"}),  # into the raw input
    ({"ResultSelector": {"got.$": "$"}}, RAW, {"got": "R"}),
    ({"ResultSelector": {"got.$": "$"}, "ResultPath": "$.r", "OutputPath": "$.r.got"}, RAW, "R"),
    ({"Parameters": {"b.$": "$.a.b", "k": "$.a"}}, {"b": 1, "k": "$.a"}, "R"),
    ({"InputPath": "$.a", "Parameters": {"x.$": "$.b"}}, {"x": 1}, "R"),
    ({"InputPath": "$$.Execution.Name"}, "run", "R"),
])  # fmt: skip
def test_the_pipeline_of_a_task(fields, payload, output):
    assert after_task(fields, RAW, "R") == (payload, output)


@pytest.mark.parametrize("falsy", [None, 0, False, "", [], {}])
def test_falsy_values_are_values(falsy):
    assert after_task({}, falsy, falsy) == (falsy, falsy)
    assert Stage({"P": {**PASS, "Result": falsy}}, {"x": 1}).output == falsy
    assert Stage({"P": PASS}, falsy).output == falsy


def test_result_wins_over_parameters():
    assert Stage({"P": {**PASS, "Result": 1, "Parameters": {"x": 2}}}).output == 1


@pytest.mark.parametrize("type_", [{"Type": "Succeed"}, {"Type": "Wait", "Seconds": 0, "End": True}])
def test_states_without_a_result_have_two_paths(type_):
    # OutputPath sees what InputPath gave.
    assert Stage({"S": {**type_, "InputPath": "$.a", "OutputPath": "$.b"}}, RAW).output == 1
    assert Stage({"S": {**type_, "InputPath": None}}, RAW).output == {}
    assert Stage({"S": {**type_, "OutputPath": None}}, RAW).output == {}


def test_a_choice_looks_at_its_effective_input():
    choice = {"Type": "Choice", "InputPath": "$.a", "OutputPath": "$.b", "Choices": [
        {"Variable": "$.b", "NumericEquals": 1, "Next": "P"}]}  # fmt: skip
    assert Stage({"C": choice, "P": PASS}, RAW).output == 1


# ---------------------------------------------------------------- Parallel and Map


def test_branches_get_the_effective_input():
    branches = [inner({"A": PASS}), inner({"B": ECHO})]
    fields = {"Parameters": {"x.$": "$.a.b"}, "ResultSelector": {"first.$": "$[0]"}, "ResultPath": "$.r"}
    stage = Stage({"P": {"Type": "Parallel", "Branches": branches, "End": True, **fields}}, RAW)
    assert stage.output == {**RAW, "r": {"first": {"x": 1}}}


def mapped(states, **fields):
    return {"Type": "Map", "ItemProcessor": inner(states), "End": True, **fields}


@pytest.mark.parametrize(("fields", "output"), [
    ({"ItemsPath": "$.c"}, [1, 2]),
    ({"ItemsPath": "$$.Execution.Input.c"}, [1, 2]),
    ({"InputPath": "$.c"}, [1, 2]),
    ({"ItemsPath": "$.c", "ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.a"}},
     [{"i": 0, "v": 1, "all": {"b": 1}}, {"i": 1, "v": 2, "all": {"b": 1}}]),
    ({"ItemsPath": "$.c", "Parameters": {"v.$": "$$.Map.Item.Value"}}, [{"v": 1}, {"v": 2}]),
    ({"ItemsPath": "$.c", "ResultSelector": {"n.$": "States.ArrayLength($)"}}, {"n": 2}),
    ({"ItemsPath": "$.c", "ResultPath": "$.c"}, {"a": {"b": 1}, "c": [1, 2]}),
])  # fmt: skip
def test_the_pipeline_of_a_map(fields, output):
    assert Stage({"M": mapped({"P": PASS}, **fields)}, RAW).output == output


def test_iterator_is_the_old_name():
    assert Stage({"M": {"Type": "Map", "Iterator": inner({"P": ECHO}), "End": True}}, [1]).output == [{"in": 1}]


@pytest.mark.parametrize(("fields", "at_once"), [
    ({}, 5), ({"MaxConcurrency": 0}, 5), ({"MaxConcurrency": 1}, 1), ({"MaxConcurrency": 3}, 3),
    ({"MaxConcurrency": 9}, 5), ({"MaxConcurrencyPath": "$.at_once"}, 2),
])  # fmt: skip
def test_no_more_iterations_at_once_than_allowed(fields, at_once):
    stage = Stage({"M": mapped({"T": task()}, ItemsPath="$.items", **fields)}, {"items": [0] * 5, "at_once": 2})
    seen, order = [], []
    while stage.status == "RUNNING":
        seen.append(len(stage.tasks))
        order.append(stage.task("T").path[0].child)
        stage.succeed("T", order[-1])
    assert max(seen) == at_once
    assert order == [0, 1, 2, 3, 4]
    assert stage.output == [0, 1, 2, 3, 4]


def test_outputs_are_in_the_order_of_the_items():
    stage = Stage({"M": mapped({"T": task()})}, [10, 20, 30])
    for nth in (2, 0, 0):
        target = stage.task("T", nth)
        stage.succeed("T", f"{target.path[0].child}", nth=nth)
    assert stage.output == ["0", "1", "2"]


def test_what_a_branch_does_to_its_input_is_nobody_elses_business():
    grow = {"Type": "Pass", "Result": 1, "ResultPath": "$.mine", "End": True}
    branches = [inner({"A": grow}), inner({"B": PASS})]
    stage = Stage({"P": {"Type": "Parallel", "Branches": branches, "End": True, "ResultPath": "$.r"}}, {"x": 1})
    assert stage.output == {"x": 1, "r": [{"x": 1, "mine": 1}, {"x": 1}]}


# ---------------------------------------------------------------- the context object


def test_the_context_object():
    stage = Stage({"T": task(Parameters={"all.$": "$$"})}, {"n": 1})
    [running] = stage.tasks.values()
    assert running.payload == {"all": {
        "Execution": {
            "Id": "arn:aws:states:us-east-1:123456789012:execution:m:run", "Input": {"n": 1}, "Name": "run",
            "RoleArn": "arn:aws:iam::123456789012:role/r", "StartTime": "2024-01-01T12:00:00Z", "RedriveCount": 0,
        },
        "StateMachine": {"Id": "arn:aws:states:us-east-1:123456789012:stateMachine:m", "Name": "m"},
        "State": {"Name": "T", "EnteredTime": "2024-01-01T12:00:00Z", "RetryCount": 0},
    }}  # fmt: skip


def test_entered_time_is_the_time_of_the_visit():
    stage = Stage({"W": {"Type": "Wait", "Seconds": 90, "Next": "T"},
                   "T": task(Parameters={"t.$": "$$.State.EnteredTime"}, Retry=[{"ErrorEquals": ["E"]}])})  # fmt: skip
    stage.ring()
    stage.now += 250  # milliseconds: a retry is no new visit
    stage.fail("T", "E")
    stage.ring()
    [running] = stage.tasks.values()
    assert running.payload == {"t": "2024-01-01T12:01:30Z"}


# ---------------------------------------------------------------- variables


def test_new_values_exist_from_the_next_state_on():
    stage = Stage({
        "A": {"Type": "Pass", "Assign": {"v": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"v.$": "$v"}, "Assign": {"v": 2, "old.$": "$v"}, "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"v.$": "$v", "old.$": "$old"}, "ResultPath": "$.c", "End": True},
    })  # fmt: skip
    assert stage.output == {"v": 1, "c": {"v": 2, "old": 1}}


def test_a_tasks_assign_sees_the_raw_result():
    working = {
        "Type": "Task",
        "Resource": FUNCTION,
        "ResultSelector": {"x": 0},
        "Assign": {"raw.$": "$.n"},
        "Next": "P",
    }
    stage = Stage({"T": working, "P": {"Type": "Pass", "Parameters": {"raw.$": "$raw"}, "End": True}})
    stage.succeed("T", {"n": 7})
    assert stage.output == {"raw": 7}


def test_inner_variables_vanish_and_outer_ones_are_read():
    branch = inner({
        "I": {"Type": "Pass", "Assign": {"mine.$": "$outer"}, "Next": "J"},
        "J": {"Type": "Pass", "Parameters": {"mine.$": "$mine"}, "End": True},
    })  # fmt: skip
    stage = Stage({
        "A": {"Type": "Pass", "Assign": {"outer": 5}, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [branch], "Next": "Z"},
        "Z": {"Type": "Choice", "Choices": [{"Variable": "$outer", "NumericEquals": 5, "Next": "Y"}]},
        "Y": PASS,
    })  # fmt: skip
    assert stage.output == [{"mine": 5}]


@pytest.mark.parametrize(("n", "expected"), [(1, "rule"), (2, "default")])
def test_a_choice_assigns_by_the_way_it_takes(n, expected):
    choice = {
        "Type": "Choice", "Assign": {"by": "default"}, "Default": "P",
        "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "P", "Assign": {"by": "rule"}}],
    }  # fmt: skip
    stage = Stage({"C": choice, "P": {"Type": "Pass", "Parameters": {"by.$": "$by"}, "End": True}}, {"n": n})
    assert stage.output == {"by": expected}


# ---------------------------------------------------------------- limits

BIG = "x" * 262_143  # with its quotes 262,145 bytes: one over
FITS = "x" * 262_142


@pytest.mark.parametrize(("text", "status"), [(FITS, "SUCCEEDED"), (BIG, "FAILED"), ("é" * 131_072, "FAILED")])
def test_a_tasks_result_over_256_kib_fails_the_task(text, status):
    stage = Stage({"T": task()})
    stage.succeed("T", text)
    assert stage.status == status
    if status == "FAILED":
        tail = "returned a result with a size exceeding the maximum number of bytes service limit."
        assert stage.failure == ("States.DataLimitExceeded", f"The state/task '{FUNCTION}' {tail}")
        assert stage.chain[-2:] == ["5<4 LambdaFunctionFailed", "6<5 ExecutionFailed"]


def test_it_can_be_caught():
    stage = Stage({"T": {**task(), "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "P"}]}, "P": PASS})
    stage.succeed("T", BIG)
    assert stage.output["Error"] == "States.DataLimitExceeded"


@pytest.mark.parametrize("states", [
    {"S": {"Type": "Pass", "Parameters": {"a.$": "$.half", "b.$": "$.half"}, "End": True}},
    {"S": {"Type": "Pass", "InputPath": "$.half", "ResultPath": "$.other", "End": True}},
    {"S": mapped({"P": {"Type": "Pass", "OutputPath": "$$.Execution.Input.half", "End": True}}, ItemsPath="$.two")},
    {"S": mapped({"P": PASS}, ItemsPath="$$.Execution.Input.halves", InputPath="$.two")},
    {"S": {"Type": "Parallel", "Branches": [inner({"A": PASS}), inner({"B": PASS})], "End": True}},
])  # fmt: skip
def test_a_states_output_over_the_limit_ends_the_execution(states):
    half = "y" * 140_000
    value = {"half": half, "two": [0, 1]}
    if "halves" in str(states):
        value = {"halves": [half, half], "two": [0, 1]}
    stage = Stage(states, value, limits="none")
    assert stage.status == "SUCCEEDED"
    stage = Stage(states, value)
    assert stage.failure == (
        "States.DataLimitExceeded",
        "The state/task 'S' returned a result with a size exceeding the maximum number of bytes service limit.",
    )


def test_a_tasks_payload_over_the_limit_never_reaches_it():
    stage = Stage({"T": task(Parameters={"a.$": "$.half", "b.$": "$.half"})}, {"half": "y" * 140_000})
    assert stage.failure[0] == "States.DataLimitExceeded"
    assert stage.chain[-2:] == ["2<0 TaskStateEntered", "3<2 ExecutionFailed"]


def test_bounds_only_ever_err_upwards():
    """A loop of shrinking and growing values stays what it is: the bound is measured again when it seems too big."""
    stage = Stage({
        "A": {"Type": "Pass", "Parameters": {"v.$": "$.v", "n.$": "States.MathAdd($.n, 1)"}, "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 200, "Next": "A"}], "Default": "Z"},
        "Z": {"Type": "Pass", "OutputPath": "$.n", "End": True},
    }, {"v": "z" * 100_000, "n": 0})  # fmt: skip
    assert stage.output == 200


# ---------------------------------------------------------------- Wait


@pytest.mark.parametrize(("fields", "value", "seconds"), [
    ({"Seconds": 3}, {}, 3),
    ({"SecondsPath": "$.n"}, {"n": 4}, 4),
    ({"Timestamp": "2024-01-01T12:00:05Z"}, {}, 5),
    ({"Timestamp": "2024-01-01T13:00:05.5+01:00"}, {}, 5.5),
    ({"TimestampPath": "$.t"}, {"t": "2024-01-01T12:00:00.0001Z"}, 0.001),  # never early
])  # fmt: skip
def test_ways_to_wait(fields, value, seconds):
    stage = Stage({"W": {"Type": "Wait", "End": True, **fields}}, value)
    assert stage.ring() == seconds
    assert stage.now == NOON + seconds * 1000


NO_TIMESTAMP = "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format string"


@pytest.mark.parametrize(("fields", "value", "tail"), [
    ({"SecondsPath": "$.p"}, {}, "The SecondsPath parameter does not reference an input value: $.p"),
    ({"SecondsPath": "$.p"}, {"p": -1}, "The SecondsPath parameter references a negative value: $.p == -1"),
    ({"SecondsPath": "$.p"}, {"p": 1.5}, "The SecondsPath parameter cannot be parsed as a long value: $.p == 1.5"),
    ({"SecondsPath": "$.p"}, {"p": 100_000_000}, "Wait state delay is too long."),
    ({"TimestampPath": "$.p"}, {"p": "2024-01-01 12:00:00Z"},
     f"{NO_TIMESTAMP}: $.p == 2024-01-01 12:00:00Z"),
])  # fmt: skip
def test_faults_of_a_wait(fields, value, tail):
    stage = Stage({"W": {"Type": "Wait", "End": True, **fields}}, value)
    prefix = "An error occurred while executing the state 'W' (entered at the event id #2). "
    assert stage.failure == ("States.Runtime", prefix + tail)


# ---------------------------------------------------------------- budget


def test_an_endless_loop_gives_the_budget_back():
    loop = {"A": {"Type": "Pass", "Next": "B"}, "Z": PASS, "B": {"Type": "Choice", "Default": "Z", "Choices": [
        {"Variable": "$", "IsPresent": True, "Next": "A"}]}}  # fmt: skip
    stage = Stage(loop, limits="none", budget=1000)
    for times in range(1, 5):
        assert stage.unfinished
        assert stage.execution.transitions == 1000 * times
        stage.advance()
    stage.stop("Enough")
    assert stage.status == "ABORTED"


def test_a_budget_of_one_is_a_step():
    stage = Stage({"A": {"Type": "Pass", "Next": "B"}, "B": PASS}, budget=1)
    assert [event["type"] for event in stage.history] == ["ExecutionStarted", "PassStateEntered", "PassStateExited"]
    stage.advance()
    assert stage.status == "SUCCEEDED"


def test_reading_changes_nothing():
    stage = Stage({"P": {**PASS, "Result": {"a": [1]}}})
    for event in stage.history:
        for value in event.values():
            if isinstance(value, dict):
                value.clear()
        event.clear()
    assert stage.details(3)["output"] == '{"a":[1]}'


def test_data_may_nest_deeper_than_pythons_stack():
    stage = Stage({
        "A": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)", "in.$": "$"}, "Next": "B"},
        "B": {"Type": "Choice", "Default": "Z", "Choices": [{"Variable": "$.n", "NumericLessThan": 3000, "Next": "A"}]},
        "Z": PASS,
    }, {"n": 0})  # fmt: skip
    assert stage.status == "SUCCEEDED"
    assert dumps(stage.output).count('"in":') == 3000
