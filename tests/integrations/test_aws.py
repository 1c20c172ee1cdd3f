"""boto3 clients: what they may reach, whose credentials they show, and what their errors are called."""

import os
import pickle
import re
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
import botocore.session
import emulator
import pytest
from botocore import exceptions as known
from botocore.exceptions import BotoCoreError, ClientError
from emulator import REGION, Scripted

from sfn_notebook.integrations.aws import (
    AwsClients,
    EndpointRefused,
    client_errors,
    is_loopback,
    optimized_failure,
    sdk_failure,
    sdk_metadata,
    sdk_prefix,
)


@pytest.fixture
def chosen():
    """With target "aws"."""
    made = AwsClients("aws")
    yield made
    made.close()


@pytest.fixture
def no_network(monkeypatch):
    """What would have been looked up or connected to; all of it fails."""
    reached = []

    def refuse(*address):
        reached.append(address)
        raise OSError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return reached


@pytest.fixture
def backing(shared, monkeypatch):
    """The environment names the stand-in services."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.backing(shared))


def config_file(monkeypatch, tmp_path, text):
    """The AWS config file."""
    path = tmp_path / "config"
    path.write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(path))


# ------------------------------------------------------------ this machine, or elsewhere


@pytest.mark.parametrize("url", [
    "http://127.0.0.1", "http://127.0.0.1:4566", "https://127.8.9.10:1/", "http://localhost:4566/path?x=1",
    "http://LOCALHOST:1", "http://lambda.localhost:4566", "http://[::1]:4566", "http://[::1]",
])  # fmt: skip
def test_this_machine(url):
    assert is_loopback(url)


@pytest.mark.parametrize("url", [
    "http://lambda.us-east-1.amazonaws.com", "http://192.0.2.1", "http://128.0.0.1", "http://localhost.example.com",
    "http://notlocalhost", "http://127.0.0.1.example.com", "http://127.0.0.1@example.com", "http://[2001:db8::1]",
    "http://user:pw@127.0.0.1", "http://example.com\\@127.0.0.1", "http://127.0.0.1\\@example.com", "http://0.0.0.0",
    "http://127.0.0.1:80:80", "http://127.1", "http://2130706433", "http://127.0.0.1#@example.com", "127.0.0.1:4566",
    "ftp://127.0.0.1", "http://", "", " http://127.0.0.1", "http://127.0.0.1\n.example.com", "http://локалхост",
])  # fmt: skip
def test_elsewhere(url):
    assert not is_loopback(url)


def test_without_an_endpoint_nothing_is_sent(clients, no_network):
    assert clients.endpoint("lambda") is None
    assert not clients.has_endpoint("lambda")
    with pytest.raises(EndpointRefused) as refused:
        clients.client("lambda", REGION)
    expected = (
        "With target='local' nothing is sent to AWS. Set AWS_ENDPOINT_URL_LAMBDA to an emulator on this machine, or "
        "choose target='aws'."
    )
    assert str(refused.value) == clients.obstacle("lambda") == expected
    assert no_network == []


def test_an_endpoint_elsewhere_is_refused_and_no_password_is_shown(clients, no_network, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://me:secret@example.com/?token=secret")
    assert not clients.has_endpoint("secretsmanager")
    with pytest.raises(EndpointRefused) as refused:
        clients.client("secretsmanager", REGION)
    assert str(refused.value) == (
        "With target='local' nothing leaves this machine, but the endpoint is example.com. "
        "Set AWS_ENDPOINT_URL_SECRETS_MANAGER to an emulator on this machine, or choose target='aws'."
    )
    assert no_network == []


@pytest.mark.parametrize("setting", ["AWS_DEFAULTS_MODE", "AWS_EC2_METADATA_DISABLED", "AWS_PROFILE"])
def test_no_metadata_service_is_asked(clients, no_network, monkeypatch, tmp_path, setting):
    config_file(monkeypatch, tmp_path, "[profile p]\ncredential_source = Ec2InstanceMetadata\nrole_arn = r\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    values = {"AWS_DEFAULTS_MODE": "auto", "AWS_EC2_METADATA_DISABLED": "false", "AWS_PROFILE": "p"}
    monkeypatch.setenv(setting, values[setting])
    assert clients.client("lambda", REGION).meta.endpoint_url == "http://127.0.0.1:1"
    assert no_network == []


def test_a_request_that_turns_away_is_not_sent(clients, no_network, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    client = clients.client("sqs", REGION)

    def turn(request, **_):
        request.url = "http://192.0.2.1/queue"

    client.meta.events.register("request-created", turn)
    with pytest.raises(EndpointRefused, match=r"a request to 192\.0\.2\.1 was not sent"):
        client.list_queues()
    assert no_network == []


def test_no_proxy_lies_between(clients, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    with Scripted(body=b"{}") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        clients.client("lambda", REGION).list_functions()
    assert len(server.asked) == 1


def test_host_prefixes_stay_away(clients, monkeypatch):
    # sync-127.0.0.1 is no host
    with Scripted(body=b'{"executionArn": "e", "startDate": 0, "stopDate": 0, "status": "SUCCEEDED"}') as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
        clients.client("stepfunctions", REGION).start_sync_execution(stateMachineArn=arn)
    assert server.asked[0][2]["host"] == server.url.removeprefix("http://")


# ------------------------------------------------------------ the endpoint is the one that boto3 would take

CONFIG = """
[default]
endpoint_url = http://localhost:10
[profile plain]
region = us-east-1
[profile both]
endpoint_url = http://localhost:11
services = local
[profile off]
endpoint_url = http://localhost:12
ignore_configured_endpoint_urls = true
[services local]
lambda =
    endpoint_url = http://localhost:13
