"""What `lambda:invoke` takes as Parameters (Arguments), whoever plays the function.

(spec: service-integrations, Parameters and results; errors-and-retries, Cause formats)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sfn_notebook.values import JSON, dumps

TEXTS: Final = ("FunctionName", "InvocationType", "LogType", "ClientContext", "Qualifier")
"""The parameters that are text. The other one is Payload: any JSON value. A null is as good as absent."""

_PARAMETERS: Final = frozenset({*TEXTS, "Payload"})


def parameter_problems(parameters: JSON) -> Iterator[str]:
    """What keeps parameters from being used, in AWS's words."""
    given = parameters if isinstance(parameters, dict) else {}
    for name in given:
        if name not in _PARAMETERS:
            yield f'The field "{name}" is not supported by Step Functions'
    if given.get("FunctionName") in (None, ""):
        yield "The field 'FunctionName' is required but was missing"
    for name in TEXTS:
        if not isinstance(given.get(name), str | None):
            yield f"The value of the field '{name}' has an invalid format"


def unusable(parameters: JSON, problems: list[str]) -> str:
    """The cause that says so; its error is States.Runtime."""
    return f"The Parameters '{dumps(parameters)}' could not be used to start the Task: [{', '.join(problems)}]"
