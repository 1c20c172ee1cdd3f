"""Which API an action of a service is, and what is near where there is none."""

import re

import pytest

from sfn_notebook.asl.resources import parse_resource
from sfn_notebook.integrations.services.models import UnknownAction, find_operation, sdk_services


def found(action):
    return find_operation(parse_resource(f"arn:aws:states:::{action}"))


def refused(action):
    with pytest.raises(UnknownAction) as error:
        found(action)
    return str(error.value)


@pytest.mark.parametrize(("action", "service", "name", "prefix"), [
    ("aws-sdk:dynamodb:query", "dynamodb", "Query", "DynamoDb"),
    ("aws-sdk:sfn:describeExecution", "stepfunctions", "DescribeExecution", "Sfn"),
    ("aws-sdk:cloudwatchlogs:putLogEvents", "logs", "PutLogEvents", "CloudWatchLogs"),
    ("aws-sdk:cognitoidentityprovider:listUsers", "cognito-idp", "ListUsers", "CognitoIdentityProvider"),
    ("aws-sdk:bedrockruntime:invokeModel", "bedrock-runtime", "InvokeModel", "BedrockRuntime"),
    ("aws-sdk:rds:describeDBInstances", "rds", "DescribeDBInstances", "Rds"),
    ("dynamodb:putItem", "dynamodb", "PutItem", "DynamoDB"),
    ("states:startExecution.sync:2", "stepfunctions", "StartExecution", "StepFunctions"),
    ("sqs:sendMessage.waitForTaskToken", "sqs", "SendMessage", "SQS"),
    ("ecs:runTask", "ecs", "RunTask", "ECS"),
])  # fmt: skip
def test_actions_are_apis(action, service, name, prefix):
    operation = found(action)
    assert (operation.service, operation.model.name, operation.prefix) == (service, name, prefix)


def test_every_service_that_the_documentation_lists_is_found(shared):
    text = (shared / "spec" / "service-integrations.md").read_text()
    line = next(line for line in text.splitlines() if "these differ (service:Prefix)" in line)
    listed = set(re.findall(r"\b([a-z0-9]+):[A-Z]", line)) - {"service"}
    assert len(listed) > 70
    assert listed - sdk_services().keys() == {"iotevents", "ioteventsdata"}  # botocore has dropped them


@pytest.mark.parametrize(("action", "message"), [
    ("aws-sdk:dynamo:getItem", "AWS's SDK has no service 'dynamo'. Did you mean 'dynamodb'?"),
    ("aws-sdk:logs:putLogEvents", "AWS's SDK has no service 'logs'. Did you mean 'cloudwatchlogs'?"),
    ("aws-sdk:S3:getObject", "AWS's SDK has no service 'S3'. Did you mean 's3'?"),
    ("aws-sdk:rds-data:beginTransaction", "AWS's SDK has no service 'rds-data'. Did you mean 'rdsdata'?"),
    ("aws-sdk:dynamodb:getitem", "aws-sdk:dynamodb has no action 'getitem'. Did you mean 'getItem'?"),
    ("aws-sdk:dynamodb:xxxxxxxx", "aws-sdk:dynamodb has no action 'xxxxxxxx'."),
    ("aws-sdk:s3:selectObjectContent",
     "Step Functions cannot call aws-sdk:s3:selectObjectContent: it answers with a stream of events."),
    ("apigateway:invoke", "apigateway:invoke can be mocked here, but not called yet."),
])  # fmt: skip
def test_what_is_near(action, message):
    assert refused(action) == message
