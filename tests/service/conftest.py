"""Services for the tests of operations."""

import pytest
from calls import Api, Waiting


@pytest.fixture
def api():
    """Executions have ended when they have been started."""
    return Api()


@pytest.fixture
def waiting():
    """Executions take their time."""
    with Waiting() as service:
        yield service
