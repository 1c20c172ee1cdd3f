"""Is a request signed with the server's key, and just now? Signature Version 4, recomputed by botocore's signer."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from .credentials import Credentials
from .protocol import Refused

SERVICE: Final = "states"
LEEWAY: Final = timedelta(minutes=5)
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_FORMAT: Final = "%Y%m%dT%H%M%SZ"
_PART: Final = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")

_NOT_SIGNED_SO: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


class Signed(NamedTuple):
    """What of a request goes into its signature. headers: names in any case; url: as the client wrote it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class _Claim(NamedTuple):
    """What the Authorization header says."""

    key: str
    date: str
    region: str
    names: list[str]
    signature: str


def check_signature(request: Signed, credentials: Credentials, now: datetime) -> None:
    """Let a request through.  Raises: Refused, with AWS's codes, for one that is not signed, by somebody else, with
    another secret, for another service, or more than five minutes from `now`.
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    claim = _claim(headers)
    if not hmac.compare_digest(claim.key.encode(), credentials.access_key_id.encode()):
        raise Refused(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    time = _time(headers, claim, now)
    _check_names(headers, claim)
    said = headers.get("x-amz-content-sha256")
    if said is not None and not hmac.compare_digest(said.encode(), sha256(request.body).hexdigest().encode()):
        raise _invalid("The value of the x-amz-content-sha256 header is not that of the body.")
    signed = request._replace(headers={name: headers[name] for name in claim.names})
    if not hmac.compare_digest(_signature(signed, credentials, claim, time).encode(), claim.signature.encode()):
        raise _invalid(_NOT_SIGNED_SO)


def _claim(headers: Mapping[str, str]) -> _Claim:
    text = headers.get("authorization")
    if not text:
        raise Refused(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    algorithm, _, rest = text.partition(" ")
    parts = dict(_PART.findall(rest))
    scope = parts.get("Credential", "").split("/")
    missing = [f"'{name}'" for name in ("Credential", "Signature", "SignedHeaders") if name not in parts]
    if algorithm != _ALGORITHM or missing or len(scope) != 5:
        wanted = ", ".join(missing) or "a 'Credential' of five parts"
        raise Refused(400, "IncompleteSignatureException", f"Authorization header requires {wanted} ({_ALGORITHM}).")
    key, date, region, service, end = scope
    if service != SERVICE or end != "aws4_request":
        raise _invalid(f"Credential should be scoped to correct service: '{SERVICE}'.")
    return _Claim(key, date, region, parts["SignedHeaders"].lower().split(";"), parts["Signature"])


def _time(headers: Mapping[str, str], claim: _Claim, now: datetime) -> str:
    text = headers.get("x-amz-date", "")
    try:
        time = datetime.strptime(text, _FORMAT).replace(tzinfo=UTC)
    except ValueError:
        message = "Authorization header requires existence of an 'X-Amz-Date' header."
        raise Refused(400, "IncompleteSignatureException", message) from None
    shown = now.strftime(_FORMAT)
    if time < now - LEEWAY:
        first = (now - LEEWAY).strftime(_FORMAT)
        raise _invalid(f"Signature expired: {text} is now earlier than {first} ({shown} - 5 min.)")
    if time > now + LEEWAY:
        last = (now + LEEWAY).strftime(_FORMAT)
        raise _invalid(f"Signature not yet current: {text} is still later than {last} ({shown} + 5 min.)")
    if claim.date != text[:8]:
        raise _invalid(f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date: {claim.date}")
    return text


def _check_names(headers: Mapping[str, str], claim: _Claim) -> None:
    """Host and all of AWS's headers are signed, and what is signed is there."""
    needed = {"host", *(name for name in headers if name.startswith("x-amz-"))}
    for name in sorted(needed - set(claim.names)):
        raise _invalid(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    if not set(claim.names) <= headers.keys():
        raise _invalid(_NOT_SIGNED_SO)


def _signature(request: Signed, credentials: Credentials, claim: _Claim, time: str) -> str:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.compat import HTTPHeaders
    from botocore.credentials import Credentials as Key

    class Signer(botocore.auth.SigV4Auth):  # type: ignore[misc]  # botocore has no types
        """Signs the headers that the client has signed, whichever they are."""

        def headers_to_sign(self, request: Any) -> Any:
            headers = HTTPHeaders()
            for name, value in request.headers.items():
                headers[name.lower()] = value
            return headers

    key = Key(credentials.access_key_id, credentials.secret_access_key)
    signer = Signer(key, SERVICE, claim.region)
    recomputed = AWSRequest(request.method, request.url, dict(request.headers), request.body)
    recomputed.context["timestamp"] = time
    canonical = signer.canonical_request(recomputed)
    signature: str = signer.signature(signer.string_to_sign(recomputed, canonical), recomputed)
    return signature


def _invalid(message: str) -> Refused:
    return Refused(403, "InvalidSignatureException", message)
