"""`python -m sfn_notebook serve`: Step Functions' API on this machine."""

# ruff: noqa: T201 - a command line answers by printing
from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

_EPILOG = """\
Requests are signed as for AWS, with the key in SFN_NOTEBOOK_ACCESS_KEY_ID and SFN_NOTEBOOK_SECRET_ACCESS_KEY; else with
the environment's AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when they are test values (an account's 12 digits, or
"test"); else with a key that is made and shown at the start. For StartSyncExecution and TestState, which AWS serves
at a host of their own, set AWS_DISABLE_HOST_PREFIX_INJECTION=true.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit status."""
    parser = argparse.ArgumentParser("python -m sfn_notebook", description="AWS Step Functions on this machine.")
    commands = parser.add_subparsers(required=True, metavar="serve")
    about = "Serve Step Functions' own API, for boto3, the AWS CLI and activity workers."
    serve = commands.add_parser("serve", help=about, description=about, epilog=_EPILOG)
    serve.add_argument("--port", type=_port, default=8083, metavar="N", help="0 for any that is free (default: 8083)")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    serve.add_argument("--account", type=_account, metavar="ID", help="12 digits (default: the key's, or 123456789012)")
    serve.add_argument("--target", choices=("local", "aws"), default="local",
        help="where tasks find what they call: emulators on this machine that AWS_ENDPOINT_URL… name, or AWS itself "
        "(default: local)")  # fmt: skip
    serve.add_argument("--functions", type=Path, metavar="FILE",
        help="a Python file: tasks may call the functions written in it or registered with @sfn.task")  # fmt: skip
    serve.add_argument("--allow-unsigned", action="store_true", help="take unsigned requests too; on loopback only")
    return _serve(parser.parse_args(arguments))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give a number up to 65535.")
    return int(text)


def _account(text: str) -> str:
    if not re.fullmatch(r"\d{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no account: give 12 digits.")
    return text


def _serve(chosen: argparse.Namespace) -> int:
    from sfn_notebook.integrations.functions import FunctionTable
    from sfn_notebook.server.credentials import find_credentials
    from sfn_notebook.server.serve import serve
    from sfn_notebook.server.served import FunctionsNotLoaded, load_functions
    from sfn_notebook.service.api import ACCOUNT, Options, StepFunctions
    from sfn_notebook.service.service import Service

    try:
        table = FunctionTable(load_functions(chosen.functions) if chosen.functions else {}, registered={})
    except FunctionsNotLoaded as error:
        return _fail(str(error))
    credentials = find_credentials(os.environ)
    steps = StepFunctions(account=chosen.account or credentials.account or ACCOUNT)
    service = Service(steps, lambda: table, Options(target=chosen.target), _show)

    def ready(url: str) -> None:
        if chosen.allow_unsigned:
            print("Unsigned requests are taken: whoever reaches this port can start executions.")
        elif credentials.made:
            print(f"export AWS_ENDPOINT_URL_SFN={url}")
            print(f"export AWS_ACCESS_KEY_ID={credentials.access_key_id}")
            print(f"export AWS_SECRET_ACCESS_KEY={credentials.secret_access_key}")
            print(f"export AWS_DEFAULT_REGION={steps.region}")
            print("export AWS_DISABLE_HOST_PREFIX_INJECTION=true")
        print(f"Step Functions is ready at {url} (account {steps.account}, {steps.region}).", flush=True)

    try:
        serve(service, None if chosen.allow_unsigned else credentials, chosen.host, chosen.port, ready)
    except (OSError, ValueError) as error:
        return _fail(f"cannot serve at {chosen.host}:{chosen.port}: {error}")
    return 0


def _show(text: str) -> None:
    """What a task has printed."""
    sys.stdout.write(text)
    sys.stdout.flush()


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
