"""Step Functions' operations for tests: a service with few words."""

import json

import pytest

from sfn_notebook.service.api import Options, StepFunctions
from sfn_notebook.service.faults import ServiceError
from sfn_notebook.service.origins import Repeatable, World
from sfn_notebook.service.service import Service, no_functions

ROLE = "arn:aws:iam::123456789012:role/r"
ARNS = "arn:aws:states:us-east-1:123456789012:"
LONG = 30


def definition(comment="", states=None, **fields):
    """The text of a definition: one Pass state, if nothing else is asked for."""
    states = states or {"P": {"Type": "Pass", "End": True}}
    return json.dumps({"Comment": comment, "StartAt": next(iter(states)), "States": states, **fields})


HOURS = definition(states={"Hours": {"Type": "Wait", "Seconds": 7200, "End": True}})
FAILS = definition(states={"F": {"Type": "Fail", "Error": "E", "Cause": "because"}})


class Api:
    """Calls operations: `api("StartExecution", stateMachineArn=…)`. What is started runs at once, to its end."""

    def __init__(self, functions=no_functions, origin=None, **options):
        chosen = {"clock": "virtual", "executor": "inline", **options}
        self.steps = StepFunctions(origin=origin or Repeatable())
        self.service = Service(self.steps, functions, Options(**chosen))

    def __call__(self, operation, **parameters):
        return self.service.call(operation, parameters)

    def refused(self, operation, **parameters):
        """(code, message) of what is refused."""
        with pytest.raises(ServiceError) as found:
            self(operation, **parameters)
        return found.value.code, found.value.message

    def create(self, name="m", text=None, **parameters):
        """The ARN of a new machine."""
        created = self("CreateStateMachine", name=name, definition=text or definition(), roleArn=ROLE, **parameters)
        return created["stateMachineArn"]

    def start(self, arn, **parameters):
        """The ARN of a new execution."""
        return self("StartExecution", stateMachineArn=arn, **parameters)["executionArn"]

    def publish(self, arn, comment):
        """The ARN of a new version, whose definition has this comment."""
        changed = self("UpdateStateMachine", stateMachineArn=arn, definition=definition(comment), publish=True)
        return changed["stateMachineVersionArn"]


class Waiting(Api):
    """The time of day, on a thread: what waits for hours goes on running while a test looks at it."""

    def __init__(self, functions=no_functions):
        super().__init__(functions, World(), clock="real", executor=None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        runs = self.steps.list_executions()
        for run in runs:
            self.steps.stop_execution(run)
        for run in runs:
            assert run.wait(LONG)
