"""Who answers to a function's name: mocks, what was passed, then the notebook's and an emulator's, or the account's."""

import emulator
import pytest
from emulator import REGION, Scripted
from house import arn, invoke, outcome, parallel, task

from sfn_notebook.integrations.aws import AwsClients
from sfn_notebook.integrations.binding import TaskNotFound
from sfn_notebook.integrations.functions import registry


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch):
    """No settings of whoever runs the tests; and what a test registers is gone afterwards."""
    emulator.away(monkeypatch)
    kept = dict(registry)
    yield
    registry.clear()
    registry.update(kept)


@pytest.fixture
def lambdas(monkeypatch):
    """A Lambda where every function answers "lambda"."""
    with Scripted(body=b'"lambda"') as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
        yield server


STATES = parallel({"A": task("f")}, {"B": invoke("f", ResultSelector={"p.$": "$.Payload"}, OutputPath="$.p")})


def notebook_with(function):
    return {"__name__": function.__module__, "f": function}


def f(event):
    return "notebook"


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_an_emulator_answers_for_what_nobody_defined(house, lambdas, executor):
    run = house.run(STATES, {"n": 1}, executor=executor)
    assert outcome(run) == ("SUCCEEDED", ["lambda", "lambda"])
    assert sorted(body for *_, body in lambdas.asked) == [b'{"n":1}', b'{"n":1}']


def test_functions_of_the_notebook_go_before_an_emulator(house, lambdas):
    assert house.run(STATES, {}, notebook=notebook_with(f)).execution.output == ["notebook"] * 2
    registry["f"] = lambda event: "registered"
    assert house.run(STATES, {}).execution.output == ["registered"] * 2
    assert lambdas.asked == []


def test_with_aws_chosen_only_what_was_passed_stands_for_a_function(house, lambdas, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    registry["f"] = lambda event: "registered"
    assert house.run(STATES, {}, notebook=notebook_with(f), target="aws").execution.output == ["lambda"] * 2
    passed = {"f": lambda event: "passed"}
    assert house.run(STATES, {}, tasks=passed, target="aws").execution.output == ["passed"] * 2
    mocks = {"A": [{"return": "mock"}], "B": [{"return": {"Payload": "mock"}}]}
    assert house.run(STATES, {}, tasks=passed, mocks=mocks, target="aws").execution.output == ["mock"] * 2
    assert len(lambdas.asked) == 2


def test_a_computed_name_is_looked_up_in_the_same_order(house, lambdas):
    state = invoke(Parameters={"FunctionName.$": "$.name", "Payload.$": "$"}, OutputPath="$.Payload")
    tasks = {"g": lambda event: "passed"}
    assert house.run({"T": state}, {"name": "g"}, tasks=tasks).execution.output == "passed"
    assert house.run({"T": state}, {"name": "h"}, tasks=tasks).execution.output == "lambda"


def refused(house, states, **options):
    with pytest.raises(TaskNotFound) as raised:
        house.start(states, {}, **options)
    return {found.state: found.remedy for found in raised.value.missing}


def test_what_cannot_be_asked_is_said_before_anything_runs(house, monkeypatch):
    assert refused(house, STATES)["A"].startswith("Define it (def f(event): …)")
    assert "finds no AWS credentials" in refused(house, STATES, target="aws")["A"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    states = {"T": task(Resource="arn:aws:lambda:REGION:ACCOUNT_ID:function:f")}
    assert "'REGION' is no Region" in refused(house, states)["T"]
    with pytest.raises(ValueError, match="target='cloud'"):
        house.start(STATES, {}, target="cloud")


def test_the_events_are_those_of_any_function(house, shared, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.backing(shared))
    clients = AwsClients()
    emulator.create_function(clients.client("lambda", REGION), "fails", "fail")
    clients.close()
    run = house.run({"T": task(Resource=arn("fails"))}, {})
    assert outcome(run) == ("FAILED", "Exception")
    kinds = [event["type"] for event in run.execution.history()]
    assert kinds[2:5] == ["LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionFailed"]


@pytest.mark.parametrize(("payload", "seen"), [(None, {}), ("0.0", 0.0), ("{}", {}), ('"text"', "text"), ([], [])])
def test_a_function_of_the_notebook_sees_the_payload_that_lambda_would_send(house, payload, seen):
    state = invoke(Parameters={"FunctionName": "f", "Payload": payload}, OutputPath="$.Payload")
    assert house.run({"T": state}, {}, tasks={"f": lambda event: [event]}).execution.output == [seen]


def test_a_payload_that_is_no_json_text_is_refused_as_lambda_does(house):
    state = invoke(Parameters={"FunctionName": "f", "Payload": "hello"})
    run = house.run({"T": state}, {}, tasks={"f": lambda event: event})
    assert outcome(run) == ("FAILED", "Lambda.InvalidRequestContentException")
