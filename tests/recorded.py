"""The cases recorded on AWS, beside the project, and the runner that comes with them."""

import importlib
import sys
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared" / "conformance"

needs_cases = pytest.mark.skipif(not SHARED.exists(), reason="the recorded cases are not beside the project")


def load(name):
    """A module of the runner."""
    sys.path.insert(0, str(SHARED))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SHARED))
