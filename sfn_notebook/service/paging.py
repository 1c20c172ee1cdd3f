"""Lists in pages: where the last page ended is what the token says.  (spec: api, Common validation)"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, NamedTuple, TypeVar

from .faults import invalid_token

DEFAULT: Final = 100
"""Items of a page where nothing, or 0, is asked for."""

Item = TypeVar("Item")


class Page(NamedTuple):
    """Items, and the token of the next page if there is one."""

    items: list[Any]
    token: str | None

    def answer(self, key: str) -> dict[str, Any]:
        """As an operation answers: the items under `key`."""
        return {key: self.items} if self.token is None else {key: self.items, "nextToken": self.token}


def page(
    items: Iterable[Item],
    key: Callable[[Item], str | int],
    *,
    of: str,
    wanted: Callable[[Item], bool] | None = None,
    max_results: int | None = None,
    next_token: str | None = None,
) -> Page:
    """One page of `items`, which stand in an order that does not change.

    key: tells an item from all others; of: which list this is, so that no other list's token is taken; wanted: which
    of them are listed. Items that are added before or behind, or that are wanted no more, change nothing of the pages
    that follow. Raises: ServiceError InvalidToken.
    """

    def after(last: str | int | None) -> Iterator[Item]:
        left = iter(items)
        if last is not None and not any(key(item) == last for item in left):
            raise invalid_token()
        return filter(wanted, left) if wanted is not None else left

    return page_after(after, key, of=of, max_results=max_results, next_token=next_token)


def page_after(
    items: Callable[[Any], Iterable[Item]],
    key: Callable[[Item], str | int],
    *,
    of: str,
    max_results: int | None = None,
    next_token: str | None = None,
) -> Page:
    """`page`, of what can begin anywhere. items: gives those after the one with a key, or all for None."""
    left = iter(items(None if next_token is None else _read(next_token, of)))
    found = list(islice(left, max_results or DEFAULT))
    more = found and _has_more(left)
    return Page(found, _token(of, key(found[-1])) if more else None)


def _has_more(left: Iterator[Any]) -> bool:
    return next(left, left) is not left


def _token(of: str, last: str | int) -> str:
    return urlsafe_b64encode(json.dumps([of, last]).encode()).decode()


def _read(token: str, of: str) -> str | int:
    try:
        content = json.loads(urlsafe_b64decode(token.encode()))
    except ValueError:  # no base64, no UTF-8, no JSON, no ASCII: all of them are ValueErrors
        raise invalid_token() from None
    if not isinstance(content, list) or len(content) != 2 or content[0] != of or not isinstance(content[1], str | int):
        raise invalid_token()
    last: str | int = content[1]
    return last
