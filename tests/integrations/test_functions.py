"""Functions as tasks: where they are found, how they are called, and how their errors look."""

import json
from types import SimpleNamespace
from uuid import UUID

import pytest
from house import arn, invoke, outcome, task

from sfn_notebook.integrations.functions import FunctionTable, LambdaContext, registry, shape
from sfn_notebook.integrations.functions import task as register

NOTEBOOK = """
import json as reader
from json import dumps
from os import system

class Score:
    def __init__(self, event): ...

def score(event): ...
def _private(event): ...
twice = lambda event: event * 2
also = score
number = 7
"""


@pytest.fixture
def notebook():
    """The names of a notebook, some of them functions."""
    names = {"__name__": "__main__", "__builtins__": __builtins__}
    exec(compile(NOTEBOOK, "<ipython-input-1>", "exec"), names)  # noqa: S102 - as a notebook does
    return names


@pytest.fixture(autouse=True)
def empty_registry(monkeypatch):
    """Nothing is registered, and what a test registers is gone afterwards."""
    kept = dict(registry)
    registry.clear()
    yield registry
    registry.clear()
    registry.update(kept)


# ------------------------------------------------------------ where functions are found


def test_functions_of_the_notebook_are_found(notebook):
    table = FunctionTable(notebook=notebook)
    assert table.names() == ["also", "score", "twice"]
    assert table.find("score") is notebook["score"]
    assert table.find("twice")(2) == 4


@pytest.mark.parametrize("name", ["system", "dumps", "reader", "Score", "_private", "number", "print", "eval", "none"])
def test_nothing_else_of_the_notebook_is(notebook, name):
    assert FunctionTable(notebook=notebook).find(name) is None
    assert FunctionTable(notebook).find(name) is None  # tasks=globals() gives no more


def test_globals_are_the_functions_written_there(notebook):
    assert FunctionTable(notebook).names() == ["also", "score", "twice"]


def test_what_is_passed_by_name_may_be_anything_that_can_be_called(notebook):
    table = FunctionTable({"system": notebook["system"], "_private": notebook["_private"], "n": int})
    assert table.names() == ["_private", "n", "system"]
    assert table.find("n") is int


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match=r"tasks\['f'\] is a int, no function"):
        FunctionTable({"f": 1})


def test_passed_goes_before_registered_goes_before_the_notebooks(notebook):
    def passed(event): ...
    def registered(event): ...

    assert FunctionTable(notebook=notebook).find("score") is notebook["score"]
    register(name="score")(registered)
    assert FunctionTable(notebook=notebook).find("score") is registered
    assert FunctionTable({"score": passed}, notebook).find("score") is passed


def test_registered_functions_stay_what_they_are(empty_registry):
    def work(event): ...

    assert register(work) is work
    assert register(name="my-function")(work) is work
    assert empty_registry == {"work": work, "my-function": work}


def test_registering_again_replaces(empty_registry):
    register(lambda event: 1)
    register(name="<lambda>")(lambda event: 2)
    assert empty_registry["<lambda>"](None) == 2


def test_no_function_of_another_shape_is_registered(empty_registry):
    with pytest.raises(TypeError, match=r"write it as \(event\) or \(event, context\)"):
        register(lambda: None)
    assert empty_registry == {}


def test_functions_bind_when_a_run_starts(house, notebook):
    notebook["score"] = None
    code = "def score(event): return 'new'"
    exec(code, notebook)  # noqa: S102
    assert outcome(house.run({"T": task("score")}, notebook=notebook)) == ("SUCCEEDED", "new")


# ------------------------------------------------------------ how they are called


def optional(event, context=None): ...
def own_default(event, factor=2): ...
def star(*args): ...
def keywords(event, **kwargs): ...
def three(event, context, more=1): ...
async def awaited(event): ...


