"""Mocked results against what the called API can answer, as botocore's models know it.  (spec: test-state, mock)

Fields are called as Step Functions calls them: the API's names, the first letter upper case. Those that no model knows
are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from sfn_notebook.asl.resources import Resource
from sfn_notebook.integrations.aws import pascal_case
from sfn_notebook.integrations.services.models import SDK, capital, sdk_services, service_model
from sfn_notebook.service.faults import validation
from sfn_notebook.values import JSON

_WANTED: Final[Mapping[str, tuple[type | tuple[type, ...], str]]] = {
    "string": (str, "a string"),
    "character": (str, "a string"),
    "blob": (str, "a string"),
    "timestamp": (str, "a string"),
    "integer": ((int, float), "a number"),
    "long": ((int, float), "a number"),
    "float": ((int, float), "a number"),
    "double": ((int, float), "a number"),
    "list": (list, "an array"),
    "boolean": (bool, "a boolean"),
    "structure": (dict, "an object"),
    "map": (dict, "an object"),
}

_UNCHECKED: Final = {("http", ""), ("apigateway", ""), ("eks", "call"), ("eks", "runJob")}
"""Services, or actions of a service, whose answers have no schema."""

_SERVICES: Final = {"states": "stepfunctions", "elasticmapreduce": "emr"}
"""Optimized services that botocore calls otherwise."""

_OPERATIONS: Final = {
    ("bedrock", "invokeModel"): ("bedrock-runtime", "InvokeModel"),
    ("elasticmapreduce", "addStep"): ("emr", "AddJobFlowSteps"),
    ("elasticmapreduce", "cancelStep"): ("emr", "CancelSteps"),
    ("elasticmapreduce", "createCluster"): ("emr", "RunJobFlow"),
    ("elasticmapreduce", "modifyInstanceFleetByName"): ("emr", "ModifyInstanceFleet"),
    ("elasticmapreduce", "modifyInstanceGroupByName"): ("emr", "ModifyInstanceGroups"),
    ("elasticmapreduce", "setClusterTerminationProtection"): ("emr", "SetTerminationProtection"),
    ("elasticmapreduce", "terminateCluster"): ("emr", "TerminateJobFlows"),
}
"""Actions that are an API of another name."""

_POLLED: Final = {
    ("athena", "startQueryExecution"): "GetQueryExecution",
    ("batch", "submitJob"): "DescribeJobs",
    ("bedrock", "createModelCustomizationJob"): "GetModelCustomizationJob",
    ("codebuild", "startBuild"): "BatchGetBuilds",
    ("codebuild", "startBuildBatch"): "BatchGetBuildBatches",
    ("databrew", "startJobRun"): "DescribeJobRun",
    ("ecs", "runTask"): "DescribeTasks",
    ("eks", "createCluster"): "DescribeCluster",
    ("eks", "createFargateProfile"): "DescribeFargateProfile",
    ("eks", "createNodegroup"): "DescribeNodegroup",
    ("eks", "deleteCluster"): "DescribeCluster",
    ("eks", "deleteFargateProfile"): "DescribeFargateProfile",
    ("eks", "deleteNodegroup"): "DescribeNodegroup",
    ("elasticmapreduce", "addStep"): "DescribeStep",
    ("elasticmapreduce", "createCluster"): "DescribeCluster",
    ("elasticmapreduce", "terminateCluster"): "DescribeCluster",
    ("emr-containers", "deleteVirtualCluster"): "DescribeVirtualCluster",
    ("emr-containers", "startJobRun"): "DescribeJobRun",
    ("emr-serverless", "createApplication"): "GetApplication",
    ("emr-serverless", "deleteApplication"): "GetApplication",
    ("emr-serverless", "startApplication"): "GetApplication",
    ("emr-serverless", "startJobRun"): "GetJobRun",
    ("emr-serverless", "stopApplication"): "GetApplication",
    ("glue", "startJobRun"): "GetJobRun",
    ("mediaconvert", "createJob"): "GetJob",
    ("sagemaker", "createHyperParameterTuningJob"): "DescribeHyperParameterTuningJob",
    ("sagemaker", "createLabelingJob"): "DescribeLabelingJob",
    ("sagemaker", "createProcessingJob"): "DescribeProcessingJob",
    ("sagemaker", "createTrainingJob"): "DescribeTrainingJob",
    ("sagemaker", "createTransformJob"): "DescribeTransformJob",
    ("states", "startExecution"): "DescribeExecution",
}
"""What is asked until a job is over: the result of `.sync` is that API's."""

