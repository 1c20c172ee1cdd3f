"""Which API stands behind a service's action: what Step Functions calls things, and what botocore does.

(spec: service-integrations, Optimized actions; aws-sdk naming)  Reads the models that botocore brings along; calls
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sfn_notebook.asl.resources import Resource
from sfn_notebook.asl.rules.resources import ACTIONS
from sfn_notebook.integrations.aws import pascal_case, sdk_prefix

SDK: Final = "aws-sdk:"

RENAMED: Final[Mapping[str, str]] = {
    "applicationdiscovery": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directory": "ds",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "eventbridge": "events",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntime": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
}
"""Services of the SDK that botocore calls otherwise, but for hyphens."""


class Optimized(NamedTuple):
    """An optimized service: what botocore calls it, its errors' prefix, and its name in AWS's Java SDK, version 1."""

    service: str
    prefix: str
    java: str


OPTIMIZED: Final[Mapping[str, Optimized]] = {
    "athena": Optimized("athena", "Athena", "AmazonAthena"),
    "batch": Optimized("batch", "Batch", "AWSBatch"),
    "codebuild": Optimized("codebuild", "CodeBuild", "AWSCodeBuild"),
    "databrew": Optimized("databrew", "DataBrew", "AWSGlueDataBrew"),
    "dynamodb": Optimized("dynamodb", "DynamoDB", "AmazonDynamoDBv2"),
    "ecs": Optimized("ecs", "ECS", "AmazonECS"),
    "events": Optimized("events", "EventBridge", "AmazonEventBridge"),
    "glue": Optimized("glue", "Glue", "AWSGlue"),
    "mediaconvert": Optimized("mediaconvert", "MediaConvert", "AWSMediaConvert"),
    "sagemaker": Optimized("sagemaker", "SageMaker", "AmazonSageMaker"),
    "sns": Optimized("sns", "SNS", "AmazonSNS"),
    "sqs": Optimized("sqs", "SQS", "AmazonSQS"),
    "states": Optimized("stepfunctions", "StepFunctions", "AWSStepFunctions"),
}
"""Those whose actions are called with the parameters of the API of the same name."""


class UnknownAction(LookupError):
    """There is no such service or action; the message names what is near."""


class Operation(NamedTuple):
    """An API as a Task calls it.

    service: botocore's name; model: botocore's OperationModel; prefix: of its errors' names; java: the service's name
    in version 1 of the Java SDK, empty for aws-sdk integrations.
    """

    service: str
    model: Any
    prefix: str
    java: str = ""

    @property
    def is_sdk(self) -> bool:
        return not self.java

    def spell(self, member: str) -> str:
        """How a Task writes a member of a shape."""
        return _pascal_case(member) if self.is_sdk else capital(member)

    def spellings(self, member: str) -> tuple[str, ...]:
        """What a Task may write for it."""
        return (self.spell(member), capital(member)) if self.is_sdk else (capital(member),)


_pascal_case: Final = lru_cache(maxsize=4096)(pascal_case)


def capital(name: str) -> str:
    """The first letter upper case, the others as they are."""
    return name[:1].upper() + name[1:]


def find_operation(resource: Resource) -> Operation:
    """The API behind a service's action, whatever the pattern. Raises: UnknownAction."""
    return _find(resource.service, resource.action)


@lru_cache(maxsize=256)
def _find(service: str, action: str) -> Operation:
    if service.startswith(SDK):
        return _sdk(service.removeprefix(SDK), action)
    if service not in OPTIMIZED or action not in ACTIONS[service]:
        raise UnknownAction(f"{service}:{action} can be mocked here, but not called yet.")
    optimized = OPTIMIZED[service]
    model = service_model(optimized.service).operation_model(capital(action))
    return Operation(optimized.service, model, optimized.prefix, optimized.java)


def _sdk(name: str, action: str) -> Operation:
    service = sdk_services().get(name)
    if service is None:
        raise UnknownAction(f"AWS's SDK has no service {name!r}.{_did_you_mean(_near_services(name))}")
    model = service_model(service)
    actions = {operation[:1].lower() + operation[1:]: operation for operation in model.operation_names}
    if action not in actions:
        alike = [other for other in actions if other.casefold() == action.casefold()]
        near = alike or get_close_matches(action, actions, 1)
        raise UnknownAction(f"{SDK}{name} has no action {action!r}.{_did_you_mean(near)}")
    operation = model.operation_model(actions[action])
    if operation.has_event_stream_input or operation.has_event_stream_output:
        raise UnknownAction(f"Step Functions cannot call {SDK}{name}:{action}: it answers with a stream of events.")
    return Operation(service, operation, sdk_prefix(model.service_id))


def _did_you_mean(near: Iterable[str]) -> str:
    return "".join(f" Did you mean {name!r}?" for name in near)


def _near_services(wrong: str) -> list[str]:
    """What the SDK may call a service that somebody calls as boto3 does, or misspells."""
    alike = wrong.replace("-", "").lower()
    renamed = [name for name, service in RENAMED.items() if service == wrong]
    return [alike] if alike in sdk_services() else renamed or get_close_matches(alike, sdk_services(), 1)


@lru_cache(maxsize=1)
def sdk_services() -> Mapping[str, str]:
    """What botocore calls services, by the SDK's names."""
    available = _loader().list_available_services("service-2")
    sdk_names = {service: name for name, service in RENAMED.items()}
    return {sdk_names.get(service, service.replace("-", "")): service for service in available}


@lru_cache(maxsize=1)
def _loader() -> Any:
    from botocore.loaders import create_loader

    return create_loader()


@lru_cache(maxsize=32)
def service_model(service: str) -> Any:
    """Botocore's ServiceModel of a service, by its name. Raises: botocore's UnknownServiceError."""
    from botocore.model import ServiceModel

    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


def client_error(operation: Operation, code: str, message: str, request_id: str) -> Any:
    """The ClientError that boto3 would raise if the service refused a request so: status 400."""
    from botocore.exceptions import ClientError

    shape = operation.model.service_model.shape_for_error_code(code)
    kind = ClientError if shape is None else type(shape.name, (ClientError,), {})
    response = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": request_id},
    }
    return kind(response, operation.model.name)
