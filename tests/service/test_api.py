"""Starting, finding and stopping executions: names, inputs, ARNs, and what is refused before anything runs."""

import json
import os
import threading
from hashlib import sha256

import pytest
from house import ENDLESS, HOURS, LONG, PASS, House, outcome, registered, task

from sfn_notebook.asl.lint import lint
from sfn_notebook.engine.execution import MAX_PAYLOAD_BYTES
from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.api import Options, StepFunctions, check_name, read_input, region
from sfn_notebook.service.errors import DefinitionError, ExecutionFailed, InvalidExecutionInput, InvalidName
from sfn_notebook.service.origins import FIXED_START, Repeatable, Switched, World
from sfn_notebook.store.contract import ExecutionExists

# ------------------------------------------------------------ names


@pytest.mark.parametrize("name", ["a", "x" * 80, "a-b_c.d", "Ünïcode", "名前", "1"])
def test_names_that_are_taken(name):
    assert check_name(name, "the name") == name


@pytest.mark.parametrize("name", ["", "x" * 81, None, 7, b"a"])
def test_names_of_other_lengths_and_kinds(name):
    with pytest.raises(InvalidName, match="1 to 80 characters"):
        check_name(name, "the name")


@pytest.mark.parametrize("character", [*' \t\n<>{}[]?*"#%\\^|~`$&,;:/\x00\x1f\x7f\x9f', "\u00a0", "\u2028"])
def test_characters_that_are_refused(character):
    with pytest.raises(InvalidName, match="is not allowed"):
        check_name(f"a{character}b", "the name")


def test_what_is_wrong_with_a_name_is_said():
    with pytest.raises(InvalidName, match=r"the name 'a b': ' ' is not allowed; letters, digits, '-', '_' and '.' are"):
        check_name("a b", "the name")


# ------------------------------------------------------------ input


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "{}"),
        ("text", '"text"'),
        ('{"a": 1}', '"{\\"a\\": 1}"'),
        (0, "0"),
        (False, "false"),
        ([], "[]"),
        ("", '""'),
        ({"a": (1, 2.5)}, '{"a":[1,2.5]}'),
    ],
)
def test_inputs(value, text):
    given = read_input(value, None)
    assert given.text == text
    assert given.value == ({} if value is None else {"a": [1, 2.5]} if value == {"a": (1, 2.5)} else value)


def test_raw_text_stays_as_it_came(house):
    given = read_input(None, ' {"b" : 1.0,  "a":2}\n')
    assert given == (' {"b" : 1.0,  "a":2}\n', {"b": 1.0, "a": 2})
    run = house.service.start_execution(registered(PASS), given, FunctionTable(), Options(executor="inline"))
    assert run.execution.history()[0]["executionStartedEventDetails"]["input"] == ' {"b" : 1.0,  "a":2}\n'


@pytest.mark.parametrize("text", ["null", '"text"', "[1]", "false"])
def test_any_json_text_is_an_input(text):
    assert read_input(None, text).text == text


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "NaN", "{} {}", '{"a": undefined}'])
def test_text_that_is_no_json(text):
    with pytest.raises(InvalidExecutionInput, match="input_text is no valid JSON"):
        read_input(None, text)


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), {"a": {1: 2}}, b"{}", object()])
def test_values_that_are_no_json(value):
    with pytest.raises(InvalidExecutionInput, match="the input is no JSON: "):
        read_input(value, None)


@pytest.mark.parametrize("value", [{}, 0, "", False])
def test_either_input_or_text(value):
    with pytest.raises(InvalidExecutionInput, match="give input or input_text, not both"):
        read_input(value, "{}")


def test_an_input_shares_nothing_with_what_was_given(house):
    given = {"list": [1]}
    run = house.start(HOURS, given)
    given["list"].append(2)
    assert run.wait(LONG)
    assert run.execution.output == {"list": [1]}


