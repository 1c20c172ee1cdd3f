"""A house where machines run for tests: one service, real threads; what was played is checked when the house closes."""

import json
import os
import threading
from datetime import UTC, datetime
from functools import lru_cache

from histories import check
from stage import rebuilt

from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.program import Program
from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.api import Options, Registered, StepFunctions, read_input
from sfn_notebook.service.origins import FIXED_START, Repeatable

START = datetime.fromtimestamp(FIXED_START / 1000, UTC)
LONG = 30
"""Seconds after which a test that waits has failed."""

HOURS = {"Hours": {"Type": "Wait", "Seconds": 7200, "End": True}}
PASS = {"Same": {"Type": "Pass", "End": True}}
ENDLESS = {
    "Turn": {"Type": "Choice", "Choices": [{"Variable": "$.end", "IsPresent": True, "Next": "End"}], "Default": "Back"},
    "Back": {"Type": "Pass", "Next": "Turn"},
    "End": {"Type": "Succeed"},
}


@lru_cache(maxsize=1)
def shared_service():
    """One driver thread for all tests."""
    return StepFunctions(origin=Repeatable())


def arn(name):
    """The ARN of a function."""
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def task(name="f", **fields):
    """A Task state at the end of its container."""
    return {"Type": "Task", "Resource": arn(name), "End": True, **fields}


def invoke(name="f", **fields):
    """A Task state that invokes a function with the whole input."""
    parameters = {"FunctionName": name, "Payload.$": "$"}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": parameters,
        "End": True,
    } | fields


def chain(*states):
    """States one after the other, as `{name: state}` each."""
    named = [next(iter(state.items())) for state in states]
    linked = {}
    for (name, state), following in zip(named, [*named[1:], None], strict=True):
        rest = {key: value for key, value in state.items() if key != "End"}
        linked[name] = {**rest, "End": True} if following is None else {**rest, "Next": following[0]}
    return linked


def parallel(*branches):
    """A machine with one Parallel state over these branches."""
    inner = [{"StartAt": next(iter(states)), "States": states} for states in branches]
    return {"Both": {"Type": "Parallel", "Branches": inner, "End": True}}


def registered(states, type="STANDARD", **fields):
    """A state machine that the service can start."""
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    machine, diagnostics = parse(json.dumps(definition), type=type)
    assert machine is not None, [str(found) for found in diagnostics if found.severity == "error"]
    return Registered("m", type, Program(machine))


class House:
    """Starts machines and waits for them. `gate` opens when the house closes: what hangs on it hangs for the test."""

    def __init__(self):
        self.service = shared_service()
        self.gate = threading.Event()
        self.started = []

    def start(self, states, value=None, tasks=None, *, notebook=None, machine=None, type="STANDARD", **options):
        """A run that has begun. machine: the definition's other fields; options: fields of Options."""
        given = registered(states, type, **(machine or {}))
        options = Options(**{"clock": "virtual", **options})
        run = self.service.start_execution(given, read_input(value, None), FunctionTable(tasks, notebook), options)
        self.started.append(run)
        return run

    def run(self, states, value=None, tasks=None, **options):
        """A run that has ended."""
        run = self.start(states, value, tasks, **options)
        assert run.wait(LONG), f"still waiting for {run.execution.waiting}"
        return run

    def hang(self, event):
        """A task that does not answer while the test goes on."""
        self.gate.wait(LONG)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.gate.set()
        for run in self.started:
            self.service.stop_execution(run)
        for run in self.started:
            assert run.wait(LONG)
            if kind is None and run.execution.start.limits == "aws":
                self._check(run)

    def _check(self, run):
        """A history is well formed, and the journal that was kept rebuilds it."""
        history = run.execution.history()
        check(history)
        record = self.service.store.read(run.execution.start.execution_arn)
        again = rebuilt(run.execution.program, record.start, record.journal, run.execution.transitions)
        assert again.history() == history
        assert record.ending == (again.status, again.now)


def outcome(run):
    """(status, output), or (status, error)."""
    execution = run.execution
    return execution.status, execution.output if execution.failure is None else execution.failure.error


def story(run, *types):
    """(type, seconds since the start) of each event, of these types only."""
    events = [event for event in run.execution.history() if not types or event["type"] in types]
    return [(event["type"], (event["timestamp"] - START).total_seconds()) for event in events]


def left(run):
    """Names of the states in the order in which they were left."""
    events = run.execution.history()
    return [event["stateExitedEventDetails"]["name"] for event in events if event["type"].endswith("Exited")]


# ------------------------------------------------------------ tasks that other processes can import


def process_of(event, context):
    """Where this runs, and what it was given."""
    print("from afar")
    return {"pid": os.getpid(), "event": event, "name": context.function_name}


def leave_at_once(event):
    """Ends its process without a word."""
    os._exit(3)