class Called:
    def __call__(self, event, context): ...
    def method(self, event): ...


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda event: 1, (1, False)),
        (lambda event, context: 1, (2, False)),
        (optional, (2, False)),
        (own_default, (1, False)),
        (star, (2, False)),
        (keywords, (1, False)),
        (three, (2, False)),
        (awaited, (1, True)),
        (Called(), (2, False)),
        (Called().method, (1, False)),
        (len, (1, False)),
    ],
)
def test_shapes(function, expected):
    assert shape(function) == expected


def only_keyword(event, *, needed): ...


@pytest.mark.parametrize("function", [lambda: 1, lambda a, b, c: 1, only_keyword])
def test_other_shapes_are_refused_before_anything_runs(house, function):
    with pytest.raises(TypeError, match=r"\(event\) or \(event, context\)"):
        house.start({"T": task()}, tasks={"f": function})


@pytest.mark.parametrize("executor", ["inline", "threads"])
@pytest.mark.parametrize("state", [task(), invoke()], ids=["arn", "invoke"])
def test_what_a_function_does_to_its_event_is_its_own_business(house, state, executor):
    given = {"list": [1], "deep": {"a": {}}}

    def work(event):
        event["list"].append(2)
        event["deep"]["a"]["b"] = 1

    states = {"T": {**state, "ResultPath": "$.result"}}
    run = house.run(states, given, tasks={"f": work}, executor=executor)
    assert run.execution.output["list"] == [1]
    assert run.execution.output["deep"] == {"a": {}}
    assert given == {"list": [1], "deep": {"a": {}}}


def test_a_function_that_gives_an_awaitable_is_told_how_to_be_written(house):
    run = house.run({"T": task()}, tasks={"f": lambda event: awaited(event)})  # noqa: PLW0108 - it is the difference
    assert outcome(run) == ("FAILED", "Runtime.MarshalError")
    assert "Write it as `async def`" in run.execution.failure.cause


# ------------------------------------------------------------ the context


def context_of(house, resource=None, **fields):
    seen = []

    def look(event, context):
        seen.append(context)
        return context.get_remaining_time_in_millis()

    run = house.run({"T": task(**({"Resource": resource} if resource else {}), **fields)}, tasks={"f": look})
    return seen[0], run


def test_the_context_has_the_attributes_of_lambda(house):
    context, _ = context_of(house)
    assert isinstance(context, LambdaContext)
    assert context.function_name == "f"
    assert context.function_version == "$LATEST"
    assert context.invoked_function_arn == arn("f")
    assert context.memory_limit_in_mb == "128"
    assert context.log_group_name == "/aws/lambda/f"
    assert context.log_stream_name == f"[$LATEST]{context.aws_request_id.replace('-', '')}"
    assert UUID(context.aws_request_id).version == 4
    assert (context.client_context, context.identity, context.cancelled) == (None, None, False)
    assert repr(context) == "LambdaContext(function_name='f', function_version='$LATEST')"


def test_the_context_of_a_version_or_alias(house):
    context, _ = context_of(house, arn("f") + ":live")
    assert context.function_version == "live"
    assert context.invoked_function_arn == arn("f") + ":live"
    assert context.log_stream_name.startswith("[live]")


def test_time_remains_until_the_timeout(house):
    _, run = context_of(house, TimeoutSeconds=20)
    assert 0 < run.execution.output <= 20_000
    _, run = context_of(house)
    assert 20_000 < run.execution.output <= 900_000


def test_each_attempt_has_a_request_id_of_its_own(house):
    ids = []

    def work(event, context):
        ids.append(context.aws_request_id)
        raise ValueError

    retry = [{"ErrorEquals": ["ValueError"], "MaxAttempts": 2}]
    run = house.run({"T": task(Retry=retry)}, tasks={"f": work})
    assert len(set(ids)) == 3
    assert json.loads(run.execution.failure.cause)["requestId"] == ids[-1]


# ------------------------------------------------------------ errors

RAISING = """
def helper(event):
    raise LookupError('no "such" thing')

def outer(event):
    return helper(event)
"""


