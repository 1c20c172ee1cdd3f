"""Services as tasks: requests as they go out, results and errors as AWS was recorded, against stand-ins over HTTP."""

import json
import pickle
import re

import pytest
from attempts import START, called
from emulator import REGION, unique

from sfn_notebook.integrations.aws import AwsClients
from sfn_notebook.integrations.contract import Failed
from sfn_notebook.integrations.services.handler import ServiceHandler

METADATA = {"SdkHttpMetadata", "SdkResponseMetadata"}


@pytest.fixture
def table(backing, clients):
    """The name of a new table of DynamoDB."""
    client, name = clients.client("dynamodb", REGION), "services_test"
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    client.delete_table(TableName=name)


def sent(server):
    """The last request's body, as JSON."""
    return json.loads(server.asked[-1][3])


# ------------------------------------------------------------ optimized integrations


def test_items_of_dynamodb(table, give):
    """services/dynamodb_task_service_base_integrations_dynamodb_put_update_get_item"""
    key = {"id": {"S": "1"}}
    assert give("dynamodb:putItem", TableName=table, Item={**key, "data": {"S": "x"}}).keys() == METADATA
    updated = give(
        "dynamodb:updateItem",
        TableName=table,
        Key=key,
        UpdateExpression="set n = :n",
        ExpressionAttributeValues={":n": {"N": "2"}},
        ReturnValues="UPDATED_NEW",
    )
    assert updated["Attributes"] == {"n": {"N": "2"}}
    found = give("dynamodb:getItem", TableName=table, Key=key)
    assert list(found) == ["Item", "SdkHttpMetadata", "SdkResponseMetadata"]
    assert found["Item"] == {**key, "data": {"S": "x"}, "n": {"N": "2"}}
    assert give("dynamodb:deleteItem", TableName=table, Key=key).keys() == METADATA
    assert give("dynamodb:getItem", TableName=table, Key=key).keys() == METADATA


def test_errors_of_optimized_integrations(table, ask):
    key = {"id": {"S": "1"}}
    missing = ask("dynamodb:getItem", TableName="no_such_table", Key=key)
    assert missing.error == "DynamoDB.ResourceNotFoundException"
    assert re.fullmatch(
        r"Requested resource not found \(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: "
        r"ResourceNotFoundException; Request ID: \w+; Proxy: null\)",
        missing.cause,
    )
    conditional = ask("dynamodb:putItem", TableName=table, Item=key, ConditionExpression="attribute_exists(id)")
    assert conditional.error == "DynamoDB.ConditionalCheckFailedException"


def test_what_the_service_would_refuse_is_not_sent(scripted, ask):
    """error_handling/task_service_dynamodb_invalid_param"""
    failed = ask("dynamodb:putItem", TableName="t", Item=None)
    assert failed.error == "DynamoDB.AmazonDynamoDBException"
    assert unique(failed.cause) == (
        "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null "
        "(Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException; Request ID: <uuid>; "
        "Proxy: null)"
    )
    assert scripted.asked == []


def test_parameters_that_cannot_be_used_are_not_sent(scripted, ask):
    failed = ask("sqs:sendMessage", QueueUrl="q", Body="m")
    assert failed == Failed(
        "States.Runtime",
        'The Parameters \'{"QueueUrl":"q","Body":"m"}\' could not be used to start the Task: [The field "Body" is not '
        "supported by Step Functions, The field 'MessageBody' is required but was missing]",
    )
    assert scripted.asked == []


def test_a_message_to_sqs(backing, clients, give):
    queue = clients.client("sqs", REGION).create_queue(QueueName="services_test")["QueueUrl"]
    result = give("sqs:sendMessage", QueueUrl=queue, MessageBody={"n": 1})
    assert list(result) == ["MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"]
    received = clients.client("sqs", REGION).receive_message(QueueUrl=queue)["Messages"]
    assert [(message["Body"], message["MessageId"]) for message in received] == [('{"n":1}', result["MessageId"])]


