"""ARNs of Step Functions: what they name, and what is said of those that name nothing.  (spec: README, ARN formats)"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from .faults import ServiceError, invalid_arn, wrong_resource_type

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):states:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<type>\w+):(?P<rest>.+)",
    re.DOTALL,
)
_ROLE: Final = re.compile(r"arn:aws[a-z-]*:iam::[^:]*:role/.+", re.DOTALL)


class Arn(NamedTuple):
    """An ARN, parsed. name: with a Map's label if it has one; qualifier: of a machine its version or alias, of an
    execution its name; both may be empty.
    """

    text: str
    type: str
    name: str
    qualifier: str

    @property
    def is_labelled(self) -> bool:
        """Does it name the definition of a distributed Map's children?"""
        return "/" in self.name

    @property
    def is_version(self) -> bool:
        """Is it the ARN of a version of a machine? Versions are numbers, aliases are not."""
        return self.type == "stateMachine" and self.qualifier.isascii() and self.qualifier.isdigit()

    @property
    def base(self) -> str:
        """The machine's own ARN, of that of a version or alias."""
        return self.text.removesuffix(f":{self.qualifier}") if self.qualifier else self.text


def parse_arn(text: str, *types: str) -> Arn:
    """What an ARN names; `types`: those that are allowed, all if none is given. Raises: ServiceError InvalidArn."""
    if not text.startswith("arn:"):
        raise invalid_arn(f"Invalid ARN prefix: {text}")
    found = _ARN.fullmatch(text)
    if found is None:
        raise invalid_arn(f"Invalid ARN: {text}")
    type_ = found["type"]
    if types and type_ not in types:
        raise wrong_resource_type(type_)
    name, _, qualifier = found["rest"].partition(":")
    return Arn(text, type_, name, qualifier)


def check_role(arn: str) -> None:
    """A role's ARN is well formed; whether there is such a role is not asked. Raises: ServiceError InvalidArn."""
    if not _ROLE.fullmatch(arn):
        raise ServiceError("InvalidArn", f"Invalid Role Arn: '{arn}'")
