"""Parameters against botocore's model: AWS's wording as it was recorded.  (spec: api, Common validation)"""

import pytest
from calls import ARNS, ROLE, definition

from sfn_notebook.service.faults import ServiceError
from sfn_notebook.service.validation import check, model

LONG_NAME = "A" * 81
VERSION = f"{ARNS}stateMachine:m:1"


def message(operation, **parameters):
    with pytest.raises(ServiceError) as found:
        check(operation, parameters)
    assert found.value.code == "ValidationException"
    return found.value.message


def routes(*weights, arn=VERSION):
    return [{"stateMachineVersionArn": arn, "weight": weight} for weight in weights]


@pytest.mark.parametrize(
    ("parameters", "value", "place", "must"),
    [
        ({"maxResults": 1001}, "1001", "maxResults", "have value less than or equal to 1000"),
        ({"maxResults": -1}, "-1", "maxResults", "have value greater than or equal to 0"),
        ({"nextToken": "x" * 3097}, "x" * 3097, "nextToken", "have length less than or equal to 3096"),
        (
            {"statusFilter": "DONE"},
            "DONE",
            "statusFilter",
            "satisfy enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
        ),
    ],
)
def test_filters_of_lists(parameters, value, place, must):
    text = f"Value '{value}' at '{place}' failed to satisfy constraint: Member must {must}"
    assert message("ListExecutions", **parameters) == f"1 validation error detected: {text}"


ITEM = "RoutingConfigurationListItem(stateMachineVersionArn=v, weight=1)"


@pytest.mark.parametrize(
    ("parameters", "value", "place", "must"),
    [
        (
            {"name": "123", "routingConfiguration": routes(100)},
            "123",
            "name",
            r"satisfy regular expression pattern: ^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$",
        ),
        (
            {"name": LONG_NAME, "routingConfiguration": routes(100)},
            LONG_NAME,
            "name",
            "have length less than or equal to 80",
        ),
        (
            {"name": "a", "routingConfiguration": routes(100, 101)},
            "101",
            "routingConfiguration.2.member.weight",
            "have value less than or equal to 100",
        ),
        (
            {"name": "a", "routingConfiguration": routes(1, 1, 1, arn="v")},
            f"[{ITEM}, {ITEM}, {ITEM}]",
            "routingConfiguration",
            "have length less than or equal to 2",
        ),
    ],
)
def test_aliases(parameters, value, place, must):
    text = f"Value '{value}' at '{place}' failed to satisfy constraint: Member must {must}"
    assert message("CreateStateMachineAlias", **parameters) == f"1 validation error detected: {text}"


def test_all_that_is_wrong_is_said_at_once():
    said = message("CreateStateMachine", name="", definition=definition(), type="FAST")
    assert said.startswith("3 validation errors detected: Value '' at 'name' failed")
    assert said.count("failed to satisfy constraint") == 3
    assert "Value null at 'roleArn' failed to satisfy constraint: Member must not be null" in said


def test_what_is_sensitive_is_not_repeated():
    said = message("StopExecution", executionArn=f"{ARNS}execution:m:e", error="secret" * 100)
    assert "secret" not in said
    assert "at 'error' failed to satisfy constraint: Member must have length less than or equal to 256" in said


def test_a_trace_header_is_ascii():
    start = {"stateMachineArn": f"{ARNS}stateMachine:m"}
    assert check("StartExecution", start | {"traceHeader": "Root=1;é"[:7]})
    assert r"pattern: \p{ASCII}*" in message("StartExecution", **start, traceHeader="é")


def test_an_empty_definition_is_a_finding_no_fault():
    assert check("ValidateStateMachineDefinition", {"definition": ""}) == {"definition": ""}
    assert "'definition'" in message("CreateStateMachine", name="m", definition="", roleArn=ROLE)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"name": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"name": True}, "TRUE_VALUE can not be converted to a String"),
        ({"name": []}, "Start of list found where not expected"),
        ({"name": {}}, "Start of structure or map found where not expected."),
        ({"publish": "yes"}, "STRING_VALUE can not be converted to a Boolean"),
        ({"tags": "t"}, "Unexpected field type"),
        ({"tags": ["t"]}, "Unexpected field type"),
        ({"tags": [None]}, "Unexpected field type"),
    ],
)
def test_values_of_other_types(parameters, said):
    with pytest.raises(ServiceError) as found:
        check("CreateStateMachine", parameters)
    assert (found.value.code, found.value.message) == ("SerializationException", said)


@pytest.mark.parametrize("value", [True, 1.5, "1"])
def test_numbers_of_other_types(value):
    with pytest.raises(ServiceError, match="can not be converted to an Integer"):
        check("ListExecutions", {"maxResults": value})


def test_nulls_and_what_nobody_knows_are_left_out():
    given = {"maxResults": None, "nextToken": "t", "colour": "red"}
    assert check("ListStateMachines", given) == {"nextToken": "t"}


SHAPES = {name: model().operation_model(name).input_shape for name in model().operation_names}


@pytest.mark.parametrize("name", [name for name, shape in SHAPES.items() if shape.required_members])
def test_what_is_required_is_named(name):
    said = message(name)
    for member in SHAPES[name].required_members:
        assert f"Value null at '{member}' failed to satisfy constraint: Member must not be null" in said
