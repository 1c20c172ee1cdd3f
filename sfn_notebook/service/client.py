"""A boto3 client of Step Functions that is answered in the process: no socket, no credentials, no AWS."""

from __future__ import annotations

import os
from copy import deepcopy
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import orjson

from .faults import ServiceError
from .service import Service

_ISOLATED: Final = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Where botocore would look for the user's settings: nowhere. A profile that is not there shall not matter."""


class _Http:
    """What botocore asks of a response."""

    def __init__(self, status: int) -> None:
        self.status_code = status
        self.headers: dict[str, str] = {}


def make_client(service: Service) -> Any:
    """A boto3 client whose calls go to `service`: boto3's method names, shapes, paginators, exceptions and checks."""
    import boto3.session
    import botocore.session

    inner = botocore.session.Session(_ISOLATED)
    client = boto3.session.Session(botocore_session=inner).client(
        "stepfunctions",
        region_name=service.account.region,
        endpoint_url="http://localhost",  # nothing is sent there
        aws_access_key_id=service.account.id,
        aws_secret_access_key="unused",  # noqa: S106 - nothing is signed with it
    )

    def answer(model: Any, params: dict[str, Any], **_: Any) -> tuple[_Http, dict[str, Any]]:
        return _answer(service, model.name, orjson.loads(params["body"]))

    client.meta.events.register("before-call.sfn", answer)
    return client


def _answer(service: Service, operation: str, parameters: dict[str, Any]) -> tuple[_Http, dict[str, Any]]:
    """What botocore takes for a response that has been parsed."""
    status = HTTPStatus.OK
    try:
        answer = deepcopy(service.call(operation, parameters))  # nobody shall change what is kept here
    except ServiceError as error:
        status = HTTPStatus.BAD_REQUEST
        answer = {"Error": {"Code": error.code, "Message": error.message}, "message": error.message, **error.fields}
    metadata = {
        "RequestId": str(uuid4()),
        "HTTPStatusCode": int(status),
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
    return _Http(status), {**answer, "ResponseMetadata": metadata}