secrets_manager =
    endpoint_url = http://localhost:14
"""


@pytest.mark.parametrize("service", ["lambda", "secretsmanager", "dynamodb"])
@pytest.mark.parametrize("variables", [
    {},
    {"AWS_ENDPOINT_URL": "http://localhost:1"},
    {"AWS_ENDPOINT_URL_LAMBDA": "http://localhost:2"},
    {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://localhost:3"},
    {"AWS_ENDPOINT_URL": "", "AWS_PROFILE": "both"},
    {"AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:4", "AWS_PROFILE": "both"},
    {"AWS_PROFILE": "plain"},
    {"AWS_PROFILE": "off"},
    {"AWS_PROFILE": "off", "AWS_ENDPOINT_URL": "http://localhost:1"},
    {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
])  # fmt: skip
def test_the_endpoint_is_boto3s_own(clients, monkeypatch, tmp_path, service, variables):
    config_file(monkeypatch, tmp_path, CONFIG)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    theirs = boto3.session.Session().client(service, REGION, **keys).meta.endpoint_url
    ours = clients.endpoint(service)
    assert ours == (theirs if "localhost" in theirs else None)
    assert clients.has_endpoint(service) == (ours is not None)


def test_where_nothing_is_configured_boto3_is_not_loaded(tmp_path):
    code = (
        "import sys; from sfn_notebook.integrations.aws import AwsClients; clients = AwsClients(); "
        "print(clients.has_endpoint('lambda'), 'botocore' in sys.modules)"
    )
    for variables, said in [
        ({}, "False False"),
        ({"AWS_ENDPOINT_URL": "http://localhost:1"}, "True True"),
        ({"AWS_ENDPOINT_URL_LAMBDA": "http://localhost:1"}, "True True"),
    ]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables}
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == said


def test_a_variable_that_changes_counts_at_once(clients, monkeypatch):
    assert not clients.has_endpoint("lambda")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    before = clients.client("lambda", REGION)
    assert clients.client("lambda", REGION) is before
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:2")
    assert clients.client("lambda", REGION).meta.endpoint_url == "http://127.0.0.1:2"
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.delenv("AWS_ENDPOINT_URL_LAMBDA")
    with pytest.raises(EndpointRefused):
        clients.client("lambda", REGION)


@pytest.mark.parametrize("target", ["local", "aws"])
def test_a_profile_that_is_not_there_is_said(monkeypatch, target):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    made = AwsClients(target)
    assert made.obstacle("lambda") == "The config profile (nobody) could not be found"
    with pytest.raises(BotoCoreError, match="nobody"):
        made.client("lambda", REGION)


def test_a_service_that_boto3_does_not_know(clients):
    assert "'lamda'" in clients.obstacle("lamda")


# ------------------------------------------------------------ whose credentials


def signed(server):
    """(access key, Region, token) that the latest request shows."""
    headers = server.asked[-1][2]
    key, region = re.search(r"Credential=([^/]+)/\d+/([^/]+)/", headers["authorization"]).groups()
    return key, region, headers.get("x-amz-security-token")


def test_an_emulator_never_sees_a_profiles_credentials(clients, monkeypatch, tmp_path):
    (tmp_path / "credentials").write_text("[default]\naws_access_key_id = REAL\naws_secret_access_key = real\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with Scripted(body=b"{}") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        clients.client("lambda", "eu-west-3").list_functions()
        assert signed(server) == ("test", "eu-west-3", None)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "000000000001")  # half a pair is none
        clients.client("lambda", REGION).list_functions()
        assert signed(server) == ("test", REGION, None)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
        clients.client("lambda", REGION).list_functions()
        assert signed(server) == ("000000000001", REGION, "token")


def test_with_aws_chosen_credentials_are_boto3s(chosen, monkeypatch, tmp_path):
    assert chosen.obstacle("lambda").startswith("boto3 finds no AWS credentials. Run `aws configure`")
    (tmp_path / "credentials").write_text("[mine]\naws_access_key_id = MINE\naws_secret_access_key = x\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert chosen.obstacle("lambda") is None
    assert chosen.client("lambda", "eu-west-3").meta.endpoint_url == "https://lambda.eu-west-3.amazonaws.com"
    with Scripted(body=b"{}") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
        chosen.client("lambda", "eu-west-3").list_functions()
        assert signed(server) == ("MINE", "eu-west-3", None)


def test_a_target_of_another_name():
    with pytest.raises(ValueError, match="target='cloud': use 'local' or 'aws'"):
        AwsClients("cloud")


# ------------------------------------------------------------ how clients are shared


def test_threads_share_one_client(clients, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: clients.client("lambda", REGION), range(16)))
    assert len({id(client) for client in found}) == 1
    assert clients.client("lambda", "eu-west-3") is not found[0]


def test_another_process_makes_its_own(clients, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    clients.client("lambda", REGION)
    copied = pickle.loads(pickle.dumps(clients))  # noqa: S301 - as a process pool does
    assert copied.target == "local"
    assert copied.client("lambda", REGION) is not clients.client("lambda", REGION)


def test_nothing_is_tried_twice(clients, monkeypatch):
    with Scripted(503, body=b"{}") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ClientError):
            clients.client("lambda", REGION).list_functions()
    assert len(server.asked) == 1


def test_headers_keep_their_case(clients, monkeypatch):
    headers = {"x-amzn-RequestId": "r-1", "Date": "now", "X-Amzn-Trace-Id": "t", "Content-Type": "application/json"}
    with Scripted(headers=headers, body=b"{}") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        metadata = sdk_metadata(clients.client("lambda", REGION).list_functions())
    expected = {"Content-Length": "2", **headers}
    http = metadata["SdkHttpMetadata"]
    assert http == {
        "AllHttpHeaders": {name: [value] for name, value in expected.items()},
        "HttpHeaders": expected,
        "HttpStatusCode": 200,
    }
    assert list(http["HttpHeaders"]) == [
        "Content-Length",
        "Content-Type",
        "Date",
        "x-amzn-RequestId",
        "X-Amzn-Trace-Id",
    ]
    assert metadata["SdkResponseMetadata"] == {"RequestId": "r-1"}


# ------------------------------------------------------------ errors, as services really answer

UUID = r"[0-9A-Za-z-]{10,}"
QUEUE = "http://127.0.0.1/123456789012/none"
TOPIC = "arn:aws:sns:us-east-1:123456789012:none"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:none"

ANSWERS = [
    # service, operation, arguments; prefix and name of the optimized integration; what both call the error
    ("dynamodb", "get_item", {"TableName": "none", "Key": {"k": {"S": "v"}}}, ("DynamoDB", "AmazonDynamoDBv2"),
     "DynamoDB.ResourceNotFoundException", "DynamoDb.ResourceNotFoundException", "ResourceNotFoundException"),
    ("stepfunctions", "start_execution", {"stateMachineArn": MACHINE}, ("StepFunctions", "AWSStepFunctions"),
     "StepFunctions.StateMachineDoesNotExistException", "Sfn.StateMachineDoesNotExistException",
     "StateMachineDoesNotExist"),
    ("sns", "publish", {"TopicArn": TOPIC, "Message": "m"}, ("SNS", "AmazonSNS"),
     "SNS.NotFoundException", "Sns.NotFoundException", "NotFound"),
    ("s3", "get_object", {"Bucket": "none", "Key": "k"}, ("S3", "AmazonS3"),
     "S3.NoSuchBucketException", "S3.NoSuchBucketException", "NoSuchBucket"),
    ("secretsmanager", "get_secret_value", {"SecretId": "none"}, ("SecretsManager", "AWSSecretsManager"),
     "SecretsManager.ResourceNotFoundException", "SecretsManager.ResourceNotFoundException",
     "ResourceNotFoundException"),
    ("ssm", "get_parameter", {"Name": "none"}, ("SSM", "AWSSimpleSystemsManagement"),
     "SSM.ParameterNotFoundException", "Ssm.ParameterNotFoundException", "ParameterNotFound"),
]  # fmt: skip


@pytest.mark.usefixtures("backing")
@pytest.mark.parametrize(
    ("service", "operation", "arguments", "v1", "optimized", "sdk", "code"),
    ANSWERS,
    ids=lambda v: str(v)[:20],
)
def test_what_a_service_answers(clients, service, operation, arguments, v1, optimized, sdk, code):
    client = clients.client(service, REGION)
    with pytest.raises(ClientError) as raised:
        getattr(client, operation)(**arguments)
    message = re.escape(raised.value.response["Error"]["Message"])
    status = raised.value.response["ResponseMetadata"]["HTTPStatusCode"]
    failed = optimized_failure(*v1, raised.value)
    assert failed.error == optimized
    end = rf"\(Service: {v1[1]}; Status Code: {status}; Error Code: {code}; Request ID: {UUID}; Proxy: null\)"
    assert re.fullmatch(f"{message} {end}", failed.cause)
    prefix = sdk_prefix(client.meta.service_model.service_id)
    failed = sdk_failure(prefix, raised.value)
    assert failed.error == sdk
    extended = f", Extended Request ID: {UUID}" if service == "s3" else ""
    end = rf"\(Service: {prefix}, Status Code: {status}, Request ID: {UUID}{extended}\) \(SDK Attempt Count: 1\)"
    assert re.fullmatch(f"{message} {end}", failed.cause)


def answered(code, message, status=400, request_id="r-1"):
    """An answer that the service's model does not know."""
    metadata = {"HTTPStatusCode": status, "RequestId": request_id}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Operation")


