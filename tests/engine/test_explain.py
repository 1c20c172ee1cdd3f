"""What is heard of one visit of a state, when its execution is told again."""

import pytest
from stage import FUNCTION, INVOKE, NOON, Stage, inner

from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.explain import NoSuchVisit, explain
from sfn_notebook.engine.stimuli import GuardFired
from sfn_notebook.engine.tap import tapped, tapped_flow, tapped_value
from sfn_notebook.values import ABSENT

ORDER = {"order": {"id": 7, "items": [1, 2]}, "who": "me"}


def heard(stage, state, visit=0):
    """The account of a visit on this stage."""
    return explain(
        stage.program.machine, stage.start, stage.journal, state, visit, transitions=stage.execution.transitions
    )


def flow(stage, state, visit=0):
    """(name, value, or error's name) of each moment."""
    moments = heard(stage, state, visit).moments
    return [(m.name, m.value if m.error is None else m.error) for m in moments]


def names(stage, state, visit=0):
    return [moment.name for moment in heard(stage, state, visit).moments]


# ------------------------------------------------------------ JSONPath


def test_all_steps_of_a_task_in_their_order():
    stage = Stage(
        {
            "T": {
                "Type": "Task",
                "Resource": FUNCTION,
                "InputPath": "$.order",
                "Parameters": {"id.$": "$.id", "tax": 0.2},
                "ResultSelector": {"total.$": "$.sum"},
                "Assign": {"sum.$": "$.sum"},
                "ResultPath": "$.price",
                "OutputPath": "$.price",
                "End": True,
            }
        },
        ORDER,
    )
    stage.succeed("T", {"sum": 20, "more": 1})
    assert flow(stage, "T") == [
        ("input", ORDER),
        ("InputPath", ORDER["order"]),
        ("Parameters", {"id": 7, "tax": 0.2}),
        ("result", {"sum": 20, "more": 1}),
        ("Assign", {"sum": 20}),
        ("ResultSelector", {"total": 20}),
        ("ResultPath", {**ORDER, "price": {"total": 20}}),
        ("OutputPath", {"total": 20}),
        ("output", {"total": 20}),
    ]
    account = heard(stage, "T")
    assert (account.variables_before, account.variables_after) == ({}, {"sum": 20})
    assert [m.written for m in account.moments if m.name == "Parameters"] == [{"id.$": "$.id", "tax": 0.2}]


def test_what_the_definition_does_not_say_is_no_step():
    stage = Stage({"P": {"Type": "Pass", "End": True}}, {"a": 1})
    assert flow(stage, "P") == [("input", {"a": 1}), ("output", {"a": 1})]


def test_paths_that_are_null():
    fields = {"InputPath": None, "ResultPath": None, "OutputPath": None}
    stage = Stage({"P": {"Type": "Pass", **fields, "End": True}}, {"a": 1})
    assert flow(stage, "P")[1:] == [("InputPath", {}), ("ResultPath", {"a": 1}), ("OutputPath", {}), ("output", {})]


