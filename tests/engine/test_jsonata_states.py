"""States whose query language is JSONata.  (spec: data-flow, JSONata pipeline; history-events)"""

import pytest
from histories import check
from stage import FUNCTION, Stage, inner, rebuilt

from sfn_notebook.query import jsonata


def staged(states, input=None, **fields):
    return Stage(states, {} if input is None else input, machine={"QueryLanguage": "JSONata"}, **fields)


def work(**fields):
    return {"T": {"Type": "Task", "Resource": FUNCTION, "End": True, **fields}}


def one(**fields):
    return {"P": {"Type": "Pass", "End": True, **fields}}


PREFIX = "An error occurred while executing the state '{}' (entered at the event id #{}). "


def test_output_and_assign_see_the_same_variables():
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x": "{% $x + 1 %}"}, "Output": "{% $x %}", "Next": "C"},
        "C": {"Type": "Pass", "Output": {"x": "{% $x %}", "before": "{% $states.input %}"}, "End": True},
    }
    assert staged(states).output == {"x": 2, "before": 1}


def test_a_task_gets_its_arguments_and_gives_its_result():
    stage = staged(
        work(Arguments={"n": "{% $states.input.n * 2 %}"}, Output="{% $states.result.m + $states.input.n %}"), {"n": 3}
    )
    assert stage.tasks[stage.task("T")].payload == {"n": 6}
    stage.succeed("T", {"m": 10})
    assert stage.output == 13


def test_without_arguments_a_function_gets_the_input_and_a_service_nothing():
    assert [command.payload for command in staged(work(), [1]).tasks.values()] == [[1]]
    assert [
        command.payload for command in staged(work(Resource="arn:aws:states:::sqs:sendMessage"), [1]).tasks.values()
    ] == [{}]


def test_the_result_of_a_task_is_its_output_unless_it_has_one():
    stage = staged(work())
    stage.succeed("T", {"a": None})
    assert stage.output == {"a": None}


def test_settings_of_a_task_may_be_computed():
    fields = {"TimeoutSeconds": "{% $states.input.s %}", "Credentials": {"RoleArn": "{% 'arn:' & 'r' %}"}}
    stage = staged(work(**fields), {"s": 7})
    details = stage.details(3)
    assert details["timeoutInSeconds"] == 7
    assert details["taskCredentials"] == {"roleArn": "arn:r"}
    assert stage.ring() == 7
    assert stage.failure == ("States.Timeout", None)


def test_a_choice_takes_the_first_condition_with_its_own_output_and_variables():
    rule = {"Condition": "{% $states.input.n > 1 %}", "Output": "rule", "Assign": {"by": "rule"}, "Next": "E"}
    states = {
        "C": {
            "Type": "Choice", "Choices": [rule], "Default": "E",
            "Output": "default", "Assign": {"by": "default"},
        },
        "E": {"Type": "Succeed", "Output": ["{% $states.input %}", "{% $by %}"]},
    }  # fmt: skip
    assert staged(states, {"n": 2}).output == ["rule", "rule"]
    assert staged(states, {"n": 1}).output == ["default", "default"]


def test_a_condition_must_give_a_boolean():
    states = {"C": {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "E"}]}, "E": {"Type": "Succeed"}}
    error, cause = staged(states).failure
    assert error == "States.QueryEvaluationError"
    assert cause.startswith(PREFIX.format("C", 2) + "The JSONata expression '1' specified for the field 'Choices[0]/")


@pytest.mark.parametrize("fields", [{"Seconds": "{% $states.input.s %}"}, {"Seconds": 5}])
def test_a_wait_of_computed_seconds(fields):
    stage = staged({"W": {"Type": "Wait", "End": True, **fields}}, {"s": 5})
    assert stage.ring() == 5
    assert stage.output == {"s": 5}


def test_a_failed_state_says_what_it_computes():
    stage = staged({"F": {"Type": "Fail", "Error": "{% 'E' & $states.input.n %}", "Cause": "plain"}}, {"n": 1})
    assert stage.failure == ("E1", "plain")


def test_the_context_tells_which_item_it_is():
    selector = {"n": "{% $states.context.Map.Item.Index %}", "v": "{% $states.context.Map.Item.Value %}"}
    fields = {"Items": "{% $states.input.list %}", "ItemSelector": selector}
    states = {"M": {"Type": "Map", "ItemProcessor": inner(one()), "End": True, **fields}}
    assert staged(states, {"list": ["a", "b"]}).output == [{"n": 0, "v": "a"}, {"n": 1, "v": "b"}]


