"""What an operation answers when it refuses: AWS's codes and texts.  (spec: api, Error messages)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ServiceError(Exception):
    """An operation was refused.

    code: as in boto3's `error.response["Error"]["Code"]`; message: AWS's text where it is known; fields: what the
    error's shape has besides (`reason`, `resourceName`).
    """

    def __init__(self, code: str, message: str, **fields: Any) -> None:
        self.code, self.message, self.fields = code, message, fields
        super().__init__(f"{code}: {message}")


def validation(message: str, reason: str | None = None) -> ServiceError:
    """A ValidationException; reason: one of the model's ValidationExceptionReason."""
    return ServiceError("ValidationException", message, **({} if reason is None else {"reason": reason}))


def invalid_arn(detail: str) -> ServiceError:
    return ServiceError("InvalidArn", f"Invalid Arn: '{detail}'")


def wrong_resource_type(type_: str) -> ServiceError:
    """The ARN is well formed, and names something that this operation does not take."""
    return invalid_arn(f"Resource type not valid in this context: {type_}")


def invalid_name(name: str) -> ServiceError:
    return ServiceError("InvalidName", f"Invalid Name: '{name}'")


def invalid_token() -> ServiceError:
    return ServiceError("InvalidToken", "Invalid Token: 'Invalid token'")


def no_machine(arn: str) -> ServiceError:
    return ServiceError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def no_execution(arn: str) -> ServiceError:
    return ServiceError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")


def no_activity(arn: str) -> ServiceError:
    return ServiceError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def activity_exists(arn: str) -> ServiceError:
    """There is an activity of this name with another key. (AWS's text is not known.)"""
    return ServiceError("ActivityAlreadyExists", f"Activity Already Exists: '{arn}'")


def too_many_workers(arn: str) -> ServiceError:
    """(AWS's text is not known.)"""
    return ServiceError("ActivityWorkerLimitExceeded", f"Activity Worker Limit Exceeded: '{arn}'")


def execution_exists(arn: str) -> ServiceError:
    return ServiceError("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")


def invalid_input(detail: str) -> ServiceError:
    return ServiceError("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{detail}'")


def invalid_output(detail: str) -> ServiceError:
    return ServiceError("InvalidOutput", f"Invalid Output: '{detail}'")


def invalid_logging(detail: str) -> ServiceError:
    return ServiceError("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {detail}")


def wrong_machine_type() -> ServiceError:
    return ServiceError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")


def no_resource(arn: str) -> ServiceError:
    """What an alias's ARN, or its routing, names is not there."""
    text = "Request references a resource that does not exist."
    return ServiceError("ResourceNotFound", text, resourceName=arn)


def no_tagged_resource(arn: str) -> ServiceError:
    return ServiceError("ResourceNotFound", f"Resource not found: '{arn}'", resourceName=arn)


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message)


def routing(message: str, received: Sequence[object]) -> ServiceError:
    """A routing configuration that makes no sense. `received` is shown as AWS shows a list."""
    shown = f"[{', '.join(map(str, received))}]"
    return validation(f"{message} Received: {shown}", "INVALID_ROUTING_CONFIGURATION")


def labelled_arn() -> ServiceError:
    """The ARN of a Map's definition, where a machine's own is wanted. (AWS's text is not known.)"""
    return validation(
        "This operation does not support state machine ARNs with labels.", "API_DOES_NOT_SUPPORT_LABELED_ARNS"
    )