AT_THE_LIMIT = {"x" * (MAX_PAYLOAD_BYTES - 2): "text", "é" * (MAX_PAYLOAD_BYTES // 2 - 1): "two bytes each"}


@pytest.mark.parametrize("text", AT_THE_LIMIT, ids=AT_THE_LIMIT.values())
def test_an_input_may_have_as_many_bytes_as_aws_takes(house, text):
    assert house.run({"W": {"Type": "Succeed"}}, text).execution.status == "SUCCEEDED"
    with pytest.raises(InvalidExecutionInput, match=r"the input has 262,14[56] bytes; AWS takes 262,144"):
        house.start(PASS, text + "!")
    assert outcome(house.run(PASS, text + "!", limits="none")) == ("SUCCEEDED", text + "!")


# ------------------------------------------------------------ ARNs


def test_the_start_record_of_a_standard_execution(house):
    run = house.run(PASS, name="mine-1")
    start = run.execution.start
    assert start.name == "mine-1"
    assert start.execution_arn == "arn:aws:states:us-east-1:123456789012:execution:m:mine-1"
    assert start.state_machine_arn == "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    assert start.state_machine_name == "m"
    assert start.role_arn == "arn:aws:iam::123456789012:role/StepFunctionsRole"
    text = run.execution.program.machine.text
    assert start.definition_sha256 == sha256(text.encode()).hexdigest()
    assert (start.type, start.limits, start.region) == ("STANDARD", "aws", "us-east-1")
    assert house.service.store.read(start.execution_arn).definition == text


def test_the_arn_of_an_express_execution(house):
    run = house.run(PASS, name="mine-2", type="EXPRESS")
    head, unique = run.execution.start.execution_arn.rsplit(":", 1)
    assert head == "arn:aws:states:us-east-1:123456789012:express:m:mine-2"
    assert len(unique) == 36
    assert run.execution.start.type == "EXPRESS"


def test_a_name_is_made_where_none_is_given(house):
    names = {house.run(PASS).execution.start.name for _ in range(5)}
    assert {len(name) for name in names} == {36}
    assert len(names) == 5


def test_the_name_of_an_execution_is_checked(house):
    with pytest.raises(InvalidName, match="the execution's name 'a/b'"):
        house.start(PASS, name="a/b")


@pytest.mark.parametrize("ended", [True, False])
def test_a_standard_name_is_used_once(house, ended):
    name = f"once-{ended}"
    first = (house.run if ended else house.start)(HOURS, 1, name=name, clock="virtual" if ended else "real")
    with pytest.raises(ExecutionExists, match=f"Execution Already Exists: '.*:m:{name}'"):
        house.start(PASS, 2, name=name)
    assert house.service.store.read(first.execution.start.execution_arn).start == first.execution.start


def test_an_express_name_may_be_used_again(house):
    runs = [house.run(PASS, n, name="again", type="EXPRESS") for n in range(2)]
    assert [run.execution.output for run in runs] == [0, 1]
    assert len({run.execution.start.execution_arn for run in runs}) == 2


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "us-east-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-central-1"),
        ({"AWS_REGION": ""}, "us-east-1"),
    ],
)
def test_the_region_of_the_environment(monkeypatch, environment, expected):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setitem(os.environ, name, value)
    assert region() == expected
    service = StepFunctions()
    run = service.start_execution(registered(PASS), read_input(None, None), FunctionTable(), Options(executor="inline"))
    assert run.execution.start.execution_arn.startswith(f"arn:aws:states:{expected}:")


