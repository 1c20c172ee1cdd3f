"""What a notebook has at hand: its functions, its service, and whether it is being executed by a machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sfn_notebook.integrations.functions import FunctionTable
    from sfn_notebook.server.credentials import Credentials
    from sfn_notebook.server.serve import ServerThread
    from sfn_notebook.service.api import MachineType, StepFunctions
    from sfn_notebook.service.service import Service


def shell() -> Any:
    """IPython's shell, or None outside IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def namespace() -> dict[str, Any]:
    """The notebook's own names; empty outside a notebook."""
    running = shell()
    names: dict[str, Any] = {} if running is None else running.user_ns
    return names


def function_table(tasks: Mapping[str, Any] | None) -> FunctionTable:
    """Where a run looks its functions up: what it is given, the registry, the notebook."""
    from sfn_notebook.integrations.functions import FunctionTable

    return FunctionTable(tasks, namespace())


def is_repeatable() -> bool:
    """Is the notebook executed by nbclient, nbval, nbconvert or papermill? Then runs repeat to the byte.

    None of them offers to answer `input()`, all interactive front ends do. SFN_NOTEBOOK_REPEATABLE=1 or 0 decides
    otherwise.
    """
    chosen = os.environ.get("SFN_NOTEBOOK_REPEATABLE")
    if chosen is not None:
        return chosen not in ("", "0")
    kernel = getattr(shell(), "kernel", None)
    return kernel is not None and kernel.get_parent("shell").get("content", {}).get("allow_stdin") is False


@lru_cache(maxsize=1)
def service() -> StepFunctions:
    """The process's executions."""
    from sfn_notebook.service.api import StepFunctions
    from sfn_notebook.service.origins import Switched
    from sfn_notebook.service.task_calls import TaskCalls

    made = StepFunctions(origin=Switched(is_repeatable))
    # Tasks may start other machines of the notebook; the API they call is made when one does.
    made.task_calls = TaskCalls(lambda operation, parameters: api().call(operation, parameters), made)
    return made


@lru_cache(maxsize=1)
def api() -> Service:
    """Step Functions' operations, as the notebook itself calls them: its functions are at hand."""
    from sfn_notebook.service.service import Service

    made = Service(service(), lambda: function_table(None))
    for name, (text, type_) in _defined.items():
        made.define(name, text, type_)
    return made


_defined: dict[str, tuple[str, MachineType]] = {}
"""The machines of cells, for an API that nobody has asked for yet: it takes long to load."""


def define(name: str, text: str, type: MachineType) -> None:
    """A cell has defined a machine: the API knows it under this name."""
    _defined[name] = text, type
    if api.cache_info().currsize:
        api().define(name, text, type)


@lru_cache(maxsize=1)
def client() -> Any:
    """A boto3 client of Step Functions that the kernel itself answers: the operations, shapes and errors of boto3's.

    Machines, executions and tags live as long as the kernel. Nothing is sent anywhere, no credentials are needed.
    (API: all operations of `botocore`'s stepfunctions model that this version has; others raise ClientError)
    """
    from sfn_notebook.service.client import make_client

    return make_client(api())


class Served(NamedTuple):
    """A server that runs beside the notebook, and the key that requests to it are signed with."""

    thread: ServerThread
    credentials: Credentials


def serve(port: int = 0, host: str = "127.0.0.1") -> Served:
    """Answer Step Functions' HTTP API on a thread: workers, the AWS CLI and boto3 outside share the kernel's machines.

    Machines that come over the wire reach only functions registered with `@sfn.task(serve=True)`, no files and no AWS.
    Raises: OSError when the port is taken.
    """
    from sfn_notebook.integrations.functions import FunctionTable, served
    from sfn_notebook.server.credentials import find_credentials
    from sfn_notebook.server.serve import ServerThread
    from sfn_notebook.service.service import Service

    wire = Service(service(), lambda: FunctionTable(served, registered={}), account=api().account)
    credentials = find_credentials(os.environ)
    return Served(ServerThread(wire, credentials, host, port), credentials)


if hasattr(os, "register_at_fork"):  # a forked child has none of its parent's threads
    for cached in (service, api, client):
        os.register_at_fork(after_in_child=cached.cache_clear)