def test_the_members_of_an_object_are_items_with_keys():
    selector = "{% $states.context.Map.Item.Key & '=' & $string($states.context.Map.Item.Value) %}"
    states = {"M": {"Type": "Map", "ItemProcessor": inner(one()), "ItemSelector": selector, "End": True}}
    assert staged(states, {"a": 1, "b": 2}).output == ["a=1", "b=2"]


def test_branches_get_the_arguments():
    states = {"B": {"Type": "Parallel", "Branches": [inner(one())], "Arguments": "{% 1 + 1 %}", "End": True}}
    assert staged(states).output == [2]


# ------------------------------------------------------------ failures


def test_a_fault_right_after_entering_points_where_entered_points():
    stage = staged({"A": {"Type": "Pass", "Next": "P"}, **one(Output={"r": "{% $nothing %}"})})
    assert stage.chain[3:] == ["4<3 PassStateEntered", "5<3 EvaluationFailed", "6<5 ExecutionFailed"]
    cause = PREFIX.format("P", 4) + (
        "The JSONata expression '$nothing' specified for the field 'Output/r' returned nothing (undefined)."
    )
    assert stage.details(5) == {
        "state": "P", "error": "States.QueryEvaluationError", "cause": cause, "location": "Output/r",
    }  # fmt: skip


def test_a_fault_after_the_result_points_at_the_result():
    stage = staged(work(Output="{% $states.result.none %}"))
    stage.succeed("T", {})
    assert stage.chain[4:] == ["5<4 LambdaFunctionSucceeded", "6<5 EvaluationFailed", "7<6 ExecutionFailed"]


def test_a_fault_is_tried_again_and_caught():
    fields = {
        "Output": "{% $states.result.none %}",
        "Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "E"}],
    }
    stage = staged({**work(**fields), "E": {"Type": "Succeed"}})
    stage.succeed("T", {})
    stage.ring()
    stage.succeed("T", {})
    assert stage.output == "States.QueryEvaluationError"
    assert stage.chain[5:8] == ["6<5 EvaluationFailed", "7<6 LambdaFunctionScheduled", "8<7 LambdaFunctionStarted"]
    check(stage.history)


def test_a_fault_of_a_catcher_itself_fails():
    catcher = {"ErrorEquals": ["States.ALL"], "Output": {"a": ["{% $none %}"]}, "Next": "E"}
    stage = staged({**work(Catch=[catcher]), "E": {"Type": "Succeed"}})
    stage.fail("T", "Boom")
    assert stage.chain[4:] == ["5<4 LambdaFunctionFailed", "6<5 EvaluationFailed", "7<6 ExecutionFailed"]
    assert stage.details(6)["location"] == "Catch[0]/Output/a[0]"


def test_the_error_output_is_what_is_caught():
    catcher = {"ErrorEquals": ["Boom"], "Assign": {"why": "{% $states.errorOutput.Cause %}"}, "Next": "E"}
    stage = staged({**work(Catch=[catcher]), "E": {"Type": "Succeed", "Output": ["{% $states.input %}", "{% $why %}"]}})
    stage.fail("T", "Boom", "because")
    assert stage.output == [{"Error": "Boom", "Cause": "because"}, "because"]


# ------------------------------------------------------------ languages side by side


def test_each_language_reads_what_the_other_has_assigned():
    states = {
        "A": {"Type": "Pass", "Assign": {"x.$": "$.n"}, "Next": "B"},
        "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"y": "{% $x * 2 %}"}, "Next": "C"},
        "C": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y"}, "End": True},
    }
    assert Stage(states, {"n": 4}).output == {"x": 4, "y": 8}


# ------------------------------------------------------------ the wall clock


def test_what_the_wall_clock_has_ended_ends_there_in_each_replay(monkeypatch):
    states = {
        **work(
            Arguments="{% $sum([1..100000].($ * 2)) %}",
            Catch=[{"ErrorEquals": ["States.ALL"], "Output": "slow", "Next": "E"}],
        ),
        "E": {"Type": "Succeed"},
    }
    for limits in ("_QUICK", "_PATIENT"):
        monkeypatch.setitem(getattr(jsonata, limits), "timeout", 1e-9)
    stage = staged(states)
    assert stage.output == "slow"
    monkeypatch.undo()
    assert staged(states).tasks  # the clock of another day lets it through
    again = rebuilt(stage.program, stage.start, stage.journal, stage.execution.transitions)
    assert again.history() == stage.history
