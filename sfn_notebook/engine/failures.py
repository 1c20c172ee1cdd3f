"""A failure on its way to Retry and Catch: data, never an exception."""

from __future__ import annotations

from typing import Final, NamedTuple

from sfn_notebook.values import JSON

TIMEOUT: Final = "States.Timeout"
RUNTIME: Final = "States.Runtime"
DATA_LIMIT: Final = "States.DataLimitExceeded"

TOO_LARGE: Final = (
    "The state/task '{}' returned a result with a size exceeding the maximum number of bytes service limit."
)


class Failure(NamedTuple):
    """Error and cause; None where there is none. (spec: errors-and-retries)

    also: a second name by which it can be caught; catchable: False for what ends the execution whatever is declared.
    """

    error: str | None
    cause: str | None
    also: str = ""
    catchable: bool = True

    def output(self) -> JSON:
        """The error output that a catcher hands on. A timeout has an empty cause there, other missing parts are
        null.
        """
        cause = "" if self.error == TIMEOUT and self.cause is None else self.cause
        return {"Error": self.error, "Cause": cause}


class ItemFailed(Exception):
    """A Map's ItemSelector cannot make an input of an item."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.error)
