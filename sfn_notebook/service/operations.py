"""What makes a method an operation of the API, and where operations are found by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from .faults import ServiceError
from .pending import Answer, Pending
from .validation import check, operation_names

Method = TypeVar("Method", bound=Callable[..., Answer | Pending])
Operation = Callable[..., Answer | Pending]


def operation(method: Method) -> Method:
    """Mark a method as an operation. It is called as boto3 calls it (`create_state_machine`), with the parameters'
    names in the same form (`roleArn` is `role_arn`), and answers with boto3's shape. Raises: ServiceError.
    """
    method.is_operation = True  # type: ignore[attr-defined]  # a Callable; a method has it
    return method


def snake_case(name: str) -> str:
    """`roleArn` as `role_arn`."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


class Operations:
    """The operations of several objects, found by the API's names (`CreateStateMachine`)."""

    def __init__(self, *rooms: object) -> None:
        self._methods: dict[str, Operation] = {}
        for room in rooms:
            self._methods.update(_operations(room))

    def call(self, name: str, parameters: Mapping[str, Any]) -> Answer | Pending:
        """Check the parameters and do it.  Raises: ServiceError; UnknownOperationException for what is not there."""
        method = self._methods.get(snake_case(name))
        if method is None or name not in operation_names():
            raise ServiceError("UnknownOperationException", "")
        return method(**{snake_case(key): value for key, value in check(name, parameters).items()})

    def names(self) -> list[str]:
        """The operations that are there, as boto3 names them."""
        return sorted(self._methods)


def _operations(room: object) -> Iterator[tuple[str, Operation]]:
    for name in dir(type(room)):
        method = getattr(room, name)
        if getattr(method, "is_operation", False):
            yield name, method
