"""Mocks: one response per call, the last one repeated; and what they must not look like."""

import pytest
from house import arn, chain, outcome, story, task
from stage import ACTIVITY, CALLBACK

from sfn_notebook.integrations.mocks import MockError

RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 5}]
EACH = {
    "M": {
        "Type": "Map",
        "ItemProcessor": {"StartAt": "T", "States": {"T": task()}},
        "End": True,
    }
}


def test_one_response_per_call_the_last_one_repeated(house):
    run = house.run(EACH, [0] * 5, mocks={"T": [{"return": "a"}, {"return": "b"}, {"return": "c"}]})
    assert run.execution.output == ["a", "b", "c", "c", "c"]


def test_retries_count_as_calls(house):
    mocks = {"T": [{"error": "Busy"}, {"error": "Busy", "cause": "still"}, {"return": "well"}]}
    run = house.run({"T": task(Retry=RETRY)}, mocks=mocks)
    assert outcome(run) == ("SUCCEEDED", "well")
    failed = [e["lambdaFunctionFailedEventDetails"] for e in run.execution.history() if e["type"].endswith("ionFailed")]
    assert failed == [{"error": "Busy"}, {"error": "Busy", "cause": "still"}]


def test_each_run_counts_anew(house):
    mocks = {"T": [{"return": 1}, {"return": 2}]}
    assert [house.run({"T": task()}, mocks=mocks).execution.output for _ in range(2)] == [1, 1]


def test_each_state_counts_for_itself(house):
    mocks = {"A": [{"return": 1}, {"return": 2}], "B": lambda event: {"return": [event, "b"]}}
    assert outcome(house.run(chain({"A": task()}, {"B": task()}), mocks=mocks)) == ("SUCCEEDED", [1, "b"])


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_a_function_of_the_input(house, executor):
    def mock(event):
        return {"error": "Odd", "cause": str(event)} if event % 2 else {"return": event * 10}

    catch = [{"ErrorEquals": ["Odd"], "Next": "Caught", "ResultPath": None}]
    states = {"T": task(Catch=catch), "Caught": {"Type": "Pass", "Result": "odd", "End": True}}
    outputs = [house.run(states, n, mocks={"T": mock}, executor=executor).execution.output for n in (1, 2)]
    assert outputs == ["odd", 20]


def test_a_function_that_raises_is_a_function_error(house):
    def mock(event):
        raise ConnectionError("away")

    run = house.run({"T": task()}, mocks={"T": mock})
    assert outcome(run) == ("FAILED", "ConnectionError")
    assert '"errorMessage": "away"' in run.execution.failure.cause


@pytest.mark.parametrize("given", [None, 7, {}, {"returns": 1}, {"return": {1}}, {"return": 1, "error": "E"}])
def test_a_function_that_gives_no_response_fails_the_state(house, given):
    run = house.run({"T": task()}, mocks={"T": lambda event: given})
    assert outcome(run) == ("FAILED", "States.Runtime")
    assert run.execution.failure.cause.startswith("mocks['T'](…)")


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_what_a_mock_gives_is_copied(house, executor):
    given = {"return": {"list": []}}
    mocks = {"T": [given]}
    changed = {"Type": "Pass", "Parameters": {"list.$": "States.Array(1)"}, "ResultPath": "$.more"}
    states = chain({"T": task()}, {"P": changed})
    for _ in range(2):
        run = house.run(states, mocks=mocks, executor=executor)
        assert run.execution.output == {"list": [], "more": {"list": [1]}}
    assert given == {"return": {"list": []}}


def test_a_mock_function_cannot_change_the_input(house):
    def mock(event):
        event.clear()
        return {"return": 1}

    states = {"T": task(ResultPath="$.result")}
    assert outcome(house.run(states, {"n": 1}, mocks={"T": mock})) == ("SUCCEEDED", {"n": 1, "result": 1})


def test_missing_parts_of_an_error(house):
    run = house.run({"T": task()}, mocks={"T": [{"error": None}]})
    assert run.execution.status == "FAILED"
    assert run.execution.failure[:2] == (None, None)


def test_null_is_a_response(house):
    assert outcome(house.run({"T": task()}, mocks={"T": [{"return": None}]})) == ("SUCCEEDED", None)


# ------------------------------------------------------------ what is mocked