# ------------------------------------------------------------ refusals and beginnings


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"clock": "slow"}, ValueError, "clock='slow'"),
        ({"clock": 0}, ValueError, "clock=0"),
        ({"executor": "threds"}, ValueError, "executor='threds'"),
        ({"limits": "AWS"}, ValueError, "limits='AWS': use 'aws' or 'none'"),
        ({"name": "a b"}, InvalidName, "a b"),
        ({"mocks": {"T": []}}, ValueError, "mocks"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(options, error, said):
    service = StepFunctions()
    calls = []
    with pytest.raises(error, match=said):
        service.start_execution(
            registered({"T": task()}), read_input(None, None), FunctionTable({"f": calls.append}), Options(**options)
        )
    assert (calls, list(service.store.list()), service.list_executions()) == ([], [], [])
    assert service._thread is None


def test_inline_has_ended_when_start_returns():
    service = StepFunctions()
    options = Options(executor="inline", clock="virtual")
    run = service.start_execution(registered(HOURS), read_input(1, None), FunctionTable(), options)
    assert (run.done, outcome(run)) == (True, ("SUCCEEDED", 1))
    assert service._thread is None  # and no thread was needed


def test_executions_are_listed_the_latest_first(house):
    runs = [house.start(PASS) for _ in range(3)]
    assert house.service.list_executions()[:3] == runs[::-1]
    listed = [record.start.name for record in house.service.store.list()]
    assert listed[:3] == [run.execution.start.name for run in runs[::-1]]


def test_ctrl_c_in_an_inline_function_stops_the_run(house):
    def interrupted(event):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        house.start({"T": task()}, tasks={"f": interrupted}, executor="inline")
    run = house.service.list_executions()[0]
    house.started.append(run)
    assert (run.done, run.execution.status) == (True, "ABORTED")


@pytest.mark.parametrize("clock", ["real", "virtual"])
def test_an_inline_run_can_be_stopped_by_another_thread(house, clock):
    begun = threading.Event()

    def stop():
        assert begun.wait(LONG)
        house.service.stop_execution(house.service.list_executions()[0], "Enough")

    stopper = threading.Thread(target=stop)
    stopper.start()
    states = {"T": {**task(), "Next": "Turn"}, **ENDLESS}
    del states["T"]["End"]
    run = house.run(states, tasks={"f": lambda event: begun.set()}, clock=clock, executor="inline", limits="none")
    stopper.join()
    assert outcome(run) == ("ABORTED", "Enough")


# ------------------------------------------------------------ where chance comes from


def test_the_world_is_never_the_same():
    one, two = World().begin(), World().begin()
    assert one.now <= two.now
    assert one.seed != two.seed


def test_what_repeats_begins_alike():
    first, second = Repeatable(), Repeatable()
    runs = [first.begin() for _ in range(3)]
    assert runs == [second.begin() for _ in range(3)]
    assert {run.now for run in runs} == {FIXED_START}
    assert len({run.seed for run in runs}) == 3


def test_it_is_asked_for_each_run_whether_to_repeat():
    asked = iter([True, False, True])
    origin = Switched(lambda: next(asked))
    runs = [origin.begin() for _ in range(3)]
    assert [run.now == FIXED_START for run in runs] == [True, False, True]
    repeatable = Repeatable()
    assert [runs[0], runs[2]] == [repeatable.begin(), repeatable.begin()]


def test_repeatable_runs_have_the_same_history():
    def history():
        service = StepFunctions(origin=Repeatable())
        state = {"P": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": True}}
        options = Options(executor="inline", clock="virtual")
        return [
            service.start_execution(registered(state), read_input(None, None), FunctionTable(), options)
            .execution.history()
            for _ in range(2)
        ]  # fmt: skip

    assert history() == history()


# ------------------------------------------------------------ errors


def test_a_definition_error_lists_what_was_found():
    diagnostics = lint('{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}')
    error = DefinitionError(diagnostics)
    assert error.diagnostics == diagnostics
    errors = [found for found in diagnostics if found.severity == "error"]
    assert str(error).startswith(f"the definition has {len(errors)} error")
    assert all(str(found) in str(error) for found in errors)


def test_a_definition_error_stops_at_twenty():
    states = {f"S{n}": {"Type": "Pass", "Next": f"None{n}"} for n in range(30)}
    text = str(DefinitionError(lint(json.dumps({"StartAt": "S0", "States": states}))))
    assert len(text.splitlines()) == 22
    assert "more" in text.splitlines()[-1]


@pytest.mark.parametrize(
    ("error", "cause", "text"),
    [
        ("E", "because", "execution r FAILED – E: because"),
        ("E", None, "execution r FAILED – E"),
        (None, None, "execution r FAILED"),
    ],
)
def test_what_failed_says_why(error, cause, text):
    failed = ExecutionFailed("r", "FAILED", error, cause)
    assert (str(failed), failed.error, failed.cause) == (text, error, cause)


def test_a_house_closes_its_runs():
    with House() as house:
        run = house.start(HOURS, clock="real")
    assert run.execution.status == "ABORTED"
