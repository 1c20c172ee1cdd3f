"""State machines: what is created, changed, described and deleted, and what is refused.  (spec: api)"""

import pytest
from calls import ARNS, HOURS, ROLE, definition

from sfn_notebook.service.faults import ServiceError

LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:g:*"


def destination(arn=LOGS):
    return [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}]


def test_a_new_machine(api):
    created = api("CreateStateMachine", name="m", definition=definition(), roleArn=ROLE)
    assert created == {"stateMachineArn": f"{ARNS}stateMachine:m", "creationDate": created["creationDate"]}
    assert api("DescribeStateMachine", stateMachineArn=created["stateMachineArn"]) == {
        "stateMachineArn": f"{ARNS}stateMachine:m",
        "name": "m",
        "status": "ACTIVE",
        "definition": definition(),
        "roleArn": ROLE,
        "type": "STANDARD",
        "creationDate": created["creationDate"],
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_the_same_again_is_the_same_machine(api):
    first = api("CreateStateMachine", name="m", definition=definition(), roleArn=ROLE, publish=True)
    again = {"name": "m", "definition": definition(), "publish": True, "tags": [{"key": "k", "value": "v"}]}
    assert api("CreateStateMachine", **again, roleArn=ROLE + "2") == first
    assert api("DescribeStateMachine", stateMachineArn=first["stateMachineArn"])["roleArn"] == ROLE
    assert api("ListTagsForResource", resourceArn=first["stateMachineArn"]) == {"tags": []}


@pytest.mark.parametrize("other", [
    {"definition": definition("other")},
    {"definition": definition().replace(" ", "  ")},
    {"type": "EXPRESS"},
    {"publish": True},
    {"tracingConfiguration": {"enabled": True}},
    {"loggingConfiguration": {"level": "ALL", "destinations": destination()}},
])  # fmt: skip
def test_another_machine_of_the_same_name(api, other):
    arn = api.create()
    parameters = {"name": "m", "definition": definition(), "roleArn": ROLE, **other}
    refused = ("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")
    assert api.refused("CreateStateMachine", **parameters) == refused


def test_a_machine_that_was_changed_is_another_one(api):
    arn = api.create()
    api("UpdateStateMachine", stateMachineArn=arn, definition=definition("other"))
    code, _ = api.refused("CreateStateMachine", name="m", definition=definition(), roleArn=ROLE)
    assert code == "StateMachineAlreadyExists"


@pytest.mark.parametrize("name", ["a b", "a/b", "a:b", "a\x85b", "a*"])
def test_names_that_are_refused(api, name):
    refused = ("InvalidName", f"Invalid Name: '{name}'")
    assert api.refused("CreateStateMachine", name=name, definition=definition(), roleArn=ROLE) == refused


@pytest.mark.parametrize("role", ["r", "arn:aws:iam::123456789012:user/u", "arn:aws:s3:::bucket"])
def test_roles_that_are_none(api, role):
    code, _ = api.refused("CreateStateMachine", name="m", definition=definition(), roleArn=role)
    assert code == "InvalidArn"


def test_settings_are_kept(api):
    given = {
        "loggingConfiguration": {"level": "ERROR", "includeExecutionData": True, "destinations": destination()},
        "tracingConfiguration": {"enabled": True},
        "encryptionConfiguration": {
            "type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k", "kmsDataKeyReusePeriodSeconds": 60,
        },
    }  # fmt: skip
    arn = api.create(**given)
    described = api("DescribeStateMachine", stateMachineArn=arn)
    assert {key: described[key] for key in given} == given


@pytest.mark.parametrize(
    ("logging", "message"),
    [
        ({"level": "ALL"}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": destination() * 2}, "Must specify exactly one Log Destination."),
        ({"level": "ALL", "destinations": destination(LOGS[:-2])}, "Log Destination not found."),
    ],
)
def test_logging_that_is_refused(api, logging, message):
    parameters = {"name": "m", "definition": definition(), "roleArn": ROLE, "loggingConfiguration": logging}
    refused = ("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {message}")
    assert api.refused("CreateStateMachine", **parameters) == refused


@pytest.mark.parametrize("encryption", [
    {"type": "AWS_OWNED_KEY", "kmsKeyId": "k"},
    {"type": "CUSTOMER_MANAGED_KMS_KEY"},
])  # fmt: skip
def test_encryption_that_is_refused(api, encryption):
    parameters = {"name": "m", "definition": definition(), "roleArn": ROLE, "encryptionConfiguration": encryption}
    assert api.refused("CreateStateMachine", **parameters)[0] == "InvalidEncryptionConfiguration"


def test_a_definition_with_errors_is_refused_and_nothing_is_kept(api):
    parameters = {"name": "m", "definition": '{"StartAt": "A"}', "roleArn": ROLE}
    detail = "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"
    refused = ("InvalidDefinition", f"Invalid State Machine Definition: '{detail}'")
    assert api.refused("CreateStateMachine", **parameters) == refused
    assert api("ListStateMachines") == {"stateMachines": []}


def test_every_change_is_a_revision(api):
    arn = api.create()
    changed = api("UpdateStateMachine", stateMachineArn=arn, definition=definition("new"))
    again = api("UpdateStateMachine", stateMachineArn=arn, roleArn=ROLE + "2")
    assert len({changed["revisionId"], again["revisionId"]}) == 2
    described = api("DescribeStateMachine", stateMachineArn=arn)
    assert (described["definition"], described["roleArn"]) == (definition("new"), ROLE + "2")
    assert described["revisionId"] == again["revisionId"]


def test_what_changes_nothing_is_no_revision(api):
    arn = api.create()
    assert "revisionId" not in api("UpdateStateMachine", stateMachineArn=arn, definition=definition(), roleArn=ROLE)
    changed = api("UpdateStateMachine", stateMachineArn=arn, definition=definition("new"))
    again = api("UpdateStateMachine", stateMachineArn=arn, definition=definition("new"))
    assert again["revisionId"] == changed["revisionId"]


def test_an_update_leaves_alone_what_it_does_not_name(api):
    logging = {"level": "ALL", "includeExecutionData": False, "destinations": destination()}
    arn = api.create(loggingConfiguration=logging)
    api("UpdateStateMachine", stateMachineArn=arn, tracingConfiguration={"enabled": True})
    assert api("DescribeStateMachine", stateMachineArn=arn)["loggingConfiguration"] == logging


def test_updates_that_are_refused(api):
    arn = api.create()
    nothing = (
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified"
    )
    assert api.refused("UpdateStateMachine", stateMachineArn=arn) == ("MissingRequiredParameter", nothing)
    refused = api.refused("UpdateStateMachine", stateMachineArn=arn, roleArn=ROLE, versionDescription="d")
    assert refused == ("ValidationException", "Version description can only be set when publish is true")
    code, message = api.refused("UpdateStateMachine", stateMachineArn=f"{arn}:1", roleArn=ROLE)
    assert (code, message) == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}:1'")
    assert api.refused("UpdateStateMachine", stateMachineArn=f"{arn}/label", roleArn=ROLE)[0] == "ValidationException"
    assert api.refused("UpdateStateMachine", stateMachineArn=arn, definition="{}")[0] == "InvalidDefinition"
    assert api("DescribeStateMachine", stateMachineArn=arn)["definition"] == definition()


def test_a_machine_that_runs_keeps_its_definition(waiting):
    arn = waiting.create(text=HOURS)
    execution = waiting.start(arn)
    waiting("UpdateStateMachine", stateMachineArn=arn, definition=definition("new"), roleArn=ROLE + "2")
    described = waiting("DescribeStateMachineForExecution", executionArn=execution)
    assert (described["definition"], described["roleArn"]) == (HOURS, ROLE)
    assert "revisionId" not in described


def test_a_machine_is_deleted_with_all_that_is_its(waiting):
    arn = waiting.create(text=HOURS, publish=True)
    route = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    waiting("CreateStateMachineAlias", name="live", routingConfiguration=route)
    execution = waiting.start(arn)
    for _ in range(2):  # what is deleted may be deleted again
        assert waiting("DeleteStateMachine", stateMachineArn=arn) == {}
    assert waiting.refused("DescribeStateMachine", stateMachineArn=arn)[0] == "StateMachineDoesNotExist"
    assert waiting.refused("DescribeStateMachineAlias", stateMachineAliasArn=f"{arn}:live")[0] == "ResourceNotFound"
    assert waiting.steps.find_execution(execution).wait(30)
    assert waiting("DescribeExecution", executionArn=execution)["status"] == "ABORTED"


def test_metadata_without_data(api):
    state = {
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"},
        "B": {"Type": "Pass", "InputPath": "$x", "End": True},
    }
    arn = api.create(text=definition(states=state))
    assert api("DescribeStateMachine", stateMachineArn=arn)["variableReferences"] == {"B": ["x"]}
    described = api("DescribeStateMachine", stateMachineArn=arn, includedData="METADATA_ONLY")
    assert described["definition"] == "{}"
    assert "variableReferences" not in described


def test_machines_in_pages(api):
    arns = [api.create(f"m{n}") for n in range(5)]
    first = api("ListStateMachines", maxResults=2)
    api.create("later")
    second = api("ListStateMachines", maxResults=3, nextToken=first["nextToken"])
    third = api("ListStateMachines", nextToken=second["nextToken"])
    listed = [machine["stateMachineArn"] for found in (first, second, third) for machine in found["stateMachines"]]
    assert listed == [*arns, f"{ARNS}stateMachine:later"]
    assert "nextToken" not in third
    assert set(first["stateMachines"][0]) == {"stateMachineArn", "name", "type", "creationDate"}


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        ("m", "Invalid Arn: 'Invalid ARN prefix: m'"),
        (f"{ARNS}execution:m:e", "Invalid Arn: 'Resource type not valid in this context: execution'"),
        (f"{ARNS}express:m:e:u", "Invalid Arn: 'Resource type not valid in this context: express'"),
        ("arn:aws:s3:::bucket", "Invalid Arn: 'Invalid ARN: arn:aws:s3:::bucket'"),
    ],
)
def test_arns_that_are_refused(api, arn, message):
    assert api.refused("DescribeStateMachine", stateMachineArn=arn) == ("InvalidArn", message)