def test_an_error_that_no_model_knows_has_the_services_name():
    # both recorded: DynamoDB's ValidationException is in no model
    message = "1 validation error detected: Value null at 'item' failed to satisfy constraint: Member must not be null"
    error = answered("ValidationException", message, request_id="<request_id>")
    where = "Service: AmazonDynamoDBv2; Status Code: 400; Error Code: ValidationException"
    assert optimized_failure("DynamoDB", "AmazonDynamoDBv2", error) == (
        "DynamoDB.AmazonDynamoDBException",
        f"{message} ({where}; Request ID: <request_id>; Proxy: null)",
    )
    assert optimized_failure("SQS", "AmazonSQS", error).error == "SQS.AmazonSQSException"
    assert sdk_failure("DynamoDb", error).error == "DynamoDb.DynamoDbException"
    assert sdk_failure("SecretsManager", error).error == "SecretsManager.SecretsManagerException"


def test_an_invalid_token_as_recorded(clients, monkeypatch):
    body = b"""{"__type": "InvalidToken", "message": "Invalid Token: 'Invalid token'"}"""
    with Scripted(400, {"x-amzn-RequestId": "<request_id>"}, body) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ClientError) as raised:
            clients.client("stepfunctions", REGION).send_task_success(taskToken="t", output="1")
    where = "(Service: Sfn, Status Code: 400, Request ID: <request_id>) (SDK Attempt Count: 1)"
    assert sdk_failure("Sfn", raised.value) == ("Sfn.InvalidTokenException", f"Invalid Token: 'Invalid token' {where}")


