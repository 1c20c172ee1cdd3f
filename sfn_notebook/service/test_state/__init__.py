"""TestState: one state, run by itself.  (spec: test-state)"""

from .operation import StateTests

__all__ = ["StateTests"]
