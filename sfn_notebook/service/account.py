"""What an account holds besides executions: machines with revisions, versions and aliases, activities, and tags. In
memory.


Knows how things are found and what they are; what may be done with them is the operations' business, who hold `lock`
meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from weakref import WeakKeyDictionary

from sfn_notebook.integrations.functions import FunctionTable
from sfn_notebook.runners.run import Run

from .api import Options
from .arns import Arn, parse_arn
from .definitions import Definition
from .faults import labelled_arn, no_machine

INITIAL = "INITIAL"
"""What the first revision is called where one must be named; answers leave it out."""


def now() -> datetime:
    """The time of day, to the millisecond as AWS shows it."""
    time = datetime.now(UTC)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


class Settings(NamedTuple):
    """What an update can change besides the definition, in the API's shapes."""

    role_arn: str
    logging: Mapping[str, Any]
    tracing: Mapping[str, Any]
    encryption: Mapping[str, Any]


class Reach(NamedTuple):
    """What a machine's tasks may call, and how it is run: as whoever wrote its definition may.  (DESIGN, decision 7)

    So a machine that came over the wire reaches no more when the notebook starts it, and one of the notebook's no less
    when it is started over the wire.
    """

    functions: Callable[[], FunctionTable]
    options: Options


class Revision(NamedTuple):
    """A machine as it was between two updates. id: None for the first one."""

    id: str | None
    definition: Definition
    settings: Settings
    reach: Reach
    updated: datetime

    def answer(self) -> dict[str, Any]:
        """What all descriptions of a machine have in common."""
        settings, references = self.settings, self.definition.variable_references
        shown = {
            "definition": self.definition.text,
            "roleArn": settings.role_arn,
            "loggingConfiguration": settings.logging,
            "tracingConfiguration": settings.tracing,
            "encryptionConfiguration": settings.encryption,
        }
        if self.id is not None:
            shown["revisionId"] = self.id
        return shown | ({"variableReferences": references} if references else {})

    def dated_answer(self) -> dict[str, Any]:
        """`answer`, and since when it is so."""
        return self.answer() | {"updateDate": self.updated}


class Version(NamedTuple):
    """A revision that was published. Numbers begin at 1 and are never used again."""

    arn: str
    number: int
    revision: Revision
    description: str | None
    created: datetime


class Route(NamedTuple):
    """A part of an alias's executions, in percent, and the version that they run."""

    version_arn: str
    weight: int


@dataclass
class Alias:
    """A name for one version, or for two that share the executions."""

    arn: str
    name: str
    routes: tuple[Route, ...]
    description: str | None
    created: datetime
    updated: datetime


@dataclass
class StateMachine:
    """A state machine: its revision of now, and what was published of it, by number and by name."""

    arn: str
    name: str
    type: Literal["STANDARD", "EXPRESS"]
    created: datetime
    revision: Revision
    versions: dict[int, Version] = field(default_factory=dict)
    aliases: dict[str, Alias] = field(default_factory=dict)
    revisions: int = 0
    published: int = 0

    def revise(self, definition: Definition, settings: Settings, reach: Reach, time: datetime) -> None:
        """A new revision, whose id is drawn from the machine's ARN and its number."""
        self.revisions += 1
        id_ = str(uuid5(NAMESPACE_URL, f"{self.arn}#{self.created.isoformat()}#{self.revisions}"))
        self.revision = Revision(id_, definition, settings, reach, time)

    def publish(self, description: str | None, time: datetime) -> Version:
        """The version of the revision of now: the one there is, or else a new one."""
        for version in self.versions.values():
            if version.revision is self.revision:
                return version
        self.published += 1
        version = Version(f"{self.arn}:{self.published}", self.published, self.revision, description, time)
        self.versions[version.number] = version
        return version


class Activity(NamedTuple):
    """What workers do, by name."""

    arn: str
    name: str
    created: datetime
    encryption: Mapping[str, Any]


class Started(NamedTuple):
    """What an execution was started with, beside its start record."""

    revision: Revision
    trace_header: str | None


@dataclass
class Account:
    """What is kept, by ARN. tags: of every machine and activity that may have some; started: by execution, as long as
    that is remembered.
    """

    id: str
    region: str
    machines: dict[str, StateMachine] = field(default_factory=dict)
    activities: dict[str, Activity] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    started: MutableMapping[Run, Started] = field(default_factory=WeakKeyDictionary)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def arn(self, type: str, name: str) -> str:
        """The ARN of something of this account."""
        return f"arn:aws:states:{self.region}:{self.id}:{type}:{name}"

    def machine(self, arn: str) -> StateMachine:
        """The machine with this ARN, which may be that of no version or alias.

        Raises: ServiceError InvalidArn, ValidationException for a label, StateMachineDoesNotExist.
        """
        if parse_arn(arn, "stateMachine").is_labelled:
            raise labelled_arn()
        if arn not in self.machines:
            raise no_machine(arn)
        return self.machines[arn]

    def qualified(self, arn: str) -> tuple[StateMachine, Version | Alias | None]:
        """The machine that the ARN of a machine, version or alias belongs to, and the version or alias.

        Raises: ServiceError InvalidArn, StateMachineDoesNotExist.
        """
        parsed = parse_arn(arn, "stateMachine")
        machine = self.machines.get(parsed.base)
        if machine is None:
            raise no_machine(arn)
        if not parsed.qualifier:
            return machine, None
        found = machine.versions.get(int(parsed.qualifier)) if parsed.is_version else None
        found_alias = machine.aliases.get(parsed.qualifier)
        if found is None and found_alias is None:
            raise no_machine(arn)
        return machine, found or found_alias

    def version(self, arn: Arn) -> Version | None:
        """The version with this ARN, if there is one."""
        machine = self.machines.get(arn.base)
        return machine.versions.get(int(arn.qualifier)) if machine is not None and arn.is_version else None
