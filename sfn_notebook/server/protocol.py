"""AWS JSON 1.0: header and body ↔ operation and arguments.  (spec: api)"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from sfn_notebook.service.faults import ServiceError

CONTENT_TYPE: Final = "application/x-amz-json-1.0"
TARGET_PREFIX: Final = "AWSStepFunctions."
MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of a request: room for a definition of a million characters with all its quotes escaped."""


class Refused(ServiceError):
    """A request that is refused before any operation is asked. `status`: of the HTTP response."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status = status
        super().__init__(code, message)


class Request(NamedTuple):
    """What is asked for: an operation as the API names it, and its parameters."""

    operation: str
    parameters: Mapping[str, Any]


class Response(NamedTuple):
    """What goes back; headers beside the content type."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_request(headers: Mapping[str, str], body: bytes) -> Request:
    """What a request asks for. Raises: ServiceError UnknownOperationException, SerializationException."""
    target = headers.get("X-Amz-Target", "")
    if not target.startswith(TARGET_PREFIX) or not headers.get("Content-Type", "").startswith("application/x-amz-json"):
        raise ServiceError("UnknownOperationException", "")
    try:
        parameters = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise ServiceError("SerializationException", "The body of the request is no JSON.") from None
    if not isinstance(parameters, dict):
        raise ServiceError("SerializationException", "Start of structure or map expected.")
    return Request(target.removeprefix(TARGET_PREFIX), parameters)


def answer_response(answer: Mapping[str, Any]) -> Response:
    """The response to an operation that was done; times are seconds since the epoch."""
    return Response(200, {}, _json(answer))


def error_response(error: ServiceError) -> Response:
    """The response to an operation that was refused."""
    status = error.status if isinstance(error, Refused) else 400
    body = {"__type": error.code, **({"message": error.message} if error.message else {}), **error.fields}
    return Response(status, {"x-amzn-errortype": error.code}, _json(body))


def failure_response() -> Response:
    """The response when something broke on our side. It says nothing of what."""
    body = {"__type": "InternalFailure", "message": "The request failed because of an internal error."}
    return Response(500, {"x-amzn-errortype": "InternalFailure"}, _json(body))


def _json(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value, default=_time, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except orjson.JSONEncodeError:  # a lone surrogate, which orjson does not write
        return json.dumps(value, default=_time).encode()


def _time(value: object) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(f"an answer holds a {type(value).__name__}")
