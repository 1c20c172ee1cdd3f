"""The event sequences of spec/history-events, one by one: `id<previous type`."""

from itertools import pairwise

import pytest
from histories import check
from stage import ACTIVITY, CALLBACK, FUNCTION, INVOKE, NOON, PUBLISH, Stage, inner, program, start_record

from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.stimuli import Continued

PASS = {"Type": "Pass", "End": True}
SERVICE = "arn:aws:states:::dynamodb:putItem"


def task(resource=FUNCTION, **fields):
    return {"Type": "Task", "Resource": resource, **({} if "Next" in fields else {"End": True}), **fields}


def caught(*names, next="After", **fields):
    return [{"ErrorEquals": list(names), "Next": next, **fields}]


def after(stage, id):
    """The chain from event `id` on."""
    return stage.chain[id - 1 :]


@pytest.fixture
def on_stage():
    """Makes stages, and looks at their histories when the test is over."""
    stages = []

    def make(*args, **fields):
        stages.append(Stage(*args, **fields))
        return stages[-1]

    yield make
    for stage in stages:
        check(stage.history, ended=stage.status != "RUNNING")


# ---------------------------------------------------------------- states alone


@pytest.mark.parametrize("state", [
    {"Type": "Pass", "End": True},
    {"Type": "Succeed"},
    {"Type": "Wait", "Seconds": 0, "End": True},
    {"Type": "Wait", "Timestamp": "2020-01-01T00:00:00Z", "End": True},
])  # fmt: skip
def test_a_state_is_entered_and_left(on_stage, state):
    stage = on_stage({"S": state})
    name = state["Type"]
    assert stage.chain == [
        "1<0 ExecutionStarted", f"2<0 {name}StateEntered", f"3<2 {name}StateExited", "4<3 ExecutionSucceeded",
    ]  # fmt: skip


def test_entered_points_at_the_state_before(on_stage):
    choices = [{"Variable": "$.n", "NumericEquals": 1, "Next": "Z"}]
    stage = on_stage({"A": {"Type": "Choice", "Choices": choices, "Default": "Z"}, "Z": PASS}, {"n": 1})
    assert after(stage, 2) == [
        "2<0 ChoiceStateEntered", "3<2 ChoiceStateExited", "4<3 PassStateEntered", "5<4 PassStateExited",
        "6<5 ExecutionSucceeded",
    ]  # fmt: skip


def test_fail_is_never_left(on_stage):
    stage = on_stage({"F": {"Type": "Fail", "Error": "Oops", "Cause": "it broke"}})
    assert after(stage, 2) == ["2<0 FailStateEntered", "3<2 ExecutionFailed"]
    assert stage.details(3) == {"error": "Oops", "cause": "it broke"}


def test_what_fail_does_not_say_is_absent(on_stage):
    stage = on_stage({"F": {"Type": "Fail"}})
    assert stage.details(3) == {}
    assert stage.failure == (None, None)


def test_wait_is_left_when_its_time_has_come(on_stage):
    stage = on_stage({"W": {"Type": "Wait", "Seconds": 5, "End": True}})
    assert stage.chain == ["1<0 ExecutionStarted", "2<0 WaitStateEntered"]
    assert stage.ring() == 5
    assert after(stage, 3) == ["3<2 WaitStateExited", "4<3 ExecutionSucceeded"]
    assert (stage.history[2]["timestamp"] - stage.history[1]["timestamp"]).total_seconds() == 5


def test_a_fault_in_a_state_ends_the_execution_with_a_prefixed_cause(on_stage):
    stage = on_stage({"P": {**PASS, "InputPath": "$.none"}})
    assert after(stage, 2) == ["2<0 PassStateEntered", "3<2 ExecutionFailed"]
    prefix = "An error occurred while executing the state 'P' (entered at the event id #2). "
    assert stage.failure == ("States.Runtime", prefix + "Invalid path '$.none' : No results for path: $['none']")


# ---------------------------------------------------------------- details


