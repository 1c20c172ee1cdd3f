"""What became of each state, read from histories as spec/history-events.md shows them."""

import pytest
from graph_cases import container, history, machine, recorded

from sfn_notebook.graph import StateStatus, TakenEdge, draw, status_of, taken_edges
from sfn_notebook.graph.status import Tally
from sfn_notebook.graph.visits import read_visits


def task(**fields):
    return {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", **fields}


CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Handler"}]
PASS = {"Type": "Pass", "End": True}

charge = machine({"Charge": task(Next="Done", Catch=CATCH), "Done": {"Type": "Succeed"}, "Handler": PASS})


def statuses(script, of=charge):
    return {name: status.status for name, status in status_of(history(*script), of).items()}


STARTED = [
    ("ExecutionStarted", 0),
    ("TaskStateEntered", 0, "Charge"),
    ("LambdaFunctionScheduled", 2),
    ("LambdaFunctionStarted", 3),
]


def test_without_events_nothing_has_run():
    assert status_of([], charge) == dict.fromkeys(("Charge", "Done", "Handler"), StateStatus())


def test_a_state_that_was_entered_and_not_left_is_running():
    assert statuses(STARTED)["Charge"] == "running"


def test_a_run_that_succeeds():
    script = [
        *STARTED,
        ("LambdaFunctionSucceeded", 4),
        ("TaskStateExited", 5, "Charge"),
        ("SucceedStateEntered", 6, "Done"),
        ("SucceedStateExited", 7, "Done"),
        ("ExecutionSucceeded", 8),
    ]
    assert statuses(script) == {"Charge": "succeeded", "Done": "succeeded", "Handler": "not_run"}
    assert taken_edges(history(*script), charge) == {TakenEdge("Charge", "next", "Done"): 1}


def test_the_order_of_the_events_does_not_matter():
    script = [*STARTED, ("LambdaFunctionFailed", 4), ("ExecutionFailed", 5)]
    assert status_of(history(*script)[::-1], charge) == status_of(history(*script), charge)


def test_a_task_that_failed_and_was_left_was_caught():
    script = [
        *STARTED,
        ("LambdaFunctionFailed", 4),
        ("TaskStateExited", 5, "Charge"),
        ("PassStateEntered", 6, "Handler"),
        ("PassStateExited", 7, "Handler"),
        ("ExecutionSucceeded", 8),
    ]
    assert statuses(script) == {"Charge": "caught", "Done": "not_run", "Handler": "succeeded"}
    assert taken_edges(history(*script), charge) == {TakenEdge("Charge", "catch", "Handler"): 1}


def test_a_fault_that_only_its_catcher_shows_was_caught_as_well():
    script = [
        ("ExecutionStarted", 0),
        ("TaskStateEntered", 0, "Charge"),
        ("TaskStateExited", 2, "Charge"),
        ("PassStateEntered", 3, "Handler"),
    ]
    assert statuses(script) == {"Charge": "caught", "Done": "not_run", "Handler": "running"}


def test_a_task_scheduled_again_without_being_entered_is_retried():
    script = [
        *STARTED,
        ("LambdaFunctionFailed", 4),
        ("LambdaFunctionScheduled", 5),
        ("LambdaFunctionStarted", 6),
        ("LambdaFunctionTimedOut", 7),
        ("LambdaFunctionScheduled", 8),
        ("LambdaFunctionStarted", 9),
        ("LambdaFunctionSucceeded", 10),
        ("TaskStateExited", 11, "Charge"),
    ]
    assert status_of(history(*script), charge)["Charge"] == StateStatus("succeeded", visits=1, retries=2)


def test_an_unhandled_error_fails_the_state():
    assert statuses([*STARTED, ("LambdaFunctionFailed", 4), ("ExecutionFailed", 5)])["Charge"] == "failed"


def test_a_runtime_error_before_the_task_fails_the_state():
    assert statuses([*STARTED[:2], ("ExecutionFailed", 2)])["Charge"] == "failed"


def test_a_timeout_of_the_task_is_told_apart():
    assert statuses([*STARTED, ("LambdaFunctionTimedOut", 4), ("ExecutionFailed", 5)])["Charge"] == "timed_out"


def test_a_stop_aborts_what_runs():
    assert statuses([*STARTED, ("ExecutionAborted", 0)])["Charge"] == "aborted"


def test_a_timeout_of_the_machine_times_out_what_runs():
    assert statuses([*STARTED, ("ExecutionTimedOut", 0)])["Charge"] == "timed_out"


def test_a_redrive_takes_up_the_failed_state_and_is_no_retry():
    failed = [*STARTED, ("LambdaFunctionFailed", 4), ("ExecutionFailed", 5), ("ExecutionRedriven", 6)]
    assert status_of(history(*failed, ("LambdaFunctionScheduled", 7)), charge)["Charge"] == StateStatus("running", 1, 0)


def test_a_jsonata_fault_belongs_to_the_state_it_names():
    looped = machine({"A": {"Type": "Pass", "Next": "B"}, "B": PASS}, QueryLanguage="JSONata")
    script = [
        ("ExecutionStarted", 0),
        ("PassStateEntered", 0, "A"),
        ("PassStateExited", 2, "A"),
        ("PassStateEntered", 3, "B"),
        ("EvaluationFailed", 3, "B"),
        ("ExecutionFailed", 5),
    ]
    assert statuses(script, looped) == {"A": "succeeded", "B": "failed"}


def test_a_fail_state_has_failed():
    stop = machine({"Stop": {"Type": "Fail"}})
    script = [("ExecutionStarted", 0), ("FailStateEntered", 0, "Stop"), ("ExecutionFailed", 2)]
    assert statuses(script, stop) == {"Stop": "failed"}


def test_a_loop_counts_visits_and_shows_the_latest():
    waiting = machine(
        {
            "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Done?"},
            "Done?": {"Type": "Choice", "Choices": [{"Condition": "x", "Next": "Stop"}], "Default": "Wait"},
            "Stop": {"Type": "Fail"},
        }
    )
    script = [("ExecutionStarted", 0), ("WaitStateEntered", 0, "Wait"), ("WaitStateExited", 2, "Wait")]
    script += [
        ("ChoiceStateEntered", 3, "Done?"),
        ("ChoiceStateExited", 4, "Done?"),
        ("WaitStateEntered", 5, "Wait"),
    ]
    assert status_of(history(*script), waiting)["Wait"] == StateStatus("running", visits=2)
    assert taken_edges(history(*script), waiting) == {
        TakenEdge("Wait", "next", "Done?"): 1,
        TakenEdge("Done?", "default", "Wait"): 1,
    }