def raising(filename):
    names = {"__name__": "__main__"}
    exec(compile(RAISING, filename, "exec"), names)  # noqa: S102
    return names["outer"]


def test_the_cause_is_lambdas_payload(house):
    run = house.run({"T": task()}, tasks={"f": raising("/somewhere/shop.py")})
    assert run.execution.failure.error == "LookupError"
    cause = json.loads(run.execution.failure.cause)
    request = UUID(cause.pop("requestId"))
    assert request.version == 4
    assert cause == {
        "errorMessage": 'no "such" thing',
        "errorType": "LookupError",
        "stackTrace": [
            '  File "/somewhere/shop.py", line 6, in outer\n',
            '  File "/somewhere/shop.py", line 3, in helper\n',
        ],
    }


def test_the_cause_has_the_blanks_of_lambdas_runtime(house):
    cause = house.run({"T": task()}, tasks={"f": raising("x.py")}).execution.failure.cause
    assert cause.startswith('{"errorMessage": "no \\"such\\" thing", "errorType": "LookupError", "requestId": "')
    assert '", "stackTrace": ["  File' in cause


def test_the_invoke_integration_writes_it_without_blanks(house):
    cause = house.run({"T": invoke()}, tasks={"f": raising("x.py")}).execution.failure.cause
    assert cause.startswith('{"errorMessage":"no \\"such\\" thing","errorType":"LookupError","requestId":"')


def test_a_cell_is_called_notebook_in_every_session(house):
    for filename in ("<ipython-input-3-abc>", "/tmp/ipykernel_4711/123.py"):  # noqa: S108
        cause = house.run({"T": task()}, tasks={"f": raising(filename)}).execution.failure.cause
        assert json.loads(cause)["stackTrace"][0] == '  File "<notebook>", line 6, in outer\n'


def test_lines_of_a_file_are_shown(house, tmp_path):
    module = tmp_path / "shop.py"
    module.write_text(RAISING)
    cause = house.run({"T": task()}, tasks={"f": raising(str(module))}).execution.failure.cause
    assert json.loads(cause)["stackTrace"][0] == f'  File "{module}", line 6, in outer\n    return helper(event)\n'


def test_a_folder_beside_the_package_is_the_users(house):
    import sfn_notebook

    beside = sfn_notebook.__path__[0] + "_examples/shop.py"
    cause = house.run({"T": task()}, tasks={"f": raising(beside)}).execution.failure.cause
    assert len(json.loads(cause)["stackTrace"]) == 2


@pytest.mark.parametrize("state", [task(), invoke()], ids=["arn", "invoke"])
def test_a_long_cause_is_cut(house, state):
    def work(event):
        raise ValueError("x" * 100_000)

    run = house.run({"T": state}, tasks={"f": work})
    assert len(run.execution.failure.cause) == 32_768


def test_async_errors_look_the_same(house):
    async def work(event):
        raise KeyError("gone")

    run = house.run({"T": task()}, tasks={"f": work})
    assert outcome(run) == ("FAILED", "KeyError")
    cause = json.loads(run.execution.failure.cause)
    assert cause["errorMessage"] == "'gone'"
    assert len(cause["stackTrace"]) == 1


# ------------------------------------------------------------ lambda:invoke


def test_the_response_of_invoke(house):
    seen = []

    def work(event, context):
        seen.append(context.aws_request_id)
        return {"got": event}

    run = house.run({"T": invoke()}, {"n": 1}, tasks={"f": work})
    assert run.execution.output == {
        "ExecutedVersion": "$LATEST",
        "Payload": {"got": {"n": 1}},
        "SdkHttpMetadata": {"HttpStatusCode": 200},
        "SdkResponseMetadata": {"RequestId": seen[0]},
        "StatusCode": 200,
    }


