"""First step of a layout: which item stands above which.

Cycles are opened, then every item gets a rank: one more than the lowest of those that lead to it, later where
a rank is full. Knows only numbers: items 0…n−1, where 0 is the start, and links between them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Size(NamedTuple):
    """How much room something needs."""

    width: float
    height: float


class Link(NamedTuple):
    """A way from one item to another. label: the room its label needs; weak: it need not be straight."""

    source: int
    target: int
    label: Size | None = None
    weak: bool = False


def backward(count: int, links: Sequence[Link]) -> list[bool]:
    """For each link: does it lead back to an item it comes from?

    Found by walking from the start, in the order of the links, so that a loop is opened where a reader would
    expect it.
    """
    out: list[list[int]] = [[] for _ in range(count)]
    for number, link in enumerate(links):
        out[link.source].append(number)
    result = [False] * len(links)
    for number in _returns(out, links):
        result[number] = True
    return result


def _returns(out: Sequence[Sequence[int]], links: Sequence[Link]) -> Iterator[int]:
    """The links that close a cycle, by a depth-first walk without recursion."""
    seen = [False] * len(out)
    on_path = [False] * len(out)
    for root in range(len(out)):
        if seen[root]:
            continue
        seen[root] = on_path[root] = True
        stack = [(root, iter(out[root]))]
        while stack:
            item, rest = stack[-1]
            for number in rest:
                target = links[number].target
                if on_path[target]:
                    yield number
                elif not seen[target]:
                    seen[target] = on_path[target] = True
                    stack.append((target, iter(out[target])))
                    break
            else:
                on_path[item] = False
                stack.pop()


def ranks(widths: Sequence[float], ways: Sequence[tuple[int, int]], room: float) -> list[int]:
    """A rank for each item, so that every way (of an acyclic graph) leads to a greater one.

    No rank is wider than `room`, unless by a single item: what finds its rank full goes further down.
    """
    before, after = neighbours(len(widths), ways)
    order = _topological(before, after)
    result = [0] * len(widths)
    used: list[float] = [0.0] * (2 * len(widths) + 1)
    for item in order:
        rank = max((result[u] + 1 for u in before[item]), default=1 if item else 0)
        while used[rank] and used[rank] + widths[item] > room:
            rank += 1
        result[item] = rank
        used[rank] += widths[item]
    for item in reversed(order):  # what nothing leads to moves down to where it leads
        if item and after[item] and not before[item]:
            result[item] = max(result[item], min(result[v] for v in after[item]) - 1)
    return result


def neighbours(count: int, ways: Sequence[tuple[int, int]]) -> tuple[list[list[int]], list[list[int]]]:
    """For each item those before it and those after it, once each, in the order of the ways."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for upper, lower in dict.fromkeys(ways):
        after[upper].append(lower)
        before[lower].append(upper)
    return before, after


def _topological(before: Sequence[Sequence[int]], after: Sequence[Sequence[int]]) -> list[int]:
    waiting = [len(items) for items in before]
    ready = deque(item for item, number in enumerate(waiting) if not number)
    order = []
    while ready:
        item = ready.popleft()
        order.append(item)
        for successor in after[item]:
            waiting[successor] -= 1
            if not waiting[successor]:
                ready.append(successor)
    return order
