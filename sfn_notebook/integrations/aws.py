"""boto3 clients that reach what the user chose and nothing else, and what Step Functions calls their errors.

target "local": an emulator on this machine, where the environment or the AWS config file names one, and never AWS.
target "aws": plain boto3 with the user's own settings.

(spec: service-integrations, aws-sdk naming; errors-and-retries, Cause formats)
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args
from urllib.parse import urlsplit

from sfn_notebook.engine.failures import RUNTIME
from sfn_notebook.values import JSON, NotJSON, loads

from .contract import Failed
from .functions import MAX_CAUSE, MAX_ERROR

Target: TypeAlias = Literal["local", "aws"]
TARGETS: Final[tuple[Target, ...]] = get_args(Target)

_CONNECT_SECONDS: Final = 5
_READ_SECONDS: Final = {"lambda": 910}
"""A function may work for 15 minutes before the first byte of its answer comes."""
_READ_SECONDS_ELSE: Final = 310
"""The longest that another service works before it answers: StartSyncExecution, 5 minutes."""
_CONNECTIONS: Final = 1000
"""As many as there may be tasks at once."""
_LOCAL_KEYS: Final = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
"""What emulators take from anybody."""

# Stricter than URLs are: where two parsers could see two hosts (user@host, backslashes), there is none here.
_AUTHORITY: Final = re.compile(
    r"https?://(?:\[(?P<v6>[0-9a-f:]+)\]|(?P<host>[0-9a-z.-]+))(?::\d{1,5})?(?=[/?]|\Z)", re.IGNORECASE
)


class EndpointRefused(Exception):
    """With target "local", something would have gone elsewhere than to this machine. Nothing was sent."""


def is_loopback(url: str) -> bool:
    """Does this URL lead to this machine? By what is written alone: 127.0.0.0/8, ::1, localhost and names under it."""
    found = _AUTHORITY.match(url)
    if found is None:
        return False
    host = (found["v6"] or found["host"]).lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return False


class _Session(NamedTuple):
    """Sessions and clients made under one set of `AWS_…` variables."""

    variables: Mapping[str, str]
    botocore: Any
    boto3: Any
    clients: dict[tuple[str, str], Any]


class AwsClients:
    """boto3 clients, made when they are first needed and shared by all threads.

    Credentials: with target "aws" those that boto3 finds. With target "local" those of the environment
    (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), as many emulators tell accounts apart by them, or
    else the word "test": profiles, SSO and the metadata service are never asked.

    A changed `AWS_…` variable counts from the next call on; a changed config file from the next AwsClients on.
    Nothing is tried twice here: how often and after how long is what Retry says.
    """

    def __init__(self, target: Target = "local") -> None:
        """Raises: ValueError."""
        if target not in TARGETS:
            raise ValueError(f"target={target!r}: use 'local' or 'aws'.")
        self.target: Target = target
        self._lock = threading.RLock()
        self._session: _Session | None = None

    def __reduce__(self) -> tuple[type[AwsClients], tuple[Target]]:
        """Another process makes its own clients."""
        return AwsClients, (self.target,)

    def endpoint(self, service: str) -> str | None:
        """The endpoint that is configured for a service (boto3's name), or None: as botocore looks for it, in
        AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, and the same two in the profile, unless
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS says not to.

        Raises: botocore's BotoCoreError for a profile that is not there, a config file that cannot be read, or a
        service that boto3 does not know.
        """
        with self._lock:
            session = self._current()
            settings, name = session.botocore, _setting_name(session, service)
            if settings.get_config_variable("ignore_configured_endpoint_urls"):
                return None
            profile = settings.get_scoped_config()
            section = settings.full_config.get("services", {}).get(profile.get("services"), {}).get(name, {})
            return (
                session.variables.get(f"AWS_ENDPOINT_URL_{name.upper()}")
                or session.variables.get("AWS_ENDPOINT_URL")
                or section.get("endpoint_url")
                or profile.get("endpoint_url")
                or None
            )

    def has_endpoint(self, service: str) -> bool:
        """Is an emulator on this machine configured for a service? Where nothing is configured at all, boto3 is not
        even loaded. Raises: as `endpoint`.
        """
        config = Path(os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config").expanduser()
        if not any(name.startswith("AWS_ENDPOINT_URL") for name in os.environ) and not config.exists():
            return False
        url = self.endpoint(service)
        return url is not None and is_loopback(url)

    def obstacle(self, service: str) -> str | None:
        """Why no client for this service can be had, and what helps; None where one can. Sends nothing to the service
        (with target "aws", boto3 may look for credentials on the network).
        """
        from botocore.exceptions import BotoCoreError

        try:
            if self.target == "local":
                return self._refusal(service)
            with self._lock:
                session = self._current().botocore
            found = session.get_credentials() is not None  # may take seconds: nobody else shall wait for it
        except BotoCoreError as error:
            return str(error)
        hint = "Run `aws configure` or `aws sso login`, or set AWS_PROFILE."
        return None if found else f"boto3 finds no AWS credentials. {hint}"

    def client(self, service: str, region: str) -> Any:
        """The boto3 client; the headers in its answers keep the case that they came in.

        Raises: EndpointRefused, botocore's BotoCoreError, ValueError for an endpoint that is no URL.
        """
        with self._lock:
            session = self._current()
            client = session.clients.get((service, region))
            if client is None:
                client = session.clients[service, region] = self._make(session, service, region)
            return client

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            session, self._session = self._session, None
        for client in session.clients.values() if session is not None else ():
            client.close()

    def _current(self) -> _Session:
        variables = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        if self._session is None or self._session.variables != variables:
            import boto3.session
            import botocore.session

            inner = botocore.session.get_session()
            self._session = _Session(variables, inner, boto3.session.Session(botocore_session=inner), {})
        return self._session

    def _refusal(self, service: str) -> str | None:
        """What is said where target "local" has nowhere to go; None where it has."""
        url = self.endpoint(service)
        if url is not None and is_loopback(url):
            return None
        variable = f"AWS_ENDPOINT_URL_{_setting_name(self._current(), service).upper()}"
        hint = f"Set {variable} to an emulator on this machine, or choose target='aws'."
        if url is None:
            return f"With target='local' nothing is sent to AWS. {hint}"
        return f"With target='local' nothing leaves this machine, but the endpoint is {_host(url)}. {hint}"

    def _make(self, session: _Session, service: str, region: str) -> Any:
        from botocore.config import Config

        plain: dict[str, Any] = {
            "retries": {"total_max_attempts": 1, "mode": "standard"},
            "connect_timeout": _CONNECT_SECONDS,
            "read_timeout": _READ_SECONDS.get(service, _READ_SECONDS_ELSE),
            "tcp_keepalive": True,
            "max_pool_connections": _CONNECTIONS,
        }
        keys: dict[str, str] = {}
        if self.target == "local":
            if (refusal := self._refusal(service)) is not None:
                raise EndpointRefused(refusal)
            plain |= _LOCAL_CONFIG
            keys = _keys(session.variables)
        endpoint = self.endpoint(service)
        client = session.boto3.client(service, region, endpoint_url=endpoint, config=Config(**plain), **keys)
        client.meta.events.register("after-call", _keep_headers)
        client.meta.events.register("after-call", _check_json)
        if self.target == "local":
            client.meta.events.register("before-send", _guard)
        return client


# Proxies, the metadata service (defaults mode "auto") and host names made from parameters would lead away from here.
_LOCAL_CONFIG: Final[dict[str, Any]] = {
    "proxies": {},
    "defaults_mode": "legacy",
    "inject_host_prefix": False,
    "use_dualstack_endpoint": False,
    "use_fips_endpoint": False,
    "s3": {"addressing_style": "path"},
}


def _keys(variables: Mapping[str, str]) -> dict[str, str]:
    names = {"aws_access_key_id": "AWS_ACCESS_KEY_ID", "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY"}
    if not all(variables.get(name) for name in names.values()):
        return dict(_LOCAL_KEYS)
    if variables.get("AWS_SESSION_TOKEN"):
        names["aws_session_token"] = "AWS_SESSION_TOKEN"  # noqa: S105 - a variable's name
    return {argument: variables[name] for argument, name in names.items()}


def _guard(request: Any, **_: Any) -> None:
    """The last look before a request goes out: its address may have been made from parameters."""
    if not is_loopback(request.url):
        where = _host(request.url)
        raise EndpointRefused(f"With target='local' nothing leaves this machine: a request to {where} was not sent.")


def _host(url: str) -> str:
    """What may be shown of a URL: no password, no query."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def _setting_name(session: _Session, service: str) -> str:
    """What environment and config file call a service: `dynamodb`, `secrets_manager`."""
    name: str = session.botocore.get_service_model(service).service_id.hyphenize()
    return name.replace("-", "_")


def _keep_headers(http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
    parsed.setdefault("ResponseMetadata", {})["HTTPHeaders"] = dict(http_response.headers.items())


def _check_json(http_response: Any, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    """Botocore takes an answer that is no JSON for an empty one.  Raises: ResponseParserError."""
    from botocore.parsers import ResponseParserError

    body_is_free = model.has_streaming_output or "payload" in getattr(model.output_shape, "serialization", ())
    if body_is_free or parsed.keys() > {"ResponseMetadata"} or _protocol(model) not in ("json", "rest-json"):
        return
    try:
        if http_response.content:
            loads(http_response.content)
    except NotJSON as error:
        raise ResponseParserError(f"Unable to parse HTTP response content: {error.message}") from None


def _protocol(model: Any) -> str:
    """What the client speaks, of several protocols that the service may know."""
    service = model.service_model
    return str(getattr(service, "resolved_protocol", None) or service.metadata["protocol"])


def sdk_metadata(response: Mapping[str, Any]) -> dict[str, JSON]:
    """`SdkHttpMetadata` and `SdkResponseMetadata` of a response, as optimized integrations show them."""
    metadata = response.get("ResponseMetadata", {})
    headers: dict[str, str] = metadata.get("HTTPHeaders", {})
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": dict(sorted(headers.items(), key=lambda header: header[0].lower())),
            "HttpStatusCode": metadata.get("HTTPStatusCode"),
        },
        "SdkResponseMetadata": {"RequestId": metadata.get("RequestId")},
    }


# ---------------------------------------------------------------- errors


def client_errors() -> tuple[type[Exception], ...]:
    """What may be raised where a client is made or used, for an `except` around it; the failures below take any."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return BotoCoreError, ClientError, ResponseParserError, EndpointRefused, ValueError


def optimized_failure(prefix: str, service: str, error: Exception) -> Failed:
    """What an optimized integration says of an error: the style of AWS's Java SDK, version 1.

    prefix: of the error's name ("DynamoDB"); service: what that SDK calls the service ("AmazonDynamoDBv2"); error: one
    of `client_errors`. An error that the service's model does not know has the name of the service:
    DynamoDB.AmazonDynamoDBException.
    """
    if (failed := _unsent(prefix, error)) is not None:
        return failed
    about = _About.of(error)
    name = _exception(about.shape) if about.shape else f"{re.sub(r'v[0-9]+$', '', service)}Exception"
    where = f"Service: {service}; Status Code: {about.status}; Error Code: {about.code}"
    return _failed(f"{prefix}.{name}", f"{about.message} ({where}; Request ID: {about.request_id}; Proxy: null)")


def sdk_failure(prefix: str, error: Exception) -> Failed:
    """What an aws-sdk integration says of an error: the style of AWS's Java SDK, version 2. prefix: `sdk_prefix`."""
    attempts = "(SDK Attempt Count: 1)"
    if (failed := _unsent(prefix, error)) is not None:
        return failed if failed.error == RUNTIME else _failed(failed.error, f"{failed.cause} {attempts}")
    about = _About.of(error)
    name = pascal_case(_exception(about.shape)) if about.shape else f"{prefix}Exception"
    where = f"Service: {prefix}, Status Code: {about.status}, Request ID: {about.request_id}"
    if about.host_id:
        where += f", Extended Request ID: {about.host_id}"
    return _failed(f"{prefix}.{name}", f"{about.message} ({where}) {attempts}")


def sdk_prefix(service_id: str) -> str:
    """The first part of an aws-sdk integration's error names, from botocore's service id: "EC2" gives "Ec2"."""
    name = pascal_case(service_id)
    for vendor in ("Amazon", "Aws"):
        name = name.removeprefix(vendor)
    return name.removesuffix("Service")


_WORDS: Final = (
    (re.compile(r"[^A-Za-z0-9]+"), " "),
    (re.compile(r"([^a-z]{2,})v([0-9]+)"), r"\1 v\2 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z][A-Za-z0-9])"), " "),
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),
    (re.compile(r"([0-9])([A-Za-z])"), r"\1 \2"),
)


