"""All operations over one process's executions: what the wire and `sfn.client()` call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sfn_notebook.integrations.aws import AwsClients
from sfn_notebook.integrations.functions import FunctionTable

from .account import Account, Reach
from .activities import Activities
from .aliases import Aliases
from .api import MachineType, Options, StepFunctions
from .definitions import Definitions
from .executions import Executions
from .histories import Histories
from .log_groups import LogGroups
from .machines import Machines
from .map_runs import MapRuns
from .operations import Operations
from .pending import Answer, Pending
from .tags import Tags
from .task_calls import TaskCalls
from .task_tokens import TaskTokens
from .test_state import StateTests
from .versions import Versions


def no_functions() -> FunctionTable:
    """Nothing that a task could call."""
    return FunctionTable({}, registered={})


class Service:
    """Step Functions' API.

    functions: gives what the tasks of machines may call that are defined here; options: how those are run (clock,
    target, executor, limits); show: is given what tasks have printed, at the end of an execution; account: what there
    is already, for a second door to it.
    """

    def __init__(
        self,
        step_functions: StepFunctions | None = None,
        functions: Callable[[], FunctionTable] = no_functions,
        options: Options = Options(),  # noqa: B008 - a NamedTuple of constants
        show: Callable[[str], object] | None = None,
        account: Account | None = None,
    ) -> None:
        self.step_functions = step_functions or StepFunctions()
        self.account = account or Account(self.step_functions.account, self.step_functions.region)
        executions = Executions(self.account, self.step_functions, show)
        log_groups = LogGroups(AwsClients(options.target))
        reach = Reach(functions, options)
        self._operations = Operations(
            Machines(self.account, reach, executions.stop_all, log_groups.may_have),
            Versions(self.account),
            Aliases(self.account),
            Tags(self.account),
            Definitions(),
            executions,
            Histories(self.step_functions),
            Activities(self.account, self.step_functions.open_calls),
            TaskTokens(self.step_functions.open_calls),
            MapRuns(self.step_functions),
            StateTests(self.account, self.step_functions, reach, show),
        )
        if self.step_functions.task_calls is None:
            self.step_functions.task_calls = TaskCalls(self.call, self.step_functions)

    def begin(self, operation: str, parameters: Mapping[str, Any]) -> Answer | Pending:
        """Do an operation, named as the API names it (`StartExecution`), with parameters as boto3 takes them.

        Answers in boto3's shape, with datetimes; Pending for what takes its time. Raises: ServiceError.
        """
        return self._operations.call(operation, parameters)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Answer:
        """`begin`, and wait for the answer. Raises: ServiceError."""
        answer = self.begin(operation, parameters)
        if not isinstance(answer, Pending):
            return answer
        try:
            answer.wait(answer.seconds)
        except BaseException:
            answer.give_up()
            raise
        return answer.answer()

    def define(self, name: str, definition: str, type: MachineType = "STANDARD") -> str:
        """Have a machine of this name with this definition, new or changed; its ARN. One of the other type makes room.

        So a notebook's machines are there for whoever comes by the API. Raises: ServiceError.
        """
        arn = self.account.arn("stateMachine", name)
        with self.account.lock:
            machine = self.account.machines.get(arn)
            if machine is not None and machine.type == type:
                self.call("UpdateStateMachine", {"stateMachineArn": arn, "definition": definition})
                return arn
            self.call("DeleteStateMachine", {"stateMachineArn": arn})
            role = f"arn:aws:iam::{self.account.id}:role/StepFunctionsRole"
            parameters = {"name": name, "definition": definition, "roleArn": role, "type": type}
            self.call("CreateStateMachine", parameters)
        return arn

    def operation_names(self) -> list[str]:
        """The operations that are there, as boto3 names them."""
        return self._operations.names()
