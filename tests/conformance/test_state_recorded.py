"""TestState as recorded on AWS, driven through a boto3 client in the process: answers must be equal to the letter.

The cases and the comparison stand beside the project (`../shared/conformance`). FLOOR lists what has passed once and
must go on passing; it only grows.
"""

import json
import os
import re
import sys
from pathlib import Path

import emulator
import pytest
from recorded import SHARED, load, needs_cases

from sfn_notebook.service.api import StepFunctions
from sfn_notebook.service.client import make_client
from sfn_notebook.service.service import Service

FLOOR = Path(__file__).with_name("test_state_floor.txt")
LONG = 60

pytestmark = needs_cases


def environment():
    """Where Lambda is."""
    return load("run").environment(emulator.backing(SHARED.parent), emulator.ACCOUNT)


class Clients:
    """Step Functions in the process, other services in the backing."""

    def __init__(self):
        service = Service(StepFunctions(account=emulator.ACCOUNT))
        self.made = load("run").Clients(None, emulator.backing(SHARED.parent), emulator.ACCOUNT, LONG)
        self.step_functions = make_client(service)

    def __call__(self, service):
        return self.step_functions if service == "stepfunctions" else self.made(service)

    def close(self):
        for client in (self.step_functions, *self.made.made.values()):
            client.close()


def replay(clients, name):
    """What differs in a case."""
    run = load("run")
    case = json.loads((SHARED / "cases" / "test_state" / f"{name}.json").read_text())
    replayed = run.Replay(case, clients, emulator.ACCOUNT, LONG)
    try:
        observed = replayed.run()
        return [run.show(difference) for _, difference in replayed.differences(observed, False)]
    finally:
        replayed.cleanup()


@pytest.fixture(scope="module")
def clients():
    with pytest.MonkeyPatch.context() as monkeypatch:
        emulator.away(monkeypatch)
        for name, value in environment().items():
            monkeypatch.setenv(name, value)
        made = Clients()
        yield made
        made.close()


@pytest.mark.parametrize("name", FLOOR.read_text().split() if FLOOR.exists() else [])
def test_what_has_passed_goes_on_passing(name, clients):
    assert replay(clients, name) == []


def main():
    """Prints the names that pass, and on the error stream why others do not:
    `PYTHONPATH=tests python tests/conformance/test_state_recorded.py [PATTERN]`.
    """
    os.environ |= environment()
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    made = Clients()
    for path in sorted((SHARED / "cases" / "test_state").glob("*.json")):
        if not re.search(pattern, path.stem):
            continue
        try:
            differences = replay(made, path.stem)
        except Exception as error:
            differences = [f"{type(error).__name__}: {error}"]
        if not differences:
            print(path.stem, flush=True)
        else:
            print("FAIL " + path.stem, *differences[:1], sep="\n", file=sys.stderr, flush=True)
    made.close()


if __name__ == "__main__":
    main()