def pascal_case(name: str) -> str:
    """A name as the Java SDK, version 2, writes it: acronyms are words ("KMSDisabled" gives "KmsDisabled")."""
    for pattern, replacement in _WORDS:
        name = pattern.sub(replacement, name)
    return "".join(word.capitalize() for word in name.split())


class _About(NamedTuple):
    """What a ClientError says. shape: its name in the service's model; empty where the model does not know it."""

    message: str
    code: str
    shape: str
    status: int
    request_id: str
    host_id: str

    @classmethod
    def of(cls, error: Any) -> _About:
        from botocore.exceptions import ClientError

        said, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        return cls(
            said.get("Message") or "null",
            said.get("Code", "null"),
            "" if type(error) is ClientError else type(error).__name__,
            metadata.get("HTTPStatusCode", 0),
            metadata.get("RequestId") or "null",
            metadata.get("HostId", ""),
        )


def _exception(shape: str) -> str:
    return shape if shape.endswith("Exception") else f"{shape.removesuffix('Fault')}Exception"


def _unsent(prefix: str, error: Exception) -> Failed | None:
    """The failure where no answer came, or nothing was asked; None where the service answered."""
    from botocore import exceptions as known
    from botocore.parsers import ResponseParserError

    if isinstance(error, known.ClientError):
        return None
    if isinstance(error, known.ConnectionError | known.HTTPClientError):
        return _failed(f"{prefix}.SdkClientException", f"Unable to execute HTTP request: {_connection(error)}")
    if isinstance(error, known.IncompleteReadError | ResponseParserError):
        return _failed(f"{prefix}.SdkClientException", str(error))
    # A profile, credentials, a Region, an argument, a refused endpoint: trying again would not help.
    return _failed(RUNTIME, str(error))


def _connection(error: Any) -> str:
    from botocore import exceptions as known

    url = urlsplit(str(error.kwargs.get("endpoint_url", "")))
    if isinstance(error, known.ReadTimeoutError):
        return "Read timed out"
    if isinstance(error, known.ConnectTimeoutError):
        return f"Connect to {url.netloc} failed: connect timed out"
    if isinstance(error, known.EndpointConnectionError):
        root = _root(error.kwargs.get("error"))
        if isinstance(root, socket.gaierror):
            return f"{url.hostname}: Name or service not known"
        return f"Connect to {url.netloc} failed: {getattr(root, 'strerror', None) or root}"
    if isinstance(error, known.ConnectionClosedError):
        return f"{url.netloc} failed to respond"
    return str(error)


def _root(error: Any) -> Any:
    """What urllib3 has wrapped."""
    while (inner := getattr(error, "__cause__", None) or getattr(error, "__context__", None)) is not None:
        error = inner
    return error


def _failed(name: str | None, cause: str) -> Failed:
    return Failed(name and name[:MAX_ERROR], cause[:MAX_CAUSE])
