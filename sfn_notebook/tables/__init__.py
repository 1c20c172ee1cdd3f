"""History → DataFrames. The only room that imports pandas.

A history is what boto3's get_execution_history returns, whoever made it: this engine, an AWS account, a file.
"""

from __future__ import annotations

from .events import events
from .transitions import transitions

__all__ = ["events", "transitions"]
