"""What stands behind services in these tests."""

import emulator
import pytest
from attempts import called
from emulator import Scripted

from sfn_notebook.integrations.contract import Failed
from sfn_notebook.integrations.services.handler import ServiceHandler


@pytest.fixture
def backing(shared, monkeypatch):
    """The environment names the stand-in services."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.backing(shared))


@pytest.fixture(scope="module")
def server():
    """A service that says what it is told."""
    with Scripted() as running:
        yield running


@pytest.fixture
def scripted(server, monkeypatch):
    """The environment names that service for everything."""
    server.answer()
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    return server


@pytest.fixture
def ask(clients):
    """Calls an action with parameters: the answer."""

    def asked(action, **parameters):
        return ServiceHandler(clients).call(called(action, parameters))

    return asked


@pytest.fixture
def give(ask):
    """Calls an action with parameters: its result."""

    def given(action, **parameters):
        answer = ask(action, **parameters)
        assert not isinstance(answer, Failed), answer
        return answer.output

    return given
