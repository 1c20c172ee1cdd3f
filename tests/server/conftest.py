"""A server on a thread, and what talks to it."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from calls import Waiting
from emulator import away

from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.server.credentials import Credentials
from sfn_notebook.server.serve import ServerThread

KEY = Credentials("123456789012", "secret", "123456789012")


class Client:
    """Raw requests, and boto3 clients, for one server."""

    def __init__(self, url):
        self.url = url
        self.clients = []

    def boto3(self, key=KEY.access_key_id, secret=KEY.secret_access_key, **config):
        """A boto3 client that signs with this key."""
        client = boto3.client(
            "stepfunctions",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}, **config),
        )
        self.clients.append(client)
        return client

    def close(self):
        for client in self.clients:
            client.close()

    def ask(self, body=b"{}", target="ListStateMachines", method="POST", path="/", **headers):
        """(status, headers in lower case, parsed body) of a request as it is; headers to send with `_` for `-`."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        sent = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AWSStepFunctions.{target}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, {name: value for name, value in sent.items() if value is not None})
            response = connection.getresponse()
            text = response.read()
            received = {name.lower(): value for name, value in response.headers.items()}
            return response.status, received, json.loads(text) if text else None
        finally:
            connection.close()


@pytest.fixture
def thread(service):
    """Starts servers; ends them with the test."""
    threads = []

    def start(credentials=KEY, **where):
        threads.append(ServerThread(service.service, credentials, **where))
        return threads[-1], Client(threads[-1].url)

    yield start
    for one in threads:
        one.stop()


@pytest.fixture
def service(monkeypatch):
    """The service behind the servers. Tasks may call one function."""
    away(monkeypatch)
    with Waiting(lambda: FunctionTable({"add": lambda event: event["n"] + 1}, registered={})) as waiting:
        yield waiting


@pytest.fixture
def server(thread):
    """A server that takes signed requests."""
    client = thread(KEY)[1]
    yield client
    client.close()


@pytest.fixture
def unsigned(thread):
    """A server that takes all requests."""
    client = thread(None)[1]
    yield client
    client.close()
