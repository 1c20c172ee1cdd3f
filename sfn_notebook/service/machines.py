"""State machines: create, update, describe, delete, list.  (spec: api, Operation rules)"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from .account import INITIAL, Account, Alias, Reach, Revision, Settings, StateMachine, Version, now
from .api import check_name
from .arns import Arn, parse_arn
from .definitions import Definition, define
from .errors import InvalidName
from .faults import ServiceError, invalid_name, labelled_arn, no_machine, validation
from .labels import execution_type, labelled_answer, labelled_map
from .operations import operation
from .paging import page
from .pending import Answer
from .settings import settings
from .tags import with_tags

_NOTHING = (
    "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified"
)


def named(name: str) -> str:
    """A name that AWS takes.  Raises: ServiceError InvalidName."""
    try:
        return check_name(name, "the name")
    except InvalidName:
        raise invalid_name(name) from None


class Machines:
    """CreateStateMachine, UpdateStateMachine, DescribeStateMachine, DeleteStateMachine, ListStateMachines."""

    def __init__(
        self,
        account: Account,
        reach: Reach,
        stop_executions: Callable[[str], None],
        has_log_group: Callable[[str], bool],
    ) -> None:
        """reach: of the definitions that come in here; stop_executions: stops what runs of the machine with an ARN;
        has_log_group: may there be one with an ARN?
        """
        self._account = account
        self._reach = reach
        self._stop_executions = stop_executions
        self._has_log_group = has_log_group

    @operation
    def create_state_machine(
        self,
        *,
        name: str,
        definition: str,
        role_arn: str,
        type: Literal["STANDARD", "EXPRESS"] = "STANDARD",
        logging_configuration: Mapping[str, Any] | None = None,
        tags: list[dict[str, str]] | None = None,
        tracing_configuration: Mapping[str, Any] | None = None,
        publish: bool = False,
        version_description: str | None = None,
        encryption_configuration: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Create a machine. The same again gives the same answer; another role or other tags change nothing then."""
        _check_description(version_description, publish=publish)
        arn = self._account.arn("stateMachine", named(name))
        chosen = settings(
            role_arn,
            logging_configuration,
            tracing_configuration,
            encryption_configuration,
            self._has_log_group,
        )
        defined = define(definition, type)
        time = now()
        with self._account.lock:
            machine = self._account.machines.get(arn)
            if machine is None:
                self._account.tags[arn] = with_tags({}, tags or [], arn)
                machine = StateMachine(arn, name, type, time, Revision(None, defined, chosen, self._reach, time))
                self._account.machines[arn] = machine
                version = machine.publish(version_description, time) if publish else None
            else:
                version = _created_before(machine, defined, chosen, version_description, publish=publish)
            answer = {"stateMachineArn": arn, "creationDate": machine.created}
            return answer | ({} if version is None else {"stateMachineVersionArn": version.arn})

    @operation
    def update_state_machine(
        self,
        *,
        state_machine_arn: str,
        definition: str | None = None,
        role_arn: str | None = None,
        logging_configuration: Mapping[str, Any] | None = None,
        tracing_configuration: Mapping[str, Any] | None = None,
        publish: bool = False,
        version_description: str | None = None,
        encryption_configuration: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Change a machine; running executions keep what they began with. What changes nothing keeps the revision."""
        _check_description(version_description, publish=publish)
        given = (definition, role_arn, logging_configuration, tracing_configuration, encryption_configuration)
        with self._account.lock:
            machine = self._account.machine(state_machine_arn)
            if all(one is None for one in given):
                raise ServiceError("MissingRequiredParameter", _NOTHING)
            old = machine.revision
            chosen = settings(
                role_arn or old.settings.role_arn,
                logging_configuration,
                tracing_configuration,
                encryption_configuration,
                self._has_log_group,
                old.settings,
            )
            defined = old.definition
            if definition is not None and definition != defined.text:
                defined = define(definition, machine.type)
            time = now()
            if (defined, chosen) != (old.definition, old.settings):
                machine.revise(defined, chosen, self._reach, time)
            answer: Answer = {"updateDate": time}
            if machine.revision.id is not None:
                answer["revisionId"] = machine.revision.id
            if publish:
                answer["stateMachineVersionArn"] = machine.publish(version_description, time).arn
            return answer

    @operation
    def describe_state_machine(self, *, state_machine_arn: str, included_data: str = "ALL_DATA") -> Answer:
        """A machine as it is now, or as a version has it; of an alias the version that most of its executions run. With
        a label: what the children of that Map run.
        """
        if parse_arn(state_machine_arn).is_labelled:
            answer = self._labelled(parse_arn(state_machine_arn, "stateMachine"))
            return answer if included_data == "ALL_DATA" else without_data(answer)
        with self._account.lock:
            machine, found = self._account.qualified(state_machine_arn)
            if isinstance(found, Alias):
                found = _main_version(self._account, found)
            revision = machine.revision if found is None else found.revision
            answer = {
                "stateMachineArn": machine.arn if found is None else found.arn,
                "name": machine.name,
                "status": "ACTIVE",
                "type": machine.type,
                "creationDate": machine.created if found is None else found.created,
                **revision.answer(),
            }
            if found is not None and found.description is not None:
                answer["description"] = found.description
        return answer if included_data == "ALL_DATA" else without_data(answer)

    @operation
    def delete_state_machine(self, *, state_machine_arn: str) -> Answer:
        """Delete a machine with its versions and aliases, and stop its executions. One that is not there is deleted
        already.
        """
        if parse_arn(state_machine_arn, "stateMachine").is_labelled:
            raise labelled_arn()
        with self._account.lock:
            machine = self._account.machines.pop(state_machine_arn, None)
            self._account.tags.pop(state_machine_arn, None)
        if machine is not None:
            self._stop_executions(state_machine_arn)
        return {}

    @operation
    def list_state_machines(self, *, max_results: int | None = None, next_token: str | None = None) -> Answer:
        """All machines, in the order in which they were created."""
        with self._account.lock:
            machines = list(self._account.machines.values())
        found = page(machines, _arn, of="machines", max_results=max_results, next_token=next_token)
        return found._replace(items=[_listed(machine) for machine in found.items]).answer("stateMachines")

    def _labelled(self, arn: Arn) -> Answer:
        """Raises: ServiceError StateMachineDoesNotExist."""
        base, _, label = arn.text.partition("/")
        with self._account.lock:
            machine = self._account.machines.get(base)
            state = None if machine is None else labelled_map(machine.revision, label)
            if machine is None or state is None:
                raise no_machine(arn.text)
            return {
                "stateMachineArn": arn.text,
                "name": machine.name,
                "status": "ACTIVE",
                "type": execution_type(state),
                "creationDate": machine.created,
                **labelled_answer(machine.revision, state),
            }


def without_data(answer: Answer) -> Answer:
    """A machine's description with `includedData: METADATA_ONLY`."""
    return {key: value for key, value in answer.items() if key != "variableReferences"} | {"definition": "{}"}


def _arn(machine: StateMachine) -> str:
    return machine.arn


def _listed(machine: StateMachine) -> Answer:
    return {
        "stateMachineArn": machine.arn,
        "name": machine.name,
        "type": machine.type,
        "creationDate": machine.created,
    }


def _check_description(description: str | None, *, publish: bool) -> None:
    if description is not None and not publish:
        raise validation("Version description can only be set when publish is true")


def _created_before(
    machine: StateMachine,
    definition: Definition,
    chosen: Settings,
    description: str | None,
    *,
    publish: bool,
) -> Version | None:
    """The version of a machine that is created once more, if it is the same. Raises: StateMachineAlreadyExists."""
    old = machine.revision
    first = next((version for version in machine.versions.values() if version.revision.id is None), None)
    same = (
        (old.id, old.definition.text, machine.type) == (None, definition.text, definition.type)
        and chosen._replace(role_arn="") == old.settings._replace(role_arn="")
        and publish == (first is not None)
        and (first is None or first.description == description)
    )
    if not same:
        raise ServiceError("StateMachineAlreadyExists", f"State Machine Already Exists: '{machine.arn}'")
    return first


def _main_version(account: Account, alias: Alias) -> Version:
    route = max(alias.routes, key=lambda route: route.weight)
    version = account.version(parse_arn(route.version_arn))
    assert version is not None  # a version that an alias routes to is never deleted  # noqa: S101
    return version


def revision_name(revision: Revision) -> str:
    """What a revision is called, the first one too."""
    return revision.id or INITIAL
