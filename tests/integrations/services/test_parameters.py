"""Parameters as botocore takes them, and what is said of those that cannot be used."""

import pytest

from sfn_notebook.asl.resources import parse_resource
from sfn_notebook.integrations.services.models import find_operation
from sfn_notebook.integrations.services.parameters import read_parameters, violation


def read(action, parameters):
    return read_parameters(find_operation(parse_resource(f"arn:aws:states:::{action}")), parameters)


def taken(action, parameters):
    values, problems = read(action, parameters)
    assert problems == []
    return values


def problems(action, parameters):
    return read(action, parameters).problems


def test_members_are_pascal_case_at_every_depth_and_keys_of_maps_stay():
    parameters = {
        "TaskDefinition": "t",
        "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["s"]}},
        "Overrides": {"ContainerOverrides": [{"Name": "n", "Environment": [{"Name": "E", "Value": "v"}]}]},
    }
    expected = {
        "taskDefinition": "t",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}},
        "overrides": {"containerOverrides": [{"name": "n", "environment": [{"name": "E", "value": "v"}]}]},
    }
    assert taken("ecs:runTask", parameters) == taken("aws-sdk:ecs:runTask", parameters) == expected
    item = {"camelCase": {"S": "x"}, "UPPER": {"M": {"a_b": {"BOOL": True}}}}
    asked = {"TableName": "t", "Item": item}
    assert taken("dynamodb:putItem", asked) == taken("aws-sdk:dynamodb:putItem", asked) == asked


def test_the_sdk_writes_acronyms_as_words_and_takes_the_apis_own_names_too():
    expected = {"Bucket": "b", "Key": "k", "SSEKMSKeyId": "x"}
    assert taken("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k", "SsekmsKeyId": "x"}) == expected
    assert taken("aws-sdk:s3:putObject", {"Bucket": "b", "Key": "k", "SSEKMSKeyId": "x"}) == expected


def test_a_null_is_as_good_as_absent_and_no_parameters_are_none():
    assert taken("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "m", "DelaySeconds": None}) == {
        "QueueUrl": "q",
        "MessageBody": "m",
    }
    assert taken("aws-sdk:s3:listBuckets", {}) == {}


@pytest.mark.parametrize(("action", "parameters", "name", "text"), [
    ("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": {"a": [1, "é"]}}, "MessageBody", '{"a":[1,"é"]}'),
    ("sqs:sendMessage", {"QueueUrl": "q", "MessageBody": "as it is"}, "MessageBody", "as it is"),
    ("sns:publish", {"TopicArn": "t", "Message": [1]}, "Message", "[1]"),
    ("aws-sdk:sfn:startExecution", {"StateMachineArn": "a", "Input": {"key": "value"}}, "input", '{"key":"value"}'),
])  # fmt: skip
def test_objects_in_place_of_messages_are_sent_as_json(action, parameters, name, text):
    assert taken(action, parameters)[name] == text


def test_a_details_object_is_json_in_every_entry():
    entries = [{"Detail": {"n": 1}, "DetailType": "t", "Source": "s"}]
    assert taken("events:putEvents", {"Entries": entries})["Entries"][0]["Detail"] == '{"n":1}'


def test_bytes_are_base64_but_a_whole_body_is_text_or_json():
    assert taken("aws-sdk:kms:encrypt", {"KeyId": "k", "Plaintext": "aGk="})["Plaintext"] == b"hi"
    assert problems("aws-sdk:kms:encrypt", {"KeyId": "k", "Plaintext": "no base64"}) == [
        "The value of the field 'Plaintext' has an invalid format"
    ]
    place = {"Bucket": "b", "Key": "k"}
    assert taken("aws-sdk:s3:putObject", {**place, "Body": "aGk="})["Body"] == b"aGk="
    assert taken("aws-sdk:s3:putObject", {**place, "Body": {"a": 1}})["Body"] == b'{"a":1}'


def test_numbers():
    asked = {"QueueUrl": "q", "MessageBody": "m"}
    delay = taken("sqs:sendMessage", {**asked, "DelaySeconds": 5.0})["DelaySeconds"]
    assert delay == 5
    assert isinstance(delay, int)
    wrong = ["The value of the field 'DelaySeconds' has an invalid format"]
    for value in (1.5, "5", True, {}):
        assert problems("sqs:sendMessage", {**asked, "DelaySeconds": value}) == wrong


def test_timestamps_are_iso_8601():
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}", "Time": "2024-04-18T06:27:01Z"}
    assert taken("events:putEvents", {"Entries": [entry]})["Entries"][0]["Time"] == "2024-04-18T06:27:01Z"
    wrong = ["The value of the field 'Time' has an invalid format"]
    assert problems("events:putEvents", {"Entries": [entry | {"Time": "yesterday"}]}) == wrong


def test_every_problem_is_said():
    assert problems("sqs:sendMessage", {"Queue": "q", "MessageBody": 1}) == [
        'The field "Queue" is not supported by Step Functions',
        "The value of the field 'MessageBody' has an invalid format",
        "The field 'QueueUrl' is required but was missing",
    ]
    assert problems("aws-sdk:s3:listBuckets", [1]) == []
    assert problems("dynamodb:putItem", {"TableName": "t", "Item": {"k": {"S": 1}}}) == [
        "The value of the field 'S' has an invalid format"
    ]


# ------------------------------------------------------------ what a service would refuse


def said(action, parameters):
    operation = find_operation(parse_resource(f"arn:aws:states:::{action}"))
    return violation(operation, read_parameters(operation, parameters).values)


def test_what_the_service_would_refuse_is_said_in_its_words():
    """As recorded for DynamoDB (error_handling/task_service_dynamodb_invalid_param and …_invalid_table_name)."""
    assert said("dynamodb:putItem", {"TableName": "t", "Item": None}) == (
        "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"
    )
    assert said("dynamodb:getItem", {"TableName": "/t", "Key": {}}) == (
        "1 validation error detected: Value '/t' at 'tableName' failed to satisfy constraint: Member must satisfy "
        "regular expression pattern: [a-zA-Z0-9_.-]+"
    )
    assert said("dynamodb:getItem", {"TableName": "arn:aws:dynamodb:us-east-1:1:table/t", "Key": {}}) is None


def test_everything_that_it_would_refuse_is_said_at_once():
    assert said("aws-sdk:ecs:tagResource", {"ResourceArn": None, "Tags": []}) == (
        "1 validation error detected: Value null at 'resourceArn' failed to satisfy constraint: Member must not be null"
    )
    assert said("aws-sdk:secretsmanager:createSecret", {"Name": "", "Tags": [{"Value": "v"}]}) == (
        "1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater "
        "than or equal to 1"
    )
    attributes = {"a": {"StringValue": "v"}}
    asked = {"QueueUrl": None, "MessageBody": "m", "MessageAttributes": attributes}
    assert said("sqs:sendMessage", asked) == (
        "2 validation errors detected: Value null at 'queueUrl' failed to satisfy constraint: Member must not be null; "
        "Value null at 'messageAttributes.a.member.dataType' failed to satisfy constraint: Member must not be null"
    )