def test_a_message_to_sns(backing, clients, give, ask):
    topic = clients.client("sns", REGION).create_topic(Name="services_test")["TopicArn"]
    result = give("sns:publish", TopicArn=topic, Message={"Message": "HelloWorld!"})
    assert list(result) == ["MessageId", "SdkHttpMetadata", "SdkResponseMetadata"]
    failed = ask("sns:publish", TopicArn=f"{topic}_else", Message="m")
    assert failed.error == "SNS.NotFoundException"
    assert unique(failed.cause).startswith(
        "Topic does not exist (Service: AmazonSNS; Status Code: 404; Error Code: NotFo"
    )


def test_events_carry_their_sender_and_have_no_metadata(scripted, give):
    scripted.answer(body=b'{"FailedEntryCount":0,"Entries":[{"EventId":"e"}]}')
    entry = {"Source": "s", "DetailType": "t", "Detail": {"n": 1}, "Resources": ["mine"]}
    assert give("events:putEvents", Entries=[entry]) == {"Entries": [{"EventId": "e"}], "FailedEntryCount": 0}
    assert sent(scripted)["Entries"] == [
        entry | {"Detail": '{"n":1}', "Resources": ["mine", START.execution_arn, START.state_machine_arn]}
    ]


def test_one_event_that_was_not_put_fails_the_task(backing, ask):
    good = {"Source": "s", "DetailType": "t", "Detail": {"n": 1}}
    failed = ask("events:putEvents", Entries=[good, good | {"Detail": "no object"}])
    assert failed.error == "EventBridge.FailedEntry"
    said = json.loads(failed.cause)
    assert said["FailedEntryCount"] == 1
    assert said["Entries"][1] == {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


def test_metadata(scripted, give):
    """services/sns_task_service_publish_base_1 and others: headers as they came, and in the order of their names."""
    scripted.answer(headers={"x-amzn-RequestId": "r", "Content-Type": "application/x-amz-json-1.0"}, body=b"{}")
    result = give("dynamodb:deleteItem", TableName="t", Key={"id": {"S": "1"}})
    assert result == {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {
                "Content-Length": ["2"],
                "x-amzn-RequestId": ["r"],
                "Content-Type": ["application/x-amz-json-1.0"],
            },
            "HttpHeaders": {
                "Content-Length": "2",
                "Content-Type": "application/x-amz-json-1.0",
                "x-amzn-RequestId": "r",
            },
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": "r"},
    }


# ------------------------------------------------------------ the SDK


def test_the_sdks_results_have_no_metadata(table, give):
    """services/aws_sdk_task_service_dynamodb_put_delete_item"""
    key = {"id": {"S": "1"}}
    assert give("aws-sdk:dynamodb:putItem", TableName=table, Item=key) == {}
    found = give("aws-sdk:dynamodb:scan", TableName=table)
    assert found == {"Count": 1, "Items": [key], "ScannedCount": 1}
    assert give("aws-sdk:dynamodb:deleteItem", TableName=table, Key=key) == {}


def test_an_object_of_s3(backing, clients, give, ask):
    """services/aws_sdk_task_service_s3_get_object_empty_str: the body is text, and the last; no checksums."""
    clients.client("s3", REGION).create_bucket(Bucket="services-test")
    place = {"Bucket": "services-test", "Key": "k"}
    assert give("aws-sdk:s3:putObject", **place, Body={"é": 1})["ETag"].startswith('"')
    result = give("aws-sdk:s3:getObject", **place)
    assert list(result) == [
        "AcceptRanges", "ContentLength", "ContentType", "ETag", "LastModified", "Metadata",
        "ServerSideEncryption", "Body",
    ]  # fmt: skip
    assert result["Body"] == '{"é":1}'
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["LastModified"])
    failed = ask("aws-sdk:s3:getObject", Bucket="services-test", Key="none")
    assert failed.error == "S3.NoSuchKeyException"
    assert re.fullmatch(
        r"The specified key does not exist\. \(Service: S3, Status Code: 404, Request ID: \w+, "
        r"Extended Request ID: \w+\) \(SDK Attempt Count: 1\)",
        failed.cause,
    )