each = machine(
    {
        "Each": {
            "Type": "Map",
            "Next": "Out",
            "Catch": CATCH,
            "ItemProcessor": container({"Do": task(End=True)}),
        },
        "Out": PASS,
        "Handler": PASS,
    }
)


def test_iterations_of_a_map_one_after_the_other():
    script = [
        ("ExecutionStarted", 0),
        ("MapStateEntered", 0, "Each"),
        ("MapStateStarted", 2),
        ("MapIterationStarted", 3, 0),
        ("TaskStateEntered", 4, "Do"),
        ("TaskStateExited", 5, "Do"),
        ("MapIterationSucceeded", 6, 0),
        ("MapIterationStarted", 6, 1),
        ("TaskStateEntered", 8, "Do"),
        ("TaskStateExited", 9, "Do"),
        ("MapIterationSucceeded", 10, 1),
        ("MapStateSucceeded", 11),
        ("MapStateExited", 11, "Each"),
        ("PassStateEntered", 13, "Out"),
    ]
    found = status_of(history(*script), each)
    assert found["Do"] == StateStatus("succeeded", visits=2)
    assert found["Each"].status == "succeeded"
    assert taken_edges(history(*script), each) == {TakenEdge("Each", "next", "Out"): 1}


MAP_FAILS = [
    ("ExecutionStarted", 0),
    ("MapStateEntered", 0, "Each"),
    ("MapStateStarted", 2),
    ("MapIterationStarted", 3, 0),
    ("MapIterationStarted", 3, 1),
    ("TaskStateEntered", 4, "Do"),
    ("TaskStateEntered", 5, "Do"),
    ("TaskScheduled", 6),
    ("TaskScheduled", 7),
    ("TaskFailed", 8),
    ("MapIterationFailed", 10, 0),
]


