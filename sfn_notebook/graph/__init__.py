"""Pictures of state machines: Machine (and history) → scene of boxes and lines → static SVG.

Pure: the same definition gives the same bytes, everywhere. Must not know widgets, browsers or how states are
executed.
"""

from .build import build_scene
from .scene import Box, Edge, Label, Node, Point, Scene
from .status import StateStatus, TakenEdge, status_of, taken_edges
from .svg import draw

__all__ = [
    "Box",
    "Edge",
    "Label",
    "Node",
    "Point",
    "Scene",
    "StateStatus",
    "TakenEdge",
    "build_scene",
    "draw",
    "status_of",
    "taken_edges",
]