# ------------------------------------------------------------ variables


def test_variables_that_states_read(api):
    states = {
        "Set": {"Type": "Pass", "Assign": {"a": 1, "b": [1], "c": 1}, "Next": "Choose"},
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$c", "NumericEqualsPath": "$a", "Next": "Loop"}],
            "Default": "Loop",
        },
        "Loop": {
            "Type": "Map",
            "ItemsPath": "$b",
            "ItemProcessor": {
                "StartAt": "In",
                "States": {"In": {"Type": "Pass", "Parameters": {"x.$": "States.Format('{}', $c)"}, "End": True}},
            },
            "End": True,
        },
    }
    arn = api.create(text=definition(states=states))
    references = {"Choose": ["a", "c"], "Loop": ["b"], "In": ["c"]}
    assert api("DescribeStateMachine", stateMachineArn=arn)["variableReferences"] == references


def test_variables_that_jsonata_reads(api):
    states = {
        "Set": {"Type": "Pass", "Assign": {"a": 1, "b": 2}, "Next": "Get"},
        "Get": {
            "Type": "Pass",
            "Output": {"x": "{% $a + $states.input.y %}", "y": ["{% ($b := 1; $b) %}"]},
            "End": True,
        },
    }
    arn = api.create(text=definition(states=states, QueryLanguage="JSONata"))
    assert api("DescribeStateMachine", stateMachineArn=arn)["variableReferences"] == {"Get": ["a"]}


# ------------------------------------------------------------ a notebook's machines


def test_a_cell_that_is_run_again(api):
    arn = api.service.define("m", definition("first"))
    assert api.service.define("m", definition("second")) == arn
    described = api("DescribeStateMachine", stateMachineArn=arn)
    assert (described["definition"], described["type"]) == (definition("second"), "STANDARD")
    assert api.service.define("m", definition("third"), "EXPRESS") == arn
    described = api("DescribeStateMachine", stateMachineArn=arn)
    assert (described["definition"], described["type"]) == (definition("third"), "EXPRESS")
    with pytest.raises(ServiceError, match="InvalidDefinition"):
        api.service.define("m", "{}", "EXPRESS")
    assert api("DescribeStateMachine", stateMachineArn=arn) == described