def test_the_gravest_iteration_shows_and_the_others_are_aborted():
    script = [*MAP_FAILS, ("TaskStateAborted", 10), ("MapIterationAborted", 10, 1), ("TaskStateAborted", 10)]
    script += [("MapStateFailed", 10), ("ExecutionFailed", 15)]
    assert statuses(script, each) == {
        "Each": "failed",
        "Do": "failed",
        "Out": "not_run",
        "Handler": "not_run",
    }


def test_a_map_that_catches_was_caught_and_its_task_failed():
    script = [
        *MAP_FAILS,
        ("MapStateFailed", 10),
        ("MapStateExited", 12, "Each"),
        ("PassStateEntered", 13, "Handler"),
    ]
    assert statuses(script, each) == {
        "Each": "caught",
        "Do": "failed",
        "Out": "not_run",
        "Handler": "running",
    }


def test_a_map_that_begins_again_is_retried_and_its_iterations_replace_the_old():
    script = [
        *MAP_FAILS,
        ("MapStateStarted", 11),
        ("MapIterationStarted", 12, 0),
        ("MapIterationStarted", 12, 1),
    ]
    script += [("TaskStateEntered", 13, "Do"), ("TaskStateExited", 15, "Do")]
    script += [("TaskStateEntered", 14, "Do"), ("TaskStateExited", 17, "Do")]
    script += [("MapStateSucceeded", 18), ("MapStateExited", 18, "Each")]
    found = status_of(history(*script), each)
    assert found["Each"] == StateStatus("succeeded", visits=1, retries=1)
    assert found["Do"] == StateStatus("succeeded", visits=4)


both = machine(
    {
        "Both": {
            "Type": "Parallel",
            "Branches": [container({"L": task(End=True)}), container({"R": task(End=True)})],
            "End": True,
        },
    }
)
BOTH_RUN = [
    ("ExecutionStarted", 0),
    ("ParallelStateEntered", 0, "Both"),
    ("ParallelStateStarted", 2),
    ("TaskStateEntered", 3, "L"),
    ("TaskStateEntered", 3, "R"),
    ("TaskScheduled", 4),
    ("TaskScheduled", 5),
]


def test_branches_that_succeed():
    script = [
        *BOTH_RUN,
        ("TaskSucceeded", 6),
        ("TaskStateExited", 8, "L"),
        ("TaskSucceeded", 7),
        ("TaskStateExited", 10, "R"),
    ]
    script += [
        ("ParallelStateSucceeded", 11),
        ("ParallelStateExited", 11, "Both"),
        ("ExecutionSucceeded", 13),
    ]
    assert statuses(script, both) == {"Both": "succeeded", "L": "succeeded", "R": "succeeded"}
    assert taken_edges(history(*script), both) == {}


def test_a_branch_that_fails_aborts_the_other():
    script = [
        *BOTH_RUN,
        ("TaskFailed", 6),
        ("TaskStateAborted", 8),
        ("ParallelStateFailed", 8),
        ("ExecutionFailed", 10),
    ]
    assert statuses(script, both) == {"Both": "failed", "L": "failed", "R": "aborted"}


