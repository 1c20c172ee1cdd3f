"""Which services answer to a machine's Tasks, said before anything runs; and machines that call them."""

import pytest
from emulator import LONG, REGION
from house import chain, outcome

from sfn_notebook.integrations.binding import TaskNotFound
from sfn_notebook.integrations.contract import Succeeded
from sfn_notebook.values import loads


def calling(action, parameters, **fields):
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{action}",
        "Parameters": parameters,
        "End": True,
        **fields,
    }


@pytest.mark.parametrize(("action", "remedy"), [
    ("aws-sdk:dynamo:query", "AWS's SDK has no service 'dynamo'. Did you mean 'dynamodb'?"),
    ("aws-sdk:s3:getobject", "aws-sdk:s3 has no action 'getobject'. Did you mean 'getObject'?"),
    ("glue:startJobRun.sync", "Nothing here waits for the end of glue:startJobRun."),
    ("aws-sdk:s3:getObject", (
        "With target='local' nothing is sent to AWS. Set AWS_ENDPOINT_URL_S3 to an emulator on this machine, or "
        "choose target='aws'."
    )),
])  # fmt: skip
def test_what_cannot_be_called_is_said_before_anything_runs(house, action, remedy):
    before = len(house.service.list_executions())
    with pytest.raises(TaskNotFound) as refused:
        house.start({"T": calling(action, {})})
    assert [found.remedy for found in refused.value.missing] == [
        f"{remedy} Or give it an answer: mocks={{'T': [{{'return': …}}]}}."
    ]
    assert len(house.service.list_executions()) == before


def test_a_mock_needs_no_service(house):
    states = {"T": calling("aws-sdk:dynamo:query", {})}
    assert house.run(states, mocks={"T": [{"return": {"n": 1}}]}).execution.output == {"n": 1}


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_a_machine_on_several_services(house, backing, clients, executor):
    topic = clients.client("sns", REGION).create_topic(Name="finding_test")["TopicArn"]
    queue = clients.client("sqs", REGION).create_queue(QueueName="finding_test")["QueueUrl"]
    kept, unkept = {"ResultPath": "$.sent"}, {"ResultPath": None}
    states = chain(
        {"Publish": calling("sns:publish", {"TopicArn": topic, "Message.$": "$.order"}, **unkept)},
        {"Send": calling("sqs:sendMessage", {"QueueUrl": queue, "MessageBody.$": "$.order"}, **kept)},
        {"Receive": calling("aws-sdk:sqs:receiveMessage", {"QueueUrl": queue}, OutputPath="$.Messages[0].Body")},
    )
    run = house.run(states, {"order": {"n": 1}}, executor=executor)
    assert outcome(run) == ("SUCCEEDED", '{"n":1}')


def test_errors_can_be_caught(house, backing):
    catch = [{"ErrorEquals": ["DynamoDb.ResourceNotFoundException"], "Next": "Caught"}]
    scan = calling("aws-sdk:dynamodb:scan", {"TableName": "none"}, Catch=catch)
    run = house.run({"Scan": scan, "Caught": {"Type": "Pass", "Result": "caught", "End": True}}, {})
    assert outcome(run) == ("SUCCEEDED", "caught")


def test_a_service_that_hands_on_a_token(house, backing, clients):
    queue = clients.client("sqs", REGION).create_queue(QueueName="token_test")["QueueUrl"]
    message = {"token.$": "$$.Task.Token"}
    states = {"T": calling("sqs:sendMessage.waitForTaskToken", {"QueueUrl": queue, "MessageBody": message})}
    run = house.start(states, {}, clock="real")
    sqs = clients.client("sqs", REGION)
    received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"][0]["Body"]
    house.service.open_calls.tell(loads(received)["token"], Succeeded("said"))
    assert run.wait(LONG)
    assert outcome(run) == ("SUCCEEDED", "said")
