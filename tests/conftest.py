"""Hypothesis gives the same examples to everybody, and tests may share `machines`, `histories` and `stage`."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

# Under --import-mode=importlib a test's folder is not on the path.
sys.path.append(str(Path(__file__).parent))

# Examples are searched for at random with HYPOTHESIS_PROFILE=search; what that finds becomes an @example.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("unshrunk", settings.get_profile("same"), phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared():
    """What stands beside the project: corpus, recordings."""
    if not SHARED.exists():
        pytest.skip("../shared is not beside the project")
    return SHARED


@pytest.fixture
def house():
    """Where machines run: see the module of that name."""
    from house import House

    with House() as open_house:
        yield open_house
