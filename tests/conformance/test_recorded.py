"""Cases recorded on AWS, driven through the Python API: histories and descriptions must be equal to the letter.

The cases and the comparison stand beside the project (`../shared/conformance`). FLOOR lists what has passed once and
must go on passing; it only grows. Cases of the wire protocol come with the server.
"""

import importlib
import json
import sys
import uuid
from pathlib import Path

import pytest

from sfn_notebook.asl.parse import parse
from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.program import Program
from sfn_notebook.integrations.contract import Failed, Succeeded
from sfn_notebook.runners.clock import make_clock
from sfn_notebook.runners.executors import Threads
from sfn_notebook.runners.run import Run
from sfn_notebook.service.api import ACCOUNT, Options, Registered, StepFunctions, read_input
from sfn_notebook.values import NotJSON, dumps, loads

SHARED = Path(__file__).parents[3] / "shared" / "conformance"
FLOOR = Path(__file__).with_name("floor.txt")
AREAS = (
    "assign", "base", "choice_operators", "comments", "error_handling", "intrinsic_functions", "scenarios", "timeouts",
)  # fmt: skip

pytestmark = pytest.mark.skipif(not SHARED.exists(), reason="the recorded cases are not beside the project")


def load(name):
    sys.path.insert(0, str(SHARED))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(SHARED))


class Lambda:
    """A function of the cases, called as the service calls it: with text, answering with text."""

    instant = False
    asynchronous = False

    def __init__(self, functions):
        self.functions = functions
        self.behaviours = load("behaviours")

    def call(self, call):
        invoked = call.resource.is_lambda_invoke
        name = call.payload["FunctionName"] if invoked else call.resource.name
        event = call.payload.get("Payload", {}) if invoked else call.payload
        function = self.functions[name.rsplit(":", 1)[-1]]
        text, failed = self.behaviours.run(function["behaviour"], event, function["timeout"], lambda: call.cancelled)
        if failed:
            payload = json.loads(
                text
            )  # the optimized integration writes it anew, the function's own ARN leaves it alone
            return Failed(payload.get("errorType"), dumps(payload) if invoked else text)
        try:
            output = loads(text)
        except NotJSON:
            output = text
        return Succeeded(self.response(output) if invoked else output)

    @staticmethod
    def response(output):
        # SdkHttpMetadata and SdkResponseMetadata come from HTTP: the comparison leaves the first out.
        meta = {"SdkHttpMetadata": {}, "SdkResponseMetadata": {"RequestId": str(uuid.uuid4())}}
        return {"ExecutedVersion": "$LATEST", "Payload": output, **meta, "StatusCode": 200}


class Client:
    """What the recorded steps call, over the Python API."""

    def __init__(self):
        self.functions, self.machines, self.runs = {}, {}, {}
        self.service = StepFunctions()
        self.executor = Threads()

    def create_function(self, *, FunctionName, Handler, Timeout, **_):
        self.functions[FunctionName] = {"behaviour": Handler, "timeout": Timeout}
        return {}

    def create_state_machine(self, *, name, definition, roleArn, type="STANDARD", **_):
        machine, _ = parse(definition, type=type)
        arn = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}"
        self.machines[arn] = name, type, Program(machine), roleArn
        return {"stateMachineArn": arn}

    def start_execution(self, *, stateMachineArn, input="{}", name=None):
        machine_name, type_, program, role = self.machines[stateMachineArn]
        service = self.service
        options = Options(name=name)
        start = service._start_record(Registered(machine_name, type_, program), read_input(None, input), options)
        start = start._replace(role_arn=role)
        service.store.start(start, program.machine.text)
        handler = Lambda(self.functions)
        bindings = {state.name: handler for state in program.machine.walk() if state.type == "Task"}
        run = Run(
            Execution(program, start),
            make_clock("virtual", start.now),
            bindings,
            self.executor,
            service.store,
        )
        service._background().begin(run)
        self.runs[start.execution_arn] = run
        return {"executionArn": start.execution_arn}

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
    """The cases that need nothing but an execution of a JSONPath machine: no other service, no description."""
    for area in AREAS:
        for path in sorted((SHARED / "cases" / area).glob("*.json")):
            case = json.loads(path.read_text())
            text = json.dumps(case)
            services = {step.get("service", "stepfunctions") for step in case["steps"]}
            if "JSONata" in text or "DISTRIBUTED" in text or services != {"stepfunctions"}:
                continue
            if any(step["params"].get("definition", "").find("dynamodb:") >= 0 for step in case["steps"]):
                continue
            if any(e["kind"] == "exception" or "describe" in key for key, e in case["expected"].items()):
                continue
            yield case


def replay(case):
    module = load("run")
    client = Client()
    replayed = module.Replay(case, lambda _service: client, ACCOUNT, 30)
    observed = replayed.run()
    return [module.show(difference) for _, difference in replayed.differences(observed, False)]


CASES = {case["id"]: case for case in cases()} if SHARED.exists() else {}


@pytest.mark.parametrize("name", FLOOR.read_text().split() if FLOOR.exists() else [])
def test_what_has_passed_goes_on_passing(name):
    assert replay(CASES[name]) == []


def main():
    """Prints the ids that pass, and on the error stream why others do not: `python
    tests/conformance/test_recorded.py`.
    """
    for name, case in CASES.items():
        try:
            differences = replay(case)
        except Exception as error:
            differences = [f"{type(error).__name__}: {error}"]
        if not differences:
            print(name)
        else:
            print("FAIL " + name, *differences[:1], sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