@pytest.mark.parametrize(
    ("reference", "version"),
    [
        ("f", "$LATEST"),
        ("f:live", "live"),
        (arn("f"), "$LATEST"),
        (arn("f") + ":7", "7"),
        ("123456789012:function:f:7", "7"),
    ],
)
def test_ways_to_name_a_function(house, reference, version):
    tasks = {"f": lambda event, context: context.function_version}
    fixed = house.run({"T": invoke(reference)}, tasks=tasks).execution.output
    assert (fixed["ExecutedVersion"], fixed["Payload"]) == (version, version)
    computed = invoke(Parameters={"FunctionName.$": "$", "Payload": {}})
    assert house.run({"T": computed}, reference, tasks=tasks).execution.output["ExecutedVersion"] == version


def test_without_payload_the_event_is_empty(house):
    run = house.run({"T": invoke(Parameters={"FunctionName": "f"})}, {"n": 1}, tasks={"f": lambda event: event})
    assert run.execution.output["Payload"] == {}


def test_an_async_function_can_be_invoked(house):
    async def work(event):
        return event

    assert house.run({"T": invoke()}, 1, tasks={"f": work}).execution.output["Payload"] == 1


COMPUTED = invoke(Parameters={"FunctionName.$": "$.name", "Payload": 1})


def test_a_computed_name_is_looked_up_when_the_state_runs(house):
    run = house.run({"T": COMPUTED}, {"name": "g"}, tasks={"f": lambda event: "f", "g": lambda event: "g"})
    assert run.execution.output["Payload"] == "g"


def test_a_computed_name_that_nothing_has_is_a_failure(house):
    run = house.run({"T": COMPUTED}, {"name": "gone"})
    assert outcome(run) == ("FAILED", "Lambda.ResourceNotFoundException")
    assert run.execution.failure.cause.startswith(f"Function not found: {arn('gone')} (Service: AWSLambda; ")


def test_a_computed_name_finds_no_builtin(house, notebook):
    run = house.run({"T": COMPUTED}, {"name": "system"}, notebook=notebook)
    assert outcome(run) == ("FAILED", "Lambda.ResourceNotFoundException")


def test_a_computed_name_of_a_function_of_another_shape(house):
    run = house.run({"T": COMPUTED}, {"name": "f"}, tasks={"f": lambda: None})
    assert run.execution.status == "FAILED"
    again = house.run({"T": COMPUTED}, {"name": "f"}, tasks={"f": lambda: None}, executor="inline")
    assert outcome(again) == outcome(run)


def test_a_computed_name_may_be_that_of_an_async_function(house):
    run = house.run({"T": COMPUTED}, {"name": "f"}, tasks={"f": awaited})
    assert run.execution.status == "SUCCEEDED"
    assert run.execution.output["StatusCode"] == 200


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"FunctionName.$": "$.name", "InvocationType": "Event"}, "'RequestResponse' only"),
        ({"FunctionName.$": "$"}, "The value of the field 'FunctionName' has an invalid format"),
        ({}, "The field 'FunctionName' is required but was missing"),
    ],
)
def test_an_invocation_that_this_version_cannot_make_says_so(house, parameters, words):
    run = house.run({"T": {**COMPUTED, "Parameters": parameters}}, {"name": "f"}, tasks={"f": awaited})
    assert run.execution.status == "FAILED"
    assert words in run.execution.failure.cause


def test_the_qualifier_is_the_executed_version(house):
    parameters = {"FunctionName.$": "$.name", "Qualifier": "prod"}
    run = house.run({"T": {**COMPUTED, "Parameters": parameters}}, {"name": "f"}, tasks={"f": lambda event: 1})
    assert run.execution.output["ExecutedVersion"] == "prod"


def test_results_of_libraries_become_json(house):
    decimal = SimpleNamespace(tolist=lambda: [1, 2])
    assert outcome(house.run({"T": task()}, tasks={"f": lambda event: (decimal, {"a": 1})})) == (
        "SUCCEEDED",
        [[1, 2], {"a": 1}],
    )
