"""The rules: one small generator per thing that can be wrong with a definition, each with the code it earns.

A rule looks at the definition as it was written (`tree.Definition`), so it works on what cannot be built.
"""

from __future__ import annotations

from . import data, errors, flow, resources, structure, variables
from .registry import RULES

__all__ = ["RULES", "data", "errors", "flow", "resources", "structure", "variables"]