@pytest.mark.parametrize(("shape", "v1", "v2"), [
    ("KMSDisabledException", "KMSDisabledException", "KmsDisabledException"),
    ("DBInstanceNotFoundFault", "DBInstanceNotFoundException", "DbInstanceNotFoundException"),
    ("EC2ThrottledException", "EC2ThrottledException", "Ec2ThrottledException"),
    ("InvalidSubnetIDException", "InvalidSubnetIDException", "InvalidSubnetIdException"),
    ("InternalServerError", "InternalServerErrorException", "InternalServerErrorException"),
])  # fmt: skip
def test_how_each_sdk_writes_an_exceptions_name(shape, v1, v2):
    modelled = type(shape, (ClientError,), {})
    error = modelled(answered(shape, "m").response, "Operation")
    assert optimized_failure("P", "AWSP", error).error == f"P.{v1}"
    assert sdk_failure("P", error).error == f"P.{v2}"


def test_prefixes_of_the_specification(shared):
    text = (shared / "spec" / "service-integrations.md").read_text()
    listed = re.search(r"these differ \(service:Prefix\): (.*)", text).group(1)
    expected = dict(re.findall(r"\b([a-z0-9]+):([A-Z]\w*)", listed))
    session = botocore.session.get_session()
    named = {service.replace("-", ""): service for service in session.get_available_services()}
    known = expected.keys() & named.keys()  # some have other names in boto3, some are no more
    assert len(known) > 60
    prefixes = {name: sdk_prefix(session.get_service_model(named[name]).service_id) for name in known}
    assert prefixes == {name: expected[name] for name in known}


