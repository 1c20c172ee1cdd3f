"""Cases recorded on AWS, driven through the Python API: histories and descriptions must be equal to the letter.

The cases and the comparison stand beside the project (`../shared/conformance`). FLOOR lists what has passed once and
must go on passing; it only grows. Cases of the wire protocol come with the server.
"""

import json
import os
import re
import sys
from pathlib import Path

import emulator
import pytest
from recorded import SHARED, load, needs_cases

from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.program import Program
from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.service.api import ACCOUNT, Options, Registered, StepFunctions, read_input
from sfn_notebook.values import dumps

FLOOR = Path(__file__).with_name("floor.txt")
AREAS = (
    "arguments", "assign", "base", "callback", "choice_operators", "comments", "error_handling", "evaluate_jsonata",
    "intrinsic_functions", "outputdecl", "query_language", "scenarios", "services", "states_variables", "timeouts",
)  # fmt: skip

pytestmark = needs_cases


class Client:
    """What the recorded steps call, over the Python API."""

    def __init__(self):
        self.machines, self.runs = {}, {}
        self.service = StepFunctions()

    def create_state_machine(self, *, name, definition, roleArn, type="STANDARD", **_):
        machine, _ = parse(definition, type=type)
        arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}"
        self.machines[arn] = Registered(name, type, Program(machine), roleArn)
        return {"stateMachineArn": arn}

    def start_execution(self, *, stateMachineArn, input="{}", name=None):
        options = Options(clock="virtual", name=name, strict=False)
        run = self.service.start_execution(
            self.machines[stateMachineArn], read_input(None, input), FunctionTable(), options
        )
        self.runs[run.execution.start.execution_arn] = run
        return {"executionArn": run.execution.start.execution_arn}

    def stop_execution(self, *, executionArn, error=None, cause=None):
        self.service.stop_execution(self.runs[executionArn], error, cause)
        return {}

    def describe_execution(self, *, executionArn):
        execution = self.runs[executionArn].execution
        answer = {"status": execution.status}
        if execution.status == "SUCCEEDED":
            answer["output"] = dumps(execution.output)
        return answer

    def get_execution_history(self, *, executionArn):
        history = self.runs[executionArn].execution.history()
        return {"events": history, "ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}

    def __getattr__(self, name):
        return lambda **_: {}


def cases():
    """The cases that need nothing of Step Functions but executions."""
    for area in AREAS:
        for path in sorted((SHARED / "cases" / area).glob("*.json")):
            case = json.loads(path.read_text())
            operations = {
                step["op"] for step in case["steps"] if step.get("service", "stepfunctions") == "stepfunctions"
            }
            if not operations <= OPERATIONS:
                continue
            if any(e["kind"] == "exception" or "describe" in key for key, e in case["expected"].items()):
                continue
            yield case


OPERATIONS = {
    "create_state_machine", "start_execution", "stop_execution", "get_execution_history", "describe_execution",
}  # fmt: skip


def replay(case):
    module = load("run")
    services = module.Clients("nowhere", emulator.backing(SHARED.parent), ACCOUNT, 30)
    client = Client()

    def clients(service):
        return client if service == "stepfunctions" else services(service)

    replayed = module.Replay(case, clients, ACCOUNT, 30)
    try:
        observed = replayed.run()
    finally:
        replayed.cleanup()
    return [module.show(difference) for _, difference in replayed.differences(observed, False)]


CASES = {case["id"]: case for case in cases()} if SHARED.exists() else {}


@pytest.fixture(autouse=True)
def account(monkeypatch):
    """The services of the cases, and no others."""
    emulator.away(monkeypatch)
    for name, value in load("run").environment(emulator.backing(SHARED.parent), ACCOUNT).items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", FLOOR.read_text().split() if FLOOR.exists() else [])
def test_what_has_passed_goes_on_passing(name):
    assert replay(CASES[name]) == []


def main():
    """Prints the ids that pass, and on the error stream why others do not:
    `python tests/conformance/test_recorded.py [PATTERN]`.
    """
    os.environ |= load("run").environment(emulator.backing(SHARED.parent), ACCOUNT)
    for name, case in CASES.items():
        if not re.search(sys.argv[1] if len(sys.argv) > 1 else "", name):
            continue
        try:
            differences = replay(case)
        except Exception as error:
            differences = [f"{type(error).__name__}: {error}"]
        if not differences:
            print(name, flush=True)
        else:
            print("FAIL " + name, *differences[:1], sep="\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