def test_details_hold_text_and_name_what_is_whole(on_stage):
    stage = on_stage({"P": {**PASS, "Result": "text", "Assign": {"v": "w"}}}, {"a": 1})
    assert stage.details(1) == {
        "input": '{"a":1}', "inputDetails": {"truncated": False}, "roleArn": "arn:aws:iam::123456789012:role/r",
    }  # fmt: skip
    assert stage.details(2) == {"name": "P", "input": '{"a":1}', "inputDetails": {"truncated": False}}
    assert stage.details(3) == {
        "name": "P", "output": '"text"', "outputDetails": {"truncated": False},
        "assignedVariables": {"v": '"w"'}, "assignedVariablesDetails": {"truncated": False},
    }  # fmt: skip
    assert stage.details(4) == {"output": '"text"', "outputDetails": {"truncated": False}}


def test_the_first_states_input_stays_as_it_came(on_stage):
    given = program({"P": PASS})
    execution = Execution(given, start_record(given, '{ "a" :1.0e3 }'))
    execution.advance(10)
    events = execution.history()
    assert events[0]["executionStartedEventDetails"]["input"] == '{ "a" :1.0e3 }'
    assert events[1]["stateEnteredEventDetails"]["input"] == '{ "a" :1.0e3 }'
    assert events[2]["stateExitedEventDetails"]["output"] == '{"a":1000.0}'


def test_scheduled_says_what_the_state_sets(on_stage):
    stage = on_stage({
        "T": task(
            SERVICE, TimeoutSeconds=9, Parameters={"TableName": "t"}, Credentials={"RoleArn": "arn:aws:iam::1:role/x"}
        )
    })  # fmt: skip
    assert stage.details(3) == {
        "resourceType": "dynamodb", "resource": "putItem", "region": "us-east-1",
        "parameters": '{"TableName":"t"}', "timeoutInSeconds": 9,
        "taskCredentials": {"roleArn": "arn:aws:iam::1:role/x"},
    }  # fmt: skip
    stage = on_stage({"T": task(FUNCTION)}, {"a": 1})
    assert stage.details(3) == {"resource": FUNCTION, "input": '{"a":1}', "inputDetails": {"truncated": False}}
    assert "lambdaFunctionStartedEventDetails" not in stage.history[3]


def test_settings_may_come_from_the_input(on_stage):
    stage = on_stage({"T": task(CALLBACK, TimeoutSecondsPath="$.t", HeartbeatSecondsPath="$.h")}, {"t": 60, "h": 5})
    assert (stage.details(3)["timeoutInSeconds"], stage.details(3)["heartbeatInSeconds"]) == (60, 5)
    assert {timer for _, timer in stage.timers} == {"timeout", "heartbeat"}


# ---------------------------------------------------------------- tasks

FAMILIES = {FUNCTION: "LambdaFunction", SERVICE: "Task", PUBLISH: "Task", ACTIVITY: "Activity"}


@pytest.mark.parametrize(("resource", "family"), FAMILIES.items())
def test_task_success(on_stage, resource, family):
    stage = on_stage({"T": task(resource)})
    assert after(stage, 2) == ["2<0 TaskStateEntered", f"3<2 {family}Scheduled", f"4<3 {family}Started"]
    stage.succeed("T", {"ok": True})
    assert after(stage, 5) == [f"5<4 {family}Succeeded", "6<5 TaskStateExited", "7<6 ExecutionSucceeded"]
    assert stage.output == {"ok": True}


