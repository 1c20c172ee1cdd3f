"""Signature Version 4: what botocore signs is let through, and no byte of it may be another."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Key

from sfn_notebook.server.credentials import Credentials
from sfn_notebook.server.protocol import Refused
from sfn_notebook.server.signature import Signed, check_signature

CREDENTIALS = Credentials("test", "secret")
SCHEME = "AWS4-HMAC-SHA256"
END = "aws4_request, SignedHeaders=host, Signature=é"
URL = "http://127.0.0.1:8083/"


def signed(body=b"{}", key=("test", "secret"), service="states", **headers):
    """A request as boto3 sends it, signed just now."""
    given = {"Host": "127.0.0.1:8083", "X-Amz-Target": "AWSStepFunctions.ListStateMachines", **headers}
    request = AWSRequest("POST", URL, given, body)
    botocore.auth.SigV4Auth(Key(*key), service, "eu-west-1").add_auth(request)
    return Signed("POST", URL, dict(request.headers.items()), body)


def refused(request, now=None):
    with pytest.raises(Refused) as found:
        check_signature(request, CREDENTIALS, now or datetime.now(UTC))
    return found.value.code


def test_what_botocore_signs():
    check_signature(signed(), CREDENTIALS, datetime.now(UTC))
    check_signature(signed(b"x" * 1000), CREDENTIALS, datetime.now(UTC))


def test_headers_in_other_letters_and_others_besides():
    request = signed()
    headers = {name.upper(): value for name, value in request.headers.items()} | {"USER-AGENT": "aws-cli"}
    check_signature(request._replace(headers=headers), CREDENTIALS, datetime.now(UTC))


@pytest.mark.parametrize("change", [
    lambda request: request._replace(body=b"{ }"),
    lambda request: request._replace(url=URL + "other"),
    lambda request: request._replace(url=URL + "?a=1"),
    lambda request: request._replace(method="PUT"),
    lambda request: request._replace(headers=request.headers | {"X-Amz-Target": "AWSStepFunctions.StopExecution"}),
    lambda request: request._replace(headers=request.headers | {"Host": "localhost:8083"}),
    lambda request: request._replace(headers=request.headers | {"X-Amz-Security-Token": "t"}),
    lambda request: request._replace(
        headers=request.headers | {"Authorization": request.headers["Authorization"][:-1] + "x"}
    ),
])  # fmt: skip
def test_nothing_may_be_changed(change):
    assert refused(change(signed())) == "InvalidSignatureException"


def test_a_body_that_is_said_to_be_another():
    body = sha256(b"{}").hexdigest()
    check_signature(signed(**{"X-Amz-Content-SHA256": body}), CREDENTIALS, datetime.now(UTC))
    request = signed(**{"X-Amz-Content-SHA256": body})._replace(body=b'{"a": 1}')
    assert refused(request) == "InvalidSignatureException"
    assert refused(signed(**{"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})) == "InvalidSignatureException"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_another_time(minutes):
    assert refused(signed(), datetime.now(UTC) + timedelta(minutes=minutes)) == "InvalidSignatureException"


@pytest.mark.parametrize("minutes", [-4, 4])
def test_clocks_may_differ_a_little(minutes):
    check_signature(signed(), CREDENTIALS, datetime.now(UTC) + timedelta(minutes=minutes))


def test_others_are_refused():
    assert refused(signed(key=("other", "secret"))) == "UnrecognizedClientException"
    assert refused(signed(key=("test", "other"))) == "InvalidSignatureException"
    assert refused(signed(service="s3")) == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "MissingAuthenticationTokenException"),
        ("", "MissingAuthenticationTokenException"),
        ("Basic dGVzdDpzZWNyZXQ=", "IncompleteSignatureException"),
        (SCHEME, "IncompleteSignatureException"),
        (f"{SCHEME} Credential=test, SignedHeaders=host, Signature=s", "IncompleteSignatureException"),
        (f"{SCHEME} Credential=é/2/r/states/{END}", "UnrecognizedClientException"),
        (f"{SCHEME} Credential=test/2/r/states/{END}", "InvalidSignatureException"),
    ],
)  # fmt: skip
def test_headers_that_make_no_sense(header, code):
    request = signed()
    headers = {name: value for name, value in request.headers.items() if name != "Authorization"}
    assert refused(request._replace(headers=headers | ({} if header is None else {"Authorization": header}))) == code


def test_a_date_is_needed():
    request = signed()
    for date in (None, "", "today", "20260101"):
        headers = {name: value for name, value in request.headers.items() if name != "X-Amz-Date"}
        headers |= {} if date is None else {"X-Amz-Date": date}
        assert refused(request._replace(headers=headers)) == "IncompleteSignatureException"
