"""What stands behind tasks in these tests."""

import emulator
import pytest

from sfn_notebook.integrations.aws import AwsClients


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch):
    """No settings of whoever runs the tests."""
    emulator.away(monkeypatch)


@pytest.fixture
def clients():
    """With target "local"."""
    made = AwsClients()
    yield made
    made.close()