@pytest.mark.parametrize("pattern", [".sync", ".sync:2", ".waitForTaskToken"])
def test_a_job_is_submitted_first(on_stage, pattern):
    stage = on_stage({"T": task("arn:aws:states:::states:startExecution" + pattern)})
    stage.submit("T", {"ExecutionArn": "a"})
    stage.succeed("T", {"Output": 1})
    assert after(stage, 3) == [
        "3<2 TaskScheduled", "4<3 TaskStarted", "5<4 TaskSubmitted", "6<5 TaskSucceeded", "7<6 TaskStateExited",
        "8<7 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.details(5)["output"] == '{"ExecutionArn":"a"}'
    assert stage.details(6)["resource"] == "startExecution" + pattern


@pytest.mark.parametrize(("resource", "family"), FAMILIES.items())
def test_task_failure_nobody_handles(on_stage, resource, family):
    stage = on_stage({"T": task(resource)})
    stage.fail("T", "Oops", "why")
    assert after(stage, 5) == [f"5<4 {family}Failed", "6<5 ExecutionFailed"]
    assert stage.details(6) == {"error": "Oops", "cause": "why"}
    assert stage.status == "FAILED"


@pytest.mark.parametrize(("resource", "family"), FAMILIES.items())
def test_task_failure_caught(on_stage, resource, family):
    stage = on_stage({"T": task(resource, Catch=caught("Oops")), "After": PASS})
    stage.fail("T", "Oops", "why")
    assert after(stage, 5) == [
        f"5<4 {family}Failed", "6<5 TaskStateExited", "7<6 PassStateEntered", "8<7 PassStateExited",
        "9<8 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.details(6)["output"] == '{"Error":"Oops","Cause":"why"}'


@pytest.mark.parametrize(("resource", "family"), FAMILIES.items())
def test_task_failure_retried(on_stage, resource, family):
    stage = on_stage({"T": task(resource, Retry=[{"ErrorEquals": ["Oops"]}])})
    stage.fail("T", "Oops")
    assert stage.ring() == 1
    stage.succeed("T", 1)
    assert after(stage, 5) == [
        f"5<4 {family}Failed", f"6<5 {family}Scheduled", f"7<6 {family}Started", f"8<7 {family}Succeeded",
        "9<8 TaskStateExited", "10<9 ExecutionSucceeded",
    ]  # fmt: skip


@pytest.mark.parametrize(("resource", "family"), FAMILIES.items())
def test_task_timeout(on_stage, resource, family):
    stage = on_stage({"T": task(resource, TimeoutSeconds=7)})
    late = stage.task("T")
    assert stage.ring() == 7
    assert after(stage, 5) == [f"5<4 {family}TimedOut", "6<5 ExecutionFailed"]
    timed_out = stage.details(5)
    assert (timed_out["error"], "cause" in timed_out) == ("States.Timeout", False)
    assert stage.details(6) == {"error": "States.Timeout"}
    assert [type(command).__name__ for command in stage.commands] == ["CancelTask"]
    assert stage.commands[0].target == late


def test_heartbeat_timeout_shows_as_timeout(on_stage):
    stage = on_stage({"T": task(CALLBACK, HeartbeatSeconds=3, TimeoutSeconds=60)})
    assert stage.ring() == 3
    assert after(stage, 5) == ["5<4 TaskTimedOut", "6<5 ExecutionFailed"]
    assert stage.details(6) == {"error": "States.Timeout"}
    assert stage.timers == {}


def test_only_tasks_with_a_token_have_heartbeats(on_stage):
    stage = on_stage({"T": task(FUNCTION, HeartbeatSeconds=3)})
    assert stage.timers == {}


def test_a_fault_before_the_task(on_stage):
    stage = on_stage({"T": task(Parameters={"a.$": "$.none"}, Catch=caught("States.ALL")), "After": PASS})
    assert after(stage, 2) == ["2<0 TaskStateEntered", "3<2 ExecutionFailed"]
    assert stage.failure[0] == "States.Runtime"
    assert "'$.none' specified for the field 'a.$' could not be found in the input '{}'" in stage.failure[1]


@pytest.mark.parametrize("fields", [
    {"ResultSelector": {"a.$": "$.none"}}, {"OutputPath": "$.none"}, {"Assign": {"v.$": "$.none"}},
])  # fmt: skip
def test_a_fault_after_the_result(on_stage, fields):
    stage = on_stage({"T": task(Catch=caught("States.ALL"), **fields), "After": PASS})
    stage.succeed("T", {})
    assert after(stage, 5) == ["5<4 LambdaFunctionSucceeded", "6<5 ExecutionFailed"]
    assert stage.failure[0] == "States.Runtime"


def test_a_fault_in_the_catcher_names_the_state_too(on_stage):
    # Cause formats: an interpreter fault has the prefix once.
    stage = on_stage({"T": task(Catch=caught("A", Assign={"v.$": "$.none"})), "After": PASS})
    stage.fail("T", "A")
    assert after(stage, 5) == ["5<4 LambdaFunctionFailed", "6<5 ExecutionFailed"]
    error, cause = stage.failure
    assert error == "States.Runtime"
    assert cause.startswith(
        "An error occurred while executing the state 'T' (entered at the event id #2). The JSONPath"
    )


# ---------------------------------------------------------------- ends from outside


def test_a_stop_points_at_nothing(on_stage):
    stage = on_stage({"T": task()})
    stage.stop("Mine", "enough")
    assert after(stage, 4) == ["4<3 LambdaFunctionStarted", "5<0 ExecutionAborted"]
    assert stage.details(5) == {"error": "Mine", "cause": "enough"}
    assert stage.tasks == {}
    stage = on_stage({"W": {"Type": "Wait", "Seconds": 1, "End": True}})
    stage.stop()
    assert stage.history[-1]["executionAbortedEventDetails"] == {}


def test_machine_timeout_points_at_nothing(on_stage):
    stage = on_stage({"T": task(TimeoutSeconds=100)}, machine={"TimeoutSeconds": 20})
    assert stage.ring() == 20
    assert after(stage, 4) == ["4<3 LambdaFunctionStarted", "5<0 ExecutionTimedOut"]
    assert stage.status == "TIMED_OUT"
    assert stage.details(5) == {"error": "States.Timeout"}


# ---------------------------------------------------------------- Parallel


def parallel(*branches, **fields):
    """A Parallel whose branches are single states."""
    made = [inner({f"B{index}": branch}) for index, branch in enumerate(branches)]
    return {"Type": "Parallel", "Branches": made, **({} if "Next" in fields else {"End": True}), **fields}


FAIL = {"Type": "Fail", "Error": "Oops"}


def test_parallel_success(on_stage):
    stage = on_stage({"P": parallel(PASS, PASS)}, 5)
    assert after(stage, 2) == [
        "2<0 ParallelStateEntered", "3<2 ParallelStateStarted", "4<3 PassStateEntered", "5<4 PassStateExited",
        "6<3 PassStateEntered", "7<6 PassStateExited", "8<7 ParallelStateSucceeded", "9<7 ParallelStateExited",
        "10<9 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.output == [5, 5]


def test_parallel_ends_after_its_latest_branch(on_stage):
    stage = on_stage({"P": parallel(task(), task())})
    stage.succeed("B1", "one")
    stage.succeed("B0", "zero")
    assert after(stage, 10) == [
        "10<9 LambdaFunctionSucceeded", "11<10 TaskStateExited",
        "12<6 LambdaFunctionSucceeded", "13<12 TaskStateExited",
        "14<13 ParallelStateSucceeded", "15<13 ParallelStateExited", "16<15 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.output == ["zero", "one"]


def test_parallel_failure(on_stage):
    stage = on_stage({"P": parallel(FAIL)})
    assert after(stage, 4) == ["4<3 FailStateEntered", "5<4 ParallelStateFailed", "6<5 ExecutionFailed"]


def test_parallel_failure_caught(on_stage):
    stage = on_stage({"P": parallel(FAIL, Catch=caught("Oops")), "After": PASS})
    assert after(stage, 5)[:3] == ["5<4 ParallelStateFailed", "6<5 ParallelStateExited", "7<6 PassStateEntered"]


def test_parallel_retried(on_stage):
    stage = on_stage({"P": parallel(FAIL, Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}])})
    stage.ring()
    assert after(stage, 4) == [
        "4<3 FailStateEntered", "5<4 ParallelStateStarted", "6<5 FailStateEntered", "7<6 ParallelStateFailed",
        "8<7 ExecutionFailed",
    ]  # fmt: skip


def test_a_failing_branch_stops_its_siblings(on_stage):
    waiting = {"Type": "Wait", "Seconds": 60, "End": True}
    stage = on_stage({"P": parallel(task(), task(), waiting, parallel_with("D", task()))})
    stage.fail("B0", "Oops")
    assert after(stage, 16) == [
        "16<6 LambdaFunctionFailed",
        "17<16 TaskStateAborted",  # the failing one itself
        "18<16 TaskStateAborted",
        "19<16 WaitStateAborted",
        "20<16 TaskStateAborted",
        "21<16 ParallelStateAborted",
        "22<16 ParallelStateFailed",
        "23<22 ExecutionFailed",
    ]  # fmt: skip
    assert (stage.tasks, stage.timers) == ({}, {})


def parallel_with(name, state):
    return {"Type": "Parallel", "Branches": [inner({name: state})], "End": True}


def test_task_failing_in_a_caught_parallel(on_stage):
    stage = on_stage({"P": parallel(task(), Catch=caught("States.ALL")), "After": PASS})
    stage.fail("B0", "Oops", "why")
    assert after(stage, 7) == [
        "7<6 LambdaFunctionFailed", "8<7 TaskStateAborted", "9<7 ParallelStateFailed", "10<9 ParallelStateExited",
        "11<10 PassStateEntered", "12<11 PassStateExited", "13<12 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.output == {"Error": "Oops", "Cause": "why"}


def test_an_inner_catch_comes_before_the_outer(on_stage):
    branch = inner({"T": task(Catch=caught("States.ALL", next="Inner")), "Inner": {**PASS, "Result": "inner"}})
    stage = on_stage({"P": {"Type": "Parallel", "Branches": [branch], "Catch": caught("States.ALL"), "End": True},
                      "After": {**PASS, "Result": "outer"}})  # fmt: skip
    stage.fail("T", "Oops")
    assert stage.output == ["inner"]


# ---------------------------------------------------------------- Map


def mapped(states, **fields):
    processor = inner(states)
    return {"Type": "Map", "ItemProcessor": processor, **({} if "Next" in fields else {"End": True}), **fields}


def test_map_without_limit(on_stage):
    stage = on_stage({"M": mapped({"P": PASS})}, [7, 8])
    assert after(stage, 2) == [
        "2<0 MapStateEntered", "3<2 MapStateStarted", "4<3 MapIterationStarted", "5<3 MapIterationStarted",
        "6<4 PassStateEntered", "7<6 PassStateExited", "8<7 MapIterationSucceeded",
        "9<5 PassStateEntered", "10<9 PassStateExited", "11<10 MapIterationSucceeded",
        "12<10 MapStateSucceeded", "13<10 MapStateExited", "14<13 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.details(3) == {"length": 2}
    assert stage.details(5) == {"name": "M", "index": 1}
    assert stage.output == [7, 8]


def test_map_one_at_a_time(on_stage):
    stage = on_stage({"M": mapped({"P": PASS}, MaxConcurrency=1)}, [7, 8])
    assert after(stage, 4) == [
        "4<3 MapIterationStarted", "5<4 PassStateEntered", "6<5 PassStateExited", "7<6 MapIterationSucceeded",
        "8<6 MapIterationStarted", "9<8 PassStateEntered", "10<9 PassStateExited", "11<10 MapIterationSucceeded",
        "12<10 MapStateSucceeded", "13<10 MapStateExited", "14<13 ExecutionSucceeded",
    ]  # fmt: skip


def test_map_over_nothing(on_stage):
    stage = on_stage({"M": mapped({"P": PASS})}, [])
    assert after(stage, 3) == [
        "3<2 MapStateStarted", "4<3 MapStateSucceeded", "5<3 MapStateExited", "6<5 ExecutionSucceeded",
    ]  # fmt: skip
    assert stage.output == []


def test_map_failure(on_stage):
    stage = on_stage({"M": mapped({"F": FAIL})}, [1])
    assert after(stage, 4) == [
        "4<3 MapIterationStarted", "5<4 FailStateEntered", "6<5 MapIterationFailed", "7<5 MapStateFailed",
        "8<7 ExecutionFailed",
    ]  # fmt: skip


def test_map_failure_caught(on_stage):
    stage = on_stage({"M": mapped({"F": FAIL}, Catch=caught("Oops")), "After": PASS}, [1])
    assert after(stage, 6)[:4] == [
        "6<5 MapIterationFailed", "7<5 MapStateFailed", "8<7 MapStateExited", "9<8 PassStateEntered",
    ]  # fmt: skip


def test_map_retried(on_stage):
    stage = on_stage({"M": mapped({"T": task()}, Retry=[{"ErrorEquals": ["A"]}])}, [1])
    stage.fail("T", "A")
    stage.ring()
    stage.succeed("T", 1)
    assert after(stage, 8) == [
        "8<7 LambdaFunctionFailed", "9<8 MapIterationFailed", "10<8 TaskStateAborted", "11<8 MapStateStarted",
        "12<11 MapIterationStarted", "13<12 TaskStateEntered", "14<13 LambdaFunctionScheduled",
        "15<14 LambdaFunctionStarted", "16<15 LambdaFunctionSucceeded", "17<16 TaskStateExited",
        "18<17 MapIterationSucceeded", "19<17 MapStateSucceeded", "20<17 MapStateExited", "21<20 ExecutionSucceeded",
    ]  # fmt: skip


def test_a_failing_iteration_stops_the_running_ones(on_stage):
    stage = on_stage({"M": mapped({"T": task()}, MaxConcurrency=2)}, [1, 2, 3])
    stage.fail("T", "Oops", nth=1)
    assert after(stage, 12) == [
        "12<11 LambdaFunctionFailed",
        "13<12 MapIterationFailed",
        "14<12 TaskStateAborted",
        "15<12 MapIterationAborted",
        "16<12 TaskStateAborted",
        "17<12 MapStateFailed",
        "18<17 ExecutionFailed",
    ]
    assert (stage.details(13)["index"], stage.details(15)["index"]) == (1, 0)
    assert stage.tasks == {}


@pytest.mark.parametrize(("fields", "tail"), [
    ({"ItemsPath": "$.none"}, ["2<0 MapStateEntered", "3<2 ExecutionFailed"]),
    ({"ItemsPath": "$.n"}, ["2<0 MapStateEntered", "3<2 ExecutionFailed"]),
    ({"MaxConcurrencyPath": "$.text", "ItemsPath": "$.items"}, ["2<0 MapStateEntered", "3<2 ExecutionFailed"]),
    ({"ItemSelector": {"a.$": "$.none"}, "ItemsPath": "$.items"},
     ["2<0 MapStateEntered", "3<2 MapStateStarted", "4<3 ExecutionFailed"]),
])  # fmt: skip
def test_a_fault_in_a_maps_fields_writes_no_map_failure(on_stage, fields, tail):
    stage = on_stage(
        {"M": mapped({"P": PASS}, Catch=caught("States.ALL"), **fields), "After": PASS},
        {"n": 1, "text": "x", "items": [1]},
    )
    assert after(stage, 2) == tail
    assert stage.failure[0] == "States.Runtime"


def test_map_in_map_counts_each_on_its_own(on_stage):
    stage = on_stage({"Out": mapped({"In": mapped({"P": PASS})})}, [[1], []])
    assert stage.output == [[1], []]
    assert after(stage, 4) == [
        "4<3 MapIterationStarted", "5<3 MapIterationStarted",
        "6<4 MapStateEntered", "7<6 MapStateStarted", "8<7 MapIterationStarted",
        "9<5 MapStateEntered", "10<9 MapStateStarted", "11<10 MapStateSucceeded", "12<10 MapStateExited",
        "13<12 MapIterationSucceeded",
        "14<8 PassStateEntered", "15<14 PassStateExited", "16<15 MapIterationSucceeded", "17<15 MapStateSucceeded",
        "18<15 MapStateExited", "19<18 MapIterationSucceeded",
        "20<18 MapStateSucceeded", "21<18 MapStateExited", "22<21 ExecutionSucceeded",
    ]  # fmt: skip


def test_a_failure_two_levels_down_goes_up_level_by_level(on_stage):
    stage = on_stage({"Out": parallel_with("In", mapped({"F": FAIL}))}, [1])
    assert after(stage, 6) == [
        "6<5 MapIterationStarted", "7<6 FailStateEntered", "8<7 MapIterationFailed", "9<7 MapStateFailed",
        "10<9 MapStateAborted", "11<9 ParallelStateFailed", "12<11 ExecutionFailed",
    ]  # fmt: skip


# ---------------------------------------------------------------- time and limits


def test_events_carry_the_time_that_was_told(on_stage):
    stage = on_stage({"A": {"Type": "Pass", "Next": "T"}, "T": task()})
    stage.now = NOON + 1234
    stage.tell(Continued(stage.now - 500))
    stage.now = NOON + 700  # time never goes back
    stage.succeed("T")
    seconds = [(event["timestamp"] - stage.history[0]["timestamp"]).total_seconds() for event in stage.history]
    assert seconds == [0, 0, 0, 0, 0, 0, 0.734, 0.734, 0.734]


LOOP = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Choice", "Choices": [
    {"Variable": "$", "IsPresent": True, "Next": "A"}], "Default": "Z"}, "Z": PASS}  # fmt: skip


def test_25000_events_are_the_most(on_stage):
    stage = on_stage(LOOP, budget=100_000)
    assert len(stage.history) == 25_000
    assert stage.failure[0] == "States.Runtime"
    assert "25000" in stage.failure[1]
    assert stage.history[-1]["type"] == "ExecutionFailed"


def test_a_history_may_be_full_to_the_last_event(on_stage):
    # 12,499 states of two events each, between ExecutionStarted and ExecutionSucceeded: 25,000.
    names = [f"S{index}" for index in range(12_499)]
    states = {name: {"Type": "Pass", "Next": after} for name, after in pairwise(names)}
    stage = on_stage({**states, names[-1]: PASS}, budget=100_000)
    assert (len(stage.history), stage.status) == (25_000, "SUCCEEDED")


@pytest.mark.parametrize("count", [6_200, 8_400, 30_000])
def test_no_fan_out_gets_past_the_limit(on_stage, count):
    """The iterations that begin, their tasks, or only their answers would be too many."""
    stage = on_stage({"M": mapped({"T": task()})}, [0] * count, budget=100_000)
    while stage.status == "RUNNING":
        stage.succeed("T")
    assert (len(stage.history), stage.status) == (25_000, "FAILED")
    assert stage.failure[0] == "States.Runtime"
    assert (stage.tasks, stage.timers) == ({}, {})


@pytest.mark.parametrize("fields", [{"limits": "none"}, {"type": "EXPRESS"}])
def test_without_the_limit_it_goes_on(on_stage, fields):
    stage = Stage(LOOP, budget=30_000, **fields)
    assert stage.unfinished
    assert stage.status == "RUNNING"
    assert len(stage.execution.events) // 4 > 25_000


def test_parameters_that_cannot_be_used_schedule_nothing():
    invoke = {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName.$": "$.name"}, "End": True}
    stage = Stage({"T": invoke}, {"name": 1})
    assert stage.chain == ["1<0 ExecutionStarted", "2<0 TaskStateEntered", "3<2 ExecutionFailed"]
    cause = (
        "An error occurred while executing the state 'T' (entered at the event id #2). The Parameters "
        "'{\"FunctionName\":1}' could not be used to start the Task: "
        "[The value of the field 'FunctionName' has an invalid format]"
    )
    assert stage.failure == ("States.Runtime", cause)


@pytest.mark.parametrize("type_", ["Parallel", "Map"])
def test_results_together_over_the_limit_end_it_however_small_the_output(type_):
    half = {"H": {"Type": "Pass", "Result": "x" * 140_000, "End": True}}
    fields = (
        {"Branches": [inner(half), inner({"H2": half["H"]})]} if type_ == "Parallel" else {"ItemProcessor": inner(half)}
    )
    stage = Stage({"S": {"Type": type_, "ResultPath": None, "End": True, **fields}}, [1, 2])
    assert stage.failure[0] == "States.DataLimitExceeded"
    assert Stage({"S": {"Type": type_, "ResultPath": None, "End": True, **fields}}, [1, 2], limits="none").output == [
        1,
        2,
    ]


def test_an_express_loop_ends_although_no_time_passes(monkeypatch):
    from sfn_notebook.engine import execution

    monkeypatch.setattr(execution, "MAX_EXPRESS_EVENTS", 1000)
    leave = {"Variable": "$.end", "IsPresent": True, "Next": "End"}
    loop = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [leave], "Default": "A"},
        "End": {"Type": "Succeed"},
    }
    stage = Stage(loop, type="EXPRESS")
    assert stage.failure[0] == "States.Runtime"
    assert len(stage.history) == 1000