def test_a_stop_aborts_the_container_and_what_is_inside():
    assert set(statuses([*BOTH_RUN, ("ExecutionAborted", 0)], both).values()) == {"aborted"}


def test_what_is_unknown_is_passed_over():
    events = [
        *history(*STARTED),
        {},
        {"id": 99, "type": "SomethingNew"},
        {"id": 100, "type": "PassStateEntered"},
    ]
    assert status_of(events, charge)["Charge"].status == "running"
    assert status_of([*events, *history(("PassStateEntered", 0, "No such state"))], charge)["Done"].status == "not_run"


@pytest.mark.parametrize(("drawn", "events"), recorded())
def test_what_aws_recorded(drawn, events):
    found = status_of(events, drawn)
    kinds = {state.status for state in found.values()} - {"not_run"}
    ending = max(events, key=lambda event: event["id"])["type"]
    entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
    assert {name: state.visits for name, state in found.items() if state.visits} == {
        name: entered.count(name) for name in entered
    }
    assert "running" not in kinds
    if ending == "ExecutionSucceeded":
        assert {found[name].status for name in drawn.root.states} <= {"succeeded", "caught", "not_run"}
    elif ending == "ExecutionFailed":
        assert kinds & {"failed", "timed_out"}
    elif ending == "ExecutionAborted":
        assert "aborted" in kinds


# ---------------------------------------------------------------- Distributed Maps