def test_bytes_in_results_are_base64(backing, clients, give):
    key = clients.client("kms", REGION).create_key()["KeyMetadata"]["KeyId"]
    encrypted = give("aws-sdk:kms:encrypt", KeyId=key, Plaintext="aGVsbG8=")
    assert give("aws-sdk:kms:decrypt", CiphertextBlob=encrypted["CiphertextBlob"])["Plaintext"] == "aGVsbG8="


def test_times_and_acronyms_in_results(scripted, give):
    scripted.answer(body=b'{"SecretList":[{"ARN":"a","KmsKeyId":"k","CreatedDate":1713421621.25,"Tags":[]}]}')
    (secret,) = give("aws-sdk:secretsmanager:listSecrets")["SecretList"]
    assert secret == {"Arn": "a", "CreatedDate": "2024-04-18T06:27:01.250Z", "KmsKeyId": "k", "Tags": []}


def test_errors_of_the_sdk(backing, ask):
    failed = ask("aws-sdk:secretsmanager:getSecretValue", SecretId="none")
    assert failed.error == "SecretsManager.ResourceNotFoundException"
    assert failed.cause.startswith(
        "Secrets Manager can't find the specified secret. (Service: SecretsManager, Status Code: 4"
    )
    assert failed.cause.endswith(") (SDK Attempt Count: 1)")


# ------------------------------------------------------------ whatever the style


def test_a_client_token_is_the_attempts_request_id(scripted, give):
    """So the same attempt made once more, after a crash, does nothing twice."""
    scripted.answer(body=b'{"ARN":"a","Name":"n"}')
    given = called("aws-sdk:secretsmanager:createSecret", {"Name": "n", "SecretString": "s"})
    give("aws-sdk:secretsmanager:createSecret", Name="n", SecretString="s")
    assert sent(scripted)["ClientRequestToken"] == given.request_id
    give("aws-sdk:secretsmanager:createSecret", Name="n", SecretString="s", ClientRequestToken="m" * 32)
    assert sent(scripted)["ClientRequestToken"] == "m" * 32


@pytest.mark.parametrize(("action", "status", "body", "error"), [
    ("dynamodb:listTables", None, b"", "DynamoDb.SdkClientException"),
    ("dynamodb:listTables", 200, b"garbage", "DynamoDb.SdkClientException"),
    ("sns:listTopics", 200, b"garbage", "Sns.SdkClientException"),
    ("dynamodb:listTables", 500, b"<html>", "DynamoDb.DynamoDbException"),
    ("dynamodb:listTables", 400, b'{"__type":"x#ThrottlingException"}', "DynamoDb.ThrottlingException"),
])  # fmt: skip
def test_a_service_that_is_down_or_answers_garbage(scripted, ask, action, status, body, error):
    scripted.answer(status, body=body)
    assert ask(f"aws-sdk:{action}").error == error
    assert len(scripted.asked) == 1  # how often it is tried is what Retry says


def test_nothing_leaves_this_machine(ask):
    failed = ask("sqs:sendMessage", QueueUrl="https://sqs.us-east-1.amazonaws.com/1/q", MessageBody="m")
    assert failed.error == "States.Runtime"
    assert failed.cause.startswith("With target='local' nothing is sent to AWS.")


def test_another_process_has_clients_of_its_own():
    handler = pickle.loads(pickle.dumps(ServiceHandler(AwsClients())))  # noqa: S301 - our own
    assert handler.call(called("aws-sdk:s3:listBuckets", {})).error == "States.Runtime"
