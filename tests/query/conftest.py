"""What expressions see in these tests."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest


@dataclass
class Frame:
    """A scope with fixed contents; it remembers the sites at which chance was drawn."""

    variables: dict = field(default_factory=dict)
    context_object: dict = field(default_factory=dict)
    sites: list = field(default_factory=list)

    def context(self):
        return self.context_object

    def draw(self, site):
        self.sites.append(site)
        return 0x0123456789ABCDEF_0123456789ABCDEF


@pytest.fixture
def frame():
    return Frame(
        variables={"x": {"a": [1, {"b": 2}]}, "name": "Ada", "ключ": 1},
        context_object={"Execution": {"Input": {"n": 1}, "Name": "run"}, "State": {"Name": "S"}},
    )