def distributed(**fields):
    """A machine of one Distributed Map, Each, which is caught."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **container(CHILD)}
    each = {"Type": "Map", "ItemProcessor": processor, "Next": "Done", "Catch": CATCH, **fields}
    return machine({"Each": each, "Done": {"Type": "Succeed"}, "Handler": PASS})


CHILD = {"T": task(Next="U"), "U": {"Type": "Pass", "End": True}}
MAP_RUN = [("ExecutionStarted", 0), ("MapStateEntered", 0, "Each"), ("MapStateStarted", 2), ("MapRunStarted", 3)]
MAP_RUN_FAILED = [*MAP_RUN, ("MapRunFailed", 4)]


def one(script, of=None, error="Threshold"):
    """The visit of Each."""
    events = history(*script)
    for event in events:
        if event["type"] == "MapRunFailed":
            event["mapRunFailedEventDetails"] = {"error": error, "cause": "too many"}
    return next(visit for visit in read_visits(events, of or distributed()) if visit.state == "Each")


def test_a_map_run_that_goes_on():
    assert one(MAP_RUN).status == "RUNNING"
    assert statuses(MAP_RUN, distributed())["Each"] == "running"


def test_a_map_run_that_succeeds():
    script = [*MAP_RUN, ("MapRunSucceeded", 4), ("MapStateSucceeded", 5), ("MapStateExited", 5, "Each")]
    visit = one(script)
    assert (visit.status, visit.retries, visit.error) == ("SUCCEEDED", 0, None)


def test_a_map_run_that_fails():
    visit = one([*MAP_RUN_FAILED, ("MapStateFailed", 5), ("ExecutionFailed", 6)])
    assert (visit.status, visit.error) == ("FAILED", "Threshold")


def test_a_map_run_that_fails_and_is_caught_keeps_its_error():
    script = [*MAP_RUN_FAILED, ("MapStateFailed", 5), ("MapStateExited", 6, "Each"), ("PassStateEntered", 7, "Handler")]
    visit = one(script)
    assert (visit.status, visit.error, visit.next) == ("CAUGHT", "Threshold", "Handler")
    assert TakenEdge("Each", "catch", "Handler") in taken_edges(history(*script), distributed())


def test_a_map_run_that_is_tried_again():
    again = [*MAP_RUN_FAILED, ("MapStateStarted", 5), ("MapRunStarted", 6)]
    assert (one(again).status, one(again).retries) == ("RUNNING", 1)
    visit = one([*again, ("MapRunSucceeded", 7), ("MapStateSucceeded", 8), ("MapStateExited", 8, "Each")])
    assert (visit.status, visit.retries, visit.error) == ("SUCCEEDED", 1, None)


@pytest.mark.parametrize(("ending", "status"), [("ExecutionAborted", "ABORTED"), ("ExecutionTimedOut", "TIMED_OUT")])
def test_a_map_run_whose_execution_ends(ending, status):
    assert one([*MAP_RUN, (ending, 0)]).status == status


def test_a_map_run_in_a_branch_that_is_given_up():
    both = machine({
        "Both": {"Type": "Parallel", "End": True, "Branches": [
            container({"Each": {**distributed().root.states["Each"].fields, "Catch": [], "Next": "E"}, "E": PASS}),
            container({"No": {"Type": "Fail"}}),
        ]},
    })  # fmt: skip
    script = [
        ("ExecutionStarted", 0), ("ParallelStateEntered", 0, "Both"), ("ParallelStateStarted", 2),
        ("MapStateEntered", 3, "Each"), ("MapStateStarted", 4), ("MapRunStarted", 5), ("FailStateEntered", 3, "No"),
        ("MapStateAborted", 7), ("ParallelStateFailed", 7), ("ExecutionFailed", 9),
    ]  # fmt: skip
    found = statuses(script, both)
    assert (found["Each"], found["No"], found["Both"]) == ("aborted", "failed", "failed")


def test_an_evaluation_that_fails_in_a_map():
    events = history(
        ("ExecutionStarted", 0), ("MapStateEntered", 0, "Each"), ("EvaluationFailed", 0), ("MapStateFailed", 3),
        ("MapStateExited", 4, "Each"),
    )  # fmt: skip
    events[2]["evaluationFailedEventDetails"] = {"state": "Each", "error": "States.QueryEvaluationError", "cause": "c"}
    [visit] = read_visits(events, distributed())
    assert (visit.status, visit.error) == ("CAUGHT", "States.QueryEvaluationError")


def child(*ending):
    return history(("ExecutionStarted", 0), ("TaskStateEntered", 0, "T"), *ending)


CHILD_SUCCEEDS = child(
    ("TaskScheduled", 2), ("TaskFailed", 3), ("TaskScheduled", 4), ("TaskSucceeded", 5), ("TaskStateExited", 6, "T"),
    ("PassStateEntered", 7, "U"), ("PassStateExited", 8, "U"), ("ExecutionSucceeded", 9),
)  # fmt: skip
CHILD_FAILS = child(("TaskScheduled", 2), ("TaskFailed", 3), ("ExecutionFailed", 4))


def test_a_tally_of_children():
    tally = Tally(machine(CHILD))
    assert tally.statuses == {}
    tally.add(CHILD_SUCCEEDS, 3)
    assert tally.statuses == {"T": StateStatus("succeeded", 3, 3), "U": StateStatus("succeeded", 3, 0)}
    before = tally.copy()
    tally.add(CHILD_FAILS)
    assert tally.statuses == {"T": StateStatus("failed", 4, 3), "U": StateStatus("succeeded", 3, 0)}
    assert tally.edges == {TakenEdge("T", "next", "U"): 3}
    assert before.statuses["T"].status == "succeeded"


def test_a_picture_shows_what_became_of_children():
    drawn, tally = distributed(), Tally(machine(CHILD))
    tally.add(CHILD_SUCCEEDS, 3)
    tally.add(CHILD_FAILS)
    events = history(*MAP_RUN, ("MapRunSucceeded", 4), ("MapStateSucceeded", 5), ("MapStateExited", 5, "Each"))
    plain, told = draw(drawn, events), draw(drawn, events, children=[tally])
    assert "T: not run" in plain
    assert "T: failed; U: succeeded" in told
    assert ("×4" in told, "↻3" in told) == (True, True)
    assert "Each: succeeded" in told
