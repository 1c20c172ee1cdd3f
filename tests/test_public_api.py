"""The names and signatures that people write."""

import asyncio
import inspect
from datetime import UTC, datetime

import pytest

import sfn_notebook as sfn

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
RUN = {
    "input": None, "input_text": None, "tasks": None, "mocks": None, "clock": "real", "name": None, "executor": None,
    "limits": "aws", "target": "local", "buckets": None,
}  # fmt: skip


def defaults(function):
    parameters = list(inspect.signature(function).parameters.values())
    return {p.name: p.default for p in parameters if p.name != "self"}


def keyword_only(function):
    return [p.name for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY]


def test_the_names():
    assert set(sfn.__all__) == {
        "DefinitionError", "Diagnostic", "Execution", "ExecutionExists", "ExecutionFailed", "InvalidExecutionInput",
        "InvalidName", "LambdaContext", "MockError", "NoSuchVisit", "StateMachine", "TaskNotFound", "client", "lint",
        "task",
    }  # fmt: skip
    for name in sfn.__all__:
        assert getattr(sfn, name) is not None
        assert name in dir(sfn)
    with pytest.raises(AttributeError, match="nothing_such"):
        sfn.nothing_such  # noqa: B018 - reading it is the test


def test_signatures():
    init = defaults(sfn.StateMachine.__init__)
    assert init == {"definition": inspect.Parameter.empty, "name": None, "type": "STANDARD"}
    assert keyword_only(sfn.StateMachine.__init__) == ["name", "type"]
    for method in (sfn.StateMachine.run, sfn.StateMachine.start):
        assert defaults(method) == RUN
        assert keyword_only(method) == [name for name in RUN if name != "input"]
    assert defaults(sfn.Execution.wait) == {"timeout": None}
    assert defaults(sfn.Execution.result) == {"timeout": None}
    assert defaults(sfn.Execution.stop) == {"error": None, "cause": None}
    assert next(iter(defaults(sfn.lint))) == "text"


def test_an_execution_tells_everything_about_itself():
    run = sfn.StateMachine(PASS, name="two-steps").run({"a": 1}, name="mine")
    assert (run.status, run.input, run.output, run.error, run.cause) == ("SUCCEEDED", {"a": 1}, {"a": 1}, None, None)
    assert (run.name, run.machine_name) == ("mine", "two-steps")
    assert run.arn == "arn:aws:states:us-east-1:123456789012:execution:two-steps:mine"
    assert run.start_date <= run.stop_date
    assert run.start_date.tzinfo is not None
    assert abs(run.start_date - datetime.now(UTC)).total_seconds() < 60
    assert run.done() is True
    assert run.wait() is run
    assert run.result() == {"a": 1}
    assert len(run.history) == len(run.events) == 4
    assert len(run.transitions) == 1
    assert run.svg().lstrip().startswith("<svg")
    assert asyncio.run(await_it(run)) is run


async def await_it(run):
    return await run


def test_a_running_one_has_no_end_yet():
    waiting = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    run = sfn.StateMachine(waiting).start()
    assert (run.status, run.output, run.error, run.stop_date, run.done()) == ("RUNNING", None, None, None, False)
    with pytest.raises(TimeoutError, match="W"):
        run.wait(0.01)
    with pytest.raises(TimeoutError):
        run.result(timeout=0.01)
    assert run.stop("Mine", "enough") is run
    assert (run.status, run.error, run.cause) == ("ABORTED", "Mine", "enough")
    assert run.stop_date is not None
    assert run.stop("Other").error == "Mine"  # one that has ended stays as it is
    with pytest.raises(sfn.ExecutionFailed, match="ABORTED") as caught:
        run.result()
    assert (caught.value.status, caught.value.error, caught.value.cause) == ("ABORTED", "Mine", "enough")


def test_run_never_raises_for_an_execution_that_fails():
    run = sfn.StateMachine({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "C"}}}).run()
    assert (run.status, run.error, run.cause, run.output) == ("FAILED", "E", "C", None)
    with pytest.raises(sfn.ExecutionFailed):
        run.result()