def test_what_is_heard_is_what_was_done():
    """The same history comes of it, with every field that can be listened to."""
    stage = Stage({"T": {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": "f"}, "End": True}})
    stage.succeed("T", {"Payload": 1})
    account = heard(stage, "T")
    assert account.execution.history() == stage.history
    assert type(account.execution) is not Execution


def test_a_step_that_fails_is_heard_with_its_error():
    stage = Stage({"P": {"Type": "Pass", "InputPath": "$.a", "OutputPath": "$.none", "End": True}}, {"a": {"b": 1}})
    account = heard(stage, "P")
    assert flow(stage, "P") == [
        ("input", {"a": {"b": 1}}), ("InputPath", {"b": 1}), ("OutputPath", "States.Runtime"),
        ("error", "States.Runtime"),
    ]  # fmt: skip
    assert account.moments[-2].value is ABSENT
    assert "$.none" in account.moments[-2].cause
    assert account.moments[-1].cause.startswith("An error occurred while executing the state 'P'")
    assert account.variables_after is None


def test_a_choice_says_which_rules_held():
    rule = lambda n, to: {"Variable": "$.n", "NumericGreaterThan": n, "Next": to}  # noqa: E731
    states = {
        "C": {"Type": "Choice", "InputPath": "$.x", "Choices": [rule(5, "A"), rule(1, "B"), rule(0, "A")]},
        "A": {"Type": "Succeed"},
        "B": {"Type": "Succeed"},
    }
    stage = Stage(states, {"x": {"n": 3}})
    assert flow(stage, "C") == [
        ("input", {"x": {"n": 3}}), ("InputPath", {"n": 3}), ("Choices[0]", False), ("Choices[1]", True),
        ("output", {"n": 3}),
    ]  # fmt: skip
    assert heard(stage, "C").moments[3].written == rule(1, "B")


def test_waits_and_settings_that_are_looked_up():
    states = {
        "W": {"Type": "Wait", "InputPath": "$.w", "SecondsPath": "$.s", "Next": "T"},
        "T": {"Type": "Task", "Resource": FUNCTION, "TimeoutSecondsPath": "$.s", "Next": "M"},
        "M": {
            "Type": "Map", "MaxConcurrencyPath": "$.s", "ItemsPath": "$.l", "Next": "F",
            "ItemProcessor": inner({"I": {"Type": "Pass", "End": True}}), "ResultPath": None,
        },
        "F": {"Type": "Fail", "ErrorPath": "$.why", "Cause": "c"},
    }  # fmt: skip
    stage = Stage(states, {"w": {"s": 2}})
    assert flow(stage, "W") == [("input", {"w": {"s": 2}}), ("InputPath", {"s": 2}), ("SecondsPath", 2)]
    stage.ring()
    assert flow(stage, "W")[-1] == ("output", {"s": 2})
    assert names(stage, "W").count("InputPath") == 1
    assert flow(stage, "T") == [("input", {"s": 2}), ("TimeoutSecondsPath", 2)]
    stage.succeed("T", {"s": 1, "l": [4], "why": "Because"})
    assert ("MaxConcurrencyPath", 1) in flow(stage, "M")
    assert flow(stage, "F")[1:] == [("ErrorPath", "Because"), ("error", "Because")]


# ------------------------------------------------------------ attempts


RETRIED = {
    "T": {
        "Type": "Task",
        "Resource": FUNCTION,
        "Parameters": {"k.$": "$.a"},
        "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 3, "MaxAttempts": 1}],
        "Catch": [
            {"ErrorEquals": ["Other"], "Next": "End"},
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.oops", "Assign": {"e.$": "$.Error"}, "Next": "End"},
        ],
        "Next": "End",
    },
    "End": {"Type": "Succeed"},
}


def test_every_attempt_is_heard():
    stage = Stage(RETRIED, {"a": 1})
    stage.fail("T", "E", "once")
    assert flow(stage, "T")[-2:] == [("error", "E"), ("retry", 3.0)]
    stage.ring()
    stage.succeed("T", 5)
    assert [(m.name, m.attempt) for m in heard(stage, "T").moments] == [
        ("input", 0), ("Parameters", 0), ("error", 0), ("retry", 1), ("Parameters", 1), ("result", 1), ("output", 1),
    ]  # fmt: skip
    assert heard(stage, "T").moments[2].cause == "once"


def test_a_catcher_is_heard_with_what_it_makes_of_the_error():
    stage = Stage(RETRIED, {"a": 1})
    stage.fail("T", "X", "why")
    error = {"Error": "X", "Cause": "why"}
    assert flow(stage, "T")[2:] == [
        ("error", "X"), ("Catch[1]", error), ("Catch[1]/Assign", {"e": "X"}),
        ("Catch[1]/ResultPath", {"a": 1, "oops": error}), ("output", {"a": 1, "oops": error}),
    ]  # fmt: skip
    account = heard(stage, "T")
    assert account.variables_after == {"e": "X"}
    assert account.moments[3].written == RETRIED["T"]["Catch"][1]
    assert account.moments[5].written == "$.oops"


# ------------------------------------------------------------ JSONata


def test_the_steps_of_a_jsonata_task_and_their_expressions():
    stage = Stage(
        {
            "P": {"Type": "Pass", "Assign": {"rate": 3}, "Next": "T"},
            "T": {
                "Type": "Task",
                "QueryLanguage": "JSONata",
                "Resource": FUNCTION,
                "Arguments": {"n": "{% $states.input.n * $rate %}", "same": "text"},
                "Output": {"a": ["{% $states.result + 1 %}"], "b": "{% $states.input.n %}"},
                "Assign": {"rate": "{% $rate + 1 %}"},
                "End": True,
            },
        },
        {"n": 2},
    )
    stage.succeed("T", 10)
    assert flow(stage, "T") == [
        ("input", {"n": 2}), ("Arguments", {"n": 6, "same": "text"}), ("result", 10), ("Assign", {"rate": 4}),
        ("Output", {"a": [11], "b": 2}), ("output", {"a": [11], "b": 2}),
    ]  # fmt: skip
    account = heard(stage, "T")
    assert (account.variables_before, account.variables_after) == ({"rate": 3}, {"rate": 4})
    assert [each[:4] for each in account.moments[4].expressions] == [
        ("Output/a[0]", " $states.result + 1 ", 11, None),
        ("Output/b", " $states.input.n ", 2, None),
    ]
    assert [tuple(part) for part in account.moments[4].expressions[0].parts] == [("$states.result", 0, "value", 10)]


def test_an_expression_that_fails_is_told_from_those_that_do_not():
    output = {"good": "{% $states.input.n %}", "bad": "{% $states.input.none %}"}
    stage = Stage({"P": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": True}}, {"n": 2})
    moment = heard(stage, "P").moments[1]
    assert (moment.name, moment.error, moment.value) == ("Output", "States.QueryEvaluationError", ABSENT)
    good, bad = moment.expressions
    assert (good.value, good.cause) == (2, None)
    assert (bad.value, bad.cause) == (ABSENT, moment.cause)


def test_chance_falls_as_it_fell():
    state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": ["{% $uuid() %}", "{% $random() %}"], "End": True}
    stage = Stage({"P": state})
    moment = heard(stage, "P").moments[1]
    assert moment.value == stage.output
    assert [each.value for each in moment.expressions] == stage.output


def test_conditions_of_a_jsonata_choice():
    choices = [
        {"Condition": "{% $states.input.n > 5 %}", "Next": "S"},
        {"Condition": "{% $states.input.n > 1 %}", "Next": "S", "Output": "{% $states.input.n %}", "Assign": {"v": 1}},
    ]
    stage = Stage(
        {"C": {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": choices}, "S": {"Type": "Succeed"}}, {"n": 3}
    )
    assert flow(stage, "C")[1:] == [
        ("Choices[0]/Condition", False), ("Choices[1]/Condition", True), ("Choices[1]/Assign", {"v": 1}),
        ("Choices[1]/Output", 3), ("output", 3),
    ]  # fmt: skip


def test_an_integration_without_arguments_gets_no_parameters():
    resource = "arn:aws:states:::aws-sdk:s3:listBuckets"
    stage = Stage({"T": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": resource, "End": True}}, {"n": 1})
    assert flow(stage, "T") == [("input", {"n": 1}), ("Arguments", {})]


def test_what_the_wall_clock_has_ended_is_not_tried_again():
    """The journal says so; hearing it takes no time."""
    endless = "{% ($f := function($n) { $f($n + 1) }; $f(0)) %}"
    stage = Stage(
        {
            "W": {"Type": "Wait", "Seconds": 1, "Next": "P"},
            "P": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": endless, "End": True},
        }
    )
    target = stage.execution.waiting[0]._replace(state="P")
    stage.tell(GuardFired(NOON, target, "Output", "Expression evaluation timeout"))
    stage.ring()
    moment = heard(stage, "P").moments[1]
    assert (moment.error, moment.cause) == ("States.QueryEvaluationError", "Expression evaluation timeout")
    assert moment.expressions == ()


# ------------------------------------------------------------ Map and Parallel


def test_a_map_is_heard_with_its_items_and_their_selection():
    states = {
        "M": {
            "Type": "Map",
            "ItemsPath": "$.l",
            "ItemSelector": {"v.$": "$$.Map.Item.Value", "w.$": "$.who"},
            "ItemProcessor": inner({"I": {"Type": "Pass", "OutputPath": "$.v", "End": True}}),
            "MaxConcurrency": 1,
            "End": True,
        }
    }
    stage = Stage(states, {"l": [5, 6], "who": "me"})
    assert flow(stage, "M")[1:] == [
        ("ItemsPath", [5, 6]), ("items", 2), ("ItemSelector[0]", {"v": 5, "w": "me"}),
        ("ItemSelector[1]", {"v": 6, "w": "me"}), ("result", [5, 6]), ("output", [5, 6]),
    ]  # fmt: skip
    assert flow(stage, "I", 1) == [("input", {"v": 6, "w": "me"}), ("OutputPath", 6), ("output", 6)]


def test_a_parallel_is_heard_with_its_input_and_result():
    branch = lambda n: inner({n: {"Type": "Pass", "Result": n, "End": True}})  # noqa: E731
    states = {"P": {"Type": "Parallel", "Parameters": {"k.$": "$.a"}, "Branches": [branch("x"), branch("y")]}}
    states["P"]["End"] = True
    stage = Stage(states, {"a": 1})
    assert flow(stage, "P")[1:] == [("Parameters", {"k": 1}), ("result", ["x", "y"]), ("output", ["x", "y"])]
    assert flow(stage, "x")[0] == ("input", {"k": 1})


def test_a_map_whose_child_has_failed_is_tried_again():
    states = {
        "M": {
            "Type": "Map",
            "ItemProcessor": inner({"T": {"Type": "Task", "Resource": FUNCTION, "End": True}}),
            "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1}],
            "End": True,
        }
    }
    stage = Stage(states, [1])
    stage.fail("T", "E", "why")
    stage.ring()
    stage.succeed("T", 2)
    assert [(m.name, m.attempt) for m in heard(stage, "M").moments] == [
        ("input", 0), ("items", 0), ("error", 0), ("retry", 1), ("items", 1), ("result", 1), ("output", 1),
    ]  # fmt: skip
    assert flow(stage, "T", 0) == [("input", 1), ("error", "E")]
    assert flow(stage, "T", 1) == [("input", 1), ("result", 2), ("output", 2)]


# ------------------------------------------------------------ which visit


LOOP = {
    "Again": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input + 1 %}", "Next": "Enough"},
    "Enough": {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericGreaterThan": 2, "Next": "End"}],
        "Default": "Again",
    },
    "End": {"Type": "Pass", "End": True},
}


@pytest.mark.parametrize(("visit", "value"), [(0, 0), (1, 1), (2, 2), (-1, 2), (-3, 0)])
def test_visits_are_counted_from_the_first_or_back_from_the_last(visit, value):
    stage = Stage(LOOP, 0)
    assert flow(stage, "Again", visit) == [("input", value), ("Output", value + 1), ("output", value + 1)]
    assert heard(stage, "Again", visit).visit == value


@pytest.mark.parametrize(
    ("state", "visit", "said"),
    [
        ("Agian", 0, "there is no state 'Agian'. Did you mean 'Again'?"),
        ("zzz", 0, "there is no state 'zzz'. Its states are: Again, Enough, End"),
        ("Again", 3, "the state 'Again' was visited 3 times so far: give visit=0 to 2."),
        ("Again", -4, "the state 'Again' was visited 3 times so far: give visit=0 to 2."),
        ("End", 1, "the state 'End' was visited once so far: give visit=0."),
    ],
)
def test_a_visit_that_was_not_made(state, visit, said):
    with pytest.raises(NoSuchVisit) as caught:
        heard(Stage(LOOP, 0), state, visit)
    assert str(caught.value) == said


def test_a_state_that_was_not_visited():
    stage = Stage({"W": {"Type": "Wait", "Seconds": 1, "Next": "End"}, "End": {"Type": "Succeed"}})
    with pytest.raises(NoSuchVisit, match=r"^the state 'End' has not been visited\.$"):
        heard(stage, "End")


ENDLESS = {
    "A": {"Type": "Pass", "Next": "B"},
    "B": {"Type": "Choice", "Choices": [{"Variable": "$.end", "IsPresent": True, "Next": "End"}], "Default": "A"},
    "End": {"Type": "Succeed"},
}


def test_no_further_than_the_execution_has_come():
    """An endless loop is told as far as it has gone."""
    stage = Stage(ENDLESS, budget=5, limits="none")
    assert heard(stage, "A", -1).visit == 2
    stage.advance(2)
    assert heard(stage, "A", -1).visit == 3


def test_a_history_that_is_full():
    """What it has no room for was not visited."""
    stage = Stage(ENDLESS, budget=30_000)
    assert stage.failure[0] == "States.Runtime"
    for state in ("A", "B"):
        entered = sum(e.get("stateEnteredEventDetails", {}).get("name") == state for e in stage.history)
        assert heard(stage, state, -1).visit == entered - 1
        with pytest.raises(NoSuchVisit, match=f"visited {entered} times"):
            heard(stage, state, entered)


def test_without_a_tap_nothing_is_wrapped():
    assert tapped("Output", len) is tapped_flow("Output", len) is tapped_value("Output", len) is len
