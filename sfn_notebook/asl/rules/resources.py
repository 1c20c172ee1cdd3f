"""Resources: what a Task calls, whether it can be called so, and whether the token is passed on.

(spec: service-integrations)

The actions and parameters of the whole AWS SDK are not known here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from sfn_notebook.asl.fields import Arn
from sfn_notebook.asl.resources import PATTERNS, Resource, parse_resource
from sfn_notebook.asl.slips import show

from .expressions import entries
from .registry import Finding, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .tree import Definition, StateSite, ValueSite

_PLACEHOLDER: Final = re.compile(r"\$\{[^{}]*\}")
_ARN: Final = re.compile(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:]*:\S.*", re.DOTALL)
_WHOLE_TOKEN: Final = re.compile(r"(?:\$\$|\$states\.context)(?:\.Task)?(?![\w.\[])")

_JOBS: Final[Mapping[str, str]] = {
    "athena": "startQueryExecution",
    "batch": "submitJob",
    "bedrock": "createModelCustomizationJob",
    "codebuild": "startBuild startBuildBatch",
    "databrew": "startJobRun",
    "ecs": "runTask",
    "eks": "createCluster deleteCluster createNodegroup deleteNodegroup createFargateProfile "
    "deleteFargateProfile runJob",
    "elasticmapreduce": "createCluster terminateCluster addStep",
    "emr-containers": "startJobRun deleteVirtualCluster",
    "emr-serverless": "startJobRun createApplication startApplication stopApplication deleteApplication",
    "glue": "startJobRun",
    "mediaconvert": "createJob",
    "sagemaker": "createTrainingJob createTransformJob createProcessingJob createLabelingJob "
    "createHyperParameterTuningJob",
    "states": "startExecution",
}
"""The actions of optimized services that .sync waits for."""

_CALLS: Final[Mapping[str, str]] = {
    "apigateway": "invoke",
    "athena": "stopQueryExecution getQueryExecution getQueryResults",
    "bedrock": "invokeModel",
    "codebuild": "stopBuild stopBuildBatch batchDeleteBuilds batchGetReports retryBuildBatch deleteBuildBatch",
    "dynamodb": "getItem putItem updateItem deleteItem",
    "eks": "call",
    "elasticmapreduce": "cancelStep setClusterTerminationProtection modifyInstanceFleetByName "
    "modifyInstanceGroupByName",
    "emr-containers": "createVirtualCluster",
    "emr-serverless": "cancelJobRun",
    "events": "putEvents",
    "http": "invoke",
    "lambda": "invoke",
    "sagemaker": "createModel createEndpoint createEndpointConfig updateEndpoint",
    "sns": "publish",
    "sqs": "sendMessage",
}
"""The other actions of optimized services."""

_CALLBACKS: Final = frozenset(["apigateway", "bedrock", "ecs", "eks", "events", "lambda", "sns", "sqs", "states"])
"""The optimized services that the documentation says to take a task token."""

JOBS: Final = {service: frozenset(actions.split()) for service, actions in _JOBS.items()}
ACTIONS: Final = {
    service: JOBS.get(service, frozenset()) | set(_CALLS.get(service, "").split())
    for service in sorted(_JOBS.keys() | _CALLS.keys())
}
"""Every optimized service with its actions."""


@rule("ASL601")
def resource_is_an_arn(definition: Definition) -> Iterator[Finding]:
    """A Resource is an ARN."""
    for site in definition.of(Arn):
        text = site.value
        if isinstance(text, str) and not _ARN.fullmatch(text) and not _PLACEHOLDER.search(text):
            hint = 'A function is "arn:aws:lambda:REGION:ACCOUNT_ID:function:NAME".'
            yield Finding(site.place, f"{show(text)} is no ARN.", hint)


@rule("ASL602")
def resource_is_filled_in(definition: Definition) -> Iterator[Finding]:
    """A Resource is no placeholder any more."""
    for site in definition.of(Arn):
        is_text = isinstance(site.value, str)
        if isinstance(site.value, dict) or (is_text and _PLACEHOLDER.search(site.value)):
            what = show(site.value) if is_text else "this object"
            yield Finding(site.place, f"{what} is a placeholder, to be filled in before it runs.")


@rule("ASL603")
def resource_can_be_called(definition: Definition) -> Iterator[Finding]:
    """A Resource is a function, an activity or an action."""
    for site in definition.of(Arn):
        text = site.value
        if isinstance(text, str) and _ARN.fullmatch(text) and _parse(text).kind == "unknown":
            hint = "It calls functions (arn:aws:lambda:…), activities and service actions (arn:aws:states:…)."
            yield Finding(site.place, f"Step Functions cannot call {show(text)}.", hint)


@rule("ASL604")
def optimized_actions_exist(definition: Definition) -> Iterator[Finding]:
    """An action of an optimized service is one of those it has."""
    for site, resource in _services(definition):
        if resource.service not in ACTIONS:
            hint = definition.speller.hint(resource.service, ACTIONS)
            message = f"there is no optimized service {show(resource.service)}."
            yield Finding(site.place, message, hint or _sdk_hint(resource))
        elif resource.action not in ACTIONS[resource.service]:
            hint = definition.speller.hint(resource.action, sorted(ACTIONS[resource.service]))
            message = f"the optimized service {resource.service} has no action {show(resource.action)}."
            yield Finding(site.place, message, hint or _sdk_hint(resource))


@rule("ASL605")
def jobs_can_be_waited_for(definition: Definition) -> Iterator[Finding]:
    """.sync stands behind actions that start a job, .sync:2 behind a nested execution."""
    for site in definition.of(Arn):
        resource = _resource(site)
        if message := _cannot_wait(resource):
            hint = "" if resource.pattern in PATTERNS else definition.speller.hint(resource.pattern, PATTERNS)
            yield Finding(site.place, message, hint or f"Leave {resource.pattern} out.")


def _cannot_wait(resource: Resource) -> str:
    """Why an action cannot have its pattern; empty if it can, or if the action itself does not exist."""
    service, action, pattern = resource.service, resource.action, resource.pattern
    if pattern in ("", ".waitForTaskToken"):
        return ""
    if pattern not in PATTERNS:
        return f"there is no pattern {show(pattern)}."
    if action in JOBS.get(service, ()):
        return ".sync:2 is for nested executions only." if pattern == ".sync:2" and service != "states" else ""
    if service.startswith("aws-sdk:") or action in ACTIONS.get(service, ()):
        return f"{service}:{action} starts no job that {pattern} could wait for."
    return ""


@rule("ASL606")
def tokens_are_taken(definition: Definition) -> Iterator[Finding]:
    """.waitForTaskToken stands behind a service that is documented to take a token."""
    for site, resource in _services(definition):
        if resource.waits_for_token and resource.service in ACTIONS and resource.service not in _CALLBACKS:
            message = f"{resource.service} is not documented to wait for a task token."
            yield Finding(site.place, message, f"These are: {', '.join(sorted(_CALLBACKS))}.")


@rule("ASL607")
def express_machines(definition: Definition) -> Iterator[Finding]:
    """An EXPRESS machine waits for no job, token or activity and has no distributed Map."""
    if definition.machine_type != "EXPRESS":
        return
    for site in definition.of(Arn):
        resource = _resource(site)
        what = "activities" if resource.kind == "activity" else resource.pattern
        if what:
            hint = "Use a STANDARD machine, or call without waiting."
            yield Finding(site.place, f"an EXPRESS machine does not support {what}.", hint)
    for container in definition.containers:
        if container.is_distributed:
            place = container.place / "ProcessorConfig" / "Mode"
            yield Finding(place, "an EXPRESS machine has no distributed Map.", "Use a STANDARD machine.")


@rule("ASL608")
def token_is_passed_on(definition: Definition) -> Iterator[Finding]:
    """What waits for a task token gives the token to somebody."""
    for site in definition.of(Arn):
        if site.state and _resource(site).waits_for_token and not _passes_token(site.state):
            field, token = ("Parameters", '"Token.$": "$$.Task.Token"')
            if site.language == "JSONata":
                field, token = ("Arguments", '"Token": "{% $states.context.Task.Token %}"')
            message = "nobody is given the task token, so nobody can finish this task."
            yield Finding(site.place, message, f"Pass {token} in {field}.")


@rule("ASL609")
def items_come_from_s3(definition: Definition) -> Iterator[Finding]:
    """ItemReader and ResultWriter use the actions of S3 that they are made for."""
    for site in definition.of(Arn):
        allowed = [_call(_parse(text)) for text in site.kind.only]
        is_arn = isinstance(site.value, str) and _ARN.fullmatch(site.value)
        if allowed and is_arn and _call(_resource(site)) not in allowed:
            hint = definition.speller.hint(site.value, site.kind.only)
            message = f"{show(site.value)} is not one of {', '.join(site.kind.only)}."
            yield Finding(site.place, message, hint)


# ---------------------------------------------------------------- looking


_parse: Final = lru_cache(maxsize=1024)(parse_resource)


def _resource(site: ValueSite) -> Resource:
    return _parse(site.value if isinstance(site.value, str) else "")


def _call(resource: Resource) -> tuple[str, str, str]:
    return resource.service, resource.action, resource.pattern


def _services(definition: Definition) -> Iterator[tuple[ValueSite, Resource]]:
    """The Tasks that call an optimized service."""
    for site in definition.of(Arn):
        resource = _resource(site)
        is_sdk = resource.service.startswith("aws-sdk:")
        filled_in = "${" not in f"{resource.service}{resource.action}"
        if resource.kind == "service" and not is_sdk and not site.kind.only and filled_in:
            yield site, resource


def _sdk_hint(resource: Resource) -> str:
    return f"The SDK has others: arn:aws:states:::aws-sdk:{resource.service}:{resource.action}."


def _passes_token(state: StateSite) -> bool:
    for field in ("InputPath", "Parameters", "Arguments"):
        value = state.fields.get(field)
        texts = [value] + [item for _, _, item in entries(state.place, value)]
        if any(isinstance(text, str) and _has_token(text) for text in texts):
            return True
    return False


def _has_token(text: str) -> bool:
    return ("Task" in text and "Token" in text) or bool(_WHOLE_TOKEN.search(text))
