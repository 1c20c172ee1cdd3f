"""Every operation with anything the model can spell: an answer in the model's shape, or a refusal. Never a crash."""

from contextlib import suppress
from datetime import datetime

import pytest
from calls import ARNS, ROLE, Api, definition
from hypothesis import given, settings
from hypothesis import strategies as st

from sfn_notebook.service.faults import ServiceError
from sfn_notebook.service.validation import model

TEXTS = (
    "m", "e", "live", "a b", "1", "x" * 99, "", "\ud800", "é\x00", definition(), definition("new"), "{}", "{'a'}", "[[",
    ROLE, f"{ARNS}stateMachine:m", f"{ARNS}stateMachine:m:1", f"{ARNS}stateMachine:m:live", f"{ARNS}stateMachine:m/l",
    f"{ARNS}stateMachine:m:" + "9" * 99, f"{ARNS}stateMachine:²", f"{ARNS}execution:m:e", f"{ARNS}express:m:e:u",
    f"{ARNS}mapRun:m/l:u", f"{ARNS}activity:a", "arn:aws:logs:us-east-1:1:log-group:g:*", "arn:", "arn:aws:states:::::",
    "INITIAL", "WyJtYWNoaW5lcyIsICJhIl0=", "W10=", "a", f"{ARNS}stateMachine:d/L", "AAAAAAAAAAAAAAAAAAAAAA==",
    "<Map Run>", "<child>",
)  # fmt: skip

PROCESSOR = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "P",
    "States": {"P": {"Type": "Pass", "End": True}},
}
DISTRIBUTED = definition(states={"M": {"Type": "Map", "Label": "L", "ItemProcessor": PROCESSOR, "End": True}})


def values(shape):
    """Values of a shape: mostly good ones."""
    kind = shape.type_name
    if kind == "structure":
        return structure(shape)
    if kind == "list":
        return st.lists(values(shape.member), max_size=3)
    if kind == "boolean":
        return st.booleans()
    if kind == "float":
        return st.sampled_from((0, 12.5, 100.0)) | st.floats(-5, 200)
    if kind in ("integer", "long"):
        return st.sampled_from((0, 1, 50, 100, 1000)) | st.integers(-5, 2000)
    enum = shape.metadata.get("enum")
    return st.sampled_from(enum) if enum else st.sampled_from(TEXTS)


def structure(shape):
    odd = st.sampled_from((None, 1, "x", [], {}, True, 1.5))
    members = {name: st.one_of(*[values(member)] * 9, odd) for name, member in shape.members.items()}
    needed = {name: member for name, member in members.items() if name in shape.required_members}
    return st.fixed_dictionaries(needed, optional={name: members[name] for name in members if name not in needed})


def calls():
    """One operation and its parameters."""
    operations = [model().operation_model(name) for name in model().operation_names]
    return st.one_of(*[st.tuples(st.just(one.name), structure(one.input_shape)) for one in operations])


def check(shape, value, where):
    """The value has the shape, and no member that it lacks."""
    kind = shape.type_name
    if kind == "structure":
        assert set(shape.required_members) <= set(value) <= set(shape.members), where
        for name, item in value.items():
            check(shape.members[name], item, f"{where}.{name}")
    elif kind == "list":
        for item in value:
            check(shape.member, item, where)
    elif kind == "map":
        for item in value.values():
            check(shape.value, item, where)
    else:
        types = {"string": str, "boolean": bool, "integer": int, "long": int, "float": float, "timestamp": datetime}
        assert isinstance(value, types[kind]), where
        assert "enum" not in shape.metadata or value in shape.metadata["enum"], where


def populated():
    """A service that holds something of everything, and what some of it is called."""
    api = Api()
    arn = api.create(publish=True)
    route = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    api("CreateStateMachineAlias", name="live", routingConfiguration=route)
    api.start(arn, name="e")
    api("CreateActivity", name="a")
    execution = api.start(api.create("d", DISTRIBUTED), input="[1]")
    map_run = api("ListMapRuns", executionArn=execution)["mapRuns"][0]["mapRunArn"]
    child = api("ListExecutions", mapRunArn=map_run)["executions"][0]["executionArn"]
    return api, {"<Map Run>": map_run, "<child>": child}


@given(st.lists(calls(), max_size=12))
@settings(max_examples=150)
def test_whatever_is_asked(asked):
    api, names = populated()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("sfn_notebook.service.activities.POLL_SECONDS", 0)
        for name, parameters in asked:
            given = {
                key: names.get(value, value) if isinstance(value, str) else value for key, value in parameters.items()
            }
            with suppress(ServiceError):
                check(model().operation_model(name).output_shape, api(name, **given), name)


@pytest.mark.parametrize(
    "name", ["DescribeStateMachine", "StartExecution", "ListTagsForResource", "DeleteStateMachine"]
)
@pytest.mark.parametrize("text", TEXTS)
def test_whatever_is_taken_for_an_arn(name, text):
    member = model().operation_model(name).input_shape.required_members[0]
    api = Api()
    api.create(publish=True)
    with suppress(ServiceError):
        assert isinstance(api(name, **{member: text}), dict)
