"""What a Task's `Resource` names: a Lambda function, an activity, or an action of a service in one of three
patterns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sfn_notebook.values import JSON, dumps

# `REGION` and `ACCOUNT_ID` are what people write before they have an account: every part of an ARN may be any word.
_LAMBDA = re.compile(
    r"arn:(?P<partition>[^:]+):lambda:(?P<region>[^:]*):(?P<account>[^:]*):function:(?P<name>[^:]+)(?::(?P<qualifier>.+))?"
)
_ACTIVITY = re.compile(r"arn:(?P<partition>[^:]+):states:(?P<region>[^:]*):(?P<account>[^:]*):activity:(?P<name>.+)")
_SERVICE = re.compile(
    r"arn:(?P<partition>[^:]+):states:[^:]*:[^:]*:(?P<service>aws-sdk:[^:]+|[^:]+):(?P<action>[^:.]+)(?P<pattern>\..+)?"
)

PATTERNS = ("", ".sync", ".sync:2", ".waitForTaskToken")


@dataclass(frozen=True, slots=True)
class Resource:
    """A parsed `Resource`.

    kind "lambda": a function ARN; "activity": an activity ARN; "service": service, action and pattern; "unknown":
    anything else. service and action are what Task* history events call resourceType and resource (there with the
    pattern appended).
    """

    text: str
    kind: Literal["lambda", "activity", "service", "unknown"]
    name: str = ""
    qualifier: str = ""
    service: str = ""
    action: str = ""
    pattern: str = ""
    has_token: bool = False
    """Does somebody else answer, with a task token, and send heartbeats? Activities, callbacks and jobs."""

    @property
    def is_lambda_invoke(self) -> bool:
        """Is it the optimized integration that invokes a function, in any pattern?"""
        return self.kind == "service" and self.service == "lambda" and self.action == "invoke"

    @property
    def waits_for_token(self) -> bool:
        return self.pattern == ".waitForTaskToken"

    @property
    def is_submitted(self) -> bool:
        """Does the service first accept a job, and finish it later?  (history: TaskSubmitted)"""
        return self.pattern != ""


def parse_resource(value: JSON) -> Resource:
    """What a `Resource` names. Never raises: what it does not know, text or not, is of kind "unknown"."""
    return _parse(value) if isinstance(value, str) else Resource(dumps(value), "unknown")


@lru_cache(maxsize=1024)
def _parse(text: str) -> Resource:
    if found := _LAMBDA.fullmatch(text):
        return Resource(text, "lambda", name=found["name"], qualifier=found["qualifier"] or "")
    if found := _ACTIVITY.fullmatch(text):
        return Resource(text, "activity", name=found["name"], has_token=True)
    if found := _SERVICE.fullmatch(text):
        pattern = found["pattern"] or ""
        return Resource(
            text, "service", service=found["service"], action=found["action"], pattern=pattern, has_token=pattern != ""
        )
    return Resource(text, "unknown")


def function_name(reference: str) -> tuple[str, str]:
    """Name and qualifier in what `lambda:invoke` takes as FunctionName: a name, a partial or a whole ARN."""
    if found := _LAMBDA.fullmatch(reference):
        return found["name"], found["qualifier"] or ""
    parts = reference.split(":")
    if len(parts) >= 3 and parts[1] == "function":  # 123456789012:function:name
        parts = parts[2:]
    return parts[0], parts[1] if len(parts) > 1 else ""
