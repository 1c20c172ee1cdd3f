"""Step Functions' API for Tasks that call it: `states:startExecution` and `aws-sdk:sfn:…` with target "local"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sfn_notebook.integrations.services.nested import Ended, Refusal

from .api import StepFunctions
from .faults import ServiceError

Call = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


class TaskCalls:
    """Implements `integrations.services.nested.StepFunctionsApi`.

    call: does an operation and waits for its answer, as `Service.call`.
    """

    def __init__(self, call: Call, step_functions: StepFunctions) -> None:
        self._call = call
        self._step_functions = step_functions

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any] | Refusal:
        try:
            return self._call(operation, parameters)
        except ServiceError as error:
            return Refusal(error.code, error.message)

    def when_ended(
        self,
        execution_arn: str,
        region: str,  # noqa: ARG002 - there is one
        then: Ended,
        is_wanted: Callable[[], bool],  # noqa: ARG002 - nobody asks meanwhile
    ) -> None:
        run = self._step_functions.find_execution(execution_arn)
        tell = partial(self._tell, execution_arn, then)
        if run is None:
            tell()
        else:
            run.when_ended(tell)

    def stop(self, execution_arn: str, region: str) -> None:  # noqa: ARG002 - there is one
        run = self._step_functions.find_execution(execution_arn)
        if run is not None:
            self._step_functions.stop_execution(run)

    def _tell(self, execution_arn: str, then: Ended) -> None:
        then(self.call("DescribeExecution", {"executionArn": execution_arn}))
