"""`python -m sfn_notebook serve`: one line when it is ready, and a clean end."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

LONG = 30


@contextmanager
def command(*arguments, **environment):
    """The process, while it runs."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SFN_"))}
    line = [sys.executable, "-m", "sfn_notebook", *arguments]
    settings = plain | {"AWS_EC2_METADATA_DISABLED": "true"} | environment
    process = subprocess.Popen(line, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until_ready(process):
    """The lines up to the one that says where it is ready, and the URL."""
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if found := re.search(r"ready at (http://\S+)", line):
            return lines, found[1]
    raise AssertionError(process.stderr.read())


@contextmanager
def client(url, *key):
    """A boto3 client that signs with this key."""
    config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
    names = ("aws_access_key_id", "aws_secret_access_key")
    keys = dict(zip(names, key, strict=True))
    made = boto3.client("stepfunctions", "us-east-1", endpoint_url=url, config=config, **keys)
    yield made
    made.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_ready_and_stops(number):
    keys = {"AWS_ACCESS_KEY_ID": "111111111111", "AWS_SECRET_ACCESS_KEY": "t"}
    with command("serve", "--port", "0", **keys) as process:
        [line], url = until_ready(process)
        assert line == f"Step Functions is ready at {url} (account 111111111111, us-east-1)."
        with client(url, "111111111111", "t") as served:
            assert served.list_state_machines()["stateMachines"] == []
        process.send_signal(number)
        out, err = process.communicate(timeout=LONG)
        assert (process.returncode, out, err) == (0, "", "")


def test_a_new_key_is_shown_once(tmp_path):
    file = tmp_path / "functions.py"
    file.write_text("def double(event):\n    print('doubling', event)\n    return 2 * event\n")
    real = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "real"}
    arguments = ("serve", "--port", "0", "--account", "222222222222", "--functions", str(file))
    with command(*arguments, **real) as process:
        lines, url = until_ready(process)
        shown = dict(line.removeprefix("export ").split("=", 1) for line in lines[:-1])
        assert shown["AWS_ENDPOINT_URL_SFN"] == url
        assert shown["AWS_DISABLE_HOST_PREFIX_INJECTION"] == "true"
        assert "real" not in str(lines)
        with client(url, shown["AWS_ACCESS_KEY_ID"], shown["AWS_SECRET_ACCESS_KEY"]) as served:
            resource = "arn:aws:lambda:us-east-1:222222222222:function:double"
            text = f'{{"StartAt": "T", "States": {{"T": {{"Type": "Task", "Resource": "{resource}", "End": true}}}}}}'
            role = "arn:aws:iam::222222222222:role/r"
            created = served.create_state_machine(name="m", definition=text, roleArn=role, type="EXPRESS")
            assert created["stateMachineArn"] == "arn:aws:states:us-east-1:222222222222:stateMachine:m"
            answer = served.start_sync_execution(stateMachineArn=created["stateMachineArn"], input="21")
            assert answer["output"] == "42"
        assert process.stdout.readline() == "doubling 21\n"
        with client(url, *real.values()) as refused, pytest.raises(ClientError, match="UnrecognizedClientException"):
            refused.list_state_machines()


def test_unsigned_requests_are_said_aloud():
    with command("serve", "--port", "0", "--allow-unsigned") as process:
        lines, url = until_ready(process)
        assert "Unsigned requests are taken" in lines[0]
        with client(url, "anybody", "anything") as served:
            assert served.list_state_machines()["stateMachines"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "x"), "'x' is no port"),
        (("--account", "1"), "'1' is no account"),
        (("--functions", "nothing.py"), "nothing.py: No such file"),
        (("--host", "::", "--allow-unsigned"), "unsigned requests are taken on loopback only"),
        (("--host", "192.0.2.1"), "cannot serve at 192.0.2.1"),
    ],
)
def test_what_cannot_be_done_is_said(arguments, said):
    with command("serve", *arguments) as process:
        out, err = process.communicate(timeout=LONG)
    assert (process.returncode, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_help():
    with command("serve", "--help") as process:
        out, _ = process.communicate(timeout=LONG)
    assert process.returncode == 0
    for option in ("--port", "--host", "--account", "--target", "--functions", "--allow-unsigned"):
        assert option in out
