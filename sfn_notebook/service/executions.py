"""Executions: start, stop, describe, list.  (spec: api, Operation rules)"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from sfn_notebook.engine.events import timestamp
from sfn_notebook.engine.execution import Execution
from sfn_notebook.engine.stimuli import Start
from sfn_notebook.runners.map_run import MapRun
from sfn_notebook.runners.run import Run
from sfn_notebook.store.contract import ExecutionExists

from .account import Account, Alias, Started, StateMachine, Version
from .aliases import routed_version
from .api import Input, Registered, StepFunctions
from .arns import parse_arn
from .children import ChildExecution, Wanted, child_described, children_listed, find_child
from .descriptions import bill, described, listed, redrive, status_of, versions
from .faults import (
    execution_exists,
    labelled_arn,
    no_execution,
    validation,
    wrong_machine_type,
)
from .inputs import execution_input
from .labels import labelled_answer, labelled_map
from .logs import Logs
from .machines import named, without_data
from .map_runs import find_map_run
from .operations import operation
from .paging import page
from .pending import Answer, Pending

_STOP_SECONDS: Final = 10
"""An execution that was told to stop has ended long before."""


class Executions:
    """StartExecution, StartSyncExecution, StopExecution, DescribeExecution, ListExecutions,
    DescribeStateMachineForExecution.

    show: is given what an execution's tasks have printed, at its end, and must return at once.
    """

    def __init__(
        self,
        account: Account,
        step_functions: StepFunctions,
        show: Callable[[str], object] | None,
    ) -> None:
        self._account = account
        self._show = show
        self._logs = Logs()
        self._step_functions = step_functions

    # ------------------------------------------------------------ operations

    @operation
    def start_execution(
        self, *, state_machine_arn: str, name: str | None = None, input: str = "{}", trace_header: str | None = None
    ) -> Answer:
        """Start a machine, a version, or what an alias routes to.

        A STANDARD execution that is still running is not started twice: the same name and input give the same answer.
        """
        machine, found = self._startable(state_machine_arn)
        given = execution_input(input)
        if name is not None:
            named(name)
        try:
            start = self._start(machine, found, name, given, trace_header).execution.start
        except ExecutionExists:
            start = self._already_there(machine, str(name), given)
        return {"executionArn": start.execution_arn, "startDate": timestamp(start.now)}

    @operation
    def start_sync_execution(
        self,
        *,
        state_machine_arn: str,
        name: str | None = None,
        input: str = "{}",
        trace_header: str | None = None,
        included_data: str = "ALL_DATA",
    ) -> Pending:
        """Start an EXPRESS machine; the answer comes at its end, whatever end that is."""
        machine, found = self._startable(state_machine_arn)
        if machine.type != "EXPRESS":
            raise wrong_machine_type()
        given = execution_input(input)
        if name is not None:
            named(name)
        run = self._start(machine, found, name, given, trace_header, is_synchronous=True)

        def answer() -> Answer:
            return self._at_the_end(run, with_data=included_data == "ALL_DATA")

        return Pending(run.when_ended, run.wait, answer)

    @operation
    def stop_execution(self, *, execution_arn: str, error: str | None = None, cause: str | None = None) -> Answer:
        """Stop an execution. One that has ended already stays as it is."""
        child = self._child(execution_arn, "execution")
        if child is None:
            run = self._find(execution_arn)
        elif (running := child.run) is not None:
            run = running
        else:
            return {"stopDate": timestamp(child.child.stop_date)}
        self._step_functions.stop_execution(run, error, cause)
        if run.broken is None:
            run.wait(_STOP_SECONDS)
        return {"stopDate": timestamp(run.execution.now)}

    @operation
    def describe_execution(self, *, execution_arn: str, included_data: str = "ALL_DATA") -> Answer:
        """How an execution was started, and how it is or was. Of EXPRESS ones those that a Map Run has started."""
        with_data = included_data == "ALL_DATA"
        child = self._child(execution_arn, "execution", "express")
        if child is not None:
            return child_described(child, with_data=with_data)
        run = self._find(execution_arn)
        answer = described(run, self._trace(run), with_data=with_data)
        return answer | versions(run.execution.start) | redrive(answer["status"], "REDRIVABLE")

    @operation
    def list_executions(
        self,
        *,
        state_machine_arn: str | None = None,
        status_filter: str | None = None,
        max_results: int | None = None,
        next_token: str | None = None,
        map_run_arn: str | None = None,
        redrive_filter: str | None = None,
    ) -> Answer:
        """The executions of a machine, version or alias, or the children of a Map Run, the latest first."""
        if (state_machine_arn is None) == (map_run_arn is None):
            raise validation("Exactly one of stateMachineArn and mapRunArn must be specified.")
        wanted = Wanted(status_filter, redrive_filter)
        if state_machine_arn is None:
            map_run = find_map_run(self._step_functions, str(map_run_arn))
            return children_listed(map_run, wanted, max_results, next_token)
        if status_filter == "PENDING_REDRIVE":
            raise validation("The status PENDING_REDRIVE can only be asked for with a mapRunArn.")
        with self._account.lock:
            machine, found = self._account.qualified(state_machine_arn)
        if machine.type == "EXPRESS":
            raise wrong_machine_type()
        found_page = page(
            self._runs_of(machine, found),
            _arn_of,
            of=f"executions of {state_machine_arn} {wanted}",
            wanted=lambda run: wanted.includes(status_of(run)),
            max_results=max_results,
            next_token=next_token,
        )
        return found_page._replace(items=[listed(run) for run in found_page.items]).answer("executions")

    @operation
    def describe_state_machine_for_execution(self, *, execution_arn: str, included_data: str = "ALL_DATA") -> Answer:
        """The machine as it was when the execution began; of a child of a Map Run, what it runs of that machine."""
        child = self._child(execution_arn, "execution")
        if child is not None:
            answer = self._machine_of_child(child.map_run)
        else:
            run = self._find(execution_arn)
            kept = self._account.started.get(run)
            answer = _machine_of(run.execution) if kept is None else kept.revision.dated_answer()
            start = run.execution.start
            answer |= {"stateMachineArn": start.state_machine_arn, "name": start.state_machine_name}
        return answer if included_data == "ALL_DATA" else without_data(answer)

    # ------------------------------------------------------------ for other operations

    def stop_all(self, state_machine_arn: str) -> None:
        """Stop what runs of a machine that is deleted."""
        for run in self._step_functions.list_executions():
            if run.execution.start.state_machine_arn == state_machine_arn and not run.done:
                self._step_functions.stop_execution(run)

    # ------------------------------------------------------------ inside

    def _startable(self, arn: str) -> tuple[StateMachine, Version | Alias | None]:
        if parse_arn(arn, "stateMachine").is_labelled:
            raise labelled_arn()
        with self._account.lock:
            return self._account.qualified(arn)

    def _start(
        self,
        machine: StateMachine,
        found: Version | Alias | None,
        name: str | None,
        given: Input,
        trace_header: str | None,
        *,
        is_synchronous: bool = False,
    ) -> Run:
        beginning = self._step_functions.origin.begin()
        version, alias_arn = found, None
        if isinstance(found, Alias):
            alias_arn = found.arn
            with self._account.lock:
                version = self._account.version(parse_arn(routed_version(found, beginning.seed), "stateMachine"))
        revision = machine.revision if not isinstance(version, Version) else version.revision
        version_arn = version.arn if isinstance(version, Version) else None
        program, role = revision.definition.program, revision.settings.role_arn
        registered = Registered(machine.name, machine.type, program, role, version_arn, alias_arn)
        reach = revision.reach
        options = reach.options._replace(name=name, beginning=beginning, strict=False, is_synchronous=is_synchronous)
        run = self._step_functions.start_execution(registered, given, reach.functions(), options)
        self._account.started[run] = Started(revision, trace_header)
        self._logs.follow(run, revision.settings.logging)
        if self._show is not None:
            run.when_ended(partial(_show_printed, run, self._show))
        return run

    def _already_there(self, machine: StateMachine, name: str, given: Input) -> Start:
        """The start of the execution of this name, if it is the same one that still runs.

        Raises: ServiceError ExecutionAlreadyExists.
        """
        arn = self._account.arn("execution", f"{machine.name}:{name}")
        record = self._step_functions.store.read(arn)
        if record.ending is not None or record.start.input != given.text:
            raise execution_exists(arn)
        return record.start

    def _find(self, arn: str) -> Run:
        return find_execution(self._step_functions, arn)

    def _child(self, arn: str, *types: str) -> ChildExecution | None:
        """The child of a Map Run that an ARN of these types names; None for what names no child.

        Raises: ServiceError InvalidArn, ExecutionDoesNotExist.
        """
        parsed = parse_arn(arn)
        return find_child(self._step_functions, parsed) if parsed.is_labelled and parsed.type in types else None

    def _machine_of_child(self, map_run: MapRun) -> Answer:
        root, label = map_run.timeline.root, map_run.work.label
        kept = self._account.started.get(root)
        state = None if kept is None else labelled_map(kept.revision, label)
        if kept is None or state is None:
            answer = _machine_of(root.execution) | {"definition": map_run.work.program.machine.text, "label": label}
        else:
            answer = kept.revision.dated_answer() | labelled_answer(kept.revision, state)
        name = root.execution.start.state_machine_name
        return answer | {
            "stateMachineArn": map_run.state_machine_arn, "name": name, "mapRunArn": map_run.work.map_run_arn,
        }  # fmt: skip

    def _runs_of(self, machine: StateMachine, found: Version | Alias | None) -> Iterator[Run]:
        """The executions of a machine, or of a version or alias alone, the latest first."""
        for run in self._step_functions.list_executions():
            start = run.execution.start
            if start.state_machine_arn == machine.arn and (
                found is None or found.arn in (start.state_machine_version_arn, start.state_machine_alias_arn)
            ):
                yield run

    def _trace(self, run: Run) -> str | None:
        kept = self._account.started.get(run)
        return None if kept is None else kept.trace_header

    def _at_the_end(self, run: Run, *, with_data: bool) -> Answer:
        """What StartSyncExecution answers."""
        answer = described(run, self._trace(run), with_data=with_data)
        answer.setdefault("outputDetails", {"included": with_data})
        return answer | {"billingDetails": bill(run.execution)}


def _show_printed(run: Run, show: Callable[[str], object]) -> None:
    for text in run.take_printed():
        show(text)


def _machine_of(execution: Execution) -> Answer:
    """What is known of a machine that was started in the notebook and is none of the account's."""
    start = execution.start
    text = execution.program.machine.text
    return {"definition": text, "roleArn": start.role_arn, "updateDate": timestamp(start.now)}


def find_execution(step_functions: StepFunctions, arn: str) -> Run:
    """The STANDARD execution with this ARN.  Raises: ServiceError InvalidArn, ExecutionDoesNotExist."""
    parse_arn(arn, "execution")
    run = step_functions.find_execution(arn)
    if run is None:
        raise no_execution(arn)
    return run


def _arn_of(run: Run) -> str:
    return run.execution.start.execution_arn