def test_what_is_read_is_a_copy():
    run = sfn.StateMachine(PASS).run({"a": [1]})
    run.input["a"].append(2)
    run.output["a"].append(2)
    for event in run.history:
        event.clear()
    table, events = run.transitions, run.events
    table.loc[0, "input"]["a"].append(3)
    table["state"] = "changed"
    events.loc[0, "details"].clear()
    assert run.input == run.output == {"a": [1]}
    assert run.transitions.loc[0, "input"] == {"a": [1]}
    assert run.transitions.loc[0, "state"] == "P"
    assert run.history[0]["type"] == "ExecutionStarted"
    assert "input" in run.events.loc[0, "details"]


def test_what_was_given_may_be_changed_afterwards():
    given = {"a": [1]}
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True, "Result": [1]}}}
    machine = sfn.StateMachine(definition)
    definition["States"]["P"]["Result"].append(2)
    machine.definition["States"].clear()
    run = machine.run(given)
    given["a"].append(2)
    assert (run.input, run.output) == ({"a": [1]}, [1])


@pytest.mark.parametrize(("given", "expected"), [
    ({}, {}), ({"input": None}, {}), ({"input": "text"}, "text"), ({"input": 0}, 0), ({"input": []}, []),
    ({"input_text": ' {"a" : 1.50} '}, {"a": 1.5}), ({"input_text": "null"}, None), ({"input": (1, 2)}, [1, 2]),
])  # fmt: skip
def test_inputs(given, expected):
    assert sfn.StateMachine(PASS).run(**given).output == expected


@pytest.mark.parametrize("given", [
    {"input_text": "{"}, {"input": {1, 2}}, {"input": float("nan")}, {"input": {1: 2}},
    {"input": {}, "input_text": "{}"}, {"input": "x" * 300_000},
])  # fmt: skip
def test_bad_inputs_are_refused_before_anything_runs(given):
    with pytest.raises(sfn.InvalidExecutionInput):
        sfn.StateMachine(PASS).run(**given)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 81, "tab\t", "a:b"])
def test_bad_names(name):
    with pytest.raises(sfn.InvalidName):
        sfn.StateMachine(PASS).run(name=name)
    with pytest.raises(sfn.InvalidName):
        sfn.StateMachine(PASS, name=name)


def test_definitions_come_in_three_ways(tmp_path):
    import json

    text = json.dumps(PASS, indent=4)
    file = tmp_path / "m.asl.json"
    file.write_text(text)
    for definition in (text, PASS, file):
        assert sfn.StateMachine(definition).definition == PASS  # parse ∘ print is the identity
    assert sfn.StateMachine(file).text == text
    with pytest.raises(TypeError):
        sfn.StateMachine(5)


def test_a_definition_with_errors():
    with pytest.raises(sfn.DefinitionError) as caught:
        sfn.StateMachine('{"StartAt": "Nowhere", "States": {"P": {"Type": "Pass", "End": true}}}')
    assert caught.value.diagnostics
    assert all(isinstance(found, sfn.Diagnostic) for found in caught.value.diagnostics)


@pytest.mark.parametrize(
    "options", [{"clock": "fast"}, {"clock": 0}, {"clock": -1}, {"executor": "gpu"}, {"limits": "no"}]
)
def test_bad_options(options):
    with pytest.raises(ValueError, match="use"):
        sfn.StateMachine(PASS).run(**options)


def test_a_name_is_used_once():
    machine = sfn.StateMachine(PASS, name="once")
    machine.run(name="same")
    with pytest.raises(sfn.ExecutionExists, match="Already Exists"):
        machine.run(name="same")


def test_tasks_are_registered(monkeypatch):
    from sfn_notebook.integrations import functions

    monkeypatch.setattr(functions, "registry", {})

    @sfn.task
    def plain(event):
        return event

    @sfn.task(name="with-hyphen")
    def other(event, context):
        return context.function_name

    assert (plain(1), functions.registry) == (1, {"plain": plain, "with-hyphen": other})
    with pytest.raises(TypeError):
        sfn.task(lambda: None)


def test_what_is_of_another_kind_is_refused_with_a_hint():
    machine = sfn.StateMachine(PASS)
    with pytest.raises(TypeError, match="inputs is a int: give a list"):
        machine.map(5)
    run = machine.run()
    with pytest.raises(TypeError, match="visit is a str: give a number"):
        run.explain("A", visit="first")
    with pytest.raises(sfn.NoSuchVisit):
        run.explain("Nowhere")
