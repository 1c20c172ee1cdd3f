"""Tags of state machines and activities.  (spec: api, Operation rules)"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from .account import Account
from .arns import parse_arn
from .faults import ServiceError, no_tagged_resource, validation, wrong_resource_type
from .operations import operation
from .pending import Answer

MOST: Final = 50
_CHARACTERS: Final = re.compile(r"[\w\s.:/=+\-@]*")


def with_tags(old: Mapping[str, str], tags: Sequence[Mapping[str, str]], arn: str) -> dict[str, str]:
    """`old` with these added; of a key that comes twice the last value.

    Raises: ServiceError ValidationException for other characters, or a key of AWS's own; TooManyTags.
    """
    merged = dict(old)
    for tag in tags:
        key, value = tag.get("key"), tag.get("value", "")
        if key is None:
            raise validation("A tag needs a key.")
        if key.lower().startswith("aws:"):
            raise validation(f"The tag key '{key}' begins with aws:, which is AWS's own.")
        for text in (key, value):
            if not _CHARACTERS.fullmatch(text):
                raise validation(f"The tag text '{text}' holds characters that tags cannot have.")
        merged[key] = value
    if len(merged) > MOST:
        raise ServiceError("TooManyTags", f"A resource has {MOST} tags at most.", resourceName=arn)
    return merged


class Tags:
    """TagResource, UntagResource, ListTagsForResource."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @operation
    def tag_resource(self, *, resource_arn: str, tags: list[dict[str, str]]) -> Answer:
        """Add tags, or give those that are there other values."""
        with self._account.lock:
            old = self._of(resource_arn)
            self._account.tags[resource_arn] = with_tags(old, tags, resource_arn)
        return {}

    @operation
    def untag_resource(self, *, resource_arn: str, tag_keys: list[str]) -> Answer:
        """Take tags away; keys that are not there do not matter."""
        with self._account.lock:
            tags = self._of(resource_arn)
            for key in tag_keys:
                tags.pop(key, None)
        return {}

    @operation
    def list_tags_for_resource(self, *, resource_arn: str) -> Answer:
        """The tags, in the order in which they came."""
        with self._account.lock:
            return {"tags": [{"key": key, "value": value} for key, value in self._of(resource_arn).items()]}

    def _of(self, arn: str) -> dict[str, str]:
        if parse_arn(arn).type not in ("stateMachine", "activity"):
            raise wrong_resource_type(parse_arn(arn).type)
        tags = self._account.tags.get(arn)
        if tags is None:
            raise no_tagged_resource(arn)
        return tags
