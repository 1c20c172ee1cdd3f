"""Attempts at tasks, for tests of what answers them."""

from stage import program, start_record

from sfn_notebook.asl.resources import parse_resource
from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.stimuli import Target
from sfn_notebook.integrations.contract import Call

START = start_record(program({"P": {"Type": "Pass", "End": True}}))


def called(action, parameters):
    """A call of a service's action."""
    resource = parse_resource(f"arn:aws:states:::{action}")
    return Call(RunTask(Target((), "T", 0, 0), resource, parameters, None), parameters, START)
