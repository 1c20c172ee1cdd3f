"""What stands behind each Task is decided before anything runs; what is missing is said all at once, with a remedy."""

import emulator
import pytest
from house import arn, chain, invoke, outcome, parallel, task
from stage import ACTIVITY, CALLBACK

from sfn_notebook.integrations.binding import TaskNotFound


def missing(house, states, tasks=None):
    """What is missing, as (state, remedy)."""
    before = len(house.service.list_executions())
    with pytest.raises(TaskNotFound) as refused:
        house.start(states, tasks=tasks)
    assert len(house.service.list_executions()) == before
    return [(found.state, found.remedy) for found in refused.value.missing]


def test_everything_that_is_missing_is_said_at_once(house):
    item = {"StartAt": "Deep", "States": {"Deep": task("deep")}}
    states = chain(
        {"First": task("first")}, {"M": {"Type": "Map", "ItemProcessor": item}}, {"Known": task("known")},
        {"Callback": task(Resource=CALLBACK, Parameters={"MessageBody.$": "$$.Task.Token", "QueueUrl": "q"})},
        {"Activity": task(Resource=ACTIVITY)},
    )  # fmt: skip
    with pytest.raises(TaskNotFound) as refused:
        house.start(states, tasks={"known": lambda event: event})
    assert {found.state for found in refused.value.missing} == {"First", "Deep", "Callback", "Activity"}
    text = str(refused.value)
    assert f"'First': nothing answers to {arn('first')}." in text
    assert f"'Activity': nothing answers to {ACTIVITY}." in text
    assert len(text.splitlines()) == 4


def test_a_branch_that_is_never_reached_needs_its_function_too(house):
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.n", "IsPresent": True, "Next": "T"}], "Default": "End"}
    states = {"C": choice, "T": task(), "End": {"Type": "Succeed"}}
    assert [state for state, _ in missing(house, states)] == ["T"]


@pytest.mark.parametrize(
    ("wanted", "known", "remedy"),
    [
        ("scoer", "score", "Did you mean 'score'?"),
        ("Score_Order", "score_order", "Did you mean 'score_order'?"),
        ("score-order", "score_order", "Did you mean 'score_order'? Register it: @sfn.task(name='score-order')."),
        ("Score-Order", "score_order", "Did you mean 'score_order'? Register it: @sfn.task(name='Score-Order')."),
        ("f", "something", "Define it (def f(event): …), pass it (tasks={'f': …}) or mock the state."),
        ("f-1", "something", "Define it (@sfn.task(name='f-1')), pass it (tasks={'f-1': …}) or mock the state."),
    ],
)
@pytest.mark.parametrize("written", [task, invoke])
def test_remedies(house, written, wanted, known, remedy):
    assert missing(house, {"T": written(wanted)}, {known: lambda event: 1}) == [("T", remedy)]


def test_what_no_function_can_answer_is_to_be_mocked(house, monkeypatch):
    emulator.away(monkeypatch)
    parameters = {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}
    state = task(Resource="arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters=parameters)
    expected = (
        "With target='local' nothing is sent to AWS. Set AWS_ENDPOINT_URL_SQS to an emulator on this machine, or "
        "choose target='aws'. Or give it an answer: mocks={'T': [{'return': …}]}."
    )
    assert missing(house, {"T": state}) == [("T", expected)]


def test_a_computed_function_name_is_not_missing(house):
    state = invoke(Parameters={"FunctionName.$": "$.name"})
    run = house.run({"T": state}, {"name": "f"}, tasks={"f": lambda event: "found"})
    assert run.execution.output["Payload"] == "found"


def test_qualifiers_do_not_change_which_function_it_is(house):
    tasks = {"f": lambda event, context: [context.function_version, context.invoked_function_arn]}
    states = parallel({"A": task(Resource=arn("f"))}, {"B": task(Resource=arn("f") + ":live")})
    assert house.run(states, tasks=tasks).execution.output == [
        ["$LATEST", arn("f")],
        ["live", arn("f") + ":live"],
    ]


def test_any_region_and_account_will_do(house):
    state = task(Resource="arn:aws:lambda:REGION:ACCOUNT_ID:function:f")
    assert outcome(house.run({"T": state}, tasks={"f": lambda event: 1})) == ("SUCCEEDED", 1)


def test_mocks_come_before_functions(house):
    run = house.run({"T": task()}, tasks={"f": lambda event: "function"}, mocks={"T": [{"return": "mock"}]})
    assert outcome(run) == ("SUCCEEDED", "mock")


def test_a_mocked_state_needs_no_function(house):
    assert outcome(house.run({"T": task()}, mocks={"T": [{"return": 1}]})) == ("SUCCEEDED", 1)


def test_the_other_states_keep_their_functions(house):
    states = chain({"A": task("f")}, {"B": task("g")})
    run = house.run(states, tasks={"f": lambda event: "f"}, mocks={"B": lambda event: {"return": [event, "mock"]}})
    assert outcome(run) == ("SUCCEEDED", ["f", "mock"])


@pytest.fixture
def two_ways():
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.n", "IsPresent": True, "Next": "Off"}], "Default": "On"}
    return {"C": choice, "On": task("on"), "Off": task("offf")}


def test_states_off_the_mocked_way_need_no_answer(house, two_ways):
    assert outcome(house.run(two_ways, mocks={"On": [{"return": "on"}]})) == ("SUCCEEDED", "on")


def test_states_off_the_mocked_way_fail_when_they_are_reached(house, two_ways):
    run = house.run(two_ways, {"n": 1}, tasks={"off": lambda event: 1}, mocks={"On": [{"return": "on"}]})
    assert outcome(run) == ("FAILED", "States.Runtime")
    assert run.execution.failure.cause == f"Nothing answers to {arn('offf')}. Did you mean 'off'?"


def test_no_mocks_at_all_are_no_mocks(house, two_ways):
    with pytest.raises(TaskNotFound):
        house.start(two_ways, mocks={})


def test_it_is_a_lookup_error(house):
    with pytest.raises(LookupError):
        house.start({"T": task("nobody")})