_PARSED: Final[Mapping[tuple[str, str, str], frozenset[str]]] = {
    ("lambda", "invoke", ""): frozenset({"Payload"}),
    ("bedrock", "invokeModel", ""): frozenset({"Body"}),
    ("states", "startExecution", ".sync:2"): frozenset({"Input", "Output"}),
}
"""Fields that hold text in the API's answer, and any JSON in the result."""


def check_result(result: JSON, resource: Resource, mode: str) -> None:
    """Can the API of `resource` answer so? mode: STRICT, PRESENT or NONE.

    Raises: ServiceError ValidationException with the first thing that is wrong.
    """
    shape = None if mode == "NONE" else _output_shape(resource)
    if shape is None or not isinstance(result, dict):
        return
    parsed = _PARSED.get((resource.service, resource.action, resource.pattern), frozenset())
    for fault in _structure_faults(shape, result, parsed, strict=mode == "STRICT"):
        raise validation(f"Mock result schema validation error: {fault}")


# ---------------------------------------------------------------- which shape


def _output_shape(resource: Resource) -> Any:
    """The shape of the answer; None where nothing is known of it."""
    service, action, pattern = resource.service, resource.action, resource.pattern
    if resource.kind != "service" or pattern == ".waitForTaskToken" or {(service, ""), (service, action)} & _UNCHECKED:
        return None
    if service.startswith(SDK):
        name = service.removeprefix(SDK)
        return _shape_of(sdk_services().get(name, name), action)
    if pattern:
        polled = _POLLED.get((service, action))
        return None if polled is None else _shape_of(_SERVICES.get(service, service), polled)
    return _shape_of(*_OPERATIONS.get((service, action), (_SERVICES.get(service, service), action)))


@lru_cache(maxsize=64)
def _shape_of(service: str, action: str) -> Any:
    from botocore.exceptions import UnknownServiceError

    try:
        model = service_model(service)
    except UnknownServiceError:
        return None
    name = next((name for name in model.operation_names if name.casefold() == action.casefold()), None)
    return None if name is None else model.operation_model(name).output_shape


# ---------------------------------------------------------------- is it so?


def _faults(shape: Any, value: JSON, name: str, *, strict: bool) -> Iterator[str]:
    """What is wrong with `value` of the field `name`; strict: fields that the shape requires must be there."""
    kind = shape.type_name
    wanted = _WANTED.get(kind)
    if wanted is not None and (not isinstance(value, wanted[0]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"Field '{name}' must be {wanted[1]}"
    elif kind == "structure":
        if not shape.is_document_type:
            yield from _structure_faults(shape, value, strict=strict)
    elif kind == "list":
        yield from _size_faults(shape, len(value), name, "length")
        for item in value:
            yield from _faults(shape.member, item, name, strict=strict)
    elif kind == "map":
        for key, item in value.items():
            yield from _faults(shape.value, item, key, strict=strict)
    else:
        yield from _scalar_faults(shape, value, name)


def _structure_faults(
    shape: Any, value: Mapping[str, JSON], free: frozenset[str] = frozenset(), *, strict: bool
) -> Iterator[str]:
    """free: fields that may hold anything."""
    members = {spelling: member for name, member in shape.members.items() for spelling in _spellings(name)}
    for required in shape.required_members if strict else ():
        if value.keys().isdisjoint(_spellings(required)):
            yield f"Required field '{capital(required)}' is missing"
    for name, item in value.items():
        if name in members and name not in free:
            yield from _faults(members[name], item, name, strict=strict)


def _spellings(name: str) -> tuple[str, str]:
    """A member as optimized integrations write it, and as those of the SDK do."""
    return capital(name), pascal_case(name)


def _scalar_faults(shape: Any, value: JSON, name: str) -> Iterator[str]:
    limits: Mapping[str, Any] = shape.metadata
    if "enum" in limits and value not in limits["enum"]:
        yield f"Field '{name}' is not an expected value"
    elif isinstance(value, str):
        yield from _size_faults(shape, len(value), name, "length")
    elif not isinstance(value, bool):
        yield from _size_faults(shape, value, name, "value")


def _size_faults(shape: Any, size: float, name: str, measure: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"Field '{name}' is {'smaller' if measure == 'length' else 'less'} than the minimum {measure}"
    if most is not None and size > most:
        yield f"Field '{name}' exceeds the maximum {measure}"
