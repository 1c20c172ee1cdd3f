"""Cases recorded on AWS, replayed by boto3 against the server: answers must be equal to the letter.

The cases and the comparison stand beside the project (`../shared/conformance`). FLOOR lists what has passed once and
must go on passing; it only grows.
"""

import json
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import emulator
import pytest
from recorded import SHARED, load, needs_cases

from sfn_notebook.server.credentials import find_credentials
from sfn_notebook.server.serve import ServerThread
from sfn_notebook.service.api import StepFunctions
from sfn_notebook.service.service import Service

FLOOR = Path(__file__).with_name("server_floor.txt")
LONG = 60
TOGETHER = 6

pytestmark = needs_cases


def case(name):
    return json.loads((SHARED / "cases" / f"{name}.json").read_text())


def cases():
    """The names of all cases that may run side by side."""
    names = (path.relative_to(SHARED / "cases").with_suffix("").as_posix() for path in SHARED.glob("cases/*/*.json"))
    return sorted(name for name in names if not case(name)["exclusive"])


@contextmanager
def replaying():
    """Replays a case against a server of its own, and says what differs."""
    run = load("run")
    services = emulator.backing(SHARED.parent)
    server = ServerThread(Service(StepFunctions(account=emulator.ACCOUNT)), find_credentials(os.environ))
    clients = run.Clients(server.url, services, emulator.ACCOUNT, LONG)

    def replay(name):
        replayed = run.Replay(case(name), clients, emulator.ACCOUNT, LONG)
        try:
            observed = replayed.run()
            return [run.show(difference) for _, difference in replayed.differences(observed, False)]
        finally:
            replayed.cleanup()

    try:
        yield replay
    finally:
        server.stop()
        for client in clients.made.values():
            client.close()


def environment():
    """What the server and the cases need."""
    return load("run").environment(emulator.backing(SHARED.parent), emulator.ACCOUNT)


@pytest.fixture(scope="module")
def differences(request):
    """By name: what differs in the case. Those that were chosen are replayed side by side, as the runner does it; what
    differs then is replayed once more alone, so that load does not decide.
    """
    names = [item.callspec.params["name"] for item in request.session.items if item.module is request.module]
    with pytest.MonkeyPatch.context() as monkeypatch:
        emulator.away(monkeypatch)
        for name, value in environment().items():
            monkeypatch.setenv(name, value)
        with replaying() as replay, ThreadPoolExecutor(TOGETHER) as pool:
            first = {name: pool.submit(replay, name) for name in names}
            yield lambda name: first[name].result() and replay(name)


@pytest.mark.parametrize("name", FLOOR.read_text().split() if FLOOR.exists() else [])
def test_what_has_passed_goes_on_passing(name, differences):
    assert differences(name) == []


def main():
    """Prints the names that pass, and on the error stream why others do not:
    `python tests/conformance/test_server.py [PATTERN]`.
    """
    os.environ |= environment()
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    with replaying() as replay, ThreadPoolExecutor(TOGETHER) as pool:
        replays = {name: pool.submit(replay, name) for name in cases() if re.search(pattern, name)}
        for name, replayed in replays.items():
            try:
                differences = replayed.result()
            except Exception as error:
                differences = [f"{type(error).__name__}: {error}"]
            if not differences:
                print(name, flush=True)
            else:
                print("FAIL " + name, *differences[:1], sep="\n", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[1]))
    main()