ACCEPTED = ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
SERVICES = {
    "callback": (CALLBACK, ACCEPTED),
    "job": ("arn:aws:states:::glue:startJobRun.sync", ACCEPTED),
    "request": ("arn:aws:states:::sns:publish", ["TaskScheduled", "TaskStarted", "TaskSucceeded"]),
    "activity": (ACTIVITY, ["ActivityScheduled", "ActivityStarted", "ActivitySucceeded"]),
    "function": (arn("f"), ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded"]),
}
PARAMETERS = {
    "callback": {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"},
    "job": {"JobName": "j"},
    "request": {"TopicArn": "t", "Message": "m"},
}


@pytest.mark.parametrize("executor", ["inline", "threads"])
@pytest.mark.parametrize("kind", SERVICES)
def test_the_history_has_the_events_of_the_real_one(house, kind, executor):
    resource, expected = SERVICES[kind]
    fields = {"Parameters": PARAMETERS[kind]} if kind in PARAMETERS else {}
    for mock in ([{"return": {"a": 1}}], lambda event: {"return": {"a": 1}}):
        run = house.run({"T": task(Resource=resource, **fields)}, mocks={"T": mock}, executor=executor)
        assert outcome(run) == ("SUCCEEDED", {"a": 1})
        assert [name for name, _ in story(run)][2:-2] == expected


def test_timeouts_of_what_is_mocked_do_not_matter(house):
    state = task(Resource=CALLBACK, Parameters=PARAMETERS["callback"], TimeoutSeconds=2, HeartbeatSeconds=1)
    assert outcome(house.run({"T": state}, mocks={"T": [{"return": 1}]})) == ("SUCCEEDED", 1)


# ------------------------------------------------------------ mocks that cannot be used


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "give a list with one response per call, or a function"),
        ({"return": 1}, "give a list with one response per call, or a function"),
        ("return", "give a list with one response per call, or a function"),
        (7, "give a list with one response per call, or a function"),
        ([{"return": 1}, 7], r"mocks\['T'\]\[1\] is 7: write \{\"return\": value\}"),
        ([{}], r"mocks\['T'\]\[0\] is \{\}"),
        ([{"Return": 1}], "write"),
        ([{"return": 1, "cause": "c"}], "write"),
        ([{"return": 1, "error": "E"}], "write"),
        ([{"cause": "c"}], "write"),
        ([{"error": 404}], "write"),
        ([{"error": "E", "cause": {}}], "write"),
        ([{"return": {1, 2}}], r"mocks\['T'\]\[0\]: what it returns is no JSON: \$: a set is no JSON value"),
        ([{"return": [float("nan")]}], r"\$\[0\]: nan is no JSON number"),
    ],
)
def test_bad_mocks_are_refused_before_anything_runs(house, given, said):
    before = len(house.service.list_executions())
    with pytest.raises(MockError, match=said):
        house.start({"T": task()}, mocks={"T": given})
    assert len(house.service.list_executions()) == before


async def awaited(event): ...


@pytest.mark.parametrize("function", [awaited, lambda event, context: 1])
def test_mock_functions_take_an_event(house, function):
    with pytest.raises(TypeError, match=r"mocks\['T'\]: write the function as `def mock\(event\)`"):
        house.start({"T": task()}, mocks={"T": function})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Chrage", "no Task state is called so. Did you mean 'Charge'?"),
        ("Nowhere", "no Task state is called so. Task states: 'Charge', 'Refund'."),
        ("Pause", "no Task state is called so. Task states: 'Charge', 'Refund'."),
    ],
)
def test_names_of_mocks_are_names_of_task_states(house, name, said):
    states = chain({"Charge": task()}, {"Pause": {"Type": "Pass"}}, {"Refund": task()})
    with pytest.raises(MockError, match=said.replace("?", r"\?")):
        house.start(states, mocks={name: [{"return": 1}]})


def test_a_machine_without_tasks_has_nothing_to_mock(house):
    with pytest.raises(MockError, match="Task states: none"):
        house.start({"P": {"Type": "Pass", "End": True}}, mocks={"P": [{"return": 1}]})


def test_states_inside_containers_are_mocked_by_their_names(house):
    assert house.run(EACH, [1, 2], mocks={"T": lambda event: {"return": event}}).execution.output == [1, 2]
