"""Logging, tracing and encryption of a state machine: checked, kept and echoed.  (spec: api, Operation rules)"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .account import Settings
from .arns import check_role
from .faults import ServiceError, invalid_logging

_LOG_GROUP: Final = re.compile(r"arn:aws[a-z-]*:logs:[^:]*:[^:]*:log-group:[^:]+:\*")

NO_TRACING: Final = {"enabled": False}
AWS_OWNED_KEY: Final = {"type": "AWS_OWNED_KEY"}


def settings(
    role_arn: str,
    logging: Mapping[str, Any] | None,
    tracing: Mapping[str, Any] | None,
    encryption: Mapping[str, Any] | None,
    has_log_group: Callable[[str], bool],
    old: Settings | None = None,
) -> Settings:
    """The settings that are given; what is not given is as in `old`, or as AWS sets it.

    has_log_group: may there be a log group with this ARN, as far as one can tell?

    Raises: ServiceError InvalidArn, InvalidLoggingConfiguration, InvalidEncryptionConfiguration.
    """
    check_role(role_arn)
    return Settings(
        role_arn,
        _logging(logging or {}, has_log_group) if logging is not None or old is None else old.logging,
        {**NO_TRACING, **(tracing or {})} if tracing is not None or old is None else old.tracing,
        encryption_settings(encryption) if encryption is not None or old is None else old.encryption,
    )


def _logging(given: Mapping[str, Any], has_log_group: Callable[[str], bool]) -> Mapping[str, Any]:
    level = given.get("level", "OFF")
    destinations = given.get("destinations", [])
    if len(destinations) > 1 or (level != "OFF" and not destinations):
        raise invalid_logging("Must specify exactly one Log Destination.")
    for destination in destinations:
        arn = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        if not _LOG_GROUP.fullmatch(arn) or not has_log_group(arn):
            raise invalid_logging("Log Destination not found.")
    kept = {"level": level, "includeExecutionData": given.get("includeExecutionData", False)}
    return kept | ({"destinations": destinations} if destinations else {})


def encryption_settings(given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """An encryptionConfiguration with what AWS adds. Raises: ServiceError InvalidEncryptionConfiguration."""
    given = given or AWS_OWNED_KEY
    if given["type"] == "AWS_OWNED_KEY":
        if len(given) > 1:
            raise _bad_encryption("a key of AWS's own takes no kmsKeyId and no kmsDataKeyReusePeriodSeconds")
        return AWS_OWNED_KEY
    if "kmsKeyId" not in given:
        raise _bad_encryption("kmsKeyId is missing")
    return {"kmsDataKeyReusePeriodSeconds": 300, **given}


def _bad_encryption(why: str) -> ServiceError:
    return ServiceError("InvalidEncryptionConfiguration", f"Invalid Encryption Configuration: {why}.")