@pytest.mark.parametrize(("service_id", "prefix"), [
    ("SFN", "Sfn"), ("DynamoDB Streams", "DynamoDbStreams"), ("Config Service", "Config"),
    ("Database Migration Service", "DatabaseMigration"), ("Directory Service", "Directory"),
    ("Cost and Usage Report Service", "CostAndUsageReport"), ("Elasticsearch Service", "Elasticsearch"),
    ("Elastic Load Balancing v2", "ElasticLoadBalancingV2"), ("IoT Jobs Data Plane", "IotJobsDataPlane"),
    ("Secrets Manager", "SecretsManager"), ("EventBridge", "EventBridge"), ("CloudWatch Logs", "CloudWatchLogs"),
])  # fmt: skip
def test_prefixes(service_id, prefix):
    assert sdk_prefix(service_id) == prefix


# ------------------------------------------------------------ no answer at all


def failure_of(call):
    with pytest.raises(client_errors()) as raised:
        call()
    return optimized_failure("Lambda", "AWSLambda", raised.value), sdk_failure("Lambda", raised.value)


def test_nobody_listens(clients, monkeypatch):
    port = emulator.free_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    v1, v2 = failure_of(clients.client("lambda", REGION).list_functions)
    cause = f"Unable to execute HTTP request: Connect to 127.0.0.1:{port} failed: Connection refused"
    assert v1 == ("Lambda.SdkClientException", cause)
    assert v2 == ("Lambda.SdkClientException", f"{cause} (SDK Attempt Count: 1)")


def test_an_unknown_host_as_recorded(chosen, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://no-such-host.invalid")

    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    v1, _ = failure_of(chosen.client("lambda", REGION).list_functions)
    cause = "Unable to execute HTTP request: no-such-host.invalid: Name or service not known"
    assert v1 == ("Lambda.SdkClientException", cause)


def test_a_server_that_hangs_up(clients, monkeypatch):
    with Scripted(None) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        v1, _ = failure_of(clients.client("lambda", REGION).list_functions)
    where = server.url.removeprefix("http://")
    assert v1 == ("Lambda.SdkClientException", f"Unable to execute HTTP request: {where} failed to respond")


def test_a_server_that_is_no_aws(clients, monkeypatch):
    with Scripted(body=b"Hello") as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        v1, _ = failure_of(clients.client("iam", REGION).list_users)
    assert v1.error == "Lambda.SdkClientException"
    assert "Hello" in v1.cause


LAMBDA = "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions"


@pytest.mark.parametrize(("error", "detail"), [
    (known.ReadTimeoutError(endpoint_url=LAMBDA), "Read timed out"),
    (known.ConnectTimeoutError(endpoint_url=LAMBDA),
     "Connect to lambda.us-east-1.amazonaws.com failed: connect timed out"),
    (known.SSLError(endpoint_url=LAMBDA, error="no certificate"),
     f"SSL validation failed for {LAMBDA} no certificate"),
])  # fmt: skip
def test_connections_that_fail(error, detail):
    cause = f"Unable to execute HTTP request: {detail}"
    assert optimized_failure("Lambda", "AWSLambda", error) == ("Lambda.SdkClientException", cause)


def test_what_trying_again_would_not_help_is_no_service_error(clients, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    v1, v2 = failure_of(lambda: clients.client("lambda", REGION).invoke(FunctionName=""))
    assert v1 == v2
    assert v1.error == "States.Runtime"
    assert "FunctionName" in v1.cause
    v1, _ = failure_of(lambda: clients.client("lambda", "no region"))
    assert v1.error == "States.Runtime"
    assert "no region" in v1.cause


def test_long_texts_are_cut_where_aws_cuts_them():
    failed = optimized_failure("Lambda", "AWSLambda", answered("X", "m" * 40_000))
    assert len(failed.cause) == 32_768


def test_the_users_own_settings_are_left_alone(clients, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    before = dict(os.environ)
    clients.client("lambda", REGION)
    assert dict(os.environ) == before
