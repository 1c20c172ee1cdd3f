"""The operation: what may be asked, running the state, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sfn_notebook.engine.commands import RunTask
from sfn_notebook.engine.failures import RUNTIME, TIMEOUT
from sfn_notebook.engine.frames import drawn_uuid
from sfn_notebook.engine.stimuli import WHOLE, Start
from sfn_notebook.engine.trial import Conditions, Trial
from sfn_notebook.integrations.aws import AwsClients
from sfn_notebook.integrations.binding import bind
from sfn_notebook.runners.executors import make_executor
from sfn_notebook.service.account import Account, Reach
from sfn_notebook.service.api import Input, StepFunctions
from sfn_notebook.service.arns import check_role
from sfn_notebook.service.faults import ServiceError, validation
from sfn_notebook.service.inputs import execution_input
from sfn_notebook.service.operations import operation
from sfn_notebook.service.pending import Answer, Pending
from sfn_notebook.values import ABSENT, JSON, NotJSON, loads, size

from .context import first_item, read_context
from .inspection import Texts, inspect
from .items import THRESHOLD, THRESHOLD_CAUSE, Iterations
from .mocks import Mock, read_mock
from .subject import Subject, find_subject
from .work import Show, Work, longest

_SUPPORTED: Final = "Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]"


class StateTests:
    """TestState."""

    def __init__(self, account: Account, step_functions: StepFunctions, reach: Reach, show: Show | None = None) -> None:
        """reach: what a Task that has no mock may call; show: is given what it prints."""
        self._account = account
        self._step_functions = step_functions
        self._reach, self._show = reach, show
        self._clients = AwsClients(reach.options.target)

    @operation
    def test_state(
        self,
        *,
        definition: str,
        role_arn: str | None = None,
        input: str = "{}",
        inspection_level: str = "INFO",
        reveal_secrets: bool = False,
        variables: str = "{}",
        state_name: str | None = None,
        mock: Mapping[str, Any] | None = None,
        context: str | None = None,
        state_configuration: Mapping[str, Any] | None = None,
    ) -> Answer | Pending:
        """Run one state, with a mock or with what its Resource names. It is neither retried, nor is the next one run.

        A Wait is not slept through. Raises: ServiceError InvalidDefinition, ValidationException, InvalidArn,
        InvalidExecutionInput.
        """
        configuration = state_configuration or {}
        _check_request(mock, configuration, context, reveal_secrets=reveal_secrets)
        if role_arn is not None:
            check_role(role_arn)
        subject = find_subject(definition, state_name)
        given = execution_input(input)
        mocked = None if mock is None else read_mock(mock, subject)
        if mocked is None:
            _check_unmocked(subject, role_arn)
        conditions = Conditions(
            variables=_variables(variables),
            context=None if context is None else read_context(context, subject),
            item=first_item(subject, given.value),
            retries=configuration.get("retrierRetryCount", 0),
        )
        _check_cause(configuration.get("errorCausedByState"), subject)
        trial = Trial(subject.state, self._start(given, role_arn), given.value, conditions)
        test = _Test(subject, trial, given, mocked, configuration, with_data=inspection_level != "INFO")
        trial.enter()
        if mocked is None and trial.is_waiting and isinstance(trial.command, RunTask):
            try:
                return self._work(trial, trial.command).pending(test.answer)
            except TypeError as error:  # the function cannot be a task
                trial.fail_with(RUNTIME, str(error))
        return test.answer()

    def _work(self, trial: Trial, command: RunTask) -> Work:
        """Ask what stands behind the Resource; where nothing does, the answer says so."""
        functions, open_calls = self._reach.functions(), self._step_functions.open_calls
        bindings = bind(trial.program.tasks, functions, None, self._clients, open_calls, strict=False)
        executor = make_executor(self._reach.options.executor)
        return Work(trial, command, bindings[command.target.state], executor, self._show)

    def _start(self, given: Input, role_arn: str | None) -> Start:
        now, seed = self._step_functions.origin.begin()
        machine, name = (drawn_uuid(seed, WHOLE, site) for site in ("machine", "name"))
        return Start(
            now=now,
            execution_arn=self._account.arn("express", f"{machine}:{name}"),
            name=name,
            input=given.text,
            state_machine_arn=self._account.arn("stateMachine", machine),
            state_machine_name=machine,
            role_arn=role_arn or "",
            definition_sha256="",
            seed=seed,
            type="EXPRESS",
            limits=self._reach.options.limits,
            region=self._account.region,
        )


class _Test:
    """A test under way: what its trial waits for, and what is said of it at the end."""

    def __init__(
        self,
        subject: Subject,
        trial: Trial,
        given: Input,
        mock: Mock | None,
        configuration: Mapping[str, Any],
        *,
        with_data: bool,
    ) -> None:
        self._subject, self._trial, self._given = subject, trial, given
        self._mock, self._configuration, self._with_data = mock, configuration, with_data
        self._iterations: Iterations | None = None

    def answer(self) -> Answer:
        """Let the trial have what it waits for.  Raises: ServiceError ValidationException."""
        trial = self._trial
        if trial.is_waiting and trial.wait_until is not None:
            self._pass_time(trial.wait_until)
        if trial.is_waiting and self._mock is not None:
            self._answer_with(self._mock)
        return self._said()

    def _pass_time(self, until: int) -> None:
        if until - self._trial.now > longest(None) * 1000:
            self._trial.give_up(TIMEOUT, None)
        else:
            self._trial.pass_time(until)

    def _answer_with(self, mock: Mock) -> None:
        trial, failures = self._trial, self._configuration.get("mapIterationFailureCount")
        if self._subject.state.type == "Map":
            self._iterations = Iterations(trial, self._configuration.get("mapItemReaderData"))
            exceeded = failures is not None and self._iterations.is_exceeded(failures)
            if exceeded and mock.error is None and trial.is_waiting:
                trial.fail_with(THRESHOLD, THRESHOLD_CAUSE)
        if not trial.is_waiting:
            return
        if mock.error is not None:
            trial.fail_with(mock.error, mock.cause)
        else:
            result: JSON = mock.result
            trial.answer(result, size(result))

    def _said(self) -> Answer:
        verdict = self._trial.verdict()
        known = [(self._given.value, str(self._given.text))]
        if self._mock is not None and self._mock.result is not ABSENT:
            known.append((self._mock.result, self._mock.text))
        texts = Texts(*known)
        said: Answer = {"status": verdict.status}
        if verdict.output is not ABSENT:
            said["output"] = texts(verdict.output)
        if verdict.failure is not None:
            about = {"error": verdict.failure.error, "cause": verdict.failure.cause}
            said |= {name: text for name, text in about.items() if text is not None}
        if verdict.next_state is not None:
            said["nextState"] = verdict.next_state
        if self._with_data:
            said["inspectionData"] = inspect(self._subject.state, self._trial, verdict, self._iterations, texts)
        return said


# ---------------------------------------------------------------- the request


def _check_request(
    mock: Mapping[str, Any] | None, configuration: Mapping[str, Any], context: str | None, *, reveal_secrets: bool
) -> None:
    """What excludes or needs each other.  Raises: ServiceError ValidationException."""
    if mock is None:
        for name, is_given in (
            ("MapIterationFailureCount", "mapIterationFailureCount" in configuration),
            ("Context", context is not None),
        ):
            if is_given:
                raise validation(f"TestState does not support {name} when a mock is not specified.")
        return
    if ("result" in mock) == ("errorOutput" in mock):
        raise validation("A test mock should have only one of the following fields: [result, errorOutput].")
    if reveal_secrets:
        raise validation("TestState does not support RevealSecrets when a mock is specified.")


def _check_unmocked(subject: Subject, role_arn: str | None) -> None:
    """Raises: ServiceError InvalidDefinition, ValidationException for what takes a mock to be tested, or a role."""
    resource = subject.resource
    if subject.state.type in ("Map", "Parallel"):
        raise ServiceError("InvalidDefinition", f"TestState API does not support Map or Parallel states. {_SUPPORTED}")
    if resource is not None and resource.has_token:
        what = "Activity tasks" if resource.kind == "activity" else f"the '{resource.pattern}' integration pattern"
        raise ServiceError("InvalidDefinition", f"TestState API does not support {what} when a mock is not specified.")
    if resource is not None and role_arn is None:
        raise validation("RoleArn must be specified when testing a Task state")


def _check_cause(state_name: str | None, subject: Subject) -> None:
    """Raises: ServiceError ValidationException for an error of a state that is not there."""
    if state_name is not None and subject.state.containers and state_name not in subject.inner_names:
        raise validation(f"errorCausedByState: no state inside the tested one is called '{state_name}'.")


def _variables(text: str) -> dict[str, JSON]:
    """Raises: ServiceError ValidationException."""
    try:
        variables = loads(text)
    except NotJSON:
        raise validation("Variables must be valid JSON") from None
    if not isinstance(variables, dict):
        raise validation("Variables must be a JSON object.")
    for name in variables:
        if not name.isidentifier() or name == "states" or len(name) > 80:
            raise validation(f"'{name}' is no name of a variable.")
    return variables
