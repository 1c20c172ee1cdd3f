"""Versions: revisions of a machine that were published, and never change.  (spec: api, Operation rules)"""

from __future__ import annotations

from .account import Account, Version, now
from .arns import parse_arn
from .faults import ServiceError, conflict
from .machines import revision_name
from .operations import operation
from .paging import page
from .pending import Answer

_MOST = 1000


class Versions:
    """PublishStateMachineVersion, DeleteStateMachineVersion, ListStateMachineVersions."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @operation
    def publish_state_machine_version(
        self, *, state_machine_arn: str, revision_id: str | None = None, description: str | None = None
    ) -> Answer:
        """Publish the machine as it is; a revision that was published before keeps its version."""
        with self._account.lock:
            machine = self._account.machine(state_machine_arn)
            current = revision_name(machine.revision)
            if revision_id not in (None, current):
                raise conflict(
                    f"Failed to publish the State Machine version for revision {revision_id}. "
                    f"The current State Machine revision is {current}."
                )
            if len(machine.versions) >= _MOST:
                raise ServiceError("ServiceQuotaExceededException", f"A state machine has {_MOST} versions at most.")
            version = machine.publish(description, now())
        return {"stateMachineVersionArn": version.arn, "creationDate": version.created}

    @operation
    def delete_state_machine_version(self, *, state_machine_version_arn: str) -> Answer:
        """Delete a version that no alias routes to. One that is not there is deleted already."""
        arn = parse_arn(state_machine_version_arn, "stateMachine")
        with self._account.lock:
            version = self._account.version(arn)
            if version is not None:
                machine = self._account.machines[arn.base]
                used = [
                    alias.name
                    for alias in machine.aliases.values()
                    if any(route.version_arn == version.arn for route in alias.routes)
                ]
                if used:
                    raise conflict(
                        "Version to be deleted must not be referenced by an alias. "
                        f"Current list of aliases referencing this version: [{', '.join(used)}]"
                    )
                del machine.versions[version.number]
        return {}

    @operation
    def list_state_machine_versions(
        self, *, state_machine_arn: str, next_token: str | None = None, max_results: int | None = None
    ) -> Answer:
        """The versions of a machine, the newest first."""
        parse_arn(state_machine_arn, "stateMachine")
        with self._account.lock:
            machine = self._account.machines.get(state_machine_arn)
            versions = [] if machine is None else list(reversed(machine.versions.values()))
        of = f"versions of {state_machine_arn}"
        found = page(versions, _number, of=of, max_results=max_results, next_token=next_token)
        return found._replace(items=[_listed(version) for version in found.items]).answer("stateMachineVersions")


def _number(version: Version) -> int:
    return version.number


def _listed(version: Version) -> Answer:
    return {"stateMachineVersionArn": version.arn, "creationDate": version.created}
