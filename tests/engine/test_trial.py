"""One visit of one state by itself: it does what the state does in a machine.  (spec: test-state)"""

import pytest
from stage import FUNCTION, INVOKE, Stage, inner, program, start_record

from sfn_notebook.engine.commands import RunMap, RunTask
from sfn_notebook.engine.trial import Conditions, Trial
from sfn_notebook.values import dumps, size

END = {"Next": "After"}
AFTER = {"After": {"Type": "Succeed"}}
INNER = inner({"Inner": {"Type": "Pass", "End": True}})
CATCH = {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "After"}]}


def trial(state, input, **conditions):
    """The trial of a state, entered."""
    given = program({"X": state} | AFTER)
    made = Trial(given.machine.root.states["X"], start_record(given, dumps(input)), input, Conditions(**conditions))
    made.enter()
    return made


ALONE = [
    {"Type": "Pass", "Parameters": {"b.$": "$.a", "id.$": "$$.Execution.Id"}, "ResultPath": "$.r", **END},
    {"Type": "Pass", "Result": [1], **END},
    {"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"b": "{% $states.input.a + 1 %}"}, **END},
    {"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "After"}], "OutputPath": "$.a"},
    {"Type": "Wait", "Seconds": 5, "OutputPath": "$.a", **END},
    {"Type": "Pass", "InputPath": "$.gone", **END},
]
GIVEN = {"a": 1, "text": "why"}


@pytest.mark.parametrize("state", ALONE)
def test_states_that_need_nothing_from_outside(state):
    run = Stage({"StateName": state} | AFTER, GIVEN)
    tried = trial(state, GIVEN)
    if tried.wait_until is not None:
        tried.pass_time(tried.wait_until)
        run.ring()
    verdict = tried.verdict()
    if run.status == "SUCCEEDED":
        assert (verdict.status, verdict.output, verdict.next_state) == ("SUCCEEDED", run.output, "After")
    else:
        assert verdict.status == "FAILED"
        assert (verdict.failure.error, verdict.failure.cause) == run.failure


X = {"x": [1, 2]}
ANSWERED = [
    (
        {"Type": "Task", "Resource": FUNCTION, "ResultSelector": {"v.$": "$[0]"}, "ResultPath": "$.r", **END},
        {**X, "r": {"v": 7}},
    ),
    ({"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}, "OutputPath": "$[1]", **END}, 8),
    ({"Type": "Parallel", "Branches": [INNER], "ResultSelector": {"v.$": "$[0]"}, **END}, {"v": 7}),
    ({"Type": "Map", "ItemProcessor": INNER, "ItemsPath": "$.x", "ResultPath": "$.r", **END}, {**X, "r": [7, 8]}),
    ({"Type": "Parallel", "Branches": [INNER], "Assign": {"v.$": "$[0]"}, "OutputPath": "$[1]", **END}, 8),
]
WORK = [state for state, _ in ANSWERED]


@pytest.mark.parametrize(("state", "output"), ANSWERED)
def test_an_answer_goes_through_the_filters(state, output):
    tried = trial(state, X)
    assert tried.is_waiting
    tried.answer([7, 8], 5)
    verdict = tried.verdict()
    assert (verdict.status, verdict.output, verdict.next_state) == ("SUCCEEDED", output, "After")
    assert not tried.is_waiting


@pytest.mark.parametrize("state", WORK)
def test_a_failure_is_caught(state):
    tried = trial(state | CATCH, X)
    tried.fail_with("E", "why")
    verdict = tried.verdict()
    assert (verdict.status, verdict.catch_index, verdict.next_state) == ("CAUGHT_ERROR", 0, "After")
    assert verdict.output == {**X, "e": {"Error": "E", "Cause": "why"}}


@pytest.mark.parametrize("state", WORK)
def test_a_failure_is_retried_until_the_retrier_is_used_up(state):
    retried = state | {"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 3, "MaxAttempts": 2, "BackoffRate": 2}]}
    statuses = []
    for retries in (0, 1, 2):
        tried = trial(retried, X, retries=retries)
        tried.fail_with("E", None)
        verdict = tried.verdict()
        statuses.append((verdict.status, verdict.delay, verdict.retry_index))
    assert statuses == [("RETRIABLE", 3, 0), ("RETRIABLE", 6, 0), ("FAILED", None, 0)]


def test_branches_and_iterations_never_run():
    tried = trial(WORK[3], X)
    tried.answer([], 2)
    entered = [event["type"] for event in tried.history() if event["type"].endswith("Entered")]
    assert entered == ["MapStateEntered"]


def test_what_was_heard_is_in_order():
    selector = {"v.$": "$$.Map.Item.Value"}
    tried = trial(WORK[3] | {"ItemSelector": selector, "MaxConcurrency": 1}, {"x": [5, 6, 7]})
    assert tried.heard["ItemSelector"] == [{"v": 5}]
    tried.select_rest()
    assert tried.heard["ItemSelector"] == [{"v": 5}, {"v": 6}, {"v": 7}]
    assert tried.heard["ItemsPath"] == [[5, 6, 7]]


def test_work_of_others_is_a_command():
    assert isinstance(trial(WORK[0], {"x": 1}).command, RunTask)
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}, **INNER}
    tried = trial({"Type": "Map", "ItemProcessor": processor, "ItemSelector": {"v.$": "$$.Map.Item.Key"}, **END}, {})
    assert isinstance(tried.command, RunMap)
    assert tried.items == {}
    assert tried.select([(1, "k", "STATE_DATA")]) == [{"v": "k"}]


def test_a_result_over_the_limit_is_a_failure_of_the_work():
    tried = trial(WORK[0] | CATCH, {"x": 1})
    large = ["x" * 262_144]
    tried.answer(large, size(large))
    assert (tried.verdict().status, tried.verdict().failure.error) == ("CAUGHT_ERROR", "States.DataLimitExceeded")


def test_variables_and_context_are_the_ones_given():
    state = {"Type": "Pass", "Parameters": {"v.$": "$old", "c.$": "$$"}, "Assign": {"new": 1}, **END}
    tried = trial(state, {}, variables={"old": 5}, context={"State": {"Name": "mine"}})
    assert tried.verdict().output == {"v": 5, "c": {"State": {"Name": "mine"}}}
    assert tried.frame.variables == {"old": 5, "new": 1}
